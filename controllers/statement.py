from odoo import http
from odoo.http import request

from .headers import HEADERS


class StatementPortal(http.Controller):
    """The customer's page of the settlement statement, reached by its link alone."""

    @http.route(
        "/my/statement/<string:token>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def show(self, token, **_query):
        case = request.env["customer.exit"]._find_by_statement_token(token)
        # A link that ended looks like one that never was.
        values = case._get_statement_page() if case else {}
        template = "portal_statement" if case else "portal_statement_unknown"
        response = request.render(
            f"toxic_customer_exit.{template}",
            {"no_breadcrumbs": True, "page_name": "statement", **values},
            status=200 if case else 404,
        )
        response.headers.update(HEADERS)
        return response
