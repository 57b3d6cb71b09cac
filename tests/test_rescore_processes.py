import json

from odoo.tests import tagged

from .database_copy import DatabaseCopyCase


class RescoreProcessCase(DatabaseCopyCase):
    def run_check(self, function):
        output = self.run_in_shell("rescore_processes", function)
        return json.loads(output.partition("RESULT ")[2])


@tagged("post_install", "-at_install")
class TestRescoreKill(RescoreProcessCase):
    """The rescore is killed, for real: a process of its own, and SIGKILL."""

    maxDiff = None
    suffix = "killing"

    def test_a_rescore_killed_at_any_moment_and_run_again_leaves_the_same_tables(self):
        result = self.run_check("check")
        for state in ("first", "again"):
            with self.subTest(state=state):
                found = result[state]
                self.assertEqual("\n".join(found["different"]), "")
                self.assertGreater(found["rows"]["toxicity_score"], 50)
                # The kills fell into different batches.
                self.assertGreater(found["stopped_at"], 2)


@tagged("post_install", "-at_install")
class TestRescoreBesideUsers(RescoreProcessCase):
    """Two processes at once: one rescores again and again, one posts invoices."""

    suffix = "beside"

    def test_users_who_post_invoices_never_fail_because_of_a_rescore(self):
        result = self.run_check("check_beside")
        self.assertEqual(result["failures"], 0)
        self.assertEqual(result["posted"], 60)
        # The rescore wrote all the while.
        self.assertGreater(result["rescores"], 2)
