from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_date

from .case_batches import survive
from .customer_quarantine import IN_FORCE_STATES

# So long before its last day its review is asked for.
REMIND_DAYS = 7


class CustomerQuarantine(models.Model):
    """Nothing ends silently: who is to look at it is told, and asked again."""

    _inherit = "customer.quarantine"

    def _tell(self, activity_type, note, managers=False, **vals):
        """Plan an activity of that type for the contact, or for a manager."""
        self.ensure_one()
        case = self.sudo()
        user = case._get_manager() if managers else case._get_contact()
        case.activity_schedule(activity_type, note=note, user_id=user.id, **vals)

    def _get_contact(self):
        """Whom to ask: a manager where the contact left, or is not one of us now."""
        # sudo: whoever is told need not know who works for which company
        case = self.sudo()
        return case._pick_member(case.user_id, case.company_id) or case._get_manager()

    def _get_manager(self):
        return self._get_first_managers(self.company_id)[self.company_id]

    @api.model
    def _cron_follow_up(self):
        """Remind of reviews, begin those that are due, and miss contacts who left."""
        today = fields.Date.today()
        soon = today + timedelta(days=REMIND_DAYS)
        self._work(
            [("state", "=", "active"), ("date_to", "<", today)],
            lambda case: case._begin_review(),
        )
        self._work(
            [
                ("state", "=", "active"),
                ("date_to", "<=", soon),
                ("is_reminded", "=", False),
            ],
            lambda case: case._remind_of_review(),
        )
        self._work([("state", "in", IN_FORCE_STATES)], lambda case: case._look_after())

    def _work(self, domain, step):
        """Case by case: one that fails is logged and the others go on."""
        cases = self.search(domain)
        for done, case in enumerate(cases, start=1):
            survive(case, step, case)
            self.env["ir.cron"]._commit_progress(1, remaining=len(cases) - done)

    def _begin_review(self):
        self._move_to("review")
        self._ask_for_review()

    def _remind_of_review(self):
        self.is_reminded = True
        self._ask_for_review()

    def _look_after(self):
        """What nobody said: a contact who left, a review nobody held."""
        if not self._pick_member(self.user_id, self.company_id):
            self._miss_contact()
        if self.state == "review":
            self._ask_for_review()
        self._alert_hours()

    def _ask_for_review(self):
        """One question at a time: as long as it stands, it is not asked again."""
        kind = "toxic_customer_exit.mail_activity_type_quarantine_review"
        if not self._has_open(kind):
            self._tell(
                kind,
                self.env._(
                    "The quarantine ends on %(date)s: extend it, lift it, or open an "
                    "exit. Until then it holds.",
                    date=format_date(self.env, self.date_to),
                ),
                managers=True,
                date_deadline=max(self.date_to, fields.Date.today()),
            )

    def _miss_contact(self):
        kind = "toxic_customer_exit.mail_activity_type_quarantine_contact"
        if not self._has_open(kind):
            self._tell(
                kind,
                self.env._(
                    "%(user)s no longer works with this customer: name another single "
                    "contact.",
                    user=self.user_id.name,
                ),
                managers=True,
            )

    def _has_open(self, kind):
        kind = self.env.ref(kind, raise_if_not_found=False)
        return kind and kind in self.activity_ids.activity_type_id
