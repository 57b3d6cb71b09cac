from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.toxicity_internal_thread import MANAGER_GROUP


class FinalInvoicePreview(models.TransientModel):
    """What a final invoice would hold, line by line, before anyone issues it."""

    _name = "final.invoice.preview"
    _description = "Preview of a final invoice"

    exit_ids = fields.Many2many("customer.exit", readonly=True)
    line_ids = fields.One2many("final.invoice.preview.line", "preview_id")
    totals = fields.Html(compute="_compute_totals", sanitize=False)
    obstacles = fields.Html(compute="_compute_obstacles", sanitize=False)
    warnings = fields.Html(compute="_compute_warnings", sanitize=False)
    can_issue = fields.Boolean(compute="_compute_obstacles")

    @api.model
    def _open_for(self, exits):
        if not self.env.user.has_group(MANAGER_GROUP):
            raise AccessError(
                self.env._("Managers of customer exits prepare the final invoice.")
            )
        exits.check_access("read")
        preview = self.create({"exit_ids": [Command.set(exits.ids)]})
        preview._fill()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Final invoice"),
            "res_model": self._name,
            "res_id": preview.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def _fill(self):
        self.line_ids = [Command.clear()] + [
            Command.create(self._prepare_line_vals(exit_case, entry))
            for exit_case in self.exit_ids
            for entry in exit_case._get_settlement_plan()
        ]

    def _prepare_line_vals(self, exit_case, entry):
        return {
            "exit_id": exit_case.id,
            "order_line_id": entry.line.id,
            "order_id": entry.line.order_id.id,
            "name": entry.line.name or entry.line.product_id.display_name,
            "uom_id": entry.line.product_uom_id.id,
            "currency_id": entry.line.currency_id.id,
            "ordered": entry.ordered,
            "delivered": entry.delivered,
            "invoiced": entry.invoiced,
            "credited": entry.credited,
            "forgivable": entry.forgivable,
            "price_unit": entry.price_unit,
            "discount": entry.line.discount,
            "rebill": entry.line in exit_case.sudo().rebill_line_ids,
            "is_downpayment": entry.line.is_downpayment,
        }

    @api.depends("line_ids.amount")
    def _compute_totals(self):
        for preview in self:
            totals = preview._get_totals()
            preview.totals = preview.exit_ids._render_obstacles(
                self.env._(
                    "%(customer)s, %(company)s: %(amount)s",
                    customer=exit_case.commercial_partner_id.display_name,
                    company=exit_case.company_id.name,
                    amount=currency.format(amount),
                )
                for (exit_case, currency), amount in totals.items()
            )

    def _get_totals(self):
        totals = {}
        for line in self.line_ids:
            key = (line.exit_id, line.currency_id)
            totals[key] = totals.get(key, 0.0) + line.amount
        return totals

    @api.depends_context("uid", "lang")
    @api.depends("exit_ids", "line_ids.rebill")
    def _compute_obstacles(self):
        for preview in self:
            sentences = preview._get_obstacles()
            preview.obstacles = preview.exit_ids._render_obstacles(sentences)
            preview.can_issue = not sentences

    def _get_obstacles(self):
        """What stands in the way of each exit; rebilling may leave something."""
        sentences = []
        for exit_case in self.exit_ids:
            obstacles = exit_case._get_invoice_obstacles()
            if self._get_rebilled(exit_case):
                obstacles.pop("nothing_to_bill", None)
            sentences += obstacles.values()
        return sentences

    @api.depends_context("lang")
    @api.depends("line_ids")
    def _compute_warnings(self):
        for preview in self:
            preview.warnings = preview.exit_ids._render_obstacles(
                preview._get_warnings()
            )

    def _get_warnings(self):
        """What deserves a look before issuing, as sentences."""
        warnings = []
        above = self.line_ids.filtered(lambda line: line.delivered > line.ordered > 0)
        if above:
            warnings.append(
                self.env._(
                    "Delivered above what was ordered, and billed: %(lines)s.",
                    lines=", ".join(above.mapped("display_name")),
                )
            )
        lost = self.line_ids.filtered(lambda line: line._is_lost_rebate())
        if lost:
            warnings.append(
                self.env._(
                    "Lowers the price and counts as not delivered, so it falls away: "
                    "%(lines)s. Set it delivered on the order if it stands.",
                    lines=", ".join(lost.mapped("display_name")),
                )
            )
        partners = self.line_ids.order_id.partner_invoice_id
        bare = partners.filtered(
            lambda partner: not partner._display_address(without_company=True).strip()
        )
        if bare:
            warnings.append(
                self.env._(
                    "No postal address to print on the invoice: %(partners)s.",
                    partners=", ".join(bare.mapped("display_name")),
                )
            )
        return warnings

    def action_issue(self):
        """Issue what is shown, provided that it still is what would be billed."""
        self.ensure_one()
        exits = self.exit_ids
        for exit_case in exits.filtered(lambda record: not record._is_settled()):
            exit_case._choose_rebilled(self._get_rebilled(exit_case))
            self._refuse_if_changed(exit_case)
        return exits.action_issue_final_invoice()

    def _get_rebilled(self, exit_case):
        lines = self.line_ids.filtered(
            lambda line: line.rebill and line.exit_id == exit_case
        )
        return lines.order_line_id

    def _refuse_if_changed(self, exit_case):
        shown = {
            line.order_line_id.id: (round(line.to_bill, 6), round(line.price_unit, 6))
            for line in self.line_ids
            if line.exit_id == exit_case
        }
        current = {
            entry.line.id: (round(entry.to_bill, 6), round(entry.price_unit, 6))
            for entry in exit_case._get_settlement_plan()
        }
        if shown != current:
            raise UserError(
                self.env._(
                    "The orders of %(customer)s changed since this preview was opened: "
                    "close it and look again.",
                    customer=exit_case.commercial_partner_id.display_name,
                )
            )


