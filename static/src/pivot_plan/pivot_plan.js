import { onWillStart, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

import { MoneyField, moneyDependencies } from "../money_field/money_field";

const COLORS = { target: "#6c757d", planned: "#17a2b8", actual: "#714b67" };

/** The share of the hours on strained and toxic customers: wanted, planned, come true. */
export class PivotChart extends MoneyField {
    static template = "toxic_customer_exit.PivotChart";

    setup() {
        super.setup();
        this.chartRef = useRef("chart");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                const chart = this.draw();
                return () => chart?.destroy();
            },
            () => [JSON.stringify(this.value)]
        );
    }

    draw() {
        if (!this.chartRef.el) {
            return null;
        }
        const line = (key, label, extra) => ({
            label,
            type: "line",
            data: this.value.map((quarter) => quarter[key] && 100 * quarter[key]),
            borderColor: COLORS[key],
            backgroundColor: COLORS[key],
            ...extra,
        });
        return new Chart(this.chartRef.el, {
            data: {
                labels: this.value.map((quarter) => quarter.name),
                datasets: [
                    line("target", _t("Target"), { borderDash: [2, 4], pointStyle: "line" }),
                    line("planned", _t("Planned"), { borderDash: [8, 4], pointStyle: "line" }),
                    line("actual", _t("Actual"), {
                        type: "bar",
                        maxBarThickness: 48,
                        pointStyle: "rect",
                    }),
                ],
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                scales: { y: { min: 0, ticks: { callback: (value) => `${value} %` } } },
                plugins: {
                    legend: {
                        position: "bottom",
                        labels: { usePointStyle: true, pointStyleWidth: 24 },
                    },
                    tooltip: {
                        callbacks: {
                            label: ({ dataset, raw }) => `${dataset.label}: ${raw.toFixed(1)} %`,
                        },
                    },
                },
            },
        });
    }
}

/** Shares of hours and margin by class, now and in each quarter. */
export class PivotStanding extends MoneyField {
    static template = "toxic_customer_exit.PivotStanding";

    /** The year opens its documents, a quarter its rows of the portfolio. */
    openCell(what, row, index) {
        const quarter = this.value.days[index];
        const figure = quarter ? "quarter" : what;
        return this.openFigure({ figure, quarter, row: row.key });
    }

    about(cell) {
        return _t("%(hours)s hours, %(margin)s margin", {
            hours: this.hours(cell.hours),
            margin: this.money(cell.margin),
        });
    }
}

/** Preferred customers who ask for more, with the hours that they would take. */
export class PivotDemand extends MoneyField {
    static template = "toxic_customer_exit.PivotDemand";

    open(customer) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "res.partner",
            res_id: customer.id,
            views: [[false, "form"]],
        });
    }
}

const fields = registry.category("fields");

for (const [name, component] of [
    ["pivot_chart", PivotChart],
    ["pivot_standing", PivotStanding],
    ["pivot_demand", PivotDemand],
]) {
    fields.add(name, { component, supportedTypes: ["json"], fieldDependencies: moneyDependencies });
}
