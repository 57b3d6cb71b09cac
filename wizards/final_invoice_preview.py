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
    # Columns that say nothing are left out.
    has_orders = fields.Boolean(compute="_compute_columns")
    has_credits = fields.Boolean(compute="_compute_columns")
    has_discounts = fields.Boolean(compute="_compute_columns")
    has_other_prices = fields.Boolean(compute="_compute_other_prices")
    is_price_left = fields.Boolean(compute="_compute_other_prices")
    price_reason = fields.Text("Why other prices are left")
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
            Command.create(vals)
            for exit_case in self.exit_ids
            for vals in self._prepare_exit_lines(exit_case)
        ]
        self.price_reason = self.exit_ids[:1].price_reason

    def _prepare_exit_lines(self, exit_case):
        plan = exit_case._get_settlement_plan()
        lines = self.env["sale.order.line"].union(*(entry.line for entry in plan))
        differences = exit_case._get_price_differences(lines.sudo())
        choices = {
            **dict.fromkeys(exit_case._get_accepted_differences(), "leave"),
            **dict.fromkeys(exit_case.sudo().corrected_line_ids.ids, "correct"),
        }
        for entry in plan:
            difference = differences.get(entry.line, 0.0)
            yield {
                **self._prepare_line_vals(exit_case, entry),
                "price_difference": difference,
                "price_choice": bool(difference) and choices.get(entry.line.id),
            }

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

    @api.depends("line_ids.amount", "line_ids.price_choice")
    def _compute_totals(self):
        for preview in self:
            coming = preview._get_coming()
            preview.totals = bool(coming) and self.env["ir.qweb"]._render(
                "toxic_customer_exit.final_invoice_totals",
                {"coming": coming, "sums": preview._sum_by_currency(coming)},
            )

    def _get_coming(self):
        """The documents that issuing would make of what is shown."""
        return [
            invoice
            for exit_case, lines in self.line_ids.grouped("exit_id").items()
            for invoice in exit_case._origin._get_coming_invoices(
                {
                    line.order_line_id._origin: (line.to_bill, line.price_unit)
                    for line in lines
                },
                lines._get_chosen("correct"),
            )
        ]

    def _sum_by_currency(self, coming):
        """{currency: (untaxed, tax, total)} where there is more than one document."""
        sums = {}
        for invoice in coming:
            known = sums.get(invoice.currency, (0.0, 0.0, 0.0))
            amounts = (invoice.untaxed, invoice.tax, invoice.total)
            sums[invoice.currency] = tuple(map(sum, zip(known, amounts, strict=True)))
        return sums if len(coming) > 1 else {}

    @api.depends("line_ids")
    def _compute_columns(self):
        for preview in self:
            lines = preview.line_ids
            preview.has_orders = len(lines.order_id) > 1
            preview.has_credits = any(lines.mapped("credited"))
            preview.has_discounts = any(lines.mapped("discount"))

    @api.depends("line_ids.price_choice", "line_ids.price_difference")
    def _compute_other_prices(self):
        for preview in self:
            others = preview.line_ids.filtered("price_difference")
            preview.has_other_prices = bool(others)
            preview.is_price_left = "leave" in others.mapped("price_choice")

    @api.depends_context("uid", "lang")
    @api.depends("exit_ids", "line_ids.rebill", "line_ids.price_choice", "price_reason")
    def _compute_obstacles(self):
        for preview in self:
            sentences = preview._get_obstacles()
            preview.obstacles = preview.exit_ids._render_obstacles(sentences)
            preview.can_issue = not sentences

    def _get_obstacles(self):
        """What stands in the way of each exit, with what is chosen here."""
        sentences = []
        for exit_case in self.exit_ids._origin:
            obstacles = exit_case._get_invoice_obstacles()
            lines = self._get_lines(exit_case)
            if lines.filtered("rebill") or lines._get_chosen("correct"):
                obstacles.pop("nothing_to_bill", None)
            if all(lines.filtered("price_difference").mapped("price_choice")):
                obstacles.pop("price", None)
            sentences += obstacles.values()
        if self.is_price_left and not self.price_reason:
            sentences.append(self.env._("Write why other prices are left."))
        return sentences

    def _get_lines(self, exit_case):
        return self.line_ids.filtered(lambda line: line.exit_id._origin == exit_case)

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
            self._refuse_if_changed(exit_case)
            self._choose(exit_case)
        return exits.action_issue_final_invoice()

    def action_keep_choices(self):
        """Remember what was chosen, where nothing is left to bill."""
        self.ensure_one()
        for exit_case in self.exit_ids.filtered(lambda case: not case._is_settled()):
            self._refuse_if_changed(exit_case)
            self._choose(exit_case)
        return {"type": "ir.actions.act_window_close"}

    def _choose(self, exit_case):
        lines = self._get_lines(exit_case)
        exit_case._choose_rebilled(lines.filtered("rebill").order_line_id)
        exit_case._choose_prices(
            lines._get_chosen("correct"), lines._get_chosen("leave"), self.price_reason
        )

    def _refuse_if_changed(self, exit_case):
        shown = {
            line.order_line_id.id: (
                round(line.delivered - line.forgivable - line.invoiced, 6),
                round(line.price_unit, 6),
                round(line.price_difference, 6),
            )
            for line in self._get_lines(exit_case)
        }
        current = {
            vals["order_line_id"]: (
                round(vals["delivered"] - vals["forgivable"] - vals["invoiced"], 6),
                round(vals["price_unit"], 6),
                round(vals["price_difference"], 6),
            )
            for vals in self._prepare_exit_lines(exit_case)
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
    price_difference = fields.Monetary(
        "Billed at another price",
        readonly=True,
        help="So much more than the price of the order was billed so far, untaxed. "
        "Negative: less.",
    )
    price_choice = fields.Selection(
        [("correct", "Put right"), ("leave", "Leave")],
        string="What becomes of it",
        help="Put right: the final invoice takes back what was billed and bills it at "
        "the price of the order. Leave: it stays as billed, with a reason.",
    )

    @api.depends("name")
    def _compute_display_name(self):
        for line in self:
            text = (line.name or "").split("\n", 1)[0]
            line.display_name = f"{line.order_id.name} – {text}"

    @api.depends("rebill", "price_choice")
    def _compute_to_bill(self):
        for line in self:
            line.forgiven = 0.0 if line.rebill else line.forgivable
            line.to_bill = line.delivered - line.forgiven - line.invoiced
            untaxed = line.order_line_id.sudo()._get_untaxed(
                line.to_bill, line.price_unit
            )
            if line.price_choice == "correct":
                untaxed -= line.price_difference
            line.amount = line.currency_id.round(untaxed) if untaxed else 0.0

    def _get_planned(self):
        """{order line: (quantity to bill, its price)}"""
        return {
            line.order_line_id._origin: (line.to_bill, line.price_unit) for line in self
        }

    def _get_chosen(self, choice):
        """The order lines whose other price is put right, or left."""
        chosen = self.filtered(
            lambda line: line.price_difference and line.price_choice == choice
        )
        return chosen.order_line_id._origin

    def _is_lost_rebate(self):
        is_rebate = self.price_unit < 0 < self.ordered and not self.is_downpayment
        return is_rebate and not self.delivered