class FinalInvoicePreviewLine(models.TransientModel):
    _name = "final.invoice.preview.line"
    _description = "Line of the preview of a final invoice"
    _order = "id"

    preview_id = fields.Many2one(
        "final.invoice.preview", required=True, ondelete="cascade", index=True
    )
    exit_id = fields.Many2one("customer.exit", readonly=True)
    order_line_id = fields.Many2one("sale.order.line", readonly=True)
    order_id = fields.Many2one("sale.order", readonly=True)
    name = fields.Text(string="Description", readonly=True)
    uom_id = fields.Many2one("uom.uom", string="Unit", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    ordered = fields.Float(digits="Product Unit", readonly=True)
    delivered = fields.Float(digits="Product Unit", readonly=True)
    invoiced = fields.Float(digits="Product Unit", readonly=True)
    credited = fields.Float(digits="Product Unit", readonly=True)
    forgivable = fields.Float(digits="Product Unit", readonly=True)
    rebill = fields.Boolean(
        string="Bill again",
        help="What was credited is billed again. Otherwise it stays credited.",
    )
    forgiven = fields.Float(digits="Product Unit", compute="_compute_to_bill")
    to_bill = fields.Float(digits="Product Unit", compute="_compute_to_bill")
    price_unit = fields.Float(
        string="Price", min_display_digits="Product Price", readonly=True
    )
    discount = fields.Float(string="Disc. %", digits="Discount", readonly=True)
    amount = fields.Monetary(compute="_compute_to_bill")
    is_downpayment = fields.Boolean(readonly=True)

    @api.depends("name")
    def _compute_display_name(self):
        for line in self:
            text = (line.name or "").split("\n", 1)[0]
            line.display_name = f"{line.order_id.name} – {text}"

    @api.depends("rebill")
    def _compute_to_bill(self):
        for line in self:
            line.forgiven = 0.0 if line.rebill else line.forgivable
            line.to_bill = line.delivered - line.forgiven - line.invoiced
            untaxed = line.order_line_id.sudo()._get_untaxed(
                line.to_bill, line.price_unit
            )
            line.amount = line.currency_id.round(untaxed) if untaxed else 0.0

    def _is_lost_rebate(self):
        is_rebate = self.price_unit < 0 < self.ordered and not self.is_downpayment
        return is_rebate and not self.delivered
