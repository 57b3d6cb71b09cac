import warnings
from datetime import datetime

from odoo import Command, fields
from odoo.tests import new_test_user
from odoo.tools import SQL

from .common import MANAGER_GROUP, USER_GROUP
from .confidentiality import INTERNAL_GROUP
from .leak_digest import LeakDigest
from .leak_options import MARKER, LeakOptions
from .leak_own_part import LeakOwnPart
from .leak_plans import LeakPlans
from .leak_quarantine import LeakQuarantine
from .leak_reviews import LeakReviews

OUTSIDERS = ("portal", "accountant", "administrator")


class LeakCommon(
    LeakDigest, LeakOptions, LeakOwnPart, LeakQuarantine, LeakReviews, LeakPlans
):
    """A customer about whom everything there is was recorded, in two companies.

    And everyone who might look: `personas`, each with the groups of ours it has.
    The accountant reads all customers, orders, projects and invoices, exports them and
    knows nothing of this module; the administrator may change all but his own nose.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.setup_other_company()["company"]
        cls.mild = cls.make_customer(name="Mild Ltd")
        cls.portal_user = cls.make_portal_user("portal", cls.customer)
        cls.mild_portal_user = cls.make_portal_user("mild_portal", cls.mild)
        cls.make_personas()
        cls.seed_all()
        cls.env.flush_all()

    @classmethod
    def make_portal_user(cls, login, customer):
        contact = cls.make_customer(
            name=f"Contact {login}", is_company=False, parent_id=customer.id
        )
        return new_test_user(
            cls.env, login=login, groups="base.group_portal", partner_id=contact.id
        )

    @classmethod
    def make_personas(cls):
        both = cls.company + cls.other_company
        accounting = "account.group_account_user,base.group_allow_export"
        cls.accountant = cls.make_user(
            "accountant", f"{accounting},base.group_partner_manager"
        )
        cls.administrator = cls.make_user(
            "administrator", "base.group_system,base.group_allow_export"
        )
        cls.owner = cls.make_user(
            "owner",
            f"base.group_system,sales_team.group_sale_manager,{accounting}",
        )
        cls.owner.company_ids = both
        cls.stranger = new_test_user(
            cls.env,
            login="stranger",
            groups=f"sales_team.group_sale_manager,{accounting}",
            company_id=cls.other_company.id,
            company_ids=[Command.set(cls.other_company.ids)],
        )
        for user in (cls.salesperson, cls.manager):
            user.group_ids += cls.env.ref("base.group_allow_export")
        cls.personas = {
            "portal": (cls.portal_user, set()),
            "accountant": (cls.accountant, {INTERNAL_GROUP}),
            "administrator": (cls.administrator, {INTERNAL_GROUP}),
            "salesperson": (cls.salesperson, {INTERNAL_GROUP, USER_GROUP}),
            "manager": (cls.manager, {INTERNAL_GROUP, USER_GROUP, MANAGER_GROUP}),
            "owner": (cls.owner, {INTERNAL_GROUP, USER_GROUP, MANAGER_GROUP}),
            "stranger": (cls.stranger, {INTERNAL_GROUP, USER_GROUP, MANAGER_GROUP}),
        }

    # -- what is there to be found ---------------------------------------------------

    @classmethod
    def seed_all(cls):
        """Records with a value in every field of ours, and others with another one.

        `pairs` has {model: (subject, control)} for the fields on Odoo's models, and
        `own` {model: records} for the models of ours, all of the first company.
        """
        cls.seed_documents()
        cls.seed_own_part()
        cls.seed_signals()
        cls.seed_claims()
        cls.seed_scores()
        cls.seed_exit()
        cls.seed_proposal()
        cls.seed_settings()
        cls.seed_digests()
        quarantine = cls.seed_quarantine()
        cls.pairs = {
            "account.bank.statement.line": cls.make_statement_lines(),
            "account.move": cls.invoices,
            "calendar.event": cls.meetings,
            "crm.lead": cls.leads,
            "digest.digest": cls.digests,
            "project.project": cls.projects,
            "project.task": cls.tasks,
            "res.company": cls.company + cls.other_company,
            "res.config.settings": cls.settings,
            "res.partner": cls.customer + cls.mild,
            "res.users": cls.portal_user + cls.mild_portal_user,
            "sale.order": cls.orders,
            "sale.order.line": cls.orders.order_line[:2],
        }
        # What only orders of former customers have, and none of those above
        cls.field_pairs = (
            dict.fromkeys(
                (("sale.order", "former_exit_id"), ("sale.order", "new_business_note")),
                cls.make_new_business(),
            )
            | cls.get_quarantine_pairs()
        )
        cls.own = {
            "customer.claim": cls.claims,
            "customer.exit": cls.exit_case,
            "customer.exit.deed": cls.exit_case.deed_ids,
            "customer.exit.gate.line": cls.exit_case.gate_line_ids,
            "customer.exit.waiver": cls.exit_case.waiver_ids,
            "customer.exit.report": cls.env["customer.exit.report"].browse(
                cls.exit_case.ids
            ),
            "customer.exit.review": cls.review,
            **cls.seed_reviews(),
            "customer.exit.step": cls.exit_case.step_ids,
            "customer.exit.commitment": cls.exit_case.sudo().commitment_ids,
            "customer.exit.offer": cls.exit_case.sudo().offer_ids,
            "customer.exit.option": cls.exit_case.sudo().option_ids,
            "customer.exit.option.template": cls.env["customer.exit.option.template"]
            .search([])
            .filtered(lambda template: template.kind == "pause"),
            "customer.portfolio": cls.env["customer.portfolio"].search(
                [
                    ("commercial_partner_id", "=", cls.customer.id),
                    ("company_id", "=", cls.company.id),
                ]
            ),
            **quarantine,
            "goodwill.entry": cls.env["goodwill.entry"].search(
                [("commercial_partner_id", "=", cls.customer.id)]
            ),
            **cls.make_plan(),
            "scope.change": cls.changes,
            "scope.change.item": cls.changes.item_ids,
            "scope.change.proposal": cls.proposal,
            "scope.change.proposal.line": cls.proposal.line_ids,
            "scope.change.scan": cls.env["scope.change.scan"]
            .sudo()
            .create(
                {
                    "company_id": cls.company.id,
                    "user_id": cls.manager.id,
                    "finished_at": fields.Datetime.now(),
                }
            ),
            "toxicity.indicator": cls.indicator("abusive"),
            "toxicity.norm": cls.env["toxicity.norm"]
            .sudo()
            .create({"code": "median_yield", "company_id": cls.company.id, "value": 1}),
            "toxicity.score": cls.score,
            "toxicity.score.line": cls.score.line_ids,
            "toxicity.score.run": cls.env["toxicity.score.run"].sudo().create({}),
            "toxicity.score.snapshot": cls.score.snapshot_ids,
            "toxicity.signal": cls.signals,
            "toxicity.weight": cls.make_weight("abusive", 0.85),
        }

    @classmethod
    def seed_documents(cls):
        """Two orders, projects and invoices that the portal user may read."""
        owner = {"user_id": cls.salesperson.id}
        cls.orders = cls.make_order(
            (cls.service_ordered, 10),
            commitment_date=datetime(2030, 3, 1, 12),
            objectives=f"<p>{MARKER} first objectives</p>",
            **owner,
        ) + cls.make_order(
            (cls.service_ordered, 20), commitment_date=datetime(2030, 4, 1), **owner
        )
        amended, amendment = (
            cls.make_order((cls.service_ordered, 1), **owner) for _index in range(2)
        )
        amendment.amended_order_id = cls.orders[0]
        # The baselines differ by a day; nothing but SQL rewrites one, or makes an
        # order amend another and be amended too.
        cls.env.flush_all()
        cls.env.cr.execute(
            SQL(
                """
                UPDATE sale_order
                   SET date_baseline = date_baseline - interval '1 day',
                       is_baseline_reconstructed = TRUE,
                       amended_order_id = %s
                 WHERE id = %s
                """,
                amended.id,
                cls.orders[0].id,
            )
        )
        cls.env.invalidate_all()
        cls.projects = cls.env["project.project"].create(
            [
                {
                    "name": name,
                    "partner_id": cls.customer.id,
                    "company_id": cls.company.id,
                    "privacy_visibility": "portal",
                    "allow_billable": True,
                    "objectives": objectives,
                }
                for name, objectives in (
                    ("First project", f"<p>{MARKER} objectives</p>"),
                    ("Second project", False),
                )
            ]
        )
        cls.leads = cls.env["crm.lead"].create(
            [
                {
                    "name": "Another order",
                    "partner_id": cls.customer.id,
                    "user_id": cls.salesperson.id,
                    "referred_by_id": referrer.id,
                }
                for referrer in (cls.customer, cls.mild)
            ]
        )
        # Employees lead to partners by a way of their own.
        cls.env["hr.employee"].sudo().create(
            {
                "name": "Employee",
                "user_id": cls.accountant.id,
                "work_contact_id": cls.customer.id,
            }
        )
        cls.projects.message_subscribe(cls.portal_user.partner_id.ids)
        cls.tasks = cls.env["project.task"].create(
            [
                {
                    "name": f"Task of {project.name}",
                    "project_id": project.id,
                    "partner_id": cls.customer.id,
                }
                for project in cls.projects
            ]
        )
        today = fields.Date.today()
        cls.invoices = cls.make_invoice(
            100, today, today, invoice_user_id=cls.salesperson.id
        ) + cls.make_invoice(200, today, today, invoice_user_id=cls.salesperson.id)
        cls.changes = cls.env["scope.change"].create(
            [
                {
                    "order_id": order.id,
                    "project_id": project.id,
                    "description": f"{MARKER} description",
                    "conversation": f"{MARKER} conversation",
                    "reason": f"{MARKER} reason",
                    "amount": 100.0,
                }
                for order, project in zip(cls.orders, cls.projects, strict=True)
            ]
            + [
                {
                    "order_id": cls.orders[0].id,
                    "project_id": cls.projects[0].id,
                    "description": f"{MARKER} second description",
                }
            ]
        )
        # An edited order makes a change with items by itself.
        cls.orders[0].write(
            {
                "commitment_date": datetime(2030, 3, 9, 12),
                "objectives": f"<p>{MARKER} objectives</p>",
                "order_line": [
                    Command.update(cls.orders[0].order_line.id, {"product_uom_qty": 13})
                ],
            }
        )
        cls.tasks[0].action_flag_out_of_scope()
        cls.changes |= cls.projects.scope_change_ids
        # An order that is an amendment has the changes it offers.
        cls.env["scope.change"].create(
            {
                "partner_id": cls.customer.id,
                "description": f"{MARKER} offered",
                "amendment_id": cls.orders[0].id,
            }
        )
        # One contract has creep to decide on, the other none, and one project has it.
        cls.orders[1].scope_change_ids.action_absorb()
        cls.projects[0].reinvoiced_sale_order_id = cls.orders[0]
        for order, price in zip(cls.orders, (110.0, 120.0), strict=True):
            order.order_line.sudo().list_price_unit = price
        cls.changes |= cls.orders.scope_change_ids
        cls.changes.sudo().item_ids.name = f"{MARKER} item"

    @classmethod
    def seed_signals(cls):
        cls.signals = cls.make_signal(
            "abusive", severity="3", description=f"{MARKER} was rude"
        ) + cls.make_signal(
            "asked_to_misrepresent", severity="3", description=f"{MARKER} asked to lie"
        )
        contested = cls.make_signal("confrontational", description=f"{MARKER} shouted")
        contested.with_user(cls.manager)._contest(f"{MARKER} contested")
        cls.signals |= contested.with_env(cls.signals.env)
        cls.signals |= cls.make_signal("abusive", partner_id=cls.mild.id, severity="1")
        cls.signals |= cls.make_signal(
            "refers_others", partner_id=cls.mild.id, severity="3"
        )
        for customer in cls.customer + cls.mild:
            cls.make_signal(
                "impulse_signature",
                user=cls.stranger,
                partner_id=customer.id,
                company_id=cls.other_company.id,
            )
        cls.signals = cls.signals.with_user(cls.env.user)

    @classmethod
    def seed_claims(cls):
        cls.claims = cls.make_claim(
            f"{MARKER} warehouse", topic="premises", date=cls.days_ago(40)
        ) + cls.make_claim(200, partner_id=cls.mild.id, unit=f"{MARKER} heads")
        cls.claims = cls.claims.with_user(cls.env.user)

    @classmethod
    def seed_scores(cls):
        """Set by hand what the engine would take years of data to make."""
        cls.score = cls.get_score()
        cls.score.sudo().write(
            {
                "score": 81.25,
                "credit": 40.5,
                "coverage": 0.75,
                "trend": "rising",
                "customer_class": "draining",
                "band": "strained",
                "capped_by": "person",
                "band_override": "toxic",
                "band_override_until": fields.Date.add(fields.Date.today(), days=30),
                "band_override_reason": f"{MARKER} override",
            }
        )
        cls.get_score(cls.mild).sudo().write(
            {
                "score": 12.5,
                "credit": 60.25,
                "coverage": 0.5,
                "trend": "falling",
                "customer_class": "preferred",
                "band": "healthy",
                "capped_by": "dimension",
            }
        )
        # In the other company both are alike: there nothing tells them apart.
        for customer in cls.customer + cls.mild:
            cls.get_score(customer, cls.other_company).sudo().write(
                {
                    "score": 31.5,
                    "credit": 1.25,
                    "coverage": 0.25,
                    "trend": "steady",
                    "customer_class": "regular",
                    "band": "watch",
                }
            )

    @classmethod
    def seed_exit(cls):
        cls.exit_case = cls.make_exit(reasons=f"<p>{MARKER} reasons</p>").with_user(
            cls.env.user
        )
        cls.exit_case.sudo().write(
            {
                "desired_outcome": f"{MARKER} outcome",
                "approval_reason": f"{MARKER} approval",
                "settlement_reason": f"{MARKER} settlement",
                "open_amount_reason": f"{MARKER} open amount",
            }
        )
        cls.env["customer.exit.waiver"].create(
            {
                "exit_id": cls.exit_case.id,
                "code": "leads",
                "res_id": cls.leads[0].id,
                "reason": f"{MARKER} waived",
            }
        )
        cls.exit_case.with_user(cls.manager)._do_deeds("lock_order", cls.orders[0])
        cls.orders[0].action_unlock()
        cls.exit_case.deed_ids.sudo().name = f"{MARKER} locked"
        cls.seed_options()
        cls.mild_exit = cls.make_exit(cls.mild).with_user(cls.env.user)
        # sudo: reviews are planned by the closing alone
        cls.review = (
            cls.env["customer.exit.review"]
            .sudo()
            .create(
                {
                    "exit_id": cls.exit_case.id,
                    "months": 3,
                    "date_due": fields.Date.today(),
                    "user_id": cls.salesperson.id,
                    "did_exit": "yes",
                    "circumstances": f"{MARKER} circumstances",
                    "pressure_note": f"{MARKER} pressure",
                    "feeling_note": f"{MARKER} feeling",
                    "outcome": f"{MARKER} outcome",
                    "regret": "no",
                }
            )
            .sudo(False)
        )
        for invoice, exit_case in zip(
            cls.invoices, (cls.exit_case, cls.mild_exit), strict=True
        ):
            invoice.exit_id = exit_case

    @classmethod
    def seed_proposal(cls):
        """As a scan of the history makes them, of what nobody noted."""
        # sudo: proposals are made by the module alone
        cls.proposal = (
            cls.env["scope.change.proposal"]
            .sudo()
            .create(
                {
                    "name": f"{MARKER} order",
                    "partner_id": cls.customer.id,
                    "company_id": cls.company.id,
                    "currency_id": cls.company.currency_id.id,
                    "order_id": cls.orders[0].id,
                    "date": cls.days_ago(60),
                    "requested_by": "customer",
                    "amount": 250.0,
                    "notes": f"{MARKER} notes",
                    "line_ids": [
                        Command.create(
                            {
                                "name": f"{MARKER} order",
                                "what": "untaxed",
                                "old_number": 1000.0,
                                "new_number": 1250.0,
                                "author_name": f"{MARKER} author",
                                "moved_at": fields.Datetime.now(),
                                "tracking_id": 0,
                            }
                        )
                    ],
                }
            )
        )

    @classmethod
    def seed_settings(cls):
        cls.company.sudo().write(
            {
                "claim_tolerance": 21.0,
                "scope_creep_threshold": 22.0,
                "toxicity_watch_threshold": 26,
                "toxicity_strained_threshold": 51,
                "toxicity_toxic_threshold": 76,
                "toxicity_window_days": 366,
                "exit_notice_days": 31,
                "exit_self_approval": True,
                "exit_letter_reason": True,
            }
        )
        cls.other_company.sudo().exit_new_business = "off"
        cls.indicator("rework").failure = f"{MARKER} failure"
        settings = cls.env["res.config.settings"]
        cls.settings = settings.with_user(cls.owner).create({}).with_user(cls.env.user)

    @classmethod
    def make_statement_lines(cls):
        lines = cls.env["account.bank.statement.line"].create(
            [
                {
                    "payment_ref": ref,
                    "amount": 10,
                    "journal_id": cls.company_data["default_journal_bank"].id,
                }
                for ref in ("first", "second")
            ]
        )
        lines[0].move_id.exit_id = cls.exit_case
        lines[1].move_id.exit_id = cls.mild_exit
        return lines

    def make_transient(self, model, user):
        """A wizard of ours as it is open on the screen of the user."""
        env = self.env(user=user)
        if model == "toxicity.signal.contest":
            return env[model].create({"reason": f"{MARKER} contested"})
        if model.startswith("toxicity.tuning"):
            return self.make_tuning(env)[model]
        if model.startswith("customer.exit.settle"):
            settle = env["customer.exit.settle"].create(
                {"exit_id": self.exit_case.id, "code": "leads"}
            )
            line = settle.line_ids.create({"settle_id": settle.id, "name": MARKER})
            return {settle._name: settle, line._name: line}[model]
        if model == "customer.exit.ask.reason":
            reason = f"{MARKER} why"
            vals = {"exit_id": self.exit_case.id, "step": "reopen", "reason": reason}
            return env[model].create(vals)
        if model == "exit.simulation":
            return self.make_simulation(env)
        if model == "customer.exit.walk.away":
            return env[model].create({"exit_id": self.exit_case.id})
        if model == "customer.quarantine.decide":
            return env[model].create(
                {"quarantine_id": self.quarantine.id, "conclusion": f"{MARKER} so"}
            )
        if model == "customer.quarantine.meeting":
            return env[model].create({"message": MARKER, "reason": MARKER})
        if model == "goodwill.statement":
            return env[model].create({"partner_id": self.customer.id})
        if model == "scope.change.decide":
            # sudo: a stranger cannot choose the changes of another company
            wizard = env[model].sudo()
            return wizard.create(
                {"change_ids": self.changes.ids, "reason": f"{MARKER} decided"}
            ).sudo(False)
        preview = env["final.invoice.preview"].create({})
        order_line = self.orders[0].order_line[0]
        line = preview.line_ids.create(
            {
                "preview_id": preview.id,
                "name": MARKER,
                "delivered": 3,
                "order_line_id": order_line.id,
                "currency_id": order_line.currency_id.id,
            }
        )
        return {preview._name: preview, line._name: line}[model]

    def make_tuning(self, env):
        """{model: record} of a proposal with its preview."""
        tunings = env["toxicity.tuning"]
        tuning = tunings.browse(tunings.action_open()["res_id"])
        tuning.action_preview()
        tuning.move_ids.unlink()
        move = tuning.move_ids.create(
            {
                "tuning_id": tuning.id,
                "partner_id": self.customer.id,
                "old_band": "watch",
                "new_band": "toxic",
            }
        )
        records = (tuning, tuning.line_ids[0], move)
        env.flush_all()
        return {record._name: record for record in records}

    def setUp(self):
        super().setUp()
        # What Odoo has deprecated can be called all the same, and so is tried.
        quiet = warnings.catch_warnings()
        quiet.__enter__()
        self.addCleanup(quiet.__exit__, None, None, None)
        warnings.simplefilter("ignore", DeprecationWarning)

    # -- looking ---------------------------------------------------------------------

    def as_persona(self, name, model):
        user, _groups = self.personas[name]
        return self.env[model].with_user(user)
