from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.http import request

from .headers import HEADERS

PAGE = "/my/proposals/<int:offer_id>"


class ProposalPortal(http.Controller):
    """The customer's page of an offer, reached by its token and by nothing else.

    Every refusal looks the same, and no error travels to the browser: Odoo would send
    the names of our files along with it.
    """

    @http.route(
        PAGE, type="http", auth="public", methods=["GET"], website=True, sitemap=False
    )
    def show(self, offer_id, access_token=None, choice=None, message=None, **_query):
        return self._show(self._find(offer_id, access_token), choice, message)

    @http.route(
        f"{PAGE}/preview",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def preview(self, offer_id, **_query):
        """The same page for our own people, by their rights instead of the token."""
        offer = request.env["customer.exit.offer"].browse(
            offer_id if offer_id < 2**31 else ()
        )
        try:
            offer.check_access("read")
            found = offer.exists()
        except (AccessError, MissingError):
            found = offer.browse()
        if not request.env.user._is_internal():
            found = offer.browse()
        return self._show(found._as_system() if found else found)

    def _show(self, offer, choice=None, message=None):
        if not offer:
            return self._render("portal_proposals_unknown", status=404)
        if not offer._is_live():
            is_withdrawn = offer.date_sent and offer._is_withdrawn()
            return self._render(
                "portal_proposals_over", status=410, is_withdrawn=is_withdrawn
            )
        values = offer._get_page_values()
        chosen = [
            proposal
            for proposal in values["proposals"]
            if str(proposal["id"]) == choice and proposal["state"] == "open"
        ]
        return self._render(
            "portal_proposal_sign" if chosen else "portal_proposals",
            proposal=chosen and chosen[0],
            message=message,
            page_url=offer._get_url(),
            get_url=offer._get_url,
            is_preview=request.env.user._is_internal(),
            # sudo: the logo of the company that offers
            res_company=offer.company_id.sudo(),
            **values,
        )

    @http.route(
        f"{PAGE}/accept/<int:option_id>",
        type="jsonrpc",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def accept(
        self,
        offer_id,
        option_id,
        access_token=None,
        name=None,
        signature=None,
        **_params,
    ):
        """What Odoo's signature form calls; answers as that form expects."""
        # The form puts the token in the address, as sales quotations do.
        token = access_token or request.httprequest.args.get("access_token")
        offer = self._find_for_customer(offer_id, token)
        if not offer:
            return {"error": request.env._("These proposals are no longer open.")}
        answer = offer._accept(option_id, name, signature)
        if "error" in answer:
            return answer
        return {
            "force_refresh": True,
            "redirect_url": offer._get_url(message="accepted"),
        }

    @http.route(
        f"{PAGE}/decline/<int:option_id>",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def decline(self, offer_id, option_id, access_token=None, comment=None, **_form):
        offer = self._find_for_customer(offer_id, access_token)
        done = offer and offer._decline(option_id, comment)
        return self._go_back(offer, "declined" if done else "not_declined")

    @http.route(
        f"{PAGE}/ask", type="http", auth="public", methods=["POST"], website=True
    )
    def ask(self, offer_id, access_token=None, question=None, **_form):
        offer = self._find_for_customer(offer_id, access_token)
        done = offer and offer._ask(question)
        return self._go_back(offer, "asked" if done else "not_asked")

    def _find(self, offer_id, token):
        return request.env["customer.exit.offer"]._find_by_token(offer_id, token)

    def _find_for_customer(self, offer_id, token):
        """The offer while it can be answered; our own people only look at it."""
        offer = self._find(offer_id, token)
        if not offer or request.env.user._is_internal() or not offer._is_live():
            return None
        return offer

    def _go_back(self, offer, message):
        if not offer:
            return self._render("portal_proposals_unknown", status=404)
        return request.redirect(offer._get_url(message=message), code=303)

    def _render(self, template, status=200, **values):
        response = request.render(
            f"toxic_customer_exit.{template}",
            {"no_breadcrumbs": True, "page_name": "proposals", **values},
            status=status,
        )
        response.headers.update(HEADERS)
        return response
