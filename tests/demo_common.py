from odoo.modules import Manifest
from odoo.tools import convert_file

from .common import ToxicityCommon

MODULE = "toxic_customer_exit"


class DemoCommon(ToxicityCommon):
    """The demo's files, loaded as an installation loads them, then read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Odoo's own demo, with Marc Demo in it, is not there.
        demo = cls.registry["toxicity.demo"]
        cls.classPatch(demo, "_get_salesperson", lambda self: cls.salesperson)
        cls.classPatch(demo, "_get_manager", lambda self: cls.manager)
        cls.load_demo()

    @classmethod
    def load_demo(cls):
        """Load the demo as if it never was, whatever the database holds."""
        cls.env["ir.model.data"].search(
            [("module", "=", MODULE), ("name", "=like", r"%\_demo\_%")]
        ).unlink()
        for filename in Manifest.for_addon(MODULE)["demo"]:
            convert_file(cls.env(su=True), MODULE, filename, {}, "init", noupdate=True)

    def get_customer(self, name):
        return self.env.ref(f"{MODULE}.res_partner_demo_{name}")
