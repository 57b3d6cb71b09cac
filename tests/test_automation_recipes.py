import re

from odoo import Command
from odoo.tools import file_open

from .automation_common import AutomationCommon

SECTION = "Build your own reactions"
RECIPES = (
    "A big change: ask a manager",
    "Other objectives: plan a meeting",
    "Sent and not signed: call",
    "A gift: tell a manager",
    "Toxic: talk it over the same week",
)

# The words of the domain editor; it offers no "at least" for numbers.
OPERATORS = {"is equal to": "=", "greater than": ">"}


def read_recipes():
    """{name: {label: [values]}} as the README has them."""
    with file_open("toxic_customer_exit/README.rst") as readme:
        text = readme.read()
    section = text.split(f"\n{SECTION}\n=")[1].split("\n\n\n")[0]
    recipes = {}
    for part in re.split(r"\n(?=\*\*[^*]+\*\*\n\n1\. )", section)[1:]:
        name = re.match(r"\*\*(.+?)\*\*", part)[1]
        recipes[name] = {
            " ".join(label.split()): re.findall(r"``(.+?)``", values)
            for label, values in re.findall(
                r"\*\*([^*]+)\*\*:((?:[\s,]+``[^`]+``)+)", part
            )
        }
    return recipes


class TestRecipes(AutomationCommon):
    """Each recipe of the README, filled in as it stands there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["base.automation"].search([]).active = False
        cls.team = cls.env["crm.team"].create(
            {
                "name": "Team",
                "user_id": cls.manager.id,
                "company_id": cls.company.id,
                "member_ids": [Command.set(cls.salesperson.ids)],
            }
        )
        cls.order = cls.make_order(
            (cls.service_ordered, 10),
            user_id=cls.salesperson.id,
            team_id=cls.team.id,
            objectives="<p>Open a shop</p>",
        )
        cls.customer.user_id = cls.salesperson

    # -- from labels to fields -------------------------------------------------------

    def find_field(self, model, label):
        """The field of that label; where several have it, the stored one."""
        found = [
            field
            for field in self.env[model]._fields.values()
            if field.get_description(self.env, ["string"])["string"] == label
        ]
        self.assertTrue(found, f"{model} has no field {label}")
        return max(found, key=lambda field: field.store)

    def get_key(self, model, name, label):
        keys = {
            text: key
            for key, text in self.env[model]
            ._fields[name]
            ._description_selection(self.env)
        }
        return keys[label]

    def read_condition(self, model, text):
        """A line of the domain editor: path, operator, value, in labels."""
        words = "|".join(OPERATORS)
        path, operator, value = re.match(rf"(.+?) ({words}) (.+)", text).groups()
        names = []
        for label in path.split(" > "):
            field = self.find_field(model, label)
            names.append(field.name)
            model = field.comodel_name or model
        if field.type == "selection":
            value = self.get_key(model, field.name, value)
        else:
            value = float(value)
        return (".".join(names), OPERATORS[operator], value)

    def build(self, name):
        recipe = read_recipes()[name]
        self.assertEqual(recipe["Automation Rule Name"], [name])
        model = self.env["ir.model"].search([("name", "=", recipe["Model"][0])])
        self.assertEqual(len(model), 1)
        rule = self.env["base.automation"].create(self.prepare_rule(recipe, model))
        rule.action_server_ids = [
            Command.create(self.prepare_action(recipe, model, rule))
        ]
        self.let_pass("0 minutes")
        return rule

    def prepare_rule(self, recipe, model):
        vals = {
            "name": recipe["Automation Rule Name"][0],
            "model_id": model.id,
            "trigger": self.get_key("base.automation", "trigger", recipe["Trigger"][0]),
            "filter_domain": repr(
                [self.read_condition(model.model, text) for text in recipe["Apply on"]]
            ),
        }
        if "When updating" in recipe:
            names = [
                self.find_field(model.model, label).name
                for label in recipe["When updating"]
            ]
            ids = [self.env["ir.model.fields"]._get(model.model, n).id for n in names]
            vals["trigger_field_ids"] = [Command.set(ids)]
        if "Delay" in recipe:
            number, unit = recipe["Delay"][0].split()
            vals["trg_date_range"] = int(number)
            vals["trg_date_range_type"] = self.get_key(
                "base.automation", "trg_date_range_type", unit
            )
        return vals

    def prepare_action(self, recipe, model, rule):
        actions = "ir.actions.server"
        number, unit = recipe["Due Date In"][0].split()
        kind = self.env["mail.activity.type"].search(
            [("name", "=", recipe["Activity Type"][0])]
        )
        self.assertEqual(len(kind), 1)
        self.assertEqual(self.env[actions]._fields["activity_summary"].string, "Title")
        return {
            "name": recipe["Title"][0],
            "model_id": model.id,
            "usage": "base_automation",
            "state": self.get_key(actions, "state", recipe["Type"][0]),
            "activity_type_id": kind.id,
            "activity_summary": recipe["Title"][0],
            "activity_date_deadline_range": int(number),
            "activity_date_deadline_range_type": self.get_key(
                actions, "activity_date_deadline_range_type", unit
            ),
            "activity_user_type": self.get_key(
                actions, "activity_user_type", recipe["User Type"][0]
            ),
            "activity_user_field_name": self.find_field(
                model.model, recipe["User Field"][0]
            ).name,
        }

    def get_asked(self, records, rule):
        """Who is asked by the rule, about those records."""
        return (
            self.get_activities(records)
            .filtered(
                lambda activity: (
                    activity.summary == rule.action_server_ids.activity_summary
                )
            )
            .mapped("user_id.login")
        )

    def edit(self, quantity):
        self.order.order_line.with_user(self.salesperson).write(
            {"product_uom_qty": quantity}
        )
        self.env.flush_all()
        return self.get_changes(self.order)

    # -- what they do ----------------------------------------------------------------

    def test_the_readme_has_these_recipes(self):
        self.assertEqual(tuple(read_recipes()), RECIPES)

    def test_a_big_change_asks_a_manager(self):
        rule = self.build(RECIPES[0])
        change = self.edit(60)
        self.assertEqual(self.get_asked(change, rule), [])
        change = self.edit(61)
        self.assertEqual(self.get_asked(change, rule), ["manager"])
        change.with_user(self.salesperson).action_withdraw()
        self.assertEqual(self.get_asked(change, rule), [])
        # Another change, and a small one
        self.assertEqual(self.get_asked(self.edit(62), rule), [])

    def test_other_objectives_plan_a_meeting(self):
        rule = self.build(RECIPES[1])
        self.assertEqual(self.get_asked(self.edit(12), rule), [])
        self.order.with_user(self.salesperson).objectives = "<p>Open ten shops</p>"
        changes = self.get_changes(self.order)
        self.assertEqual(
            self.get_asked(changes.filtered(lambda c: c.kind == "objective"), rule),
            ["salesperson"],
        )
        self.assertEqual(len(self.get_asked(changes, rule)), 1)

    def test_what_is_sent_and_not_signed_is_asked_about(self):
        rule = self.build(RECIPES[2])
        change = self.edit(12)
        change.with_user(self.salesperson).action_renegotiate()
        self.let_pass("8 days")
        self.assertEqual(self.get_asked(change, rule), [])
        change.amendment_id.action_quotation_sent()
        change.message_post(body="Sent")
        change.reason = "We offered it"
        self.let_pass("6 days")
        self.assertEqual(self.get_asked(change, rule), [])
        self.let_pass("2 days")
        self.assertEqual(self.get_asked(change, rule), ["salesperson"])
        self.let_pass("8 days")
        self.assertEqual(len(self.get_asked(change, rule)), 1)

    def test_what_is_signed_is_not_asked_about(self):
        rule = self.build(RECIPES[2])
        change = self.edit(12)
        change.with_user(self.salesperson).action_renegotiate()
        change.amendment_id.action_quotation_sent()
        change.amendment_id.action_confirm()
        self.let_pass("8 days")
        self.assertEqual(change.state, "agreed")
        self.assertEqual(self.get_asked(change, rule), [])

    def absorb(self, amount):
        change = (
            self.env["scope.change"]
            .with_user(self.salesperson)
            .create({"order_id": self.order.id, "amount": amount, "reason": "Goodwill"})
        )
        change.action_absorb()
        self.env.flush_all()
        return change

    def test_a_gift_tells_a_manager(self):
        rule = self.build(RECIPES[3])
        self.assertEqual(self.get_asked(self.absorb(1000), rule), [])
        change = self.absorb(1001)
        self.assertEqual(self.get_asked(change, rule), ["manager"])
        change.with_user(self.salesperson).description = "A day on site"
        self.assertEqual(self.get_asked(change, rule), ["manager"])

    def test_toxic_is_talked_over(self):
        rule = self.build(RECIPES[4])
        self.make_signal("asked_to_misrepresent", severity="3")
        score = self.get_score()
        self.env.flush_all()
        self.assertEqual(score.current_band, "strained")
        self.assertEqual(self.get_asked(score, rule), [])
        self.make_signal("abusive", severity="3")
        self.make_signal("claim_unverified", severity="3")
        self.env.flush_all()
        self.assertEqual(score.current_band, "toxic")
        self.assertEqual(self.get_asked(score, rule), ["manager"])
        # Rescored without another band
        self.make_signal("abusive", severity="3")
        self.assertEqual(self.get_asked(score, rule), ["manager"])

    def test_nothing_of_it_is_on_odoos_own_records(self):
        for name in RECIPES:
            self.build(name)
        self.edit(60)
        self.order.objectives = "<p>Open ten shops</p>"
        self.absorb(2000)
        self.make_signal("asked_to_misrepresent", severity="3")
        core = self.order | self.order.project_ids.sale_order_id
        self.assertFalse(self.get_activities(core))
        self.assertFalse(self.get_activities(self.customer))
