from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError

READ_GROUP = "toxic_customer_exit.group_toxicity_user"


class SaleOrder(models.Model):
    """New business with former customers: warned about or stopped, in neutral words.

    Colleagues are refused. What customers do themselves, signing and paying, never
    fails: their order waits, with a note for us.
    """

    _inherit = "sale.order"

    # For every colleague who sells: it says whom to ask, and nothing about why.
    new_business_note = fields.Char(
        compute="_compute_new_business", groups="base.group_user"
    )
    former_exit_id = fields.Many2one(
        "customer.exit",
        string="Left by",
        compute="_compute_new_business",
        groups=READ_GROUP,
    )

    @api.depends_context("lang")
    @api.depends("partner_id", "company_id", "state")
    def _compute_new_business(self):
        offers = self.filtered(lambda order: order.state in ("draft", "sent"))
        former = offers._find_former_exits()
        for order in self:
            ended = former.get(order)
            order.former_exit_id = ended
            order.new_business_note = order._get_new_business_note(ended)

    def _find_former_exits(self):
        """{order: exit} of those whose customer left; one query, whatever the list."""
        # sudo: a setting that those who sell do not read
        guarded = self.sudo().filtered(
            lambda order: order.company_id.exit_new_business != "off"
        )
        if not guarded.partner_id:
            return {}
        former = self.env["customer.exit"]._find_former(
            guarded.partner_id.commercial_partner_id, guarded.company_id
        )
        keys = {
            order: (order.partner_id.commercial_partner_id, order.company_id)
            for order in guarded
        }
        return {order: former[key] for order, key in keys.items() if key in former}

    def _get_new_business_note(self, ended):
        if not ended:
            return False
        name = ended._get_person_to_ask().name or self.env._("the management")
        if ended.company_id.exit_new_business == "block":
            return self.env._(
                "New business with %(customer)s needs the approval of %(name)s.",
                customer=ended.commercial_partner_id.name,
                name=name,
            )
        return self.env._(
            "New business with %(customer)s: ask %(name)s before going on.",
            customer=ended.commercial_partner_id.name,
            name=name,
        )

    def _get_blocked_notes(self):
        """{order: sentence} of those that nobody may go on with."""
        # sudo: a setting that those who sell do not read; asked first, as most
        # companies stop nothing, and their orders are not to wait for a query
        blocking = self.sudo().filtered(
            lambda order: order.company_id.exit_new_business == "block"
        )
        return {
            order: self._get_new_business_note(ended)
            for order, ended in blocking._find_former_exits().items()
        }

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        orders._refuse_new_business()
        return orders

    def write(self, vals):
        result = super().write(vals)
        if {"partner_id", "company_id"} & vals.keys():
            self._refuse_new_business()
        return result

    def _refuse_new_business(self):
        """Stop colleagues; customers who order themselves wait for the confirmation."""
        if self.env.user.share or self.env.uid == SUPERUSER_ID:
            return
        if blocked := self._get_blocked_notes():
            raise ValidationError("\n".join(dict.fromkeys(blocked.values())))

    def action_confirm(self):
        blocked = self._get_blocked_notes()
        # In sudo customers sign and pay; whoever presses the button is not.
        if blocked and not (self.env.su or self.env.user.share):
            raise UserError("\n".join(dict.fromkeys(blocked.values())))
        held = self.filtered(lambda order: order in blocked)
        held._note_held(blocked)
        rest = self - held
        return super(SaleOrder, rest).action_confirm() if rest or not self else True

    def _note_held(self, notes):
        """A note among us: it is no message, and the customer's portal hides it.

        Who sells it is asked to act: the customer has signed or paid, and waits.
        """
        for order in self:
            order._message_log(
                body=self.env._("This order is on hold. %(note)s", note=notes[order]),
                author_id=self.env.ref("base.partner_root").id,
            )
            if seller := order.user_id:
                # sudo: the customer whose signature is held plans nothing
                order.sudo().with_context(
                    mail_activity_quick_update=True
                ).activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=self.env._("On hold: the customer waits for an answer"),
                    note=notes[order],
                    user_id=seller.id,
                )
