import { registry } from "@web/core/registry";

import { withPatience } from "./patience";

const tours = registry.category("web_tour.tours");

// The requester notes that the customer did not keep what was signed.
tours.add("toxic_customer_exit.miss_promise", {
    steps: () =>
        withPatience([
            {
                trigger: ".nav-link[name=commitments]",
                run: "click",
            },
            {
                trigger:
                    ".o_field_widget[name=commitment_ids] .o_data_row:contains(You settle what is invoiced) button[name=action_miss]",
                run: "click",
            },
            {
                trigger:
                    ".o_statusbar_status .o_arrow_button_current:contains(Options)",
            },
        ]),
});

// Another person decides, wraps up and bills.
tours.add("toxic_customer_exit.decide_and_bill", {
    steps: () =>
        withPatience([
            {
                trigger: ".nav-link[name=decision]",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=approval_reason] textarea",
                run: "edit What was agreed with a signature did not hold.",
            },
            {
                trigger: ".o_field_widget[name=ethics_checked] input",
                run: "click",
            },
            {
                trigger: ".o_form_button_save",
                run: "click",
            },
            {
                trigger: "button[name=action_approve]",
                run: "click",
            },
            {
                trigger: "button[name=action_start_wrap_up]",
                run: "click",
            },
            {
                trigger: "button[name=action_preview_final_invoice]",
                run: "click",
            },
            {
                trigger: ".modal button[name=action_issue]",
                run: "click",
            },
            {
                trigger:
                    "body:not(:has(.modal)) .o_statusbar_status .o_arrow_button_current:contains(Posted)",
            },
        ]),
});

// What is theirs ends, what stays unpaid is decided, and the case is closed.
tours.add("toxic_customer_exit.walk_away_and_close", {
    steps: () =>
        withPatience([
            {
                trigger: "button[name=action_preview_walk_away]",
                run: "click",
            },
            {
                trigger: ".modal button[name=action_walk_away]",
                run: "click",
            },
            {
                content: "Tell the customer, in the words of the letter",
                trigger: "body:not(:has(.modal)) .nav-link[name=letters]",
                run: "click",
            },
            {
                trigger: "button[name=action_write_closing_letter]",
                run: "click",
            },
            {
                trigger: ".modal .o_field_widget[name=body]:contains(We end our cooperation)",
            },
            {
                trigger: ".modal button[name=action_send_mail]",
                run: "click",
            },
            {
                trigger: "body:not(:has(.modal)) .nav-link[name=decision]",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=open_amount_decision] select, .o_field_widget[name=open_amount_decision] input",
                run: "click",
            },
            {
                trigger: "body",
                run: () => {
                    const select = document.querySelector(
                        ".o_field_widget[name=open_amount_decision] select"
                    );
                    if (select) {
                        select.value = '"left_open"';
                        select.dispatchEvent(new Event("change", { bubbles: true }));
                    } else {
                        [...document.querySelectorAll(".o_select_menu_item")]
                            .find((item) => item.textContent.includes("Left open"))
                            .click();
                    }
                },
            },
            {
                trigger: ".o_field_widget[name=open_amount_reason] textarea",
                run: "edit They pay within the term of the invoice.",
            },
            {
                trigger: ".o_form_button_save",
                run: "click",
            },
            {
                trigger: "button[name=action_close]:not(:disabled)",
                run: "click",
            },
            {
                trigger:
                    ".o_statusbar_status .o_arrow_button_current:contains(Closed)",
            },
        ]),
});
