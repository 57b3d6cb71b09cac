from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from .customer_exit import UNDECIDED_STATES

MIN_OPTIONS = 2
ACTIVITY_ANSWER = "toxic_customer_exit.mail_activity_type_answer"
# An option in one of these has been in the customer's hands.
OFFERED_STATES = ("offered", "accepted", "declined", "expired")


class CustomerExit(models.Model):
    """Viable options first: what is offered before an exit may be approved."""

    _inherit = "customer.exit"

    option_ids = fields.One2many("customer.exit.option", "exit_id", string="Options")
    offer_ids = fields.One2many(
        "customer.exit.offer", "exit_id", string="Offers", readonly=True
    )
    few_options_reason = fields.Text(
        "Why there are not two options",
        copy=False,
        tracking=True,
        help="A manager's reason for offering fewer than two ways to go on, or none.",
    )

    has_ready_options = fields.Boolean(compute="_compute_offer_obstacles")
    has_offers = fields.Boolean(compute="_compute_has_offers")
    offer_obstacles = fields.Html(compute="_compute_offer_obstacles", sanitize=False)
    is_manager = fields.Boolean(compute="_compute_is_manager")

    @api.depends("offer_ids.date_sent")
    def _compute_has_offers(self):
        for record in self:
            record.has_offers = any(record.offer_ids.mapped("date_sent"))

    @api.depends_context("uid")
    def _compute_is_manager(self):
        self.is_manager = self._is_manager()

    @api.depends_context("uid", "lang")
    @api.depends("state", "partner_id", "few_options_reason", "option_ids")
    def _compute_offer_obstacles(self):
        for record in self:
            options = record.option_ids
            record.has_ready_options = any(option._is_ready() for option in options)
            drafts = [option for option in options if option.state == "draft"]
            # With all of them in the customer's hands there is nothing to mend.
            is_asked = record._origin and (drafts or not options)
            found = record._get_offer_obstacles() if is_asked else {}
            record.offer_obstacles = record._render_obstacles(found)

    # Obstacles

    def _get_approval_obstacles(self):
        """An exit is approved when what was offered has come to nothing."""
        obstacles = super()._get_approval_obstacles()
        offered = self._get_fair_options()
        if len(offered) < MIN_OPTIONS and not self._has_few_options_reason():
            obstacles["few_options"] = self.env._(
                "%(count)s of at least %(least)s options offered: offer more, or have "
                "a manager note why there are not two.",
                count=len(offered),
                least=MIN_OPTIONS,
            )
        if waiting := offered.filtered(lambda option: option._is_open()):
            obstacles["open_options"] = self.env._(
                "The customer can still answer: %(options)s. Wait for it, or withdraw "
                "them.",
                options=", ".join(waiting.mapped("name")),
            )
        return obstacles

    def _get_fair_options(self):
        """What the customer could choose; a withdrawn one only if it chose another."""
        accepted = self.option_ids.filtered(lambda option: option.state == "accepted")
        return self.option_ids.filtered(
            lambda option: (
                option.state in OFFERED_STATES
                or (option.offer_id and option.offer_id in accepted.offer_id)
            )
        )

    def _has_few_options_reason(self):
        return bool((self.few_options_reason or "").strip())

    def _get_offer_obstacles(self):
        """Hook: what stands in the way of offering options, as {code: sentence}."""
        self.ensure_one()
        obstacles = self._get_offer_right_obstacles()
        ready = self.option_ids.filtered(lambda option: option._is_ready())
        if not ready:
            obstacles["nothing_to_offer"] = self.env._(
                "No option is ready: write one down, and tick that it is feasible and "
                "realistic."
            )
        offered = self._get_offered_options()
        if len(offered) < MIN_OPTIONS and not self._has_few_options_reason():
            obstacles["few_options"] = self.env._(
                "An offer has at least %(least)s options to choose from, and this one "
                "%(count)s: add another, or have a manager note why there are not two.",
                least=MIN_OPTIONS,
                count=len(offered),
            )
        return {**obstacles, **self._get_content_obstacles(ready)}

    def _get_offer_right_obstacles(self):
        obstacles = {}
        if self.state not in ("draft", "options"):
            obstacles["state"] = self.env._(
                "%(exit)s is %(state)s: options are offered before that.",
                exit=self.display_name,
                state=self._get_state_label(),
            )
        if not self.has_access("write"):
            obstacles["not_owner"] = self.env._(
                "The owner of the exit, or a manager, offers options."
            )
        if not self.partner_id.email:
            obstacles["no_email"] = self.env._(
                "%(partner)s has no e-mail address: add one first.",
                partner=self.partner_id.display_name,
            )
        return obstacles

    def _get_content_obstacles(self, options):
        obstacles = {}
        if gaps := options.filtered(lambda option: not option._is_complete()):
            obstacles["incomplete"] = self.env._(
                "Say what we do, what it asks, what the customer gains: %(options)s.",
                options=", ".join(gaps.mapped("name")),
            )
        today = fields.Date.context_today(self)
        late = options.filtered(
            lambda option: not option.date_answer_by or option.date_answer_by < today
        )
        if late:
            obstacles["answer_by"] = self.env._(
                "Give the customer a day to answer by, from today on: %(options)s.",
                options=", ".join(late.mapped("name")),
            )
        return obstacles

    def _refuse_options_if_decided(self):
        if decided := self.filtered(
            lambda record: record.state not in UNDECIDED_STATES
        ):
            raise UserError(
                self.env._(
                    "%(exit)s is %(state)s: no option can be added any more.",
                    exit=decided[0].display_name,
                    state=decided[0]._get_state_label(),
                )
            )

    # Offering

    def _get_offered_options(self):
        """What the next mail offers: all that is ready, and what is still open."""
        return self.option_ids.filtered(
            lambda option: option._is_ready() or option._is_open()
        )

    def action_offer_options(self):
        """Open the mail that brings the options to the customer; sending offers."""
        self.ensure_one()
        self.check_access("read")
        self._refuse_if(self._get_offer_obstacles())
        # sudo: offers are made by this step alone
        offer = self.sudo()._get_unsent_offer().sudo(False)
        template = self.env.ref("toxic_customer_exit.mail_template_offer")
        action = template._get_neutral_composer(offer, offer.partner_id)
        action["name"] = self.env._("Offer options")
        action["context"]["customer_exit_offer_id"] = offer.id
        return action

    def _get_unsent_offer(self):
        unsent = self.offer_ids.filtered(lambda offer: not offer.date_sent)[:1]
        if unsent.partner_id == self.partner_id:
            return unsent
        return unsent.create({"exit_id": self.id, "partner_id": self.partner_id.id})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_offered(self):
        """What went out to a customer, and what came back signed, stays on record."""
        offered = self.filtered(lambda record: record.offer_ids.filtered("date_sent"))
        if offered and not self.env.su:
            raise UserError(
                self.env._(
                    "Options of %(exit)s were offered to the customer: it stays on "
                    "record.",
                    exit=offered[0].display_name,
                )
            )

    def action_preview_offer(self):
        """The customer's page, as the customer sees it; we cannot answer there.

        Not by the customer's link, which is a key: it would stay in our browsers.
        """
        self.ensure_one()
        self.check_access("read")
        self._refuse_if(self._get_preview_offer_obstacles())
        offer = self.offer_ids.filtered("date_sent")[:1]
        url = f"/my/proposals/{offer.id}/preview"
        return {"type": "ir.actions.act_url", "url": url, "target": "new"}

    def _get_preview_offer_obstacles(self):
        """Hook: why the customer's page cannot be looked at, as {code: sentence}."""
        obstacles = {}
        if not self.offer_ids.filtered("date_sent"):
            obstacles["no_offer"] = self.env._(
                "%(exit)s: nothing was offered yet.", exit=self.display_name
            )
        return obstacles

    # Telling

    def _get_owner(self):
        """Whom to turn to: the owner, or a manager where the owner is gone."""
        self.ensure_one()
        # sudo: also asked while the customer answers
        case = self.sudo()
        owner = self._pick_member(case.user_id | case.create_uid, case.company_id)
        return owner or self._get_first_managers(case.company_id)[case.company_id]

    def _in_owners_words(self):
        """Notes are in the language of who reads them, not of who gave cause."""
        return self.with_context(lang=self._get_owner().lang or self.env.lang)

    def _note(self, sentence, words=""):
        """Post an internal note; `words` are of the customer, and shown as text."""
        body = Markup("<p>%s</p>") % sentence
        if words:
            body += Markup("<blockquote>%s</blockquote>") % plaintext2html(words)
        self.message_post(body=body)

    def _tell_owner(self, summary, words):
        if owner := self._get_owner():
            self.activity_schedule(
                ACTIVITY_ANSWER,
                summary=summary,
                note=plaintext2html(words),
                user_id=owner.id,
            )

    def _note_answer(self, sentence, words=""):
        self._note(sentence, words)
        self._tell_owner(sentence, words)
