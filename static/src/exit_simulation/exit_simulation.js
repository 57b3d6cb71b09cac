import { onWillStart, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { deserializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

import { MoneyField, moneyDependencies } from "../money_field/money_field";

const LOST_COLOR = "#dc3545";
const REPLACED_COLOR = "#28a745";
const BAND_CLASSES = { healthy: "success", watch: "info", strained: "warning", toxic: "danger" };

/** What is lost and what others earn instead: a chart, and a table by month. */
export class ExitForecast extends MoneyField {
    static template = "toxic_customer_exit.ExitForecast";

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

    get months() {
        return this.value.months.map((month, index) => ({
            ...month,
            name: deserializeDate(month.date).toFormat("LLL yyyy"),
            gap: month.replaced - month.lost,
            isFound: index === this.value.found,
            isNotice: index < this.value.notice,
        }));
    }

    draw() {
        if (!this.chartRef.el) {
            return null;
        }
        const { months } = this;
        const line = (key, label, color, dash) => ({
            label,
            data: months.map((month) => month[key]),
            borderColor: color,
            backgroundColor: color,
            borderDash: dash,
            pointRadius: months.map((month) => (month.isFound ? 6 : 2)),
        });
        return new Chart(this.chartRef.el, {
            type: "line",
            data: {
                labels: months.map((month) => month.name),
                datasets: [
                    line("lost", _t("Margin lost"), LOST_COLOR, [6, 4]),
                    line("replaced", _t("Margin replaced by others"), REPLACED_COLOR, []),
                ],
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                scales: { y: { ticks: { callback: (value) => this.money(value) } } },
                plugins: {
                    legend: {
                        position: "bottom",
                        labels: { usePointStyle: true, pointStyle: "line", pointStyleWidth: 32 },
                    },
                    tooltip: {
                        callbacks: {
                            label: ({ dataset, raw }) => `${dataset.label}: ${this.money(raw)}`,
                        },
                    },
                },
            },
        });
    }
}

/** The customers a simulation does without, each with its year and its settlement. */
export class ExitCustomers extends MoneyField {
    static template = "toxic_customer_exit.ExitCustomers";

    bandClass(band) {
        return `text-bg-${BAND_CLASSES[band] || "secondary"}`;
    }

    /** The figures of a customer that open their records. */
    getFigures(customer) {
        return [
            { figure: "revenue", label: _t("Revenue"), text: this.money(customer.revenue) },
            { figure: "", label: _t("Margin"), text: this.money(customer.margin) },
            { figure: "hours", label: _t("Hours"), text: this.hours(customer.hours) },
            {
                figure: "open_receivable",
                label: _t("Unpaid"),
                text: this.money(customer.unpaid),
            },
            { figure: "to_bill", label: _t("To bill"), text: this.money(customer.to_bill) },
        ];
    }

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
    ["exit_forecast", ExitForecast],
    ["exit_customers", ExitCustomers],
]) {
    fields.add(name, { component, supportedTypes: ["json"], fieldDependencies: moneyDependencies });
}
