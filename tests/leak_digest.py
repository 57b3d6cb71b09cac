from odoo import fields

from .common import ToxicityCommon


class LeakDigest(ToxicityCommon):
    """The figures of ours in the periodic mail."""

    @classmethod
    def seed_digests(cls):
        """A digest with our figures on, and one of another company without them.

        Odoo shows every digest to everybody: the figures must keep to their readers.
        """
        cls.make_work(5, worked_on=fields.Date.today())
        digests = cls.env["digest.digest"].sudo()
        cls.digests = digests.create(
            [
                {
                    "name": "Ours",
                    "company_id": company.id,
                    "kpi_scope_change_open": is_on,
                    "kpi_portfolio_hours": is_on,
                }
                for company, is_on in (
                    (cls.company, True),
                    (cls.other_company, False),
                )
            ]
        )
