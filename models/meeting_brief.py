from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .scope_change import OPEN_STATES

# So far back behaviour is expected again.
RECENT_DAYS = 365
SHOWN = 5
EXPECTED = 3


class MeetingBrief(models.Model):
    """One page before a meeting: what they usually do, and what worked.

    Only what was seen, with its day, and for us alone: nothing of it is on the
    meeting itself, whose guests read that. Afterwards it is ticked what really
    happened, for a label that does not come true wants to be looked at again.
    """

    _name = "meeting.brief"
    _description = "Meeting brief"
    _order = "start desc, id desc"

    name = fields.Char("Meeting", required=True, readonly=True)
    event_id = fields.Many2one(
        "calendar.event",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    start = fields.Datetime("When", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id", store=True, index=True
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    line_ids = fields.One2many("meeting.brief.line", "brief_id", string="Expected")
    agenda = fields.Html(
        help="A suggestion, from what is open between you: make it yours."
    )
    is_begun = fields.Boolean(compute="_compute_is_begun")
    signal_ids = fields.Many2many(
        "toxicity.signal", string="Seen lately", compute="_compute_page"
    )
    praise_ids = fields.Many2many(
        "toxicity.signal", string="What went well", compute="_compute_page"
    )
    option_ids = fields.Many2many(
        "customer.exit.option", string="What they accepted", compute="_compute_page"
    )
    kept_ids = fields.Many2many(
        "customer.exit.commitment", string="What was kept", compute="_compute_page"
    )
    commitment_ids = fields.Many2many(
        "customer.exit.commitment", string="What is promised", compute="_compute_page"
    )
    change_ids = fields.Many2many(
        "scope.change", string="Changes to decide on", compute="_compute_page"
    )
    goodwill_amount = fields.Monetary(
        "Goodwill so far", compute="_compute_page", help="At list prices, untaxed."
    )

    _one_per_meeting = models.UniqueIndex(
        "(event_id, commercial_partner_id) WHERE event_id IS NOT NULL",
        "This meeting has its brief already.",
    )

    @api.depends("name", "start")
    def _compute_display_name(self):
        for record in self:
            day = format_date(self.env, record.start) if record.start else ""
            record.display_name = f"{record.name} · {day}"

    @api.depends("start")
    def _compute_is_begun(self):
        now = fields.Datetime.now()
        for record in self:
            record.is_begun = bool(record.start and record.start <= now)

    @api.depends("commercial_partner_id", "company_id")
    def _compute_page(self):
        for record in self:
            signals = record._get_recent_signals()
            strain = signals.filtered(lambda signal: signal.polarity == "strain")
            record.signal_ids = strain[:SHOWN]
            record.praise_ids = (signals - strain)[:SHOWN]
            promises = record._find("customer.exit.commitment", "date_due desc")
            record.kept_ids = promises.filtered(lambda p: p.state == "kept")[:SHOWN]
            record.commitment_ids = promises.filtered(lambda p: p.state == "open")
            record.option_ids = record._find(
                "customer.exit.option", "id desc", ("state", "=", "accepted")
            )[:SHOWN]
            record.change_ids = record._find(
                "scope.change", "date", ("state", "in", OPEN_STATES)
            )
            record.goodwill_amount = sum(
                record._find("goodwill.entry", "id").mapped("amount")
            )

    def _find(self, model, order, *conditions):
        return self.env[model].search(
            [
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
                ("company_id", "=", self.company_id.id),
                *conditions,
            ],
            order=order,
        )

    def _get_recent_signals(self):
        """Of the year before; what came after the meeting was not expected of it."""
        today = fields.Date.context_today(self)
        day = min(today, self.start.date()) if self.start else today
        return self._find(
            "toxicity.signal",
            "date desc, id desc",
            ("state", "=", "counted"),
            ("date", ">=", day - timedelta(days=RECENT_DAYS)),
            ("date", "<=", day),
        )

    # From a meeting

    @api.model
    def _open_for(self, event):
        """The brief of a meeting, made the first time it is asked for."""
        self.check_access("create")
        customer = event._get_brief_customer()
        if not customer:
            raise UserError(
                self.env._(
                    "Nobody of a customer is invited to %(meeting)s: add who it is "
                    "with first.",
                    meeting=event.display_name,
                )
            )
        company = event.user_id.company_id or self.env.company
        brief = self.search(
            [
                ("event_id", "=", event.id),
                ("commercial_partner_id", "=", customer.id),
            ],
            limit=1,
        )
        if not brief:
            brief = self._make_for(event, customer, company)
        brief._follow_meeting(event)
        return brief

    def _make_for(self, event, customer, company):
        brief = self.create(
            {
                "name": event.name or self.env._("Meeting"),
                "event_id": event.id,
                "start": event.start,
                "partner_id": customer.id,
                "company_id": company.id,
            }
        )
        brief.line_ids.create(brief._prepare_lines())
        brief.agenda = brief._suggest_agenda()
        return brief

    def _follow_meeting(self, event):
        if self.start != event.start or (event.name and self.name != event.name):
            self.write({"start": event.start, "name": event.name or self.name})

    def _prepare_lines(self):
        """What they did most, and most seriously, lately: expected again."""
        strain = self._get_recent_signals().filtered(
            lambda signal: signal.polarity == "strain"
        )
        usual = sorted(
            strain.grouped("indicator_id").items(),
            key=lambda item: -sum(int(signal.severity) for signal in item[1]),
        )
        return [
            {
                "brief_id": self.id,
                "indicator_id": indicator.id,
                "date_seen": signals[0].date,
                "example": signals[0].description,
            }
            for indicator, signals in usual[:EXPECTED]
        ]

    def _suggest_agenda(self):
        """What is open, ours first: who keeps promises asks for them to be kept."""
        ours = self.commitment_ids.filtered(lambda promise: promise.side == "us")
        points = [
            self.env._("What we promised: %(what)s", what=promise.name)
            for promise in ours
        ]
        points += [
            self.env._("What you promised: %(what)s", what=promise.name)
            for promise in self.commitment_ids - ours
        ]
        points += [
            self.env._("To decide on: %(what)s", what=change.summary)
            for change in self.change_ids
        ]
        points.append(self.env._("What each of us does until when"))
        return Markup("<ol>%s</ol>") % Markup().join(
            Markup("<li>%s</li>") % point for point in points
        )

    def action_print(self):
        self.ensure_one()
        self.check_access("read")
        report = self.env.ref("toxic_customer_exit.meeting_brief_report")
        return report.report_action(self)

    def action_view_meeting(self):
        self.ensure_one()
        self.check_access("read")
        return self.event_id.get_formview_action()


class MeetingBriefLine(models.Model):
    """Something that usually happens, and whether it did this time."""

    _name = "meeting.brief.line"
    _description = "Expected in a meeting"
    _order = "id"

    brief_id = fields.Many2one(
        "meeting.brief", required=True, readonly=True, ondelete="cascade", index=True
    )
    partner_id = fields.Many2one(related="brief_id.partner_id")
    commercial_partner_id = fields.Many2one(
        related="brief_id.commercial_partner_id", store=True, index=True
    )
    company_id = fields.Many2one(related="brief_id.company_id", store=True, index=True)
    start = fields.Datetime(related="brief_id.start", store=True)
    is_begun = fields.Boolean(related="brief_id.is_begun")
    indicator_id = fields.Many2one(
        "toxicity.indicator",
        string="Usually",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    date_seen = fields.Date("Last seen on", readonly=True)
    example = fields.Text("As it was noted", readonly=True)
    outcome = fields.Selection(
        [("happened", "Happened"), ("not", "Did not happen")],
        string="This time",
        readonly=True,
    )

    def action_happened(self):
        self._tick("happened")

    def action_did_not(self):
        self._tick("not")

    def _tick(self, outcome):
        self.check_access("write")
        if early := self.filtered(lambda line: not line.brief_id.is_begun):
            raise UserError(
                self.env._(
                    "%(meeting)s has not begun yet: say afterwards what happened.",
                    meeting=early[0].brief_id.display_name,
                )
            )
        self.outcome = outcome
        # sudo: who was in the meeting need not decide on quarantines
        cases = self.env["customer.quarantine"].sudo()
        found = cases._find_by_partners(self.commercial_partner_id)
        cases.union(*found.values())._question_label()
