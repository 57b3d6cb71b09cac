import { expect, test } from "@odoo/hoot";
import { click, queryAllTexts } from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import {
    defineModels,
    fields,
    mockService,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";
import { roundTogether } from "@toxic_customer_exit/toxicity_explanation/toxicity_explanation";

const WHY = {
    score: 67.6,
    credit: 12.2,
    band: "strained",
    bands: {
        unknown: "Not known",
        healthy: "Healthy",
        watch: "Watch",
        strained: "Strained",
        toxic: "Toxic",
    },
    thresholds: [25, 50, 75],
    class: "Draining",
    trend: "Rising",
    coverage: 0.5,
    capped: "",
    override: false,
    missing: "",
    bars: [
        {
            id: 7,
            name: "Pays late",
            about: "Mean days late",
            polarity: "strain",
            dimension: "Payment",
            value: "32 days",
            low: "5 days",
            high: "60 days",
            half_life: false,
            fill: 0.49,
            weight: 0.9,
            strength: 0.49,
            load: 0.441,
            share: 0.6675,
            records: [{ model: "account.move", label: "Invoices", readable: true }],
        },
        {
            id: 8,
            name: "Low yield per hour",
            about: "",
            polarity: "strain",
            dimension: "Effort",
            value: "40 %",
            low: "20 %",
            high: "70 %",
            half_life: false,
            fill: 0.4,
            weight: 0.5,
            strength: 0.4,
            load: 0.2,
            share: 0.3025,
            records: [
                { model: "account.move", label: "Invoices", readable: false },
                { model: "account.analytic.line", label: "Timesheets", readable: true },
                { model: "project.task", label: "Tasks", readable: true },
            ],
        },
        {
            id: 9,
            name: "Abusive",
            about: "",
            polarity: "strain",
            dimension: "Conduct",
            value: "1 recorded",
            low: "",
            high: "",
            half_life: 180,
            fill: 0.02,
            weight: 0.8,
            strength: 0.02,
            load: 0.02,
            share: 0.03,
            records: [],
        },
        {
            id: 10,
            name: "Refers others",
            about: "",
            polarity: "credit",
            dimension: "Reciprocity",
            value: "0",
            low: "0",
            high: "3",
            half_life: false,
            fill: 0,
            weight: 0.6,
            strength: 0,
            load: 0,
            share: 0,
            records: [],
        },
    ],
    history: [
        { date: "2026-09-30", score: 61, credit: 10 },
        { date: "2026-11-22", score: 67.6, credit: 12.2 },
    ],
    move: {
        since: "2026-09-30",
        before: 61,
        decay: -3.14,
        settings: 0,
        evidence: 9.74,
        after: 67.6,
    },
};

class Customer extends models.Model {
    _name = "customer";
    why = fields.Json();
    _records = [
        { id: 1, why: WHY },
        {
            id: 2,
            why: {
                ...WHY,
                capped: "no person has recorded anything",
                missing: "Sends work back",
                history: WHY.history.slice(1),
                move: false,
            },
        },
        {
            id: 3,
            why: {
                ...WHY,
                band: "watch",
                override: {
                    computed: "Strained",
                    until: "2026-12-31",
                    reason: "We met the new buyer.",
                },
            },
        },
    ];
}

defineMailModels();
defineModels([Customer]);

const mountCustomer = (resId) =>
    mountView({
        type: "form",
        resModel: "customer",
        resId,
        arch: `<form><field name="why" widget="toxicity_explanation"/></form>`,
    });

test("the score comes with its band in words and in the gauge's label", async () => {
    await mountCustomer(1);
    expect(".o_toxicity_explanation").toHaveText(/68\s*Strained\s*Rising/);
    expect(".o_toxicity_gauge canvas").toHaveAttribute("aria-label", "Score 68 of 100: Strained");
});

test("what moved the score is told in points with their sign", async () => {
    await mountCustomer(1);
    expect(".o_toxicity_move").toHaveText(/\+9\.7 new evidence/);
    expect(".o_toxicity_move").toHaveText(/−3\.1 fading of old signals/);
    expect(".o_toxicity_move").toHaveText(/±0 changed settings/);
});

test("a bar shows where the value lies and opens its records", async () => {
    onRpc("toxicity.score.line", "action_open_records", ({ args }) => {
        expect.step(args);
        return { type: "ir.actions.act_window", res_model: "account.move" };
    });
    mockService("action", {
        doAction(action) {
            expect.step(action.res_model);
        },
    });
    await mountCustomer(1);
    expect(".o_toxicity_bar").toHaveCount(3);
    expect(".o_toxicity_bar:first .progress").toHaveAttribute("aria-valuenow", "49");
    expect(".o_toxicity_bar:first").toHaveText(/32 days[\s\S]*5 days[\s\S]*60 days[\s\S]*0\.44[\s\S]*67 %/);
    await click(".o_toxicity_bar:first button");
    await animationFrame();
    expect.verifySteps([[[7], "account.move"], "account.move"]);
});

test("a number made of several kinds of records opens each that one may read", async () => {
    onRpc("toxicity.score.line", "action_open_records", ({ args }) => {
        expect.step(args);
        return { type: "ir.actions.act_window", res_model: args[1] };
    });
    mockService("action", {
        doAction(action) {
            expect.step(action.res_model);
        },
    });
    await mountCustomer(1);
    expect(queryAllTexts(".o_toxicity_bar:eq(1) button")).toEqual(["Timesheets", "Tasks"]);
    await click(".o_toxicity_bar:eq(1) button:last");
    await animationFrame();
    expect.verifySteps([[[8], "project.task"], "project.task"]);
});

test("without a past there is no trend line, and a cap and a gap are said", async () => {
    await mountCustomer(2);
    expect(".o_toxicity_history").toHaveCount(0);
    expect(".o_toxicity_move").toHaveCount(0);
    expect(".o_toxicity_cap").toHaveText(/no person has recorded anything/);
    expect(".o_toxicity_missing").toHaveText(/Sends work back/);
});

test("an axis sums its loads, and its shares add up to a hundred as they are shown", async () => {
    await mountCustomer(1);
    expect("tbody[data-axis=strain] .o_toxicity_total").toHaveText(/Strain 68[\s\S]*0\.66[\s\S]*100 %/);
    expect(queryAllTexts("tbody[data-axis=strain] .o_toxicity_bar .o_toxicity_share")).toEqual([
        "67 %",
        "30 %",
        "3 %",
    ]);
    expect("tbody[data-axis=credit]").toHaveCount(0);
    expect(".o_toxicity_bar:eq(0) .o_toxicity_load").toHaveText(/0\.44\s*0\.90 × 0\.49/);
    expect(".o_toxicity_bar:eq(2)").toHaveText(/fades by half in 180 days/);
});

test("what adds nothing is folded away, and told apart by its axis", async () => {
    await mountCustomer(1);
    expect(".o_toxicity_idle").toHaveText(/without effect: 1/);
    await click(".o_toxicity_idle button");
    await animationFrame();
    expect(".o_toxicity_bar").toHaveCount(4);
    expect(".o_toxicity_bar:last").toHaveText(/Refers others[\s\S]*credit/);
    expect(".o_toxicity_bar:last .o_toxicity_share").toHaveText("");
});

test("a band set by hand stands beside the computed one, with until when and why", async () => {
    await mountCustomer(3);
    expect(".o_toxicity_override").toHaveText(/Watch was set[\s\S]*2026[\s\S]*Strained/);
    expect(".o_toxicity_override").toHaveText(/We met the new buyer/);
    expect(".o_toxicity_band").toHaveText("Watch");
});

test("rounded together, numbers add up to their rounded sum", () => {
    expect(roundTogether([33.34, 33.33, 33.33])).toEqual([34, 33, 33]);
    expect(roundTogether([66.75, 30.25, 3])).toEqual([67, 30, 3]);
    expect(roundTogether([0.4, 99.6])).toEqual([0, 100]);
    expect(roundTogether([100])).toEqual([100]);
    expect(roundTogether([])).toEqual([]);
});
