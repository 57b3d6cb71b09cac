from odoo import fields, models
from odoo.exceptions import UserError


class PivotPlan(models.Model):
    """What stands in the way of each step of a plan, as {code: sentence}.

    One source for the banner of the form, the refusals of the buttons and the tests.
    """

    _inherit = "pivot.plan"

    def _refuse_if(self, obstacles):
        """Stop a button with the sentences that the form shows."""
        if obstacles:
            raise UserError("\n".join(obstacles.values()))

    def _get_next_obstacles(self):
        getters = {
            "draft": self._get_start_obstacles,
            "running": self._get_done_obstacles,
        }
        return getters[self.state]() if self.state in getters else {}

    def _get_start_obstacles(self):
        """Hook: what stands in the way of starting, as {code: sentence}."""
        self.ensure_one()
        obstacles = {}
        if self.state != "draft":
            obstacles["not_draft"] = self.env._(
                "%(plan)s is %(state)s: only a draft is started.",
                plan=self.name,
                state=self._get_state_label(),
            )
        today = fields.Date.context_today(self)
        if not self.quarter_ids:
            obstacles["no_quarters"] = self.env._(
                "%(plan)s has no quarters: add those it covers, each with the share of "
                "hours that strained and toxic customers may take.",
                plan=self.name,
            )
        elif all(date_to < today for date_to in self.quarter_ids.mapped("date_to")):
            obstacles["past"] = self.env._(
                "All quarters of %(plan)s are over: add one to come.", plan=self.name
            )
        if not self.move_ids:
            obstacles["no_moves"] = self.env._(
                "%(plan)s has no moves: say how its hours get free.", plan=self.name
            )
        return {
            **obstacles,
            **self._get_outside_obstacles(),
            **self._get_hours_obstacles(),
            **self._get_overlap_obstacles(),
        }

    def _get_outside_obstacles(self):
        """A move in no quarter of the plan would be measured by nothing."""
        days = set(self.quarter_ids.mapped("date_from"))
        outside = self.move_ids.filtered(lambda move: move.date_from not in days)
        if not outside or not days:
            return {}
        return {
            "outside": self.env._(
                "Not within the quarters of %(plan)s: %(moves)s. Choose another "
                "quarter for them, or add theirs.",
                plan=self.name,
                moves=self.env["customer.exit"]._name_some(outside),
            )
        }

    def _get_hours_obstacles(self):
        """A customer cannot free more hours than it takes."""
        obstacles = {}
        counted = self.move_ids.filtered("is_counted")
        for customer, moves in counted.grouped("commercial_partner_id").items():
            freed, taken = sum(moves.mapped("hours")), max(moves.mapped("taken_hours"))
            # A hundredth of an hour is a matter of rounding
            if customer and freed > taken + 0.01:
                obstacles[f"hours_{customer.id}"] = self.env._(
                    "%(customer)s takes %(taken)s hours a quarter, and its moves would "
                    "free %(freed)s: lower them.",
                    customer=customer.name,
                    taken=round(taken, 1),
                    freed=round(freed, 1),
                )
        return obstacles

    def _get_overlap_obstacles(self):
        """Two plans would count the same hours of a quarter as theirs."""
        quarter = self.env["pivot.plan.quarter"].search(
            [
                ("plan_id.state", "=", "running"),
                ("plan_id", "not in", self.ids),
                ("company_id", "=", self.company_id.id),
                ("date_from", "in", self.quarter_ids.mapped("date_from")),
            ],
            limit=1,
        )
        if not quarter:
            return {}
        return {
            "overlap": self.env._(
                "%(other)s is running and covers %(quarter)s too: end it first, or "
                "leave that quarter out of %(plan)s.",
                other=quarter.plan_id.name,
                quarter=quarter.name,
                plan=self.name,
            )
        }

    def _get_done_obstacles(self):
        """Hook: what stands in the way of ending the plan, as {code: sentence}."""
        self.ensure_one()
        obstacles = {}
        if self.state != "running":
            obstacles["not_running"] = self.env._(
                "%(plan)s is %(state)s: only a running plan is ended.",
                plan=self.name,
                state=self._get_state_label(),
            )
        if waiting := self.move_ids.filtered(lambda move: move.state == "planned"):
            obstacles["planned"] = self.env._(
                "Not started: %(moves)s. Start these moves, or delete them.",
                moves=self.env["customer.exit"]._name_some(waiting),
            )
        return obstacles

    def _get_warnings(self):
        """Hook: what is worth a second look and stops nothing, as {code: sentence}."""
        self.ensure_one()
        warnings = {}
        calm = self.move_ids.filtered(
            lambda move: move.partner_id and not move.is_strained
        )
        if calm:
            warnings["calm"] = self.env._(
                "Neither strained nor toxic when the move was planned: %(names)s. "
                "Their hours get free and do not lower the share.",
                names=self.env["customer.exit"]._name_some(calm.commercial_partner_id),
            )
        missed = self.quarter_ids.filtered(
            lambda quarter: quarter.planned_share > quarter.target_share + 0.0005
        )
        if missed and self.move_ids:
            first = missed.sorted("date_from")[0]
            warnings["missed"] = self.env._(
                "The moves do not reach the target of %(quarter)s: %(planned)s %% are "
                "planned, and %(target)s %% wanted.",
                quarter=first.name,
                planned=round(100 * first.planned_share, 1),
                target=round(100 * first.target_share, 1),
            )
        return warnings
