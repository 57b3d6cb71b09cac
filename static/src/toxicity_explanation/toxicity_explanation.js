import { Component, onWillStart, useEffect, useRef, useState } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

// One colour per band, from the best to the worst; each always comes with its word.
const BAND_COLORS = { healthy: "#28a745", watch: "#17a2b8", strained: "#ffac00", toxic: "#dc3545" };
const BAND_CLASSES = { healthy: "success", watch: "info", strained: "warning", toxic: "danger" };

/** Rounds numbers to whole ones that still add up to the rounded sum of all. */
export function roundTogether(numbers) {
    const rounded = numbers.map(Math.floor);
    const sum = (values) => values.reduce((total, value) => total + value, 0);
    const missing = Math.round(sum(numbers)) - sum(rounded);
    numbers
        .map((number, index) => [number - rounded[index], index])
        .sort(([one], [other]) => other - one)
        .slice(0, missing)
        .forEach(([, index]) => rounded[index]++);
    return rounded;
}

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
            ctx.strokeStyle = getComputedStyle(chart.canvas).color;
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
        this.state = useState({ showsIdle: false });
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

    get bandClass() {
        return `text-bg-${BAND_CLASSES[this.why.band]}`;
    }

    get thresholdsText() {
        const { bands, thresholds } = this.why;
        const [watch, strained, toxic] = thresholds;
        return _t("%(watch)s from %(from_watch)s, %(strained)s from %(from_strained)s, %(toxic)s from %(from_toxic)s", {
            watch: bands.watch,
            strained: bands.strained,
            toxic: bands.toxic,
            from_watch: watch,
            from_strained: strained,
            from_toxic: toxic,
        });
    }

    /** The reasons by axis; the shares of each add up to 100 as they are shown. */
    get groups() {
        return [
            { key: "strain", name: _t("Strain"), result: this.score },
            { key: "credit", name: _t("Credit"), result: this.credit },
        ]
            .map((group) => ({ ...group, bars: this.getWeighedBars(group.key) }))
            .filter((group) => group.bars.length)
            .map((group) => ({
                ...group,
                load: group.bars.reduce((total, bar) => total + bar.load, 0),
            }));
    }

    getWeighedBars(polarity) {
        const bars = this.why.bars.filter((bar) => bar.load && bar.polarity === polarity);
        const shares = roundTogether(bars.map((bar) => 100 * bar.share));
        return bars.map((bar, index) => ({ ...bar, percent: shares[index] }));
    }

    /** What was looked at and adds nothing. */
    get idleBars() {
        return this.why.bars.filter((bar) => !bar.load);
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
                plugins: {
                    legend: {
                        position: "bottom",
                        labels: { usePointStyle: true, pointStyle: "line", pointStyleWidth: 32 },
                    },
                },
            },
        });
    }
}

registry.category("fields").add("toxicity_explanation", {
    component: ToxicityExplanation,
    supportedTypes: ["json"],
});
