from odoo import models


class MailComposeMessage(models.TransientModel):
    _inherit = "mail.compose.message"

    def _action_send_mail_comment(self, res_ids):
        """Note on the record that brought us here that its mail was sent."""
        messages = super()._action_send_mail_comment(res_ids)
        if answered := self.env.context.get("toxicity_answered_id"):
            self.env["toxicity.signal"].browse(answered).exists()._note_answer()
        if offered := self.env.context.get("customer_exit_offer_id"):
            # Refuses, and with it the mail, what can no longer be offered.
            self.env["customer.exit.offer"].browse(offered).exists()._note_sent()
        if letter := self.env.context.get("customer_exit_letter"):
            exit_id, name = letter
            self.env["customer.exit"].browse(exit_id).exists()._note_letter(name)
        return messages
