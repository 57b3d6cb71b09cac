import json

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import format_date

from .demo_common import DemoCommon

DONE = "every score was explained"


class ScoringTabCase(DemoCommon, HttpCase):
    """Runs what read_scoring_tab.js offers, as the manager of the demo."""

    def run_in_browser(self, call):
        self.browser_js(
            "/odoo/customers-by-risk",
            f"{call}.then(() => console.log('{DONE}'),"
            " (error) => console.error(error.message))",
            "odoo.isReady && !!odoo.readScoringTabs"
            " && !!document.querySelector('.o_list_view, .o_kanban_view')",
            login="manager",
            timeout=180,
            success_signal=DONE,
        )


@tagged("post_install", "-at_install")
class TestDemoScoringTab(ScoringTabCase):
    """The Scoring tab answers "why this score?" without leaving the form.

    The server says what there is, from the tables of the score and by the formula; the
    script in the browser reads the screen and compares.
    """

    def test_the_tab_explains_the_score_of_every_demo_customer(self):
        self.read_tabs(self.get_customers())

    def test_a_cap_a_band_set_by_hand_and_a_gap_are_explained_too(self):
        strain = [("origin", "=", "measured"), ("polarity", "=", "strain")]
        measured = self.env["toxicity.indicator"].search(strain)
        measured.filtered(lambda one: one.code != "rework").weight = 4
        self.break_measure("rework")
        customers = self.get_customers()
        self.env["toxicity.score"]._rescore(customers)
        score = self.get_score(self.get_customer("vandermeer"))
        score.with_user(self.manager).write(
            {
                "band_override": "watch",
                "band_override_until": fields.Date.add(fields.Date.today(), days=30),
                "band_override_reason": "Their buyer has changed, we met the new one.",
            }
        )
        capped = self.env["toxicity.score"].search([("capped_by", "!=", False)])
        self.assertTrue(capped & customers.mapped("toxicity_score_id"))
        self.read_tabs(customers)

    def break_measure(self, code):
        def fail(measures):
            raise ZeroDivisionError

        self.patch(self.registry["toxicity.measure"], f"_measure_{code}", fail)

    def get_customers(self):
        customers = self.env["toxicity.demo"]._get_customers()
        self.assertGreaterEqual(len(customers), 9)
        return customers.with_user(self.manager)

    def read_tabs(self, customers):
        told = json.dumps([self.tell(customer) for customer in customers])
        self.run_in_browser(f"odoo.readScoringTabs({told})")

    def tell(self, customer):
        """What the tab of this customer has to say."""
        score = self.get_score(customer).with_user(self.manager)
        weighed = score.line_ids.filtered("load")
        return {
            "id": customer.id,
            "name": customer.name,
            "is_known": bool(score),
            "score": score.score,
            "band": self.get_label(score, "current_band"),
            "notes": self.tell_notes(score) if score else {},
            "idle": len(score.line_ids - weighed),
            "axes": {
                axis: {"result": result, "lines": self.tell_lines(weighed, axis)}
                for axis, result in (("strain", score.score), ("credit", score.credit))
            },
        }

    def tell_lines(self, lines, axis):
        lines = lines.filtered(lambda line: line.polarity == axis)
        return [
            {
                "name": line.indicator_id.name,
                "value": line.value_text,
                "load": line.load,
            }
            for line in lines.sorted("load", reverse=True)
        ]

    def tell_notes(self, score):
        failed = self.env["toxicity.indicator"].search([("failure", "!=", False)])
        override = [
            self.get_label(score, "band_override"),
            self.get_label(score, "band"),
            score.band_override_reason,
            format_date(self.env, score.band_override_until, date_format="MM/dd/yyyy"),
        ]
        return {
            ".o_toxicity_override": override if score.band_override else [],
            ".o_toxicity_cap": [self.get_label(score, "capped_by")]
            * bool(score.capped_by),
            ".o_toxicity_missing": failed.mapped("name"),
        }

    def get_label(self, record, name):
        return dict(record._fields[name]._description_selection(self.env)).get(
            record[name]
        )


@tagged("post_install", "-at_install")
class TestDemoScoringTabOnAPhone(TestDemoScoringTab):
    browser_size = "375x667"
    touch_enabled = True


@tagged("post_install", "-at_install")
class TestDemoLinks(ScoringTabCase):
    def test_a_link_of_each_kind_opens_the_records_behind_the_number(self):
        customer = self.get_customer("okafor").with_user(self.manager)
        lines = self.get_score(customer).line_ids.with_user(self.manager)
        links = {}
        for line in lines:
            for link in line._get_bar()["records"]:
                if link["readable"]:
                    links.setdefault(link["model"], (line, link["label"]))
        self.assertGreaterEqual(
            links.keys(),
            {"toxicity.signal", "account.move", "sale.order", "sale.order.line"},
        )
        told = [
            [line.indicator_id.name, label, self.count_behind(line, model)]
            for model, (line, label) in links.items()
        ]
        told_customer = json.dumps({"id": customer.id, "name": customer.name})
        self.run_in_browser(
            f"odoo.openBehindScore({told_customer}, {json.dumps(told)})"
        )

    def count_behind(self, line, model):
        action = line.action_open_records(model)
        records = line.env[model].with_context(**action["context"])
        return records.search_count(action["domain"])
