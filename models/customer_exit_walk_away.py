from odoo import fields, models

from .customer_exit_deeds import SILENT

WALKING_STATES = ("wrap_up", "invoiced")


class CustomerExit(models.Model):
    """Walking away: one button after a preview, undoable until the exit is closed."""

    _inherit = "customer.exit"

    deed_ids = fields.One2many(
        "customer.exit.deed", "exit_id", string="What was done", copy=False
    )
    can_undo = fields.Boolean(compute="_compute_can_undo")

    def _compute_can_undo(self):
        open_deeds = (
            self.env["customer.exit.deed"]
            .sudo()
            ._read_group(
                [("exit_id", "in", self.ids), ("date_undone", "=", False)],
                ["exit_id"],
            )
        )
        exits = {exit_case.id for (exit_case,) in open_deeds}
        for record in self:
            is_open = record.state in WALKING_STATES
            record.can_undo = is_open and record._origin.id in exits

    def _get_walk_away_obstacles(self):
        """Hook: what stands in the way of walking away, as {code: sentence}."""
        self.ensure_one()
        obstacles = {}
        if self.state not in WALKING_STATES:
            obstacles["not_wrapped_up"] = self.env._(
                "%(exit)s is %(state)s: one walks away from the wrap-up on, until it "
                "is closed.",
                exit=self.display_name,
                state=self._get_state_label(),
            )
        if not self._is_manager():
            obstacles["not_manager"] = self.env._(
                "A manager of customer exits walks away from a customer."
            )
        return {**obstacles, **self._get_early_obstacles()}

    def _get_undo_obstacles(self):
        """Hook: what stands in the way of undoing it, as {code: sentence}."""
        self.ensure_one()
        obstacles = {}
        if self.state not in WALKING_STATES:
            obstacles["closed"] = self.env._(
                "%(exit)s is %(state)s: what was done on walking away stays.",
                exit=self.display_name,
                state=self._get_state_label(),
            )
        if not self._is_manager():
            obstacles["not_manager"] = self.env._(
                "A manager of customer exits undoes what was done on walking away."
            )
        return obstacles

    def _get_cancel_obstacles(self):
        obstacles = super()._get_cancel_obstacles()
        if self.can_undo:
            obstacles["walked_away"] = self.env._(
                "%(exit)s: one walked away from the customer already. Undo that first, "
                "so that projects, access and links are as they were.",
                exit=self.display_name,
            )
        return obstacles

    def _get_deeds_to_do(self):
        """{kind: records} of what walking away would do now."""
        self.ensure_one()
        todo = {
            code: kind.find()
            for code, kind in self._in_silence()._get_deed_kinds().items()
        }
        return {code: records for code, records in todo.items() if records}

    def _in_silence(self):
        return self.with_context(**SILENT)

    def _do_deeds(self, code, records):
        """Do it to the records and remember how it was; rights were checked."""
        self.ensure_one()
        # sudo: ending a relationship reaches what its manager may not edit himself
        quiet = [found.with_context(**SILENT).sudo() for found in self._split(records)]
        names = {record: record.display_name for found in quiet for record in found}
        kind = self._in_silence()._get_deed_kinds()[code]
        before = {
            record: values
            for found in quiet
            for record, values in kind.do(found).items()
        }
        self.env["customer.exit.deed"].sudo().create(
            [
                {
                    "exit_id": self.id,
                    "kind": code,
                    "res_model": record._name,
                    "res_id": record.id,
                    "name": kind.describe(names[record] or record._description),
                    "before": values,
                }
                for record, values in before.items()
            ]
        )

    def _split(self, records):
        """Records of several models, as they come in a list, by model."""
        if isinstance(records, models.BaseModel):
            return [records]
        return list(records)

    def action_preview_walk_away(self):
        """Show what would be done, before it is."""
        self.ensure_one()
        return self.env["customer.exit.walk.away"]._open_for(self)

    def action_walk_away(self):
        """End what still runs and can be reached, without a word to the customer."""
        for record in self:
            record.check_access("read")
            record._refuse_if(record._get_walk_away_obstacles())
            with self.env.cr.savepoint():
                for code in record._get_deed_kinds():
                    # Found anew: one deed may settle what another would.
                    kind = record._in_silence()._get_deed_kinds()[code]
                    if records := kind.find():
                        record._do_deeds(code, records)

    def action_undo_walk_away(self):
        """Put everything back as it was."""
        for record in self:
            record.check_access("read")
            record._refuse_if(record._get_undo_obstacles())
            # sudo: see _do_deeds
            record._in_silence().sudo().deed_ids._undo()

    def action_close(self):
        result = super().action_close()
        # sudo: nothing is undone any more, so nobody needs the old links
        self.sudo().deed_ids.before = False
        return result
