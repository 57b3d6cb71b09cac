from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .customer_exit_gate_checks import GateCheck
from .customer_exit_walk_away import WALKING_STATES

# The letters to the customer: their templates, and where their sending is noted
LETTERS = {
    "warning": ("mail_template_letter_warning", "date_warning_letter"),
    "closing": ("mail_template_letter_closing", "date_closing_letter"),
}


class CustomerExit(models.Model):
    """Letters to the customer: in their language, neutral, read before they are sent.

    Printed letters have the text of the mail templates: there is one to edit.
    """

    _inherit = "customer.exit"

    letter_reason = fields.Text(
        string="Reason as told to the customer",
        copy=False,
        help="In neutral words: the customer reads it, where letters give a reason.",
    )
    stated_reason = fields.Text(compute="_compute_stated_reason")
    date_warning_letter = fields.Date(
        string="Warning letter of", readonly=True, copy=False
    )
    date_closing_letter = fields.Date(
        string="Closing letter of", readonly=True, copy=False
    )

    @api.depends("letter_reason", "company_id")
    def _compute_stated_reason(self):
        for record in self:
            # sudo: a setting of the company that those who write do not read
            is_stated = record.company_id.sudo().exit_letter_reason
            record.stated_reason = is_stated and record.letter_reason

    def action_write_warning_letter(self):
        """Open Odoo's composer with the warning; nothing is sent by itself."""
        return self._write_letter("warning")

    def action_write_closing_letter(self):
        """Open Odoo's composer with the closing letter; nothing is sent by itself."""
        return self._write_letter("closing")

    def _write_letter(self, letter):
        self.ensure_one()
        self.check_access("read")
        self._refuse_if(self._get_letter_obstacles(letter))
        template = self._get_letter_template(letter)
        action = template._get_neutral_composer(self, self.partner_id)
        action["name"] = template.name
        action["context"]["customer_exit_letter_of"] = self.id
        action["context"]["customer_exit_letter"] = letter
        return action

    def _get_letter_obstacles(self, letter):
        """Hook: what stands in the way of that letter, as {code: sentence}."""
        self.ensure_one()
        obstacles = {}
        if not self.partner_id.email:
            obstacles["no_email"] = self.env._(
                "%(partner)s has no e-mail address: add one, or print the letter.",
                partner=self.partner_id.display_name,
            )
        if letter == "closing" and self.state not in (*WALKING_STATES, "closed"):
            obstacles["too_early"] = self.env._(
                "%(exit)s is %(state)s: the closing letter is written from the wrap-up "
                "on.",
                exit=self.display_name,
                state=self._get_state_label(),
            )
        return obstacles

    @api.model
    def _get_letter_template(self, letter):
        if not isinstance(letter, str) or letter not in LETTERS:
            raise UserError(self.env._("There is no letter %(name)s.", name=letter))
        return self.env.ref(f"toxic_customer_exit.{LETTERS[letter][0]}")

    def _get_letter(self, letter):
        """{"subject", "body_html"} in the language of the customer."""
        self.ensure_one()
        template = self._get_letter_template(letter)
        return template._generate_template(self.ids, ["subject", "body_html"])[self.id]

    # At the exit gate

    def _get_gate_checks(self):
        """Who ends a relationship says so, or says why not."""
        return [*super()._get_gate_checks(), self._get_closing_letter_check()]

    def _get_closing_letter_check(self):
        return GateCheck(
            "closing_letter",
            self.env._("Closing letter"),
            self.env._(
                "The customer was not written to. Finish notes that it went by post; "
                "waive it where none is sent, because…"
            ),
            self._name,
            lambda company: (
                Domain("date_closing_letter", "=", False)
                & Domain("state", "in", WALKING_STATES)
                & Domain("company_id", "=", company.id)
            ),
            paths=("commercial_partner_id",),
            ways={"finish": self._finish_closing_letter},
            get_obstacles=self._get_posting_obstacles,
            advice=self.env._(
                "Send it from the Letters, or say at the exit gate that it went by "
                "post, or waive it there: not sent, because."
            ),
        )

    def _finish_closing_letter(self, exits, _to_user):
        exits._note_letter("closing")

    def _get_posting_obstacles(self):
        """Hook: why it cannot be said that the letter went by post."""
        if self._is_manager():
            return {}
        return {
            "not_manager": self.env._(
                "A manager of customer exits says that the closing letter of %(exit)s "
                "was sent.",
                exit=self.display_name,
            )
        }

    def _note_letter(self, letter):
        """Remember that the letter went out."""
        self.check_access("read")
        # sudo: step fields are closed to everyone's direct writing
        self.sudo().write({LETTERS[letter][1]: fields.Date.context_today(self)})
