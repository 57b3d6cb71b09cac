import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

const PAGE = 40;

/** The same customers in words and numbers: for those who do not see the bubbles. */
export class MatrixTable extends Component {
    static template = "toxic_customer_exit.MatrixTable";
    static props = {
        bubbles: Array,
        selected: Object,
        classLabels: Object,
        formatHours: Function,
        onOpen: Function,
        onSelect: Function,
    };

    setup() {
        this.state = useState({ column: "hours", isRising: false, page: 0 });
    }

    get columns() {
        return [
            { name: "name", label: _t("Customer") },
            { name: "class", label: _t("Class") },
            { name: "strain", label: _t("Strain"), isNumber: true },
            { name: "credit", label: _t("Credit"), isNumber: true },
            { name: "hours", label: _t("Hours"), isNumber: true },
        ];
    }

    get pages() {
        return Math.max(1, Math.ceil(this.props.bubbles.length / PAGE));
    }

    get page() {
        return Math.min(this.state.page, this.pages - 1);
    }

    get rows() {
        const { column, isRising } = this.state;
        const sign = isRising ? 1 : -1;
        const compare =
            column === "name" || column === "class"
                ? (one, other) => `${one[column]}`.localeCompare(`${other[column]}`)
                : (one, other) => one[column] - other[column];
        return [...this.props.bubbles]
            .sort((one, other) => sign * compare(one, other) || one.id - other.id)
            .slice(this.page * PAGE, (this.page + 1) * PAGE);
    }

    get pageText() {
        const from = this.page * PAGE + 1;
        const { length } = this.props.bubbles;
        const to = Math.min(length, from + PAGE - 1);
        return _t("%(from)s to %(to)s of %(count)s", { from, to, count: length });
    }

    getSort(column) {
        if (this.state.column !== column) {
            return "none";
        }
        return this.state.isRising ? "ascending" : "descending";
    }

    sortBy({ name, isNumber }) {
        const isRising = this.state.column === name ? !this.state.isRising : !isNumber;
        Object.assign(this.state, { column: name, isRising, page: 0 });
    }

    turn(pages) {
        this.state.page = Math.max(0, Math.min(this.pages - 1, this.page + pages));
    }

    round(value) {
        return Math.round(value);
    }
}
