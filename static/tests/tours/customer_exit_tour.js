import { registry } from "@web/core/registry";

import { withPatience } from "./patience";

// From a signal over the exit to its posted final invoice, as a manager works.
registry.category("web_tour.tours").add("toxic_customer_exit.signal_to_invoice", {
    steps: () => withPatience([
        {
            content: "Open the customer from the list by risk",
            trigger: ".o_data_cell:contains(Tour Customer Ltd)",
            run: "click",
        },
        {
            content: "Record what happened",
            trigger: ".o-form-buttonbox button:contains(Record a signal)",
            run: "click",
        },
        {
            content: "Say what it was",
            trigger: ".modal .o_field_widget[name=indicator_id] span:contains(Asked us to misrepresent)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=severity] span:contains(Severe)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=description] textarea",
            run: "edit Asked on the phone to state twice the headcount in the offer.",
        },
        {
            trigger: ".modal footer button:contains(Record)",
            run: "click",
        },
        {
            content: "The customer is scored at once",
            trigger: "body:not(:has(.modal)) .nav-link[name=toxicity]",
            run: "click",
        },
        {
            trigger: ".o_toxicity_explanation:contains(Strained)",
        },
        {
            trigger: ".o_toxicity_bar:contains(Asked us to misrepresent)",
        },
        {
            content: "Open an exit",
            trigger: "button:contains(Open an exit)",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=partner_id] input:value(Tour Customer Ltd)",
        },
        {
            trigger: ".nav-link[name=reasons]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=reasons] .odoo-editor-editable",
            run: "editor Numbers in the offer were to be stated as other than they are.",
        },
        {
            trigger: ".nav-link[name=options]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=few_options_reason] textarea",
            run: "edit Whoever asks for this leaves us nothing to offer.",
        },
        {
            trigger: ".nav-link[name=decision]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=approval_reason] textarea",
            run: "edit We will not state what is not so.",
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
            content: "Look at what the final invoice holds",
            trigger: "button[name=action_preview_final_invoice]",
            run: "click",
        },
        {
            trigger: ".modal td[name=name]:contains(Ordered advice)",
        },
        {
            trigger: ".modal button[name=action_issue]",
            run: "click",
        },
        {
            content: "The posted invoice is shown",
            trigger: "body:not(:has(.modal)) .o_field_widget[name=state]:contains(Posted), .o_form_view .o_statusbar_status button.o_arrow_button_current:contains(Posted)",
        },
    ]),
});

// Something was billed at another price: the preview asks what becomes of it.
registry.category("web_tour.tours").add("toxic_customer_exit.choose_price", {
    steps: () => withPatience([
        {
            trigger: "button[name=action_preview_final_invoice]",
            run: "click",
        },
        {
            trigger: ".modal .alert-danger:contains(another price)",
        },
        {
            trigger: ".modal td[name=price_choice] button:contains(Leave)",
            run: "click",
        },
        {
            content: "What is left takes a reason",
            trigger: ".modal .o_field_widget[name=price_reason] textarea",
        },
        {
            trigger: ".modal td[name=price_choice] button:contains(Put right)",
            run: "click",
        },
        {
            trigger: ".modal:not(:has(.o_field_widget[name=price_reason])) td[name=price_choice] button[aria-pressed=true]:contains(Put right)",
        },
        {
            trigger: ".modal .o_field_widget[name=totals] td:contains(260.00)",
        },
        {
            trigger: ".modal button[name=action_issue]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_statusbar_status .o_arrow_button_current:contains(Posted)",
        },
    ]),
});
