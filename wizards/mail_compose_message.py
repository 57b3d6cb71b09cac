from odoo import models
from odoo.exceptions import UserError


class MailComposeMessage(models.TransientModel):
    """Notes on our record that the mail which one of its buttons opened was sent.

    Which record comes by the context, which any client can write: so what the button
    would have refused is refused here once more, and so is any other mail, before it
    is sent.
    """

    _inherit = "mail.compose.message"

    def _action_send_mail_comment(self, res_ids):
        noted = self._get_noted_records()
        for record, template, customer in noted.values():
            self._refuse_another_mail(record, template, customer, res_ids)
        messages = super()._action_send_mail_comment(res_ids)
        for key, (record, *_mail) in noted.items():
            self._keep_files(messages, record if key != "offer" else record.exit_id)
            self._note_that_sent(key, record)
        return messages

    # What is to be noted

    def _get_noted_records(self):
        """{what: (record, its template, its customer)} that the context names."""
        noted = {}
        if signal := self._browse_named("toxicity_answered_id", "toxicity.signal"):
            template = self.env.ref("toxic_customer_exit.mail_template_decline")
            noted["signal"] = signal, template, signal.commercial_partner_id
        if offer := self._browse_named("customer_exit_offer_id", "customer.exit.offer"):
            offer._refuse_unsendable()
            template = self.env.ref("toxic_customer_exit.mail_template_offer")
            noted["offer"] = offer, template, offer.commercial_partner_id
        if exit_case := self._browse_named("customer_exit_letter_of", "customer.exit"):
            letter = self._get_named_letter()
            exit_case._refuse_if(exit_case._get_letter_obstacles(letter))
            template = exit_case._get_letter_template(letter)
            noted["letter"] = exit_case, template, exit_case.commercial_partner_id
        return noted

    def _browse_named(self, key, model):
        """The record whose id the context has under that key, if it has one."""
        id_ = self.env.context.get(key)
        if not id_:
            return None
        is_sane = type(id_) is int and 0 < id_ < 2**31
        record = self.env[model].browse(id_ if is_sane else 0).exists()
        if not record:
            raise UserError(self.env._("What this mail was written for is gone."))
        record.check_access("read")
        return record

    def _get_named_letter(self):
        return self.env.context.get("customer_exit_letter")

    def _refuse_another_mail(self, record, template, customer, res_ids):
        """Our record was told by its own mail to its own customer, or by none."""
        is_ours = self.model == template._name and list(res_ids) == template.ids
        # sudo: whoever writes need not be allowed to read every recipient
        recipients = self.sudo().partner_ids.commercial_partner_id
        if not is_ours or customer not in recipients:
            raise UserError(
                self.env._(
                    "This is not the mail to %(customer)s that %(record)s asks for: "
                    "write it with the button there.",
                    customer=customer.display_name,
                    record=record.display_name,
                )
            )

    # Noting it

    def _note_that_sent(self, key, record):
        if key == "signal":
            record._note_answer()
        elif key == "offer":
            record._note_sent()
        else:
            record._note_letter(self._get_named_letter())

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
