import threading
from contextlib import contextmanager
from functools import partial

from odoo import api, fields
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger

from .leak_options import SIGNATURE


@tagged("post_install", "-at_install")
class TestOptionRace(BaseCase):
    """Two people of the customer sign at once, on PostgreSQL for real.

    Records are committed and deleted afterwards, as in test_final_invoice_race.py.
    """

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self.delete_records)
        with self.committed() as env:
            customer = env["res.partner"].create({"name": "Racing options Ltd"})
            case = env["customer.exit"].create(
                {"partner_id": customer.id, "state": "options"}
            )
            offer = env["customer.exit.offer"].create(
                {
                    "exit_id": case.id,
                    "partner_id": customer.id,
                    "date_sent": fields.Datetime.now(),
                }
            )
            templates = env["customer.exit.option.template"].search([], limit=2)
            options = env["customer.exit.option"].create(
                [
                    {
                        "exit_id": case.id,
                        "offer_id": offer.id,
                        "template_id": template.id,
                        "state": "offered",
                    }
                    for template in templates
                ]
            )
            self.customer_id, self.case_id = customer.id, case.id
            self.offer_id, self.option_ids = offer.id, options.ids
            self.token = offer.access_token

    @contextmanager
    def committed(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, api.SUPERUSER_ID, {})

    def delete_records(self):
        with mute_logger("odoo.models.unlink"), self.committed() as env:
            case = env["customer.exit"].browse(self.case_id)
            case.commitment_ids.unlink()
            case.state = "cancelled"
            case.unlink()
            env["res.partner"].browse(self.customer_id).unlink()

    def accept(self, option_id, env):
        offer = env["customer.exit.offer"]._find_by_token(self.offer_id, self.token)
        return offer._accept(option_id, "Ms Buyer", SIGNATURE)

    def race(self, *option_ids):
        """Accept them at once, as requests do; the answers."""
        barrier = threading.Barrier(len(option_ids))
        answers = [None] * len(option_ids)

        def run(index, option_id):
            try:
                with self.committed() as env:
                    env.user.read(["name"])  # takes the transaction's snapshot
                    barrier.wait(timeout=60)
                    answers[index] = retrying(partial(self.accept, option_id, env), env)
            except Exception as error:  # noqa: BLE001 (handed to the main thread)
                answers[index] = error

        threads = [
            threading.Thread(target=run, args=each) for each in enumerate(option_ids)
        ]
        with mute_logger("odoo.sql_db", "odoo.service.model"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=120)
        return answers

    def get_result(self):
        """(states of the options, number of commitments, state of the case)"""
        with self.committed() as env:
            case = env["customer.exit"].browse(self.case_id)
            option = case.option_ids.filtered(lambda each: each.state == "accepted")
            promises = sum(map(len, option._get_promises().values())) if option else 0
            return (
                sorted(case.option_ids.mapped("state")),
                len(case.commitment_ids) == promises,
                case.state,
            )

    def test_the_same_option_signed_at_once_is_agreed_once(self):
        answers = self.race(*[self.option_ids[0]] * 4)
        self.assertEqual(answers, [{}] * 4)
        self.assertEqual(
            self.get_result(), (["accepted", "withdrawn"], True, "retained")
        )

    def test_of_two_options_signed_at_once_one_is_agreed(self):
        answers = self.race(*self.option_ids)
        self.assertEqual(sum(answer == {} for answer in answers), 1, answers)
        self.assertEqual(sum("error" in answer for answer in answers), 1, answers)
        self.assertEqual(
            self.get_result(), (["accepted", "withdrawn"], True, "retained")
        )
