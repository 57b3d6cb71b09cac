from odoo import api, fields, models

from .customer_exit import OPEN_STATES

FAMILY_OPERATORS = ("parent_of", "child_of")


class CustomerExit(models.Model):
    """What becomes of exits when customers become one, or belong together.

    The case that has come furthest goes on, the other one is given up in its favour,
    and their owners are told.
    """

    _inherit = "customer.exit"

    family_exit_ids = fields.Many2many(
        "customer.exit",
        string="Open in their group too",
        compute="_compute_family_exit_ids",
        help="Open exits of their parent company or of companies below them: customers "
        "of their own, each with an exit of its own.",
    )

    @api.depends("commercial_partner_id", "company_id")
    def _compute_family_exit_ids(self):
        for record in self:
            record.family_exit_ids = record._find_family() - record._origin

    def _find_family(self):
        customer = self.commercial_partner_id
        if not customer:
            return self.browse()
        found = (
            self.search(
                [
                    ("commercial_partner_id", operator, customer.id),
                    ("company_id", "=", self.company_id.id),
                    ("state", "in", OPEN_STATES),
                ]
            )
            for operator in FAMILY_OPERATORS
        )
        return self.browse().union(*found)

    # Customers that become one

    def _keep_one(self):
        """Go on with the exit that has come furthest, the oldest of several."""
        ranked = self.filtered(lambda record: record.state in OPEN_STATES).sorted(
            lambda record: (-OPEN_STATES.index(record.state), record.id)
        )
        for given_up in ranked[1:]:
            ranked[0]._take_over(given_up)

    def _take_over(self, other):
        """Give the other exit up in favour of this one; what was done comes along."""
        other._get_issued().exit_id = self
        self.settled_terms = {
            **(other.settled_terms or {}),
            **(self.settled_terms or {}),
        }
        other.waiver_ids.exit_id = self
        other.deed_ids.exit_id = self
        self._take_over_options(other)
        other._move_to("cancelled")
        other.flush_recordset()
        body = self.env._(
            "Two customers became one: %(kept)s goes on, %(given_up)s is cancelled.",
            kept=self.name,
            given_up=other.name,
        )
        for record in self | other:
            record._message_log(body=body)
        for user in (self.user_id | other.user_id).filtered("active"):
            if self._pick_member(user, self.company_id):
                self.activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=self.env._("Two exits became one"),
                    note=body,
                    user_id=user.id,
                )

    def _take_over_options(self, other):
        """What the customer was offered and agreed to goes on with the case that does.

        Its pages stay what they are, and can be answered as long as options can. Where
        another one was accepted, or the end is decided, what is open is withdrawn.
        """
        other.offer_ids.exit_id = self
        other.commitment_ids.exit_id = self
        moved = other.option_ids
        moved.exit_id = self
        if self.state not in ("draft", "options"):
            moved._withdraw()
