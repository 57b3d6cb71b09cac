"""What a scan has found, as it becomes proposals; once, however often it scans."""

from odoo import api, fields, models
from odoo.tools import html2plaintext


class ScopeChangeProposal(models.Model):
    _inherit = "scope.change.proposal"

    def _get_key(self):
        self.ensure_one()
        return (
            self.order_id.id,
            self.project_id.id,
            self.date,
            self.is_confirmed_again,
        )

    def _get_targets(self):
        """What these are about: each order or project once."""
        return {(p.order_id.id, p.project_id.id) for p in self}

    @api.model
    def _propose(self, open_lines, found):
        """Make the open proposals say what was found; those new or changed.

        open_lines: the evidence of that sort in open proposals of what was scanned;
        found: {key: {"lines": values, "amount", "noted_amount"}}. Called as superuser.
        """
        kept = {
            (line.proposal_id._get_key(), line.tracking_id): line for line in open_lines
        }
        wanted = {
            (key, line["tracking_id"]): line
            for key, day in found.items()
            for line in day["lines"]
        }
        stale = self.line_ids.union(*(kept[key] for key in kept.keys() - wanted.keys()))
        changed = stale.proposal_id
        stale.unlink()
        proposals = self._get_or_create(found)
        vals_list = [
            {**line, "proposal_id": proposals[key].id}
            for (key, tracking_id), line in wanted.items()
            if (key, tracking_id) not in kept
        ]
        changed |= self.env["scope.change.proposal.line"].create(vals_list).proposal_id
        changed |= self._set_amounts(proposals, found, changed)
        empty = changed.filtered(lambda proposal: not proposal.line_ids)
        empty.unlink()
        (changed - empty)._set_totals()
        return changed - empty

    @api.model
    def _get_or_create(self, found):
        """{key: the open proposal of that order and day}."""
        opened = self.search(
            [
                ("state", "=", "proposed"),
                "|",
                ("order_id", "in", [key[0] for key in found if key[0]]),
                ("project_id", "in", [key[1] for key in found if key[1]]),
            ]
        )
        proposals = {proposal._get_key(): proposal for proposal in opened}
        missing = [key for key in found if key not in proposals]
        vals_list = [self._prepare_vals(*key) for key in missing]
        return proposals | dict(zip(missing, self.create(vals_list), strict=True))

    @api.model
    def _prepare_vals(self, order_id, project_id, date, again):
        target = self.env["sale.order"].browse(order_id) or (
            self.env["project.project"].browse(project_id)
        )
        company = target.company_id or self.env.company
        return {
            "name": target.name,
            "order_id": order_id,
            "project_id": project_id,
            "partner_id": target.partner_id.id,
            "company_id": company.id,
            "currency_id": (target.currency_id if order_id else company.currency_id).id,
            "date": date,
            "is_confirmed_again": again,
            "requested_by": "us",
        }

    @api.model
    def _set_amounts(self, proposals, found, changed):
        """Write the amounts that are new; whose."""
        written = self.browse()
        for proposal in changed.filtered("amount"):
            if "untaxed" not in proposal.line_ids.mapped("what"):
                proposal.write({"amount": 0.0, "noted_amount": 0.0})
        for key, day in found.items():
            proposal, amounts = proposals[key], {**day}
            amounts.pop("lines")
            if any(
                proposal.currency_id.compare_amounts(proposal[name], amount)
                for name, amount in amounts.items()
            ):
                proposal.write(amounts)
                written |= proposal
        return written

    def _set_totals(self):
        notes = self._read_notes()
        for proposal in self:
            days = [sum(line.days for line in part) for part in proposal._get_parts()]
            by_customer = any(proposal.line_ids.mapped("is_by_customer"))
            proposal.write(
                {
                    "hours": sum(proposal.line_ids.mapped("hours")),
                    # The deadlines of several projects are names for one end.
                    "days": max(days, key=abs),
                    "requested_by": "customer" if by_customer else "us",
                    "notes": notes.get((proposal.order_id.id, proposal.date)),
                }
            )

    def _read_notes(self):
        """{(order id, day): what Odoo wrote there}, as text that nobody interprets."""
        dates = self.filtered("order_id").mapped("date")
        if not dates:
            return {}
        messages = self.env["mail.message"].search_fetch(
            [
                ("model", "=", "sale.order"),
                ("res_id", "in", self.order_id.ids),
                ("message_type", "=", "notification"),
                ("date", ">=", fields.Datetime.to_datetime(min(dates))),
                ("date", "<", fields.Date.add(max(dates), days=1)),
                ("tracking_value_ids", "=", False),
            ],
            ["res_id", "date", "body"],
            order="id",
        )
        bodies = messages.grouped(lambda message: (message.res_id, message.date.date()))
        return {
            key: "\n\n".join(
                filter(None, (html2plaintext(m.body).strip() for m in group))
            )
            for key, group in bodies.items()
        }
