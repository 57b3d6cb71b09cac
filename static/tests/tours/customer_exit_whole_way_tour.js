import { registry } from "@web/core/registry";

import { withPatience } from "./patience";

const tours = registry.category("web_tour.tours");
const FORM = "body:not(:has(.modal))";

function isInState(label) {
    return {
        trigger: `${FORM} .o_statusbar_status .o_arrow_button_current:contains(${label})`,
    };
}

function openPage(name) {
    return { trigger: `${FORM} .nav-link[name=${name}]`, run: "click" };
}

function getGateLine(label) {
    return `.o_field_widget[name=gate_line_ids] .o_data_row:contains(${label})`;
}

function settleLine(label, ...steps) {
    return [
        {
            content: `Settle at the gate: ${label}`,
            trigger: `${FORM} ${getGateLine(label)} button[name=action_settle]`,
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=line_ids] .o_data_row",
        },
        ...steps,
        {
            trigger: `${FORM} .o_field_widget[name=gate_line_ids]:not(:has(.o_data_row:contains(${label})))`,
        },
    ];
}

function choose(name, label) {
    return {
        trigger: `.o_field_widget[name=${name}] .o_radio_item:contains(${label}) input`,
        run: "click",
    };
}

function write(name, text) {
    return {
        trigger: `.o_field_widget[name=${name}] textarea`,
        run: `edit ${text}`,
    };
}

// The form says what is missing: once it does no longer, it has drawn what was chosen.
function isAnswered(question) {
    return {
        trigger: `.o_form_view:not(:has(.alert li:contains(${question})))`,
    };
}

// The customer asks, and turns one proposal down with a word why.
tours.add("toxic_customer_exit.ask_and_decline", {
    steps: () =>
        withPatience([
            {
                trigger: "body[is-ready=true]",
            },
            {
                trigger: ".o_proposal_question textarea",
                run: "edit When would this begin?",
            },
            {
                trigger: ".o_proposal_question button[type=submit]",
                run: "click",
                expectUnloadPage: true,
            },
            {
                trigger: ".alert-success:contains(Your question has been passed on)",
            },
            {
                trigger: "body[is-ready=true]",
            },
            {
                trigger: ".card:contains(Hours paid in advance) button:contains(Turn it down)",
                run: "click",
            },
            {
                trigger:
                    ".card:contains(Hours paid in advance) .collapse.show textarea",
                run: "edit We never pay in advance.",
            },
            {
                trigger: ".card:contains(Hours paid in advance) button[type=submit]",
                run: "click",
                expectUnloadPage: true,
            },
            {
                trigger: ".alert-success:contains(Thank you for telling us)",
            },
            {
                trigger: ".card:contains(Hours paid in advance) .badge:contains(Turned down)",
            },
        ]),
});

// The requester notes that the customer did not keep what was signed.
tours.add("toxic_customer_exit.miss_promise", {
    steps: () =>
        withPatience([
            openPage("commitments"),
            {
                trigger:
                    ".o_field_widget[name=commitment_ids] .o_data_row:contains(You settle what is invoiced) button[name=action_miss]",
                run: "click",
            },
            isInState("Options"),
        ]),
});

// Another person decides.
tours.add("toxic_customer_exit.decide", {
    steps: () =>
        withPatience([
            openPage("decision"),
            write("approval_reason", "What was agreed with a signature did not hold."),
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
            isInState("Wrap-up"),
        ]),
});

