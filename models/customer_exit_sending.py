from odoo import models


class CustomerExit(models.Model):
    """What becomes of the final invoice: it is sent, or taken back."""

    _inherit = "customer.exit"

    def _get_final_invoices(self):
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
                "cancel all of its final invoices and go back to the wrap-up.",
                invoices=self._name_some(unposted),
                exit=self.display_name,
            )
        }

    def _get_closing_obstacles(self):
        obstacles = super()._get_closing_obstacles()
        if self.state == "invoiced":
            obstacles |= self._get_unposted_obstacles(self._get_final_invoices())
        return obstacles

    # Taking it back

    def action_reopen_settlement(self):
        """Back to the wrap-up, once all final invoices are cancelled.

        What was forgiven stays so: the next final invoice counts the same credit notes.
        """
        self._lock_for_settlement()
        for record in self:
            record._refuse_if(record._get_reopening_obstacles())
            cancelled = record._get_final_invoices()
            record._note_reopened(cancelled)
            # They settle nothing any more; posted again they would count as any other.
            cancelled.exit_id = False
        self._move_to("wrap_up")

    def _note_reopened(self, cancelled):
        names = self._name_some(cancelled, limit=50)
        self.sudo().message_post(
            body=self.env._(
                "Back to the wrap-up. Cancelled: %(invoices)s.", invoices=names
            )
            if cancelled
            else self.env._("Back to the wrap-up. There was no final invoice.")
        )

    def _get_reopening_obstacles(self):
        """Hook: what stands in the way of going back to the wrap-up."""
        self.ensure_one()
        obstacles = {}
        if self.state != "invoiced":
            obstacles["not_invoiced"] = self.env._(
                "%(exit)s is %(state)s: an invoiced exit goes back to its wrap-up.",
                exit=self.display_name,
                state=self._get_state_label(),
            )
        if not self._is_manager():
            obstacles["not_manager"] = self.env._(
                "A manager of customer exits reopens the settlement."
            )
        moves = self._get_final_invoices()
        standing = moves.filtered(lambda move: move.state != "cancel")
        if standing:
            obstacles["standing"] = self.env._(
                "%(invoices)s of %(exit)s still stands: cancel it first (Reset to "
                "draft, then Cancel). What was posted in error and must stay in the "
                "books is put right by a credit note instead.",
                invoices=self._name_some(standing),
                exit=self.display_name,
            )
        return obstacles
