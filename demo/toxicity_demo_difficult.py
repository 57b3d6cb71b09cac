from odoo import api, models


class ToxicityDemoDifficult(models.AbstractModel):
    """What happened with the difficult customers, in the order it happened."""

    _inherit = "toxicity.demo"

    @api.model
    def _get_stories(self):
        return [
            *super()._get_stories(),
            self._tell_overstated,
            self._tell_second_guessing,
            self._tell_late_payer,
            self._tell_bargain_hunter,
        ]

    # -- the customer who overstated what he is ------------------------------------

    @api.model
    def _tell_overstated(self):
        """He claimed five times his revenue and asked us to make him look bigger."""
        customer = self._get("res.partner", "brightwater")
        order = self._sell(
            customer,
            days=240,
            lines=[("strategy", 80), ("workshop", 4), ("operations", 60)],
            name="order processing",
        )
        self._bill_down_payment(order, 30, days=238, paid_after=14)
        self._work(
            order,
            "strategy",
            [
                (231, "ines", 6, "Kick-off and plan"),
                (210, "tomas", 8, "Survey of how orders are processed today"),
                (188, "tomas", 8, "Survey, second part"),
                (170, "ines", 6, "Figures for the business case"),
                (149, "ines", 4, "Review of the annual accounts"),
                (128, "tomas", 8, "Visit to the office"),
                (104, "priya", 7, "Draft of the new process"),
                (61, "ines", 5, "Review of the draft with Mr Hale"),
            ],
        )
        self._work(
            order,
            "operations",
            [
                (91, "priya", 8, "Work with the order desk"),
                (84, "priya", 7, "Work with the order desk"),
                (40, "priya", 3, "Hand-over notes"),
            ],
        )
        self._get_order_line(order, "workshop").qty_delivered = 2
        self._notice_overstated(order)
        self._decide_overstated(customer, order)

    @api.model
    def _notice_overstated(self, order):
        self._claim(
            order,
            contact=self._get("res.partner", "brightwater_gordon"),
            topic="revenue",
            claimed_value=5_000_000,
            date=self._day(240),
            verified_value=800_000,
            verification_method="document",
            date_verified=self._day(149),
            verified_by_id=self._get_manager().id,
        )
        signals = self._signals(
            order.project_ids[:1],
            [
                (
                    *(128, "premises_not_as_described", "3"),
                    "On our first visit, the warehouse with 40 people described at "
                    "signature was one rented room with two desks.",
                ),
                (
                    *(90, "staff_unable", "2"),
                    "Neither of the two employees could prepare the shop set-up that "
                    "the company sells. Both said they had never done one.",
                ),
                (
                    *(26, "asked_to_misrepresent", "3"),
                    "Mr Hale asked us by phone to show 40 employees and three sites "
                    "in the brochure. We declined by e-mail the same day, with the "
                    "reason.",
                ),
                (
                    *(12, "objectives_changed", "2"),
                    "The contract is about order processing. Mr Hale asked to use the "
                    "remaining hours for a presentation to investors.",
                ),
            ],
            contact=self._get("res.partner", "brightwater_gordon"),
        )
        signals.filtered("is_ethical").write(
            {
                "answer": "alternative",
                "answer_reason": "What we publish about a company has to be what a "
                "visitor would find there.",
                "alternative": "We model the business as it is today, with what it "
                "does well, and a plan for its growth.",
                "alternative_outcome": "refused",
            }
        )

    @api.model
    def _decide_overstated(self, customer, order):
        change = self.env["scope.change"].create(
            {
                "order_id": order.id,
                "project_id": order.project_ids[:1].id,
                "date": self._day(12),
                "kind": "objective",
                "user_id": self._get_salesperson().id,
                "description": "A presentation to investors instead of the new "
                "order process",
                "conversation": "Ines Falk and Mr Hale, by phone. He needs the "
                "presentation within the month; the order process can wait. We "
                "offered to model the business as it is today.",
                "hours": 28,
                "amount": 3920,
            }
        )
        change.action_decline()
        case = self.env["customer.exit"].with_user(self._get_salesperson())
        case = case.create(
            {
                "partner_id": customer.id,
                "date_opened": self._day(9),
                "reasons": "<p>The revenue, the premises and the team stated at "
                "signature were not found. We were asked to show the company as "
                "other than it is, and declined. Our offer to model the business as "
                "it is today was turned down.</p>",
                "desired_outcome": "The survey and the draft of the new process are "
                "handed over complete; what was delivered is paid.",
            }
        )
        self._decline_options(
            self._offer_options(case, 30, ("rescope", "hand_over")),
            "We need the presentation as we asked for it, not something else.",
        )
        self._approve(
            case, "Two offers were made and turned down; no deadline is near."
        )

    @api.model
    def _approve(self, case, reason):
        case = case.with_user(self._get_manager())
        case.write({"approval_reason": reason, "ethics_checked": True})
        if not case._get_approval_obstacles():
            case.action_approve()
            case.action_start_wrap_up()

    # -- the customer who challenges everything ------------------------------------

    @api.model
    def _tell_second_guessing(self):
        """She disputes every proposal, and what was signed is open again."""
        customer = self._get("res.partner", "vandermeer")
        contact = self._get("res.partner", "vandermeer_eline")
        order = self._sell(
            customer, days=160, lines=[("strategy", 120)], name="route planning"
        )
        self._bill(order, days=155, paid_after=24)
        self._work(
            order,
            "strategy",
            [
                (148, "ines", 14, "Kick-off and plan"),
                (127, "tomas", 16, "Comparison of planning tools"),
                (106, "tomas", 16, "Comparison of planning tools, second round"),
                (85, "tomas", 16, "Comparison of planning tools, third round"),
                (64, "priya", 16, "Pilot with two depots"),
                (43, "priya", 16, "Pilot with two depots"),
                (22, "ines", 12, "Plan for all depots, fourth version"),
            ],
        )
        answers = (16, "priya", 6, "Answers to the fourth version, line by line")
        unbilled = self._work(order, "strategy", [answers])
        unbilled.write({"so_line": False, "is_so_line_edited": True})
        for days in (85, 43, 20, -4):
            self._meet(contact, days, 2, "Vandermeer: steering meeting")
        self._notice_second_guessing(order, contact)
        self._extend_second_guessing(order)
        case = self.env["customer.exit"].with_user(self._get_salesperson())
        case = case.create(
            {
                "partner_id": customer.id,
                "date_opened": self._day(3),
                "reasons": "<p>Four versions of the plan were asked for and each was "
                "disputed after it had been accepted.</p>",
                "desired_outcome": "Either one person decides on their side and the "
                "plan stands, or we end after the pilot.",
            }
        )
        self._offer_options(case, 1, ("rescope", "prepay", "wrap_up"))
        self._contain_second_guessing(customer)

    @api.model
    def _contain_second_guessing(self, customer):
        """Until it is clear which option it is: two mornings, and five hours."""
        case = self.env["customer.quarantine"].with_user(self._get_manager())
        case = case.create(
            {
                "partner_id": customer.id,
                "date_to": self._day(-50),
                "user_id": self._get_salesperson().id,
                "weekly_hours": 5,
                "reason": "Every answer is followed by calls to three of us. Since the "
                "fourth version, answers take more time than the plan itself.",
            }
        )
        case.action_start()
        # sudo: it began before the demo was loaded, which no step allows
        case.sudo().date_from = self._day(40)

    @api.model
    def _notice_second_guessing(self, order, contact):
        self._signals(
            order.project_ids[:1],
            [
                (
                    *(84, "challenges_every_proposal", "2"),
                    "All five points of the agenda were disputed, the date of the "
                    "next meeting included. None was decided.",
                ),
                (
                    *(45, "must_be_own_idea", "2"),
                    "Mrs Vandermeer turned down the pilot with two depots, then sent "
                    "it to us three days later as her own plan.",
                ),
                (
                    *(33, "reopened_after_signing", "2"),
                    "The choice of the tool, signed with the second version of the "
                    "plan, was questioned again by e-mail.",
                ),
                (
                    *(19, "challenges_every_proposal", "1"),
                    "The fourth version of the plan was disputed line by line "
                    "although it holds her own corrections.",
                ),
                (
                    *(8, "price_only", "2"),
                    "She asked for the remaining work at half the rate, naming "
                    "another provider's price, without a question about the work.",
                ),
            ],
            contact=contact,
        )

    @api.model
    def _extend_second_guessing(self, order):
        """The confirmed order is edited: the change notes itself."""
        line = self._get_order_line(order, "strategy")
        line.write(
            {"product_uom_qty": 150, "price_unit": line.price_unit, "discount": 0}
        )
        change = order.scope_change_ids
        change.write(
            {
                "date": self._day(6),
                "description": "A fifth version of the plan, for all depots",
            }
        )
        change.action_negotiate()

    # -- the late payer ------------------------------------------------------------

    @api.model
    def _tell_late_payer(self):
        """Fair in everything, except that every invoice is paid seven weeks late."""
        customer = self._get("res.partner", "castellane")
        # Both grew before the work began, and nobody asked whether that was agreed.
        for days, hours, steps in (
            (330, 40, [(324, 40)]),
            (210, 60, [(206, 58), (206, 60)]),
        ):
            order = self._sell_unnoted(
                customer,
                days,
                [("strategy", hours - 8)],
                [
                    (at, "strategy", {"product_uom_qty": quantity})
                    for at, quantity in steps
                ],
                name=f"audit, {hours} hours",
            )
            self._work(
                order,
                "strategy",
                [
                    (days - 10, "tomas", 8, "Audit of the cold chain"),
                    (days - 20, "tomas", 8, "Audit of the cold chain"),
                    (days - 30, "priya", hours - 16, "Report"),
                ],
            )
            self._bill(order, days - 35, paid_after=79)
        order = self._sell(
            customer, 80, [("operations", 40)], name="introduction of the findings"
        )
        self._work(
            order,
            "operations",
            [
                (75, "priya", 8, "Introduction at the first site"),
                (70, "priya", 8, "Introduction at the second site"),
            ],
        )
        self._bill(order, 62)
        self._forget_baseline(order)
        self._move_deadline_unnoted(order, days=50, first=40, last=12)
        self._remember(customer)

    # -- the bargain hunter --------------------------------------------------------

    @api.model
    def _tell_bargain_hunter(self):
        """Whatever the offer, only its price is talked about."""
        customer = self._get("res.partner", "nordhavn")
        for days, hours, discount in ((300, 30, 20), (170, 24, 25)):
            # Each time the last five percent were taken off the signed order.
            order = self._sell_unnoted(
                customer,
                days,
                [("strategy", hours, discount - 5)],
                [(days - 4, "strategy", {"discount": discount})],
                name="shop layout",
            )
            self._work(
                order,
                "strategy",
                [
                    (days - 12, "priya", hours - 8, "Layout"),
                    (days - 24, "tomas", 8, "Review and hand-over"),
                ],
            )
            self._bill(order, days - 28, paid_after=26)
        for days in (140, 95):
            quotation = self._quote(customer, [("strategy", 40)])
            quotation.action_quotation_sent()
            quotation._action_cancel()
            quotation.date_order = self._at(days, 10)
        self._discount_bargain_hunter(customer)

    @api.model
    def _discount_bargain_hunter(self, customer):
        """The price is cut after the order: the gift is taken knowingly."""
        order = self._sell(
            customer, 70, [("strategy", 32, 15)], name="shop layout, new site"
        )
        self._signals(
            order,
            [
                (
                    *(58, "price_only", "2"),
                    "Ms Holm chose between three offers on the hourly rate alone and "
                    "said so. The scope of the offers was not compared.",
                ),
                (
                    *(13, "price_only", "1"),
                    "She asked for another ten percent on the signed order because a "
                    "competitor had sent a flyer.",
                ),
            ],
            contact=self._get("res.partner", "nordhavn_signe"),
        )
        line = self._get_order_line(order, "strategy")
        line.write({"discount": 25, "price_unit": line.price_unit})
        change = order.scope_change_ids
        change.write({"date": self._day(12), "reason": "One last time, in writing."})
        change.action_absorb()
        self._open_opportunity(customer, "Shop layout for a fourth site", 4200, 0)
