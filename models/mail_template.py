from odoo import models


class MailTemplate(models.Model):
    _inherit = "mail.template"

    def _get_neutral_composer(self, record, recipient):
        """The action that opens Odoo's composer with this template of a record.

        The mail is written from the template's own record, which has no chatter: so it
        is a notification that its writer and its recipient alone can read. On the
        customer, every colleague and all of its portal users would read along; from
        our record, the headers of the mail would name it. Answers go to the writer.
        """
        self.ensure_one()
        texts = self._generate_template(record.ids, ["subject", "body_html"])
        return {
            "type": "ir.actions.act_window",
            "res_model": "mail.compose.message",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "active_model": self._name,
                "active_id": self.id,
                "active_ids": self.ids,
                "default_composition_mode": "comment",
                "default_model": self._name,
                "default_res_ids": self.ids,
                "default_partner_ids": recipient.ids,
                "default_reply_to": self.env.user.email_formatted,
                "default_subject": texts[record.id]["subject"],
                "default_body": texts[record.id]["body_html"],
            },
        }
