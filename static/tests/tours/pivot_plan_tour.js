import { registry } from "@web/core/registry";

import { withPatience } from "./patience";

// A manager starts a plan, sees what it starts from, and opens whose hours these are.
registry.category("web_tour.tours").add("toxic_customer_exit.start_plan", {
    steps: () =>
        withPatience([
            {
                trigger: ".o_data_row .o_data_cell[name=name]:contains(Less strain)",
                run: "click",
            },
            {
                content: "What is missing is said before anybody presses Start",
                trigger: ".alert:contains(Less strain has no quarters)",
            },
            {
                trigger: "button[name=action_add_quarters]",
                run: "click",
            },
            {
                content: "Target and plan, quarter by quarter",
                trigger: ".o_pivot_chart canvas",
            },
            {
                trigger: "button[name=action_start]:contains(Start)",
                run: "click",
            },
            {
                trigger: ".o_arrow_button_current:contains(Running)",
            },
            {
                trigger: ".nav-link:contains(Where hours and margin go)",
                run: "click",
            },
            {
                content: "40 % of the hours of the year",
                trigger:
                    "[data-class=strained] td:nth-child(2) button[data-figure=hours]:contains(40 %)",
                run: "click",
            },
            {
                trigger: ".o_list_view .o_data_row:contains(Worked)",
            },
            {
                trigger: ".o_breadcrumb a:contains(Less strain), .o_back_button",
                run: "click",
            },
            {
                trigger: ".nav-link:contains(Moves)",
                run: "click",
            },
            {
                trigger: ".o_data_row:contains(Tour Customer Ltd) button:contains(Start)",
                run: "click",
            },
            {
                content: "The exit that the move opened",
                trigger: ".o_field_widget[name=partner_id] input:value(Tour Customer Ltd)",
            },
        ]),
});