// What is open is finished, handed over, dropped or waived, each as it deserves.
tours.add("toxic_customer_exit.pass_the_gate", {
    steps: () =>
        withPatience([
            openPage("gate"),
            {
                trigger: getGateLine("Open tasks"),
            },
            ...settleLine("Open quotations", {
                trigger: ".modal button[name=action_drop]",
                run: "click",
            }),
            ...settleLine(
                "Open leads",
                {
                    ...write("reason", "Their sister asks for it."),
                    trigger: ".modal .o_field_widget[name=reason] textarea",
                },
                {
                    trigger: ".modal button[name=action_waive]",
                    run: "click",
                }
            ),
            {
                content: "Tasks have a list of their own",
                trigger: "button[name=action_view_wrap_up_list]",
                run: "click",
            },
            {
                trigger: ".o_data_row:contains(Proof reading) button[name=action_wrap_up_finish]",
                run: "click",
            },
            {
                trigger:
                    ".o_data_row:contains(Proof reading):not(:has(button[name=action_wrap_up_finish]))",
            },
            {
                trigger: ".o_data_row:contains(Hosting) button[name=action_wrap_up_decide]",
                run: "click",
            },
            {
                trigger: ".modal .o_field_widget[name=user_id] input",
                run: "edit salesperson",
            },
            {
                trigger: ".modal .o-autocomplete--dropdown-item:contains(salesperson)",
                run: "click",
            },
            {
                trigger: ".modal button[name=action_hand_over]",
                run: "click",
            },
            {
                trigger: `${FORM} .o_data_row:contains(Hosting)`,
            },
            {
                trigger: ".o_back_button",
                run: "click",
            },
            openPage("gate"),
            {
                trigger: ".o_field_widget[name=gate_line_ids]:not(:has(.o_data_row:contains(Open tasks)))",
            },
            {
                trigger: ".o_field_widget[name=waiver_ids] .o_data_row:contains(Their sister asks for it)",
            },
        ]),
});

// One final invoice: looked at, posted, sent.
tours.add("toxic_customer_exit.bill", {
    steps: () =>
        withPatience([
            {
                trigger: "button[name=action_preview_final_invoice]",
                run: "click",
            },
            {
                trigger: ".modal .o_field_widget[name=totals] td:contains(400.00)",
            },
            {
                trigger: ".modal button[name=action_issue]",
                run: "click",
            },
            isInState("Posted"),
        ]),
});

tours.add("toxic_customer_exit.send_and_show", {
    steps: () =>
        withPatience([
            isInState("Invoiced"),
            {
                trigger: "button[name=action_send_invoices]",
                run: "click",
            },
            {
                trigger: ".modal .o_field_widget[name=mail_partner_ids]:contains(Tour Customer Ltd)",
            },
            {
                trigger: ".modal button[name=action_send_and_print]:contains(Send)",
                run: "click",
            },
            openPage("statement"),
            {
                trigger: "button[name=action_share_statement]:contains(Show to the customer)",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=statement_url]:contains(/my/statement/)",
            },
        ]),
});

// The customer looks at it: what was delivered, billed and is open, and nothing else.
tours.add("toxic_customer_exit.read_statement", {
    steps: () =>
        withPatience([
            {
                trigger:
                    "body:not(:contains(oxic)):not(:contains(xit)) h2:contains(Statement of account)",
            },
            {
                trigger: "p:contains(Still owed) strong:contains(400.00)",
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
                content: "What will happen is named first",
                trigger:
                    ".modal .o_field_widget[name=preview]:contains(Portal access is revoked)",
            },
            {
                trigger: ".modal button[name=action_walk_away]",
                run: "click",
            },
            openPage("deeds"),
            {
                trigger:
                    ".o_field_widget[name=deed_ids] .o_data_row:contains(Portal access revoked)",
            },
            {
                ...openPage("letters"),
                content: "Tell the customer, in the words of the letter",
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
            openPage("decision"),
            {
                trigger: ".o_field_widget[name=open_amount_decision] input",
                run: "click",
            },
            {
                trigger: ".o_select_menu_item:contains(Left open)",
                run: "click",
            },
            write("open_amount_reason", "They pay within the term of the invoice."),
            {
                trigger: ".o_form_button_save",
                run: "click",
            },
            {
                trigger: "button[name=action_close]:not(:disabled)",
                run: "click",
            },
            isInState("Closed"),
        ]),
});

// The requester looks back.
tours.add("toxic_customer_exit.look_back", {
    steps: () =>
        withPatience([
            openPage("reviews"),
            {
                trigger:
                    ".o_field_widget[name=review_ids] .o_data_row:first button[name=get_formview_action]",
                run: "click",
            },
            choose("did_exit", "Yes"),
            isAnswered("Did we exit"),
            write("circumstances", "A promise that did not hold."),
            choose("pressure", "No"),
            isAnswered("pressed to cut corners"),
            choose("feeling", "Rather good"),
            isAnswered("How did it feel"),
            write("outcome", "They found somebody who suits them."),
            choose("regret", "No"),
            isAnswered("Not answered yet"),
            {
                trigger: "button[name=action_done]",
                run: "click",
            },
            isInState("Done"),
        ]),
});
