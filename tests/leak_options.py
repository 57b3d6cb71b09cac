from odoo import fields

from .common import ToxicityCommon

# Stands in every text of ours, and must stand in nothing that others get to see.
MARKER = "zqxmarker"
# A picture of one pixel.
SIGNATURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)


class LeakOptions(ToxicityCommon):
    """What the customer was offered about the exit that everybody looks for."""

    @classmethod
    def seed_options(cls):
        """What the customer was offered; one accepted, with what both promised."""
        offer = (
            cls.env["customer.exit.offer"]
            .sudo()
            .create(
                {
                    "exit_id": cls.exit_case.id,
                    "partner_id": cls.customer.id,
                    "date_sent": fields.Datetime.now(),
                    "question_count": 3,
                }
            )
        )
        options = (
            cls.env["customer.exit.option"]
            .sudo()
            .create(
                [
                    {
                        "exit_id": cls.exit_case.id,
                        "offer_id": offer.id,
                        "template_id": cls.env.ref(
                            "toxic_customer_exit.customer_exit_option_template_pause"
                        ).id,
                        "name": f"{MARKER} option",
                        "our_part": f"{MARKER} ours",
                        "their_part": f"{MARKER} theirs",
                        "benefit": f"{MARKER} benefit",
                        "price": 250.0,
                        "is_feasible": True,
                        "is_realistic": True,
                        "state": state,
                        "answer_comment": f"{MARKER} comment",
                        "date_answered": fields.Datetime.now(),
                        "signed_by": f"{MARKER} signer",
                        "signed_on": fields.Datetime.now(),
                        "signature": SIGNATURE,
                    }
                    for state in ("accepted", "declined")
                ]
            )
        )
        cls.exit_case.sudo()._make_commitments(options[0])
        cls.exit_case.sudo().commitment_ids.write(
            {
                "state": "missed",
                "date_decided": cls.days_ago(1),
                "is_reminded": True,
            }
        )
        cls.exit_case.sudo().write(
            {
                "few_options_reason": f"{MARKER} few options",
                "early_closing_reason": f"{MARKER} early",
                "date_retained": cls.days_ago(9),
                "date_review": cls.days_ago(-80),
                "target_score": 24.0,
            }
        )

        cls.exit_case.sudo().step_ids.reason = f"{MARKER} step"

    @classmethod
    def make_new_business(cls):
        """Quotations for somebody who left, and came to ask again, and for another."""
        # sudo: an exit is closed by its steps alone
        cls.env["customer.exit"].sudo().create(
            {
                "partner_id": cls.customer.id,
                "state": "closed",
                "readmission_reason": f"{MARKER} taken back",
                "letter_reason": f"{MARKER} letter",
            }
        )
        return cls.make_order(
            (cls.service_ordered, 1), confirm=False, state="sent"
        ) + cls.make_order(
            (cls.service_ordered, 1),
            confirm=False,
            state="sent",
            partner_id=cls.mild.id,
        )
