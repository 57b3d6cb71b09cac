from odoo import models


class MailComposeMessage(models.TransientModel):
    _inherit = "mail.compose.message"

    def _action_send_mail_comment(self, res_ids):
        """Note on the record that brought us here that its mail was sent."""
        messages = super()._action_send_mail_comment(res_ids)
        if answered := self.env.context.get("toxicity_answered_id"):
            signal = self.env["toxicity.signal"].browse(answered).exists()
            self._keep_files(messages, signal)
            signal._note_answer()
        if offered := self.env.context.get("customer_exit_offer_id"):
            # Refuses, and with it the mail, what can no longer be offered.
            offer = self.env["customer.exit.offer"].browse(offered).exists()
            self._keep_files(messages, offer.exit_id)
            offer._note_sent()
        if letter := self.env.context.get("customer_exit_letter"):
            exit_id, name = letter
            case = self.env["customer.exit"].browse(exit_id).exists()
            self._keep_files(messages, case)
            case._note_letter(name)
        return messages

    def _keep_files(self, messages, record):
        """What was attached belongs to our record, for whoever may read that.

        Odoo gave it to the template that the mail is written from (see
        _get_neutral_composer), and every colleague may read those.
        """
        # sudo: neither the writer nor the customer owns a template
        files = messages.sudo().attachment_ids.filtered(
            lambda file: file.res_model == "mail.template"
        )
        templates = files.env["mail.template"].browse(set(files.mapped("res_id")))
        if record:
            (files - templates.attachment_ids).write(
                {"res_model": record._name, "res_id": record.id}
            )
