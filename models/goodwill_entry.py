from odoo import api, fields, models

KINDS = [
    ("scope", "Change without charge"),
    ("overrun", "Hours beyond those ordered"),
    ("unbilled", "Hours not billed"),
    ("discount", "Discount"),
    ("credit", "Credit note"),
]


class GoodwillEntry(models.Model):
    """The goodwill ledger: all that a customer was given without paying for it.

    One row a gift, untaxed, in the currency of its document and of the company:

    - ``scope``: an absorbed scope change, at list price, on its date;
    - ``overrun``: an hour logged beyond the prepaid hours of a contract (an order
      with its confirmed amendments), on the day it was worked, at the list price of
      its order line. Contracts are filled in the order of their timesheets;
    - ``unbilled``: an hour logged on a billable project of the customer that is
      marked as not billable, at the list price of an hour of that project;
    - ``discount``: what a line of a confirmed order is below the list price of the
      day it was sold, and lines that lower the price of an order;
    - ``credit``: a posted credit note, as far as what it took back was delivered and
      is not billed again (the *forgiven* of the final invoice). Those that settled
      an exit are left out, as in the score.

    No gift counts twice. An absorbed change stands for itself: what it took off a
    line's price is taken out of that line's discount, and the hours that it is about
    are taken out of the contract's overrun and unbilled hours, the oldest first.
    Hours sold by an amendment are no overrun any more, down payments and their
    credits are none, and lines dearer than the list offset nothing.

    Our own companies and colleagues are no customers, as in the score.
    """

    _name = "goodwill.entry"
    _description = "Goodwill ledger"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "document"

    date = fields.Date(readonly=True)
    kind = fields.Selection(KINDS, readonly=True)
    partner_id = fields.Many2one("res.partner", "Contact", readonly=True)
    commercial_partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    order_id = fields.Many2one("sale.order", readonly=True)
    project_id = fields.Many2one("project.project", readonly=True)
    res_model = fields.Char("Document Model", readonly=True)
    res_id = fields.Many2oneReference(
        "Document ID", model_field="res_model", readonly=True
    )
    document = fields.Char(readonly=True)
    description = fields.Char(compute="_compute_description")
    hours = fields.Float(readonly=True)
    currency_id = fields.Many2one("res.currency", "Company Currency", readonly=True)
    amount = fields.Monetary("At List Price", readonly=True)
    document_currency_id = fields.Many2one("res.currency", readonly=True)
    amount_currency = fields.Monetary(
        "In Document Currency",
        currency_field="document_currency_id",
        aggregator=None,
        readonly=True,
    )

    @api.depends("res_model", "res_id", "kind")
    def _compute_description(self):
        """What it is about, in words that customers may read and know."""
        for model, entries in self.grouped("res_model").items():
            # sudo: names alone, of documents that need not be open to the reader
            records = self.env[model].sudo().browse(entries.mapped("res_id")).exists()
            names = {record.id: self._get_subject(record) for record in records}
            for entry in entries:
                entry.description = names.get(entry.res_id, "")

    @api.model
    def _get_subject(self, record):
        """Hook: what a document is about; none of what we wrote down among us."""
        if record._name == "scope.change":
            items = record._get_asked_items()
            names = dict.fromkeys(items.mapped("name"))
            return ", ".join(names) or record.project_id.name or ""
        if record._name == "sale.order.line":
            return (record.name or record.product_id.name or "").split("\n")[0]
        if record._name == "account.analytic.line":
            return record.task_id.name or record.project_id.name or ""
        return record.invoice_origin or record.reversed_entry_id.name or ""

    def action_open_document(self):
        """Open the record behind the row; an order line opens its order."""
        self.ensure_one()
        self.check_access("read")
        record = self.env[self.res_model].browse(self.res_id)
        if record._name == "sale.order.line":
            record = self.order_id
        return record._get_records_action()
