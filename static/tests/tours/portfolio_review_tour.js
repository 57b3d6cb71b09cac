import { registry } from "@web/core/registry";

import { withPatience } from "./patience";

// A manager runs the review of the quarter, from the list to its close.
registry.category("web_tour.tours").add("toxic_customer_exit.review_portfolio", {
    steps: () => withPatience([
        {
            content: "Open the review of the quarter",
            trigger: ".o_data_row .o_data_cell[name=display_name]",
            run: "click",
        },
        {
            content: "It does not close before everybody is decided on",
            trigger: ".alert:contains(Not decided yet: Tour Customer Ltd)",
        },
        {
            content: "Decide on a customer",
            trigger: ".o_data_row:contains(Tour Customer Ltd) button[name=action_decide]",
            run: "click",
        },
        {
            content: "What we did ourselves stands there too",
            trigger: ".modal .o_own_part",
        },
        {
            trigger: ".modal .o_field_widget[name=decision] label:contains(Quarantine)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=note] textarea",
            run: "edit Takes three calls a day for one question.",
        },
        {
            trigger: ".modal footer button[name=action_follow]",
            run: "click",
        },
        {
            content: "The quarantine begins with what is known",
            trigger: ".o_field_widget[name=reason] textarea:value(three calls a day)",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved, .o_form_view:not(:has(.o_form_status_indicator_buttons:not(.invisible)))",
        },
        {
            content: "Back to the review",
            trigger: ".o_breadcrumb a:contains(Portfolio review Q)",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(Tour Customer Ltd) .badge:contains(Quarantine)",
        },
        {
            content: "Leave the others to the next review",
            trigger: "button[name=action_carry_over]",
            run: "click",
        },
        {
            trigger: ".modal footer .btn-primary",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) button[name=action_close]",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains(Closed)",
        },
        {
            content: "Did decisions hold?",
            trigger: ".nav-link[name=history]",
            run: "click",
        },
        {
            trigger: ".o_portfolio_review_history:contains(Tour Customer Ltd)",
        },
    ]),
});
