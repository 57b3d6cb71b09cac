from datetime import timedelta

from odoo import fields

from .common import ToxicityCommon
from .leak_options import SIGNATURE


class OptionCommon(ToxicityCommon):
    """An exit with options, and the ways to offer and answer them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.email = "office@difficult.example"
        cls.salesperson.email = "sales@us.example"
        cls.case = cls.make_exit(state="draft")

    @classmethod
    def template(cls, kind):
        return cls.env.ref(f"toxic_customer_exit.customer_exit_option_template_{kind}")

    @classmethod
    def make_option(cls, kind="rescope", case=None, user=None, **values):
        """An option of the shipped template, ready to be offered."""
        return (
            cls.env["customer.exit.option"]
            .with_user(user or cls.salesperson)
            .create(
                {
                    "exit_id": (case or cls.case).id,
                    "template_id": cls.template(kind).id,
                    "kind": kind,
                    "is_feasible": True,
                    "is_realistic": True,
                    **values,
                }
            )
        )

    @classmethod
    def make_offer(cls, *kinds, case=None, user=None):
        """Offer options as sending the composer's mail does."""
        case = (case or cls.case).with_user(user or cls.salesperson)
        for kind in kinds or ("rescope", "prepay"):
            cls.make_option(kind, case=case)
        action = case.action_offer_options()
        cls.send(action, case.env.user)
        offer = cls.env["customer.exit.offer"].browse(
            action["context"]["customer_exit_offer_id"]
        )
        return offer.with_user(case.env.user)

    @classmethod
    def send(cls, action, user):
        composer = (
            cls.env[action["res_model"]]
            .with_user(user)
            .with_context(**action["context"])
            .create({})
        )
        composer.action_send_mail()

    @classmethod
    def get_option(cls, kind, case=None):
        options = (case or cls.case).sudo().option_ids
        return options.filtered(lambda option: option.kind == kind)

    @classmethod
    def as_customer(cls, offer):
        """The offer as the controller finds it by its token."""
        return cls.env["customer.exit.offer"]._find_by_token(
            offer.id, offer.sudo().access_token
        )

    @classmethod
    def accept(cls, kind="rescope", name="Ms Buyer", offer=None, case=None):
        case = case or cls.case
        offer = offer or case.sudo().offer_ids.filtered("date_sent")[:1]
        return cls.as_customer(offer)._accept(
            cls.get_option(kind, case).id, name, SIGNATURE
        )

    @classmethod
    def today(cls, days=0):
        return fields.Date.today() + timedelta(days=days)
