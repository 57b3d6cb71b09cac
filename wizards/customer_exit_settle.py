from odoo import Command, api, fields, models

# So many are shown to choose from; more are settled all together.
MAX_SHOWN = 500


class CustomerExitSettle(models.TransientModel):
    """Decides about a line of the exit gate, record by record or as a whole."""

    _name = "customer.exit.settle"
    _description = "Settle what is still open"

    exit_id = fields.Many2one("customer.exit", required=True, readonly=True)
    code = fields.Char(required=True, readonly=True)
    # Those it was opened for, where a list chose them
    chosen_ids = fields.Json(readonly=True)
    line_ids = fields.One2many("customer.exit.settle.line", "settle_id")
    label = fields.Char(compute="_compute_check")
    meaning = fields.Char(compute="_compute_check")
    count = fields.Integer(compute="_compute_check")
    can_finish = fields.Boolean(compute="_compute_check")
    can_hand_over = fields.Boolean(compute="_compute_check")
    can_drop = fields.Boolean(compute="_compute_check")
    can_waive = fields.Boolean(compute="_compute_check")
    obstacles = fields.Html(compute="_compute_check", sanitize=False)
    user_id = fields.Many2one(
        "res.users",
        string="Hand over to",
        domain=[("share", "=", False)],
        help="Who answers for it from now on.",
    )
    reason = fields.Text(help="Needed for what is waived: it stays open.")
    is_whole_line = fields.Boolean(
        string="Everything of this kind",
        help="Also what comes later is waived.",
    )

    @api.model
    def _open_for(self, exit_case, code, ids=None):
        exit_case.check_access("read")
        exit_case._refuse_if(exit_case._get_gate_refusals())
        wizard = self.create(
            {"exit_id": exit_case.id, "code": code, "chosen_ids": ids or False}
        )
        wizard._fill()
        return {
            "type": "ir.actions.act_window",
            "name": wizard.label,
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    def _fill(self):
        records = self._get_open()
        if len(records) > MAX_SHOWN:
            return
        readable = records._filtered_access("read")
        self.line_ids = [
            Command.create(
                {
                    "res_id": record.id,
                    "name": record.display_name or record._description
                    if record in readable
                    else self.env._("Not for you to read"),
                }
            )
            for record in records
        ]

    def _get_open(self):
        """What is still open, of those the wizard was opened for."""
        self.ensure_one()
        ids = self.exit_id._get_gate()[self.exit_id].get(self.code, [])
        if self.chosen_ids:
            ids = [id_ for id_ in ids if id_ in set(self.chosen_ids)]
        return self.env[self.exit_id._get_check(self.code).opens].browse(ids)

    @api.depends_context("uid", "lang")
    @api.depends("exit_id", "code", "chosen_ids")
    def _compute_check(self):
        for wizard in self:
            check = wizard.exit_id._get_check(wizard.code)
            wizard.label = check.label
            wizard.meaning = check.meaning
            wizard.count = len(wizard._get_open())
            obstacles = check.get_obstacles() if check.ways else {}
            ways = () if obstacles else check.ways
            wizard.obstacles = wizard.exit_id._render_obstacles(obstacles)
            wizard.can_finish = "finish" in ways
            wizard.can_hand_over = "hand_over" in ways
            wizard.can_drop = "drop" in ways
            wizard.can_waive = not wizard.exit_id._get_waiving_obstacles()

    def _get_chosen(self):
        """The ids to settle: all of them where there were too many to choose from."""
        if not self.line_ids:
            return self._get_open().ids
        return self.line_ids.filtered("is_chosen").mapped("res_id")

    def action_finish(self):
        """Say that these are done."""
        return self._settle("finish")

    def action_hand_over(self):
        """Give these to somebody else."""
        return self._settle("hand_over")

    def action_drop(self):
        """End these without doing them."""
        return self._settle("drop")

    def _settle(self, verb):
        self.ensure_one()
        self.exit_id._settle(
            self.exit_id._get_check(self.code),
            verb,
            self._get_chosen(),
            self.user_id,
            self.reason,
        )
        return {"type": "ir.actions.act_window_close"}

    def action_waive(self):
        """Leave these open on purpose: they stop counting."""
        self.ensure_one()
        self.exit_id._refuse_if(self.exit_id._get_waiving_obstacles())
        common = {"exit_id": self.exit_id.id, "code": self.code, "reason": self.reason}
        names = {line.res_id: line.name for line in self.line_ids}
        whole = {**common, "res_id": 0, "name": self.env._("Everything of this kind")}
        self.env["customer.exit.waiver"].create(
            [whole]
            if self.is_whole_line
            else [
                {**common, "res_id": id_, "name": names.get(id_, str(id_))}
                for id_ in self._get_chosen()
            ]
        )
        return {"type": "ir.actions.act_window_close"}


class CustomerExitSettleLine(models.TransientModel):
    _name = "customer.exit.settle.line"
    _description = "Something to settle"
    _order = "id"

    settle_id = fields.Many2one(
        "customer.exit.settle",
        string="Dialog",
        required=True,
        ondelete="cascade",
        index=True,
    )
    res_id = fields.Integer(readonly=True)
    name = fields.Char(string="What", readonly=True)
    is_chosen = fields.Boolean(string="Settle", default=True)
