from odoo import models
from odoo.tools.misc import Callbacks


class DroppedCallbacks(Callbacks):
    """What is to be done at the commit of something that will be undone: nothing.

    A cursor has it while the engine rehearses (see toxicity_score_engine_rehearsal).
    """


class BaseAutomation(models.Model):
    _inherit = "base.automation"

    def _get_actions(self, records, triggers):
        """No rule answers to what is only rehearsed: it might reach the outside."""
        if isinstance(self.env.cr.postcommit, DroppedCallbacks):
            return self.browse()
        return super()._get_actions(records, triggers)
