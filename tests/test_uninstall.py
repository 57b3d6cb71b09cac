import json

from odoo.tests import tagged

from .database_copy import DatabaseCopyCase


@tagged("post_install", "-at_install")
class TestUninstall(DatabaseCopyCase):
    """Leaving, for real."""

    maxDiff = None
    suffix = "leaving"

    def test_leaving_takes_all_of_ours_along_and_leaves_odoo_working(self):
        self.run_in_shell("uninstall_seed", "seed")
        output = self.run_in_shell("uninstall_check", "check")
        result = json.loads(output.partition("RESULT ")[2])
        self.assertEqual("\n".join(result["left"]), "")
        self.assertEqual(result["tables"], [])
        self.assertEqual(result["unrestricted"], [])
        self.assertEqual(result["untouched"], 2)
        self.assertEqual(result["invoice"], "posted")
