from odoo import models


class CustomerExit(models.Model):
    """Sending the final invoice; taking it back: customer_exit_reopening.py."""

    _inherit = "customer.exit"

    def _get_final_invoices(self):
        """The documents that settle this exit; cancelled ones settle nothing."""
        # sudo: the obstacles are named also to people who may not read invoices
        return self.sudo().invoice_ids

    # Sending

    def action_send_invoices(self):
        """Open Odoo's own sending of the final invoices; nothing goes by itself."""
        self.ensure_one()
        self.check_access("read")
        self._refuse_if(self._get_sending_obstacles())
        return self.invoice_ids.action_send_and_print()

    def _get_sending_obstacles(self):
        """Hook: what stands in the way of sending the final invoices."""
        self.ensure_one()
        moves = self._get_final_invoices()
        obstacles = self._get_unposted_obstacles(moves)
        if not moves:
            obstacles["no_invoice"] = self.env._(
                "%(exit)s has no final invoice yet: issue it first.",
                exit=self.display_name,
            )
        if not self._may_issue():
            obstacles["rights"] = self.env._(
                "A manager of customer exits with billing rights sends it: %(names)s.",
                names=self._get_issuer_names(),
            )
        silent = moves.partner_id.filtered(lambda partner: not partner.email)
        if silent:
            obstacles["no_email"] = self.env._(
                "%(partners)s has no e-mail address: enter one on the contact, or "
                "print %(invoices)s and send it by post.",
                partners=self._name_some(silent),
                invoices=self._name_some(
                    moves.filtered(lambda move: move.partner_id in silent)
                ),
            )
        if moves and not self._can_make_pdf():
            obstacles["no_pdf"] = self.env._(
                "The server has no tool to make the PDF of %(invoices)s for "
                "%(customer)s: ask your administrator to install wkhtmltopdf, or give "
                "the customer the link of the invoice's preview.",
                invoices=self._name_some(moves),
                customer=self.commercial_partner_id.display_name,
            )
        return obstacles

    def _can_make_pdf(self):
        state = self.env["ir.actions.report"].get_wkhtmltopdf_state()
        return state not in ("install", "broken")

    def _get_unposted_obstacles(self, moves):
        unposted = moves.filtered(lambda move: move.state != "posted")
        if not unposted:
            return {}
        return {
            "not_posted": self.env._(
                "%(invoices)s of %(exit)s is no longer posted: post it again, or "
                "cancel it and go back to the wrap-up.",
                invoices=self._name_some(unposted),
                exit=self.display_name,
            )
        }

    def _get_closing_obstacles(self):
        obstacles = super()._get_closing_obstacles()
        if self.state == "invoiced":
            obstacles |= self._get_unposted_obstacles(self._get_final_invoices())
        return obstacles
