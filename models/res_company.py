from odoo import fields, models

THRESHOLD_FIELDS = {
    "toxicity_watch_threshold",
    "toxicity_strained_threshold",
    "toxicity_toxic_threshold",
    "toxicity_window_days",
}
GROUP = "toxic_customer_exit.group_toxicity_user"
# Whoever reads a company, as each order does, does not read our settings with it.
PREFETCH = "toxic_customer_exit"
# Ten years; a much longer window would begin before there are dates.
MAX_WINDOW_DAYS = 3650


class ResCompany(models.Model):
    _inherit = "res.company"

    toxicity_watch_threshold = fields.Integer(
        string="Watch from",
        default=25,
        required=True,
        prefetch=PREFETCH,
        groups=GROUP,
    )
    toxicity_strained_threshold = fields.Integer(
        string="Strained from",
        default=50,
        required=True,
        prefetch=PREFETCH,
        groups=GROUP,
    )
    toxicity_toxic_threshold = fields.Integer(
        string="Toxic from",
        default=75,
        required=True,
        prefetch=PREFETCH,
        groups=GROUP,
    )
    toxicity_window_days = fields.Integer(
        string="Window of the measures (days)",
        default=365,
        required=True,
        prefetch=PREFETCH,
        groups=GROUP,
        help="Measures look back over so many days.",
    )
    claim_tolerance = fields.Float(
        string="Tolerance of claims (%)",
        default=20.0,
        required=True,
        prefetch=PREFETCH,
        groups=GROUP,
        help="A claim may exceed what was found by so much and still holds.",
    )
    scope_creep_threshold = fields.Float(
        string="Creep from which to renegotiate (%)",
        default=20.0,
        required=True,
        prefetch=PREFETCH,
        groups=GROUP,
        help="Orders of which so much was given away, or changed without a decision, "
        "ask to be renegotiated.",
    )
    exit_self_approval = fields.Boolean(
        string="Managers may approve their own exits",
        prefetch=PREFETCH,
        groups="toxic_customer_exit.group_toxicity_manager",
        help="For companies of one person: otherwise another manager approves.",
    )
    exit_notice_days = fields.Integer(
        string="Notice period of exits (days)",
        default=30,
        required=True,
        prefetch=PREFETCH,
        groups="toxic_customer_exit.group_toxicity_manager",
        help="How long before an exit takes effect the customer is told; may be "
        "changed on each exit.",
    )

    exit_new_business = fields.Selection(
        [("off", "Allowed"), ("warn", "Warned about"), ("block", "Blocked")],
        string="New business with former customers is",
        default="warn",
        required=True,
        groups="toxic_customer_exit.group_toxicity_manager",
        help="A customer whose exit was closed, until a manager takes them back.",
    )
    exit_letter_reason = fields.Boolean(
        string="Letters to customers state the reason",
        prefetch=PREFETCH,
        groups="toxic_customer_exit.group_toxicity_manager",
        help="The reason as it is told to the customer, written on the exit.",
    )

    _toxicity_thresholds_ordered = models.Constraint(
        "CHECK (0 < toxicity_watch_threshold"
        " AND toxicity_watch_threshold < toxicity_strained_threshold"
        " AND toxicity_strained_threshold < toxicity_toxic_threshold"
        " AND toxicity_toxic_threshold < 100)",
        "The thresholds of the bands rise from Watch over Strained to Toxic, between "
        "0 and 100.",
    )
    _toxicity_window_range = models.Constraint(
        "CHECK (toxicity_window_days > 0"
        f" AND toxicity_window_days <= {MAX_WINDOW_DAYS})",
        "The measures look back over at least one day, at the most ten years.",
    )

    # Written so that NaN, which PostgreSQL sorts above everything, fails too.
    _claim_tolerance_range = models.Constraint(
        "CHECK (claim_tolerance >= 0 AND claim_tolerance <= 100)",
        "The tolerance of claims lies between 0 and 100 %.",
    )

    _scope_creep_threshold_range = models.Constraint(
        "CHECK (scope_creep_threshold > 0 AND scope_creep_threshold <= 1000)",
        "The creep from which to renegotiate lies above 0 and up to 1000 %.",
    )

    _exit_notice_range = models.Constraint(
        "CHECK (exit_notice_days BETWEEN 0 AND 3650)",
        "The notice period of exits lies between 0 and 3650 days.",
    )

    def write(self, vals):
        result = super().write(vals)
        if "scope_creep_threshold" in vals:
            self._follow_creep()
        if "claim_tolerance" in vals:
            self.env["customer.claim"]._follow_tolerance(self)
        if THRESHOLD_FIELDS & vals.keys():
            self.env["toxicity.score"]._schedule_rescore()
        return result

    def _follow_creep(self):
        """Ask to renegotiate what another threshold makes too much, and the reverse."""
        # sudo: the threshold is of all orders, whoever may read them
        changes = self.env["scope.change"].sudo()
        counted = [("creep_amount", ">", 0), ("company_id", "in", self.ids)]
        changes.search(counted)._follow_creep()

    def _get_toxicity_window(self):
        """The window of the measures as dates (since, today]: since is left out."""
        self.ensure_one()
        today = fields.Date.today()
        # sudo: the window decides what is shown, whoever may see the settings
        days = self.sudo().toxicity_window_days
        return fields.Date.subtract(today, days=days), today
