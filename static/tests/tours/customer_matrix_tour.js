import { registry } from "@web/core/registry";

import { withPatience } from "./patience";

const chart = ".o_matrix_chart";
const goToChart = {
    trigger: chart,
    run: () => document.querySelector(chart).focus(),
};

// By the keyboard alone: from bubble to bubble, select two, open one.
registry.category("web_tour.tours").add("toxic_customer_exit.customer_matrix", {
    steps: () =>
        withPatience([
            {
                trigger: ".o_searchview_input",
                run: "edit Matrix Ltd",
            },
            {
                trigger: ".o_searchview_input",
                run: "press Enter",
            },
            {
                trigger: `${chart}[aria-label*="3 customers"]`,
            },
            goToChart,
            {
                trigger: chart,
                run: "press Home",
            },
            {
                trigger: `${chart} .o_matrix_note:contains(Calm Matrix Ltd)`,
            },
            {
                trigger: chart,
                run: "press Space",
            },
            {
                trigger: chart,
                run: "press ArrowRight",
            },
            {
                trigger: `${chart} .o_matrix_said:contains(2 of 3)`,
            },
            {
                trigger: chart,
                run: "press End",
            },
            {
                trigger: chart,
                run: "press Space",
            },
            {
                trigger: ".o_matrix_selection:contains(2 customers selected)",
            },
            {
                trigger: ".o_matrix_chosen:contains(Loud Matrix Ltd)",
            },
            {
                content: "The table tells the same",
                trigger: ".o_matrix_as_table",
                run: "click",
            },
            {
                trigger: ".o_matrix_table tr.table-active:contains(Calm Matrix Ltd)",
            },
            {
                trigger: ".o_matrix_as_chart",
                run: "click",
            },
            {
                trigger: ".o_matrix_open_list",
                run: "click",
            },
            {
                trigger: ".o_list_view .o_data_row:contains(Calm Matrix Ltd)",
            },
            {
                trigger: ".o_back_button, .breadcrumb-item a:contains(Matrix)",
                run: "click",
            },
            {
                content: "What was selected still is",
                trigger: ".o_matrix_selection:contains(2 customers selected)",
            },
            goToChart,
            {
                trigger: chart,
                run: "press End",
            },
            {
                trigger: chart,
                run: "press Enter",
            },
            {
                trigger: ".o_form_view .o_breadcrumb:contains(Loud Matrix Ltd)",
            },
        ]),
});
