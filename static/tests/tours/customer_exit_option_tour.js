import { registry } from "@web/core/registry";

import { withPatience } from "./patience";

const tours = registry.category("web_tour.tours");

function addOption(template) {
    return [
        {
            content: `Write down an option: ${template}`,
            trigger: ".o_field_widget[name=option_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=template_id] input",
            run: `edit ${template}`,
        },
        {
            trigger: `.modal .o-autocomplete--dropdown-item a:contains(${template})`,
            run: "click",
        },
        {
            trigger: `.modal .o_field_widget[name=name] :value(${template})`,
        },
        {
            trigger: ".modal .o_field_widget[name=is_feasible] input",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=is_realistic] input",
            run: "click",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            trigger: `body:not(:has(.modal)) .o_field_widget[name=option_ids] .o_data_cell:contains(${template})`,
        },
    ];
}

// A manager offers two ways to go on, by the mail that brings the customer to them.
tours.add("toxic_customer_exit.offer_options", {
    steps: () => withPatience([
        {
            trigger: ".nav-link[name=options]",
            run: "click",
        },
        ...addOption("A pause of three months"),
        ...addOption("Hours paid in advance"),
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: "button[name=action_offer_options]",
            run: "click",
        },
        {
            content: "The mail is ready to be read through",
            trigger: ".modal .o_field_widget[name=body]:contains(Dear Tour Customer)",
        },
        {
            trigger: ".modal button[name=action_send_mail]",
            run: "click",
        },
        {
            trigger:
                "body:not(:has(.modal)) .o_statusbar_status .o_arrow_button_current:contains(Options)",
        },
        {
            trigger: ".o_field_widget[name=option_ids] .badge:contains(Offered)",
        },
    ]),
});

// The customer reads the proposals, and signs one.
tours.add("toxic_customer_exit.sign_option", {
    steps: () => withPatience([
        {
            trigger: "body[is-ready=true]",
        },
        {
            content: "Choose one, and see nothing of what we think",
            trigger:
                "body:not(:contains(oxic)):not(:contains(xit)) .card:contains(A pause of three months) .o_proposal_choose",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Typing draws, as soon as there is something to draw on",
            trigger: "canvas.o_web_sign_signature",
        },
        {
            trigger: ".o_web_sign_name_and_signature input",
            run: "edit Terry Tour",
        },
        {
            trigger: "canvas.o_web_sign_signature",
            run: "canvasNotEmpty",
        },
        {
            trigger: ".o_portal_sign_submit:enabled",
            run: "click",
            expectUnloadPage: true,
        },
        {
            trigger: ".alert-success:contains(Thank you)",
        },
        {
            trigger: ".card:contains(Signed by Terry Tour)",
        },
    ]),
});

// The manager finds the customer retained, with what both sides promised.
tours.add("toxic_customer_exit.see_retained", {
    steps: () => withPatience([
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Retained)",
        },
        {
            trigger: ".nav-link[name=commitments]",
            run: "click",
        },
        {
            trigger:
                ".o_field_widget[name=commitment_ids] .o_data_row:contains(You settle what is invoiced) button[name=action_keep]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=commitment_ids] .badge:contains(Kept)",
        },
    ]),
});
