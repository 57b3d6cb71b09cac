import json

from odoo.tests import tagged

from .database_copy import DatabaseCopyCase


@tagged("post_install", "-at_install")
class TestFinalInvoiceKill(DatabaseCopyCase):
    """The process is killed, for real, after each statement that writes or locks.

    Those in between only read: a kill after one of them finds the same database.
    """

    maxDiff = None
    suffix = "killed"

    def test_a_kill_between_any_two_statements_leaves_nothing_or_everything(self):
        output = self.run_in_shell("settlement_kill", "check")
        result = json.loads(output.partition("RESULT ")[2])
        # Killed before the commit, up to the very last statement: nothing.
        self.assertGreater(result["statements"], 100)
        self.assertGreater(result["kills"], 40)
        self.assertEqual("\n".join(result["left"]), "")
        # Killed right after it: everything, and pressing again adds nothing.
        self.assertEqual(result["state"], "invoiced")
        self.assertEqual(result["unsettled"], [])
        written = {"account_move", "sale_order_line", "customer_exit", "scope_change"}
        self.assertLessEqual(written, set(result["changed"]))
        self.assertEqual(result["again"], [])
