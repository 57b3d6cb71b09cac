from odoo import models


class MailComposeMessage(models.TransientModel):
    _inherit = "mail.compose.message"

    def _action_send_mail_comment(self, res_ids):
        """Note on the request that brought us here that it was answered."""
        messages = super()._action_send_mail_comment(res_ids)
        if answered := self.env.context.get("toxicity_answered_id"):
            self.env["toxicity.signal"].browse(answered).exists()._note_answer()
        return messages
