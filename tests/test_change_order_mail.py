from odoo import Command
from odoo.tests import Form
from odoo.tools import html2plaintext

from .common import ToxicityCommon

# What our side calls things; the customer is to read none of it.
INTERNAL = ("toxic", "creep", "absorb", "scope", "score", "strain", "gift", "unpaid")


class TestChangeOrderMail(ToxicityCommon):
    """What the customer gets with a quotation that Odoo sends."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.email = "difficult@example.com"
        cls.order = cls.make_order(
            (cls.service_ordered, 10), user_id=cls.salesperson.id
        )
        cls.order.order_line.write({"product_uom_qty": 14, "price_unit": 100})
        change = cls.env["scope.change"].search([("order_id", "=", cls.order.id)])
        action = change.with_user(cls.salesperson).action_renegotiate()
        cls.amendment = cls.env["sale.order"].browse(action["res_id"])

    def send(self, order, user=None, template=None):
        """The attachments of the message that sending the order leaves."""
        sender = order.with_user(user or self.salesperson)
        action = sender.action_quotation_send()
        wizard = Form(
            self.env["mail.compose.message"]
            .with_user(sender.env.user)
            .with_context(**action["context"])
        )
        if template:
            wizard.template_id = template
        wizard.save()._action_send_mail()
        self.assertEqual(order.state, "sent")
        return order.message_ids.filtered(
            lambda message: message.message_type == "comment"
        )[:1].attachment_ids

    def get_names(self, attachments):
        return sorted(name.rsplit(".", 1)[0] for name in attachments.mapped("name"))

    def test_an_amendment_is_sent_with_its_change_order(self):
        attachments = self.send(self.amendment)
        name = self.amendment.name
        self.assertEqual(
            self.get_names(attachments),
            [f"Change order - {name}", f"Quotation - {name}"],
        )
        html = attachments.filtered(lambda a: "Change order" in a.name).raw.decode()
        text = html2plaintext(html[html.index("<main") :])
        for words in ("10.00 Hours", "14.00 Hours", "1,000.00", "1,400.00"):
            self.assertIn(words, text)
        self.assertIn("For the customer", text)
        for word in INTERNAL:
            self.assertNotIn(word, f"{name} {text}".lower())

    def test_an_ordinary_quotation_is_sent_without_one(self):
        quotation = self.make_order(
            (self.service_ordered, 3), confirm=False, user_id=self.salesperson.id
        )
        attachments = self.send(quotation)
        self.assertEqual(self.get_names(attachments), [f"Quotation - {quotation.name}"])

    def test_what_is_no_offer_is_sent_without_one(self):
        template = self.env.ref("sale.email_template_edi_sale")
        self.assertTrue(self.amendment._process_attachments_for_template_post(template))
        reminder = template.copy({"report_template_ids": [Command.clear()]})
        self.assertFalse(
            self.amendment._process_attachments_for_template_post(reminder)
        )
        self.assertFalse(self.order._process_attachments_for_template_post(template))
        self.amendment.action_confirm()
        self.assertFalse(
            self.amendment._process_attachments_for_template_post(template)
        )

    def test_colleagues_outside_send_the_same(self):
        clerk = self.make_clerk()
        self.assertFalse(self.env["scope.change"].with_user(clerk).has_access("read"))
        self.amendment.user_id = clerk
        self.assertEqual(len(self.send(self.amendment, user=clerk)), 2)

    def test_many_are_sent_with_one_each(self):
        both = self.amendment + self.order
        values = both._process_attachments_for_template_post(
            self.env.ref("sale.email_template_edi_sale")
        )
        self.assertEqual(list(values), self.amendment.ids)
        self.assertEqual(len(values[self.amendment.id]["attachments"]), 1)
