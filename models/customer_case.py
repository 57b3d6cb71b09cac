from odoo import api, models
from odoo.exceptions import AccessError, UserError, ValidationError

# The models of which a customer has one open per company.
CASES = ("customer.exit", "customer.quarantine")


class CustomerCase(models.AbstractModel):
    """What a customer has one open of per company: an exit, or a quarantine.

    Such a model has partner_id, commercial_partner_id, company_id and state. What
    stands in the way of a step is {code: sentence}: one source for what the form
    shows, what the buttons refuse with, and the tests.
    """

    _name = "customer.case"
    _description = "Case of a customer"

    # In these there is one per customer and company.
    _open_states = ()

    # What is refused

    def _refuse_if(self, obstacles):
        """Stop a button with the sentences that the form shows."""
        if obstacles:
            raise UserError("\n".join(obstacles.values()))

    @api.model
    def _render_obstacles(self, sentences):
        """The list that forms show: of {code: sentence}, or of sentences; or False."""
        if isinstance(sentences, dict):
            sentences = sentences.values()
        if not (sentences := list(sentences)):
            return False
        return self.env["ir.qweb"]._render(
            "toxic_customer_exit.customer_exit_obstacles", {"obstacles": sentences}
        )

    @api.constrains("partner_id", "company_id")
    def _check_partner_is_a_customer(self):
        # sudo: also companies that the user does not work for
        customers = self.sudo().commercial_partner_id
        companies = customers.env["res.company"].search(
            [("partner_id.commercial_partner_id", "in", customers.ids)]
        )
        own_partners = companies.partner_id.commercial_partner_id
        for record in self:
            if record.commercial_partner_id in own_partners:
                raise ValidationError(
                    self.env._(
                        "%(partner)s is one of your own companies: choose a customer.",
                        partner=record.partner_id.display_name,
                    )
                )

    def _refuse_company_of_others(self, company_id):
        if company_id not in self.env.companies.ids:
            raise AccessError(
                self.env._(
                    "You do not work for that company at present: choose it at the top "
                    "of the screen first, or another one here."
                )
            )

    # Customers that become one: contacts are merged and moved by people who know
    # nothing of cases, and must not be told. Nothing is refused; one case goes on, the
    # other is given up in its favour.

    @api.model
    def _find_open_below(self, partners):
        """All open cases of these partners and of the contacts below them."""
        if not partners.ids:
            return self.browse()
        # sudo: whoever edits contacts need not know of cases
        cases = self.sudo().with_context(active_test=False)
        return cases.search(
            [("partner_id", "child_of", partners.ids), *self._get_open_domain()]
        )

    def _follow_customers(self):
        """Take over the customer that the partners of these belong to now."""
        field = self._fields["commercial_partner_id"]
        for record in self:
            customer = record.partner_id.commercial_partner_id
            if customer != record.commercial_partner_id:
                (record | record._find_rivals(customer))._keep_one()
        self.env.add_to_compute(field, self)
        # What belongs to them may have been computed while they kept their customer.
        self.modified([field.name])
        self.env.flush_all()

    def _find_rivals(self, customer):
        return self.search(
            [
                ("commercial_partner_id", "=", customer.id),
                ("company_id", "=", self.company_id.id),
                ("id", "not in", self.ids),
                *self._get_open_domain(),
            ]
        )

    @api.model
    def _prepare_merge(self, partners):
        """Leave one per company to customers who are about to be merged."""
        # sudo: as above
        cases = self.sudo().search(
            [("commercial_partner_id", "in", partners.ids), *self._get_open_domain()]
        )
        for rivals in cases.grouped("company_id").values():
            rivals._keep_one()
        cases.flush_recordset()

    @api.model
    def _get_open_domain(self):
        return [("state", "in", self._open_states)]

    def _keep_one(self):
        """Hook: which of these goes on, and what becomes of the others."""
        raise NotImplementedError
