import { expect, test } from "@odoo/hoot";
import { click, keyDown, press, queryAllTexts, queryOne, queryRect, setInputRange } from "@odoo/hoot-dom";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import {
    defineModels,
    fields,
    mockService,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";
import { MARGINS } from "@toxic_customer_exit/customer_matrix/matrix_chart";
import { getPlot, toX, toY } from "@toxic_customer_exit/customer_matrix/matrix_geometry";

const CLASS_LABELS = [
    ["preferred", "Preferred"],
    ["demanding", "Demanding"],
    ["regular", "Regular"],
    ["draining", "Draining"],
];
const row = (id, name, strain, credit, hours, met, key) =>
    [id, 100 + id, name, strain, credit, hours, met, key, 1];
const ROWS = [
    row(1, "Grim", 80, 10, 120, 20, "draining"),
    row(2, "Loud", 60, 70, 40, 0, "demanding"),
    row(3, "Loyal", 10, 90, 10, 1, "preferred"),
    row(4, "Usual", 20, 20, 0, 0, "regular"),
];

class Score extends models.Model {
    _name = "toxicity.score";
    name = fields.Char();
    customer_class = fields.Selection({ selection: CLASS_LABELS });
    _views = { customer_matrix: "<customer_matrix/>", search: "<search/>" };
}

defineMailModels();
defineModels([Score]);

function answer(rows, values = {}) {
    const counts = Object.fromEntries(CLASS_LABELS.map(([key]) => [key, 0]));
    rows.forEach((found) => counts[found[7]]++);
    return {
        quarter: "2026-10-01",
        until: "2026-11-20",
        quarters: ["2026-04-01", "2026-07-01", "2026-10-01"],
        strain_threshold: 50,
        credit_threshold: 50,
        limit: 5000,
        companies: { 1: "Ours" },
        decisions: [["customer.exit", "Exit"]],
        bubbles: rows,
        preferred: rows.filter((found) => found[7] === "preferred"),
        counts,
        total: rows.length,
        ...values,
    };
}

async function mountMatrix(rows = ROWS, values = {}) {
    onRpc("toxicity.score", "get_matrix", ({ kwargs }) => {
        expect.step(`read ${kwargs.quarter}`);
        const quarter = kwargs.quarter || "2026-10-01";
        return answer(rows, { quarter, ...values });
    });
    await mountView({
        type: "customer_matrix",
        resModel: "toxicity.score",
        noContentHelp: "<p>No customer has a score yet</p>",
    });
    await animationFrame();
    expect.verifySteps(["read null"]);
}

function catchActions() {
    mockService("action", {
        doAction(action) {
            expect.step(`${action.res_model} ${action.res_id || action.domain}`);
        },
    });
}

/** Where values lie on the screen. */
function at(strain, credit) {
    const { width, height } = queryRect(".o_matrix_chart");
    const plot = getPlot(width, height, MARGINS);
    return { position: { x: toX(plot, strain), y: toY(plot, credit) }, relative: true };
}

const focusChart = () => queryOne(".o_matrix_chart").focus();

test("the matrix says what it holds, by class", async () => {
    await mountMatrix();
    expect(".o_matrix_chart").toHaveAttribute(
        "aria-label",
        "Q4 2026: 4 customers (1 preferred, 1 demanding, 1 regular, 1 draining)"
    );
    expect(".o_matrix_legend").toHaveText(/Preferred 1[\s\S]*Draining 1[\s\S]*Hours:\s*100[\s\S]*20[\s\S]*5/);
    expect(".o_matrix_legend path").toHaveCount(4);
    expect(".o_matrix_preferred_list li").toHaveText(/Loyal[\s\S]*credit 90, strain 10/);
    expect(".o_matrix_omitted").toHaveCount(0);
});

test("of too many customers it says how many are shown", async () => {
    await mountMatrix(ROWS, { total: 6210 });
    expect(".o_matrix_omitted").toHaveText(/Of 6210 customers the 4 who take the most hours/);
});

test("pointing at a bubble tells it, and a click opens the customer", async () => {
    catchActions();
    await mountMatrix();
    await click(".o_matrix_chart", at(80, 10));
    await animationFrame();
    expect(".o_matrix_note").toHaveText(/Grim\s*Draining\s*strain 80, credit 10\s*120 hours, of them 20\.0 in meetings/);
    expect.verifySteps(["res.partner 101"]);
});

test("arrow keys go from bubble to bubble and tell each, Enter opens", async () => {
    catchActions();
    await mountMatrix();
    focusChart();
    await press("ArrowRight");
    await animationFrame();
    expect(".o_matrix_said").toHaveText(/^Loyal, Preferred, strain 10, credit 90, 10\.0 hours, of them 1\.0 in meetings, 1 of 4$/);
    await press("ArrowRight");
    await animationFrame();
    expect(".o_matrix_said").toHaveText(/^Usual, .*2 of 4$/);
    await press("ArrowUp");
    await animationFrame();
    expect(".o_matrix_said").toHaveText(/^Loud, /);
    await press("Home");
    await press("ArrowLeft");
    await animationFrame();
    expect(".o_matrix_said").toHaveText(/^Loyal, /);
    await press("End");
    await press("Enter");
    expect.verifySteps(["res.partner 101"]);
});

test("space selects, escape selects nothing, and the panel keeps up", async () => {
    await mountMatrix();
    focusChart();
    await press("End");
    await press(" ");
    await animationFrame();
    expect(".o_matrix_said").toHaveText(/selected$/);
    expect(".o_matrix_selection").toHaveText(/1 customer selected, 120 hours/);
    await keyDown("Shift");
    await press(["Shift", "ArrowLeft"]);
    await animationFrame();
    expect(queryAllTexts(".o_matrix_chosen button:first-child")).toEqual(["Grim", "Loud"]);
    await press("Escape");
    await animationFrame();
    expect(".o_matrix_chosen").toHaveCount(0);
    expect(".o_matrix_said").toHaveText("Nothing is selected");
});

test("all are selected at once and opened as a list", async () => {
    catchActions();
    onRpc("toxicity.score", "action_open_customers", ({ args }) => ({
        type: "ir.actions.act_window",
        res_model: "res.partner",
        domain: `${args[0]}`,
    }));
    await mountMatrix();
    focusChart();
    await press(["Control", "a"]);
    await animationFrame();
    expect(".o_matrix_selection").toHaveText(/4 customers selected, 170 hours/);
    await click(".o_matrix_open_list");
    await animationFrame();
    expect.verifySteps(["res.partner 1,2,3,4"]);
});

test("who may simulate does so without the selected ones", async () => {
    catchActions();
    onRpc("toxicity.score", "action_simulate_exit", ({ args }) => ({
        type: "ir.actions.act_window",
        res_model: "exit.simulation",
        domain: `${args[0]}`,
    }));
    await mountMatrix(ROWS, { can_simulate: true });
    focusChart();
    await press(["Control", "a"]);
    await animationFrame();
    await click(".o_matrix_simulate");
    await animationFrame();
    expect.verifySteps(["exit.simulation 1,2,3,4"]);
});

test("who may not simulate is not offered to", async () => {
    await mountMatrix();
    focusChart();
    await press(["Control", "a"]);
    await animationFrame();
    expect(".o_matrix_open_list").toHaveCount(1);
    expect(".o_matrix_simulate").toHaveCount(0);
});

test("what one may decide stands beside each selected name", async () => {
    catchActions();
    onRpc("toxicity.score", "action_decide", ({ args }) => ({
        type: "ir.actions.act_window",
        res_model: args[1],
        res_id: args[0][0],
    }));
    await mountMatrix();
    focusChart();
    await press("End");
    await press(" ");
    await animationFrame();
    await click(".o_matrix_chosen [data-model='customer.exit']");
    await animationFrame();
    expect.verifySteps(["customer.exit 1"]);
});

test("a line drawn around bubbles selects them, and adds with Shift", async () => {
    await mountMatrix();
    const draw = (points, values = {}) => {
        const chart = queryOne(".o_matrix_chart");
        const { left, top } = chart.getBoundingClientRect();
        const send = (type, [strain, credit]) => {
            const { x, y } = at(strain, credit).position;
            chart.dispatchEvent(
                new PointerEvent(type, {
                    bubbles: true,
                    pointerType: "mouse",
                    clientX: left + x,
                    clientY: top + y,
                    ...values,
                })
            );
        };
        send("pointerdown", points[0]);
        points.slice(1).forEach((point) => send("pointermove", point));
        send("pointerup", points.at(-1));
    };
    draw([[50, 100], [100, 100], [100, 0], [50, 0]]);
    await animationFrame();
    expect(queryAllTexts(".o_matrix_chosen button:first-child").sort()).toEqual(["Grim", "Loud"]);
    draw([[0, 60], [30, 60], [30, 100], [0, 100]], { shiftKey: true });
    await animationFrame();
    expect(".o_matrix_chosen").toHaveCount(3);
    draw([[0, 0], [30, 0], [30, 40], [0, 40]]);
    await animationFrame();
    expect(queryAllTexts(".o_matrix_chosen button:first-child")).toEqual(["Usual"]);
});

test("a finger draws only after it was said to select, and then a tap selects", async () => {
    catchActions();
    await mountMatrix();
    await click(".o_matrix_select");
    await animationFrame();
    expect(".o_matrix_select").toHaveAttribute("aria-pressed", "true");
    await click(".o_matrix_chart", at(60, 70));
    await animationFrame();
    expect(queryAllTexts(".o_matrix_chosen button:first-child")).toEqual(["Loud"]);
    expect.verifySteps([]);
});

test("the table tells the same, and what is selected in one is in the other", async () => {
    await mountMatrix();
    focusChart();
    await press("End");
    await press(" ");
    await click(".o_matrix_as_table");
    await animationFrame();
    expect(".o_matrix_chart").toHaveCount(0);
    expect(queryAllTexts(".o_matrix_table tbody th")).toEqual(["Grim", "Loud", "Loyal", "Usual"]);
    expect(".o_matrix_table tr[data-id='1'] input").toBeChecked();
    await click(".o_matrix_table tr[data-id='3'] input");
    await animationFrame();
    expect(".o_matrix_selection").toHaveText(/2 customers selected/);
    await click(".o_matrix_table thead button:contains(Strain)");
    await animationFrame();
    await click(".o_matrix_table thead button:contains(Strain)");
    await animationFrame();
    expect(queryAllTexts(".o_matrix_table tbody th")).toEqual(["Loyal", "Usual", "Loud", "Grim"]);
    expect(".o_matrix_table th[aria-sort=ascending]").toHaveText("Strain");
});

test("the slider reads another quarter once, and says as of when", async () => {
    await mountMatrix();
    const slider = ".o_matrix_quarter input";
    expect(".o_matrix_quarter output").toHaveText("Q4 2026, today");
    await setInputRange(slider, 1);
    await advanceTime(200);
    await animationFrame();
    expect(".o_matrix_quarter output").toHaveText(/Q3 2026, as of .*2026/);
    expect(slider).toHaveAttribute("aria-valuetext", /Q3 2026/);
    expect.verifySteps(["read 2026-07-01"]);
    await setInputRange(slider, 2);
    await advanceTime(200);
    await setInputRange(slider, 1);
    await advanceTime(200);
    await animationFrame();
    expect(".o_matrix_quarter output").toHaveText(/Q3 2026/);
    expect.verifySteps([]);
});

test("without any score it says what to do", async () => {
    await mountMatrix([]);
    expect(".o_matrix_chart").toHaveCount(0);
    expect(".o_view_nocontent").toHaveText(/No customer has a score yet/);
});
