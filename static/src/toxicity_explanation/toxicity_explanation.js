import { Component, onWillStart, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

// One colour per band, from the best to the worst; each always comes with its word.
const BAND_COLORS = { healthy: "#28a745", watch: "#17a2b8", strained: "#ffac00", toxic: "#dc3545" };
const NEEDLE_COLOR = "#343a40";

/** Points the needle of a half-ring chart to a value between 0 and 100. */
function needle(value) {
    return {
        id: "needle",
        afterDatasetsDraw(chart) {
            const { x, y, outerRadius } = chart.getDatasetMeta(0).data[0];
            const angle = Math.PI * (1 + value / 100);
            const { ctx } = chart;
            ctx.save();
            ctx.lineWidth = 3;
            ctx.strokeStyle = NEEDLE_COLOR;
            ctx.beginPath();
            ctx.moveTo(x, y);
            ctx.lineTo(x + outerRadius * Math.cos(angle), y + outerRadius * Math.sin(angle));
            ctx.stroke();
            ctx.restore();
        },
    };
}

/**
 * Answers "why this score?" on the customer: a gauge with the bands, the two axes, a
 * bar per reason that opens its records, twelve months, and what moved the score.
 */
export class ToxicityExplanation extends Component {
    static template = "toxic_customer_exit.ToxicityExplanation";
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.gaugeRef = useRef("gauge");
        this.historyRef = useRef("history");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                const charts = [this.drawGauge(), this.drawHistory()];
                return () => charts.forEach((chart) => chart?.destroy());
            },
            () => [JSON.stringify(this.why)]
        );
    }

    get why() {
        return this.props.record.data[this.props.name];
    }

    get score() {
        return Math.round(this.why.score);
    }

    get credit() {
        return Math.round(this.why.credit);
    }

    get bandLabel() {
        return this.why.bands[this.why.band];
    }

    get hasHistory() {
        return this.why.history.length > 1;
    }

    get gaugeLabel() {
        return _t("Score %(score)s of 100: %(band)s", {
            score: this.score,
            band: this.bandLabel,
        });
    }

    get axes() {
        return [
            { key: "strain", name: _t("Strain"), value: this.score },
            { key: "credit", name: _t("Credit"), value: this.credit },
        ];
    }

    get moves() {
        const { decay, settings, evidence } = this.why.move;
        return [
            { key: "evidence", name: _t("new evidence"), points: evidence },
            { key: "decay", name: _t("fading of old signals"), points: decay },
            { key: "settings", name: _t("changed settings"), points: settings },
        ].map((move) => ({ ...move, points: this.formatPoints(move.points) }));
    }

    formatPoints(points) {
        const text = Math.abs(points).toFixed(1);
        if (text === "0.0") {
            return "±0";
        }
        return `${points > 0 ? "+" : "−"}${text}`;
    }

    formatDay(day) {
        return formatDate(deserializeDate(day));
    }

    percent(share) {
        return `${Math.round(100 * share)} %`;
    }

    async openRecords(bar, model) {
        const action = await this.orm.call("toxicity.score.line", "action_open_records", [
            [bar.id],
            model,
        ]);
        this.action.doAction(action);
    }

    drawGauge() {
        if (!this.gaugeRef.el) {
            return null;
        }
        const [watch, strained, toxic] = this.why.thresholds;
        return new Chart(this.gaugeRef.el, {
            type: "doughnut",
            data: {
                labels: ["healthy", "watch", "strained", "toxic"].map((band) => this.why.bands[band]),
                datasets: [
                    {
                        data: [watch, strained - watch, toxic - strained, 100 - toxic],
                        backgroundColor: Object.values(BAND_COLORS),
                    },
                ],
            },
            options: {
                animation: false,
                circumference: 180,
                rotation: 270,
                cutout: "70%",
                maintainAspectRatio: false,
                plugins: { legend: { display: false }, tooltip: { enabled: false } },
            },
            plugins: [needle(this.why.score)],
        });
    }

    drawHistory() {
        if (!this.historyRef.el) {
            return null;
        }
        const line = (key, label, color, dash) => ({
            label,
            data: this.why.history.map((point) => point[key]),
            borderColor: color,
            backgroundColor: color,
            borderDash: dash,
            tension: 0.2,
        });
        return new Chart(this.historyRef.el, {
            type: "line",
            data: {
                labels: this.why.history.map((point) => this.formatDay(point.date)),
                datasets: [
                    line("score", _t("Strain"), BAND_COLORS.toxic, []),
                    line("credit", _t("Credit"), BAND_COLORS.healthy, [6, 4]),
                ],
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                scales: { y: { min: 0, max: 100 } },
                plugins: { legend: { position: "bottom" } },
            },
        });
    }
}

registry.category("fields").add("toxicity_explanation", {
    component: ToxicityExplanation,
    supportedTypes: ["json"],
});
