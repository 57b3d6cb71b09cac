from .demo_common import DemoCommon


class TestDemo(DemoCommon):
    def assertStory(self, name, band, customer_class="regular", trend="steady"):
        score = self.get_score(self.get_customer(name))
        self.assertRecordValues(
            score, [{"band": band, "customer_class": customer_class, "trend": trend}]
        )

    def test_the_one_who_overstated_himself_is_toxic_and_ready_to_be_settled(self):
        self.assertStory("brightwater", "toxic", "draining", "rising")
        case = self.get_exit("brightwater")
        self.assertEqual(case.state, "wrap_up")
        # 52 h at 140, 2 workshops at 1600, 18 h at 110, less 30 % of the order
        self.assertAlmostEqual(case.still_to_bill, 12460 - 0.3 * 24200)

    def get_exit(self, name):
        return self.env["customer.exit"].search(
            [
                ("partner_id", "=", self.get_customer(name).id),
                ("company_id", "=", self.company.id),
            ]
        )

    def test_something_is_still_open_at_the_gate(self):
        case = self.get_exit("brightwater").with_user(self.manager)
        self.assertLessEqual(
            {"unbilled_time", "delivered_uninvoiced", "down_payments", "tasks"},
            {*case.gate_line_ids.mapped("code")},
        )

    def test_the_final_invoice_of_the_demo_can_be_issued(self):
        case = self.get_exit("brightwater").with_user(self.manager)
        case.action_issue_final_invoice()
        self.assertEqual(case.state, "invoiced")
        self.assertAlmostEqual(case.invoice_ids.amount_untaxed, 5200)

    def test_the_one_who_challenges_everything_is_strained(self):
        self.assertStory("vandermeer", "strained", "draining", "rising")
        case = self.get_exit("vandermeer")
        self.assertEqual(case.state, "options")
        self.assertEqual(set(case.option_ids.mapped("state")), {"offered"})

    def test_the_one_who_was_left_is_looked_back_at(self):
        case = self.get_exit("pellworth")
        self.assertRecordValues(
            case.review_ids,
            [{"state": "done"}, {"state": "done"}, {"state": "planned"}],
        )
        report = self.env["customer.exit.report"].with_user(self.manager)
        report = report.browse(case.id)
        self.assertEqual(
            [report.days_draft, report.days_wrap_up],
            [
                (case.step_ids[1].date_from - case.step_ids[0].date_from).days,
                (case.step_ids[4].date_from - case.step_ids[3].date_from).days,
            ],
        )
        self.assertEqual(report.regret_rate, 0)

    def test_the_demanding_one_nearly_left_and_stayed(self):
        case = self.get_exit("okafor")
        self.assertEqual(case.state, "kept")
        self.assertEqual(case.step_ids.mapped("state")[-1], "kept")
        self.assertEqual(set(case.commitment_ids.mapped("state")), {"kept"})
        self.assertEqual(set(case.commitment_ids.mapped("side")), {"us", "customer"})
        self.assertFalse(case.activity_ids)
        report = self.env["customer.exit.report"].with_user(self.manager)
        self.assertEqual(report.browse(case.id).retained_share, 100)

    def test_the_late_payer_is_to_watch(self):
        self.assertStory("castellane", "watch")

    def test_the_bargain_hunter_is_to_watch(self):
        self.assertStory("nordhavn", "watch", trend="rising")

    def test_the_demanding_one_is_preferred(self):
        self.assertStory("okafor", "watch", "preferred", "rising")

    def test_the_loyal_one_is_preferred(self):
        self.assertStory("lindqvist", "healthy", "preferred")

    def test_the_one_who_never_came_back_is_healthy(self):
        self.assertStory("harbour", "healthy")

    def test_of_the_new_one_nothing_is_known(self):
        customer = self.get_customer("mirela")
        self.assertFalse(self.get_score(customer))
        self.assertEqual(customer.toxicity_band, "unknown")

    def test_the_contested_signal_does_not_count(self):
        self.assertStory("aldgate", "healthy", trend="falling")

    def test_every_decision_about_a_changed_scope_is_shown(self):
        customers = self.env["toxicity.demo"]._get_customers()
        changes = self.env["scope.change"].search(
            [
                ("partner_id", "in", customers.ids),
                ("company_id", "=", self.company.id),
            ]
        )
        self.assertEqual(
            sorted(changes.mapped("state")),
            ["absorbed", "agreed", "declined", "negotiating"],
        )

    def test_scanning_the_history_finds_what_drifted_unseen_and_nothing_else(self):
        proposals = self.env["scope.change.proposal"].with_user(self.manager)
        for expected in (5, 0):
            result = proposals.action_scan_all()["params"]["message"]
            self.assertIn(f"{expected} changes" if expected else "Nothing", result)
        found = proposals.search([], order="date, id")
        rate = self.env.ref("toxic_customer_exit.product_demo_strategy").list_price
        day = self.env["toxicity.demo"]._day
        self.assertEqual(
            [(p.partner_id, p.date, round(p.amount), p.days) for p in found],
            [
                (self.get_customer("castellane"), day(324), 8 * rate, 0),
                (self.get_customer("nordhavn"), day(296), round(-0.05 * 30 * rate), 0),
                (self.get_customer("castellane"), day(206), 8 * rate, 0),
                (self.get_customer("nordhavn"), day(166), round(-0.05 * 24 * rate), 0),
                (
                    self.get_customer("castellane"),
                    day(50),
                    0,
                    (self.days_ago(12) - day(40)).days,
                ),
            ],
        )
        self.assertEqual(found.mapped("authors"), [self.salesperson.name] * 5)
        found.action_accept()
        for order in found.order_id:
            items = order.scope_change_ids.item_ids
            self.assertAlmostEqual(
                order.baseline_amount + sum(items.mapped("amount")),
                order.amount_untaxed,
            )

    def test_the_matrix_goes_back_two_quarters_with_all_who_have_a_score(self):
        scores = self.env["toxicity.score"].with_user(self.manager)
        now = scores.get_matrix([])
        self.assertEqual(len(now["quarters"]), 3)
        for quarter in now["quarters"][:2]:
            bubbles = scores.get_matrix([], quarter)["bubbles"]
            self.assertEqual(len(bubbles), len(now["bubbles"]))

    def test_the_stories_are_told_once(self):
        customer = self.get_customer("okafor")
        count = customer.sale_order_count
        self.env["toxicity.demo"]._load()
        customer.invalidate_recordset()
        self.assertTrue(count)
        self.assertEqual(customer.sale_order_count, count)

    def test_without_a_chart_of_accounts_there_are_orders_and_no_invoices(self):
        self.company.chart_template = False
        self.load_demo()
        orders = self.env["toxicity.demo"]._get_customers().sale_order_ids
        self.assertTrue(orders)
        self.assertFalse(orders.invoice_ids)
        self.assertStory("vandermeer", "strained", "draining", "rising")
