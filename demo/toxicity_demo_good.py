from odoo import Command, api, models


class ToxicityDemoGood(models.AbstractModel):
    """What happened with the good customers, the demanding one among them."""

    _inherit = "toxicity.demo"

    @api.model
    def _get_stories(self):
        return [
            *super()._get_stories(),
            self._tell_demanding,
            self._tell_loyal,
            self._tell_never_renewed,
            self._tell_brand_new,
            self._tell_misunderstood,
        ]

    # -- the demanding one, who is worth it ----------------------------------------

    @api.model
    def _tell_demanding(self):
        """Nothing is good enough, and everybody learns from her."""
        customer = self._get("res.partner", "okafor")
        orders = [
            self._sell_and_bill(customer, days, hours, "production planning")
            for days, hours in ((1130, 40), (760, 60), (400, 80), (110, 90))
        ]
        self._signals(
            orders[-1].project_ids[:1],
            [
                (
                    *(200, "refers_others", "2"),
                    "Mrs Okafor recommended us to her supplier, who asked for an "
                    "offer the same week.",
                ),
                (
                    *(76, "challenges_every_proposal", "2"),
                    "In the review every assumption of the plan was questioned, the "
                    "small ones too. The meeting took twice the time planned.",
                ),
                (
                    *(60, "challenges_us_to_improve", "3"),
                    "Her objections to the capacity model were right. The corrected "
                    "model is now our standard for all customers.",
                ),
                (
                    *(33, "keeps_commitments", "3"),
                    "The machine data promised for Friday came on Thursday, complete "
                    "and checked.",
                ),
                (
                    *(18, "challenges_every_proposal", "2"),
                    "Turned down two of three scenarios before reading them to the "
                    "end; the third was accepted after an hour of questions.",
                ),
            ],
            contact=self._get("res.partner", "okafor_adaeze"),
        )
        self._open_opportunity(customer, "Planning for the second plant", 16800, -9)

    @api.model
    def _sell_and_bill(self, customer, days, hours, name, paid_after=21):
        """An order that goes as it should: worked, invoiced, paid in time."""
        order = self._sell(customer, days, [("strategy", hours)], name=name)
        self._work(
            order,
            "strategy",
            [
                (days - 14, "ines", hours / 4, "Concept"),
                (days - 28, "tomas", hours / 2, "Work on site"),
                (days - 42, "priya", hours / 4 - 2, "Documentation"),
            ],
        )
        self._bill(order, days - 45, paid_after=paid_after)
        return order

    # -- four good ones ------------------------------------------------------------

    @api.model
    def _tell_loyal(self):
        """Comes back every year, pays before it is due."""
        customer = self._get("res.partner", "lindqvist")
        orders = [
            self._sell_and_bill(customer, days, 32, "yearly review", paid_after=9)
            for days in (1120, 755, 390, 75)
        ]
        self._signals(
            orders[-1].project_ids[:1],
            [
                (
                    *(190, "long_standing", "3"),
                    "Fourth yearly review in a row, each ordered without a tender.",
                    self._get_manager(),
                ),
                (
                    *(68, "keeps_commitments", "3"),
                    "All practices sent their figures by the agreed day.",
                ),
                (
                    *(20, "keeps_commitments", "2"),
                    "The decision on the new shift plan came on the day promised.",
                ),
            ],
        )

    @api.model
    def _tell_never_renewed(self):
        """One job, done and paid; nothing since, and nothing wrong."""
        customer = self._get("res.partner", "harbour")
        self._sell_and_bill(customer, 440, 16, "baking schedule")
        self._remember(customer)

    @api.model
    def _tell_brand_new(self):
        """A first talk and a quotation: nothing is known, which is not zero."""
        customer = self._get("res.partner", "mirela")
        self._open_opportunity(customer, "Planning of the workshop", 3360, -3)
        quotation = self._quote(customer, [("strategy", 24)])
        quotation.opportunity_id = customer.child_ids.opportunity_ids[:1]
        quotation.action_quotation_sent()

    @api.model
    def _tell_misunderstood(self):
        """More work was asked for and paid; a hearsay signal is contested."""
        customer = self._get("res.partner", "aldgate")
        order = self._sell(
            customer, days=120, lines=[("operations", 60)], name="repair planning"
        )
        self._work(
            order,
            "operations",
            [
                (112, "tomas", 8, "Survey of the repair requests"),
                (98, "priya", 8, "Work with the dispatchers"),
                (84, "priya", 8, "Work with the dispatchers"),
                (56, "priya", 8, "Work with the dispatchers"),
            ],
        )
        self._bill(order, days=50, paid_after=20)
        self._add_paid_scope(order)
        signals = self._signals(
            order.project_ids[:1],
            [
                (
                    *(57, "confrontational", "3"),
                    "Is said to have walked out of the review and called the plan "
                    "useless.",
                    self._get_manager(),
                ),
                (
                    *(24, "keeps_commitments", "2"),
                    "Mr Osei freed two dispatchers for the test week, as agreed.",
                ),
            ],
        )
        signals[:1]._contest(
            "Reported second-hand. Tomás Reyes was there: Mr Osei left early for an "
            "emergency and had said so before."
        )

    @api.model
    def _add_paid_scope(self, order):
        """A line added to the confirmed order is billed: agreed, not given away."""
        order.write(
            {
                "order_line": [
                    Command.create(self._prepare_line_vals("workshop", 1)),
                ]
            }
        )
        change = order.scope_change_ids
        change.write(
            {"date": self._day(40), "description": "A training day for new staff"}
        )
        change.action_agree()
