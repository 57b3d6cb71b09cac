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

const FACTS = `
    <p>Facts</p>
    <button type="button" data-late="task" data-partner="4" data-company="1">2 of 3 late</button>`;

class ToxicityScore extends models.Model {
    _name = "toxicity.score";

    own_part = fields.Html();

    _records = [{ id: 1, own_part: FACTS }];
}

defineMailModels();
defineModels([ToxicityScore]);

test("what was late opens its records", async () => {
    const action = { type: "ir.actions.act_window", res_model: "project.task" };
    mockService("action", {
        doAction: (asked) => expect.step(asked.res_model),
    });
    onRpc("own.part", "action_view_late", ({ args }) => {
        expect.step(args.join(" "));
        return action;
    });
    await mountView({
        type: "form",
        resModel: "toxicity.score",
        resId: 1,
        arch: `<form><field name="own_part" widget="own_part" readonly="1"/></form>`,
    });
    expect(queryAllTexts(".o_field_own_part p")).toEqual(["Facts"]);
    await click(".o_field_own_part p");
    await animationFrame();
    expect.verifySteps([]);
    await click(".o_field_own_part [data-late]");
    await animationFrame();
    expect.verifySteps(["task 4 1", "project.task"]);
});
