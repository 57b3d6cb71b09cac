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
            fill: 0.49,
            load: 0.44,
            share: 0.27,
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
            fill: 0.4,
            load: 0.2,
            share: 0.12,
            records: [
                { model: "account.move", label: "Invoices", readable: false },
                { model: "account.analytic.line", label: "Timesheets", readable: true },
                { model: "project.task", label: "Tasks", readable: true },
            ],
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
    expect(".o_toxicity_bar").toHaveCount(2);
    expect(".o_toxicity_bar:first .progress").toHaveAttribute("aria-valuenow", "49");
    expect(".o_toxicity_bar:first").toHaveText(/32 days[\s\S]*5 days[\s\S]*60 days[\s\S]*0\.44[\s\S]*27 %/);
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
    expect(queryAllTexts(".o_toxicity_bar:last button")).toEqual(["Timesheets", "Tasks"]);
    await click(".o_toxicity_bar:last button:last");
    await animationFrame();
    expect.verifySteps([[[8], "project.task"], "project.task"]);
});

test("without a past there is no trend line, and a cap and a gap are said", async () => {
    await mountCustomer(2);
    expect(".o_toxicity_history").toHaveCount(0);
    expect(".o_toxicity_move").toHaveCount(0);
    expect(".alert-warning").toHaveText(/no person has recorded anything/);
    expect(".alert-danger").toHaveText(/Sends work back/);
});
