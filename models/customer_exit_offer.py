import base64
import binascii
import logging
import secrets
from urllib.parse import urlencode

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import NO_ACCESS
from odoo.tools import consteq, format_date

_logger = logging.getLogger(__name__)

# Whoever holds the link can ask; nobody can flood us with it.
MAX_QUESTIONS = 20
MAX_NAME = 128
MAX_TEXT = 2000
MAX_SIGNATURE = 2_000_000
# PNG and JPEG; an SVG could carry a script.
IMAGE_STARTS = (b"\x89PNG", b"\xff\xd8")


class CustomerExitOffer(models.Model):
    """The document the customer gets: some options, and nothing of why.

    It is apart from the case for that reason. Its page is reached by an unguessable
    token that dies with the last answer-by date, and is made from the plain values of
    `_get_page_values` alone: what is not in there cannot be shown. The answers run as
    the system, not as the visitor, whom Odoo would let read messages of his own.
    """

    _name = "customer.exit.offer"
    _description = "Offer to the customer"
    _order = "id desc"
    _rec_name = "date_sent"

    exit_id = fields.Many2one(
        "customer.exit", required=True, ondelete="cascade", index=True
    )
    partner_id = fields.Many2one(
        "res.partner", "Offered to", required=True, ondelete="restrict", index=True
    )
    commercial_partner_id = fields.Many2one(
        related="exit_id.commercial_partner_id", store=True, index=True
    )
    company_id = fields.Many2one(related="exit_id.company_id", store=True, index=True)
    option_ids = fields.One2many("customer.exit.option", "offer_id", readonly=True)
    date_sent = fields.Datetime("Sent on", readonly=True)
    access_token = fields.Char(
        default=lambda self: secrets.token_urlsafe(32),
        required=True,
        readonly=True,
        copy=False,
        groups=NO_ACCESS,
    )
    question_count = fields.Integer("Questions", readonly=True, aggregator=None)

    # What goes to the customer

    def _get_url(self, suffix="", **query):
        """The customer's link; the token is for the one it is sent to."""
        self.ensure_one()
        # sudo: the token is for nobody's reading but in this link
        token = self.sudo().access_token
        return f"/my/proposals/{self.id}{suffix}?" + urlencode(
            {"access_token": token, **query}
        )

    def _get_mail_url(self):
        return self.get_base_url() + self._get_url()

    def _get_mail_date(self):
        """Until when all of what goes out with the mail can be answered."""
        dates = self.exit_id._get_offered_options().mapped("date_answer_by")
        language = self.partner_id.lang
        return format_date(self.env, min(dates), lang_code=language) if dates else ""

    def _refuse_unsendable(self):
        """Stop the mail where its button would, or where it went out already."""
        self.ensure_one()
        self.exit_id._refuse_if(self.exit_id._get_offer_obstacles())
        if self.date_sent:
            raise UserError(
                self.env._(
                    "These options were offered already: offer what is ready now from "
                    "%(exit)s.",
                    exit=self.exit_id.display_name,
                )
            )

    def _note_sent(self):
        """From now on the customer can see and answer what is ready."""
        for offer in self:
            case = offer.exit_id
            options = case._get_offered_options()
            # sudo: steps are closed to everyone's direct writing
            options.sudo().write({"state": "offered", "offer_id": offer.id})
            offer.sudo().date_sent = fields.Datetime.now()
            case._note(
                self.env._(
                    "Offered to %(partner)s: %(options)s.",
                    partner=offer.partner_id.display_name,
                    options=", ".join(options.mapped("name")),
                )
            )
            if case.state == "draft":
                case._move_to("options")

    # What the page shows

    @api.model
    def _find_by_token(self, offer_id, token):
        """The offer as superuser, or nothing: never says which of both was wrong."""
        # consteq takes nothing but ASCII; a larger id is not one of PostgreSQL's
        is_sane = isinstance(token, str) and token.isascii() and offer_id < 2**31
        # sudo: the visitor has no rights but the token
        offer = self.sudo().browse(offer_id if is_sane else 0).exists()
        if not offer or not consteq(offer.access_token, token):
            return self.browse()
        return offer._as_system()

    def _as_system(self):
        """As answers and the page are made: see the docstring of the model."""
        return self.with_user(SUPERUSER_ID).with_company(self.sudo().company_id)

    def _is_live(self):
        """Something is still open to answer, or was accepted and is not past date."""
        self.ensure_one()
        if not self.date_sent or not self.company_id.active:
            return False
        today = fields.Date.today()
        return any(
            option._is_open()
            or (
                option.state in ("accepted", "declined")
                and option.exit_id.state in ("options", "retained")
                and option.date_answer_by >= today
            )
            for option in self.option_ids
        )

    def _is_withdrawn(self):
        """We took it back before its time was over, and the customer chose nothing."""
        self.ensure_one()
        today = fields.Date.today()
        return (
            bool(self._get_withdrawn_options())
            and not self._get_accepted_options()
            and max(self.option_ids.mapped("date_answer_by")) >= today
        )

    def _get_withdrawn_options(self):
        return self.option_ids.filtered(lambda option: option.state == "withdrawn")

    def _get_accepted_options(self):
        return self.option_ids.filtered(lambda option: option.state == "accepted")

    def _get_page_values(self):
        """All that the page may show, as plain values."""
        self.ensure_one()
        shown = self._get_shown_options()
        owner = self.exit_id._get_owner()
        return {
            "customer": self.commercial_partner_id.name,
            "company": self.company_id.name,
            "contact": owner.name or "",
            # Odoo's signature form (19.0) stumbles when it begins without a name.
            "signer": self.partner_id.name,
            "is_accepted": "accepted" in shown.mapped("state"),
            "withdrawn": len(self._get_withdrawn_options()),
            "proposals": [
                option_values | {"number": number}
                for number, option_values in enumerate(
                    (self._get_option_values(option) for option in shown), start=1
                )
            ],
        }

    def _get_shown_options(self):
        return self._get_accepted_options() or self.option_ids.filtered(
            lambda option: option._is_open() or option.state == "declined"
        )

    def _get_option_values(self, option):
        promises = option._get_promises()
        return {
            "id": option.id,
            "name": option.name,
            "ours": promises["us"],
            "theirs": promises["customer"],
            "benefit": option.benefit or "",
            "price": option.currency_id.format(option.price) if option.price else "",
            "hours": f"{option.hours:g}" if option.hours else "",
            "answer_by": format_date(self.env, option.date_answer_by),
            "state": "open" if option._is_open() else option.state,
            "signed_by": option.signed_by or "",
            "signed_on": format_date(self.env, option.signed_on)
            if option.signed_on
            else "",
        }

    # What the customer answers

    def _accept(self, option_id, name, signature):
        """Accept once, signed; {"error": sentence} when it cannot be.

        Two at once: the second waits for the first, is run again by Odoo because the
        case has changed, and gets the same answer.
        """
        self._lock()
        option = self.option_ids.filtered(lambda option: option.id == option_id)
        if option.state == "accepted":
            return {}
        name = self._clean_text(name, MAX_NAME)
        if option.state == "withdrawn" and not self._get_accepted_options():
            return {"error": self.env._("We have taken this proposal back.")}
        if not option or not option._is_open():
            return {"error": self.env._("This proposal is no longer open.")}
        if not name or not self._is_image(signature):
            return {"error": self.env._("Please give your name and your signature.")}
        try:
            with self.env.cr.savepoint():
                option.write({"signature": signature})
        except (UserError, ValueError, TypeError):
            _logger.info("A signature could not be read.")
            return {"error": self.env._("The signature could not be read.")}
        option.write(
            {
                "state": "accepted",
                "signed_by": name,
                "signed_on": fields.Datetime.now(),
                "date_answered": fields.Datetime.now(),
            }
        )
        self.exit_id._in_owners_words()._retain(option)
        return {}

    def _decline(self, option_id, comment):
        """Note the refusal; nothing when the option is no longer open."""
        self._lock()
        option = self.option_ids.filtered(lambda option: option.id == option_id)
        comment = self._clean_text(comment)
        if not option or not option._is_open() or not comment:
            return False
        option.write(
            {
                "state": "declined",
                "answer_comment": comment,
                "date_answered": fields.Datetime.now(),
            }
        )
        case = self.exit_id._in_owners_words()
        case._note_answer(
            case.env._("%(option)s was declined.", option=option.name), comment
        )
        return True

    def _ask(self, question):
        """Pass a question on to the owner; nothing when there were too many."""
        self._lock()
        question = self._clean_text(question)
        if not question or self.question_count >= MAX_QUESTIONS:
            return False
        self.question_count += 1
        case = self.exit_id._in_owners_words()
        case._note_answer(case.env._("The customer has a question."), question)
        return True

    def _lock(self):
        self.ensure_one()
        # SQL in _lock_rows: wait for who came first instead of giving up
        self.exit_id._lock_rows(self.exit_id)

    def _clean_text(self, text, limit=MAX_TEXT):
        """Plain text of bounded length; NUL is what PostgreSQL cannot keep."""
        return str(text or "").replace("\0", "").strip()[:limit]

    def _is_image(self, signature):
        if not isinstance(signature, str) or not 0 < len(signature) <= MAX_SIGNATURE:
            return False
        try:
            return base64.b64decode(signature, validate=True).startswith(IMAGE_STARTS)
        except (binascii.Error, ValueError):
            return False
