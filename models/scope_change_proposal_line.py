from datetime import date

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang


class ScopeChangeProposalLine(models.Model):
    """One tracked move, as evidence: who, when, which message, old → new.

    Everything is copied, because messages can be deleted and users renamed. The
    tracking value is known by its id, and stands in one proposal only.
    """

    _name = "scope.change.proposal.line"
    _description = "Evidence of a proposed scope change"
    _order = "proposal_id, moved_at, tracking_id"

    proposal_id = fields.Many2one(
        "scope.change.proposal",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    partner_id = fields.Many2one(
        related="proposal_id.partner_id", store=True, ondelete="restrict"
    )
    commercial_partner_id = fields.Many2one(
        related="proposal_id.commercial_partner_id", store=True, index=True
    )
    company_id = fields.Many2one(related="proposal_id.company_id", store=True)
    currency_id = fields.Many2one(related="proposal_id.currency_id", store=True)
    project_id = fields.Many2one(
        "project.project", readonly=True, ondelete="set null", index="btree_not_null"
    )
    name = fields.Char("On", required=True, readonly=True)
    what = fields.Selection(
        [
            ("untaxed", "Untaxed amount"),
            ("deadline", "Deadline"),
            ("allocated_hours", "Allocated hours"),
        ],
        required=True,
        readonly=True,
    )
    old_number = fields.Float("Before (number)", digits=0, aggregator=None)
    new_number = fields.Float("After (number)", digits=0, aggregator=None)
    old_value = fields.Char("Before", compute="_compute_values")
    new_value = fields.Char("After", compute="_compute_values")
    hours = fields.Float(readonly=True, help="Those that were not sold.")
    days = fields.Float(readonly=True)

    author_name = fields.Char("Who", readonly=True)
    is_by_customer = fields.Boolean(readonly=True)
    moved_at = fields.Datetime("When", required=True, readonly=True)
    message_id = fields.Integer(
        "Message Number", readonly=True, aggregator=None, help="Its id in the database."
    )
    tracking_id = fields.Integer(
        "Tracking Value", required=True, readonly=True, aggregator=None
    )

    _tracking_once = models.Constraint(
        "UNIQUE(tracking_id)",
        "This move is in another proposal already: look through those first.",
    )

    def _compute_values(self):
        for line in self:
            line.old_value = line._show(line.old_number)
            line.new_value = line._show(line.new_number)

    def _show(self, number):
        self.ensure_one()
        if self.what == "deadline":
            day = number and date.fromordinal(int(number))
            return format_date(self.env, day) if day else ""
        if self.what == "untaxed":
            return self.proposal_id._format_amount(number)
        return formatLang(self.env, number)

    # -- together: what moved one thing in one day -----------------------------------

    def _get_part_key(self):
        return (self.what, self.project_id.id, self.name)

    def _get_ends(self):
        """(before, after): of amounts, what is noted already is left out."""
        lines = self.sorted(lambda line: (line.moved_at, line.tracking_id))
        old, new = lines[:1].old_number, lines[-1:].new_number
        if lines[:1].what == "untaxed":
            proposal = lines.proposal_id
            old = proposal.currency_id.round(new - proposal.amount)
        return old, new

    def _get_sentence(self):
        first = self[:1]
        labels = dict(first._fields["what"]._description_selection(self.env))
        old, new = (first._show(number) or "–" for number in self._get_ends())
        if first.what == "untaxed":
            return f"{old} → {new}"
        label = labels[first.what]
        if len(first.proposal_id.line_ids.project_id) > 1:
            label = self.env._(
                "%(what)s of %(project)s", what=label, project=first.name
            )
        return f"{label}: {old} → {new}"

    def _prepare_item_vals(self):
        first = self[:1]
        proposal, (old, new) = first.proposal_id, self._get_ends()
        again = proposal.is_confirmed_again
        return {
            "what": "order" if again else first.what,
            "name": first.name,
            "project_id": first.project_id.id,
            "old_value": first._show(old),
            "new_value": first._show(new),
            "old_number": old,
            "new_number": new,
            "hours": sum(self.mapped("hours")),
            "days": sum(self.mapped("days")),
            "amount": proposal.amount if first.what == "untaxed" else 0.0,
        }

    def action_open_message(self):
        """Open the record at the message, or the record alone without it."""
        self.ensure_one()
        self.check_access("read")
        # sudo: whether it is there; opening it asks what the user may read
        if self.env["mail.message"].sudo().search_count([("id", "=", self.message_id)]):
            return {
                "type": "ir.actions.act_url",
                "url": f"/mail/message/{self.message_id}",
                "target": "self",
            }
        if document := self.project_id or self.proposal_id.order_id:
            return document._get_records_action()
        raise UserError(
            self.env._(
                "Neither the message nor %(name)s is there any more: what it said is "
                "kept here alone.",
                name=self.name,
            )
        )
