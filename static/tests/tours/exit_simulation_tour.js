import { registry } from "@web/core/registry";

import { withPatience } from "./patience";

// A manager simulates the exit of a customer and finds the month from which on it is
// affordable, by what is assumed of the others.
registry.category("web_tour.tours").add("toxic_customer_exit.simulate_exit", {
    steps: () =>
        withPatience([
            {
                content: "Choose the customer in the list by risk",
                trigger:
                    ".o_data_row:contains(Tour Customer Ltd) .o_list_record_selector input",
                run: "click",
            },
            {
                trigger: ".o_cp_action_menus button:contains(Actions)",
                run: "click",
            },
            {
                trigger: ".o-dropdown--menu .o_menu_item:contains(Simulate an exit)",
                run: "click",
            },
            {
                content: "As computed it is not affordable",
                trigger: ".o_field_widget[name=verdict]:contains(Not affordable within 12 months)",
            },
            {
                trigger: ".o_exit_forecast_chart canvas",
            },
            {
                trigger: ".o_exit_customers tbody tr:contains(Tour Customer Ltd)",
            },
            {
                content: "The others would pay more for an hour",
                trigger: ".o_field_widget[name=margin_per_hour] input",
                run: "edit 500",
            },
            {
                trigger: ".o_field_widget[name=notice] input",
                run: "edit 0",
            },
            {
                content: "The month is found, in the words and in the table",
                trigger: ".o_field_widget[name=verdict]:contains(Affordable from)",
            },
            {
                trigger: ".o_exit_forecast tbody tr:nth-child(4)[data-found='1']",
            },
            {
                trigger: "button[name=action_reset]",
                run: "click",
            },
            {
                trigger: ".o_field_widget[name=verdict]:contains(Not affordable within 12 months)",
            },
            {
                trigger: "body:not(:has(button[name=action_reset]))",
            },
        ]),
});
