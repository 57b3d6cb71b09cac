import { registry } from "@web/core/registry";

import { withPatience } from "./patience";

// A manager contains a customer, and ends it in a review.
registry.category("web_tour.tours").add("toxic_customer_exit.start_quarantine", {
    steps: () => withPatience([
        {
            content: "From what is known about the customer",
            trigger: ".nav-link[name=toxicity]",
            run: "click",
        },
        {
            trigger: "button[name=action_view_quarantine]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=reason] textarea",
            run: "edit Calls three times a day since May.",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: "button[name=action_start]",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains(Active)",
        },
    ]),
});

// Who plans a meeting outside the windows gets a time in one, in a click.
registry.category("web_tour.tours").add("toxic_customer_exit.meet_in_window", {
    steps: () => withPatience([
        {
            trigger: ".o_field_widget[name=name] input, .o_field_widget[name=name] textarea",
            run: "edit Status",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "It is refused, with words that say when",
            trigger: ".modal:contains(are held Tuesday, Thursday)",
        },
        {
            trigger: ".modal button:contains(Choose a time)",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_take_first]",
            run: "click",
        },
        {
            content: "The meeting is there, at the time offered",
            trigger: "body:not(:has(.modal)) button[name=action_open_brief]",
        },
    ]),
});

registry.category("web_tour.tours").add("toxic_customer_exit.exceed_hours", {
    steps: () => withPatience([
        {
            content: "The hours of the week are above the budget",
            trigger: "button[name=action_view_weeks]:contains(150)",
        },
        {
            content: "Somebody is told",
            trigger: ".o-mail-Activity:contains(this week)",
        },
        {
            trigger: "button[name=action_review]",
            run: "click",
        },
        {
            trigger: "button[name=action_decide]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=conclusion] textarea",
            run: "edit They keep to the windows now.",
        },
        {
            trigger: ".modal button[name=action_confirm]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_arrow_button_current:contains(Lifted)",
        },
    ]),
});
