import { registry } from "@web/core/registry";
import { redirect } from "@web/core/utils/urls";

import { withPatience } from "./patience";

const tours = registry.category("web_tour.tours");

// Sold, and then asked for twice the quantity.
tours.add("toxic_customer_exit.sell_and_double", {
    steps: () => withPatience([
        {
            content: "The customer orders",
            trigger: "button[name=action_confirm]",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains(Sales Order)",
        },
        {
            content: "And wants twice as much",
            trigger: ".o_field_widget[name=order_line] td[name=product_uom_qty]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=order_line] div[name=product_uom_qty] input",
            run: "edit 20 && press Tab",
        },
        {
            trigger: ".o_field_widget[name=tax_totals]:contains(2,000.00)",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved",
        },
        {
            content: "What was agreed stands beside what is",
            trigger: ".nav-link[name=baseline]",
            run: "click",
        },
        {
            trigger: "td:has([name=baseline_amount]):contains(1,000.00)",
        },
        {
            trigger: "td:has([name=baseline_amount_drift]):contains(1,000.00)",
        },
    ]),
});

// And the hours are planned.
tours.add("toxic_customer_exit.allocate_hours", {
    steps: () => withPatience([
        {
            trigger: ".nav-link[name=settings]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=allocated_hours] input",
            run: "edit 20",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved",
        },
    ]),
});

// One change has appeared: it is renegotiated, and the quotation sent.
tours.add("toxic_customer_exit.renegotiate", {
    steps: () => withPatience([
        {
            trigger: ".oe_stat_button[name=action_view_scope_changes]",
            run: "click",
        },
        {
            trigger: ".o_kanban_record:contains(Online shop)",
            run: "click",
        },
        {
            trigger: "td[name=what]:contains(Quantity)",
        },
        {
            trigger: "td[name=what]:contains(Allocated hours)",
        },
        {
            trigger: "button[name=action_renegotiate]",
            run: "click",
        },
        {
            content: "The quotation says what it amends",
            trigger: ".o_field_widget[name=amended_order_id]:visible",
        },
        {
            trigger: "button[name=action_quotation_send]",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_send_mail]:enabled",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_arrow_button_current:contains(Quotation Sent)",
        },
    ]),
});

// The customer signs it on the portal.
tours.add("toxic_customer_exit.sign_amendment", {
    steps: () => withPatience([
        {
            trigger: "body[is-ready=true]",
        },
        {
            content: "Sign, and see nothing of what we think",
            trigger: "body:not(:contains(cope)) a:contains(Sign)",
            run: "click",
        },
        {
            content: "Typing draws, as soon as there is something to draw on",
            trigger: ".modal canvas.o_web_sign_signature",
        },
        {
            trigger: ".modal .o_web_sign_name_and_signature input",
            run: "edit Terry Tour",
        },
        {
            trigger: ".modal canvas.o_web_sign_signature",
            run: "canvasNotEmpty",
        },
        {
            trigger: ".modal .o_portal_sign_submit:enabled",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: "#quote_content:contains(Thank You)",
            run: () => redirect("/my"),
            expectUnloadPage: true,
        },
        {
            trigger: ".o_portal_my_home",
        },
    ]),
});
