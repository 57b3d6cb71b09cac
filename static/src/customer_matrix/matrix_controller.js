import { Component, useRef, useState } from "@odoo/owl";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { useBus, useService } from "@web/core/utils/hooks";
import { formatFloat } from "@web/core/utils/numbers";
import { useDebounced } from "@web/core/utils/timing";
import { useModel } from "@web/model/model";
import { useSetupAction } from "@web/search/action_hook";
import { CogMenu } from "@web/search/cog_menu/cog_menu";
import { Layout } from "@web/search/layout";
import { SearchBar } from "@web/search/search_bar/search_bar";
import { useSearchBarToggler } from "@web/search/search_bar/search_bar_toggler";
import { ActionHelper } from "@web/views/action_helper";
import { standardViewProps } from "@web/views/standard_view_props";
import { MatrixChart } from "./matrix_chart";
import { CLASSES, SHAPES, getLargestRadius, getPath, getRadius, getSizeSteps } from "./matrix_geometry";
import { MatrixTable } from "./matrix_table";

// Of more selected ones the names would fill the screen.
const MOST_NAMES = 40;

/** The matrix with what is around it: quarter, legend, selection, preferred customers. */
export class MatrixController extends Component {
    static template = "toxic_customer_exit.MatrixController";
    static components = { ActionHelper, CogMenu, Layout, MatrixChart, MatrixTable, SearchBar };
    static props = { ...standardViewProps, Model: Function };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.rootRef = useRef("root");
        const { quarter, chosen = [], isTable = false } = this.props.state || {};
        this.state = useState({ isTable, isSelecting: false, position: null });
        // Replaced as a whole: who draws it sees at once whether it is another one.
        this.chosen = new Map(chosen.map((bubble) => [bubble.id, bubble]));
        this.selected = new Set(this.chosen.keys());
        this.model = useModel(this.props.Model, { resModel: this.props.resModel, quarter });
        this.goToPosition = useDebounced((position) => {
            this.model.goTo(this.data.quarters[position]);
        }, 120);
        this.tell = this.tell.bind(this);
        this.formatHours = this.formatHours.bind(this);
        useBus(this.model.bus, "update", () => this.render());
        useSetupAction({
            rootRef: this.rootRef,
            getLocalState: () => ({
                quarter: this.model.quarter,
                chosen: [...this.chosen.values()],
                isTable: this.state.isTable,
            }),
        });
        this.searchBarToggler = useSearchBarToggler();
    }

    get data() {
        return this.model.data;
    }

    get isCurrent() {
        return this.data.quarter === this.data.quarters.at(-1);
    }

    get isSearching() {
        return this.env.searchModel.facets.length > 0;
    }

    /** Nothing at all, whatever is searched: what to do about it is told. */
    get isEmpty() {
        return !this.data.total && this.isCurrent && !this.isSearching;
    }

    get nothingText() {
        return this.isCurrent
            ? _t("No customer with a score matches the search.")
            : _t("None of these customers had a score then.");
    }

    // -- words -----------------------------------------------------------------------

    get classLabels() {
        return Object.fromEntries(this.props.fields.customer_class.selection);
    }

    formatHours(hours) {
        return formatFloat(hours, { digits: [16, hours < 100 ? 1 : 0] });
    }

    /** The facts of a bubble beside its name. */
    tell(bubble) {
        const { companies } = this.data;
        const facts = [
            this.classLabels[bubble.class],
            _t("strain %(strain)s, credit %(credit)s", {
                strain: Math.round(bubble.strain),
                credit: Math.round(bubble.credit),
            }),
            bubble.meetingHours
                ? _t("%(hours)s hours, of them %(met)s in meetings", {
                      hours: this.formatHours(bubble.hours),
                      met: this.formatHours(bubble.meetingHours),
                  })
                : _t("%(hours)s hours", { hours: this.formatHours(bubble.hours) }),
        ];
        if (Object.keys(companies).length > 1) {
            facts.push(companies[bubble.companyId]);
        }
        return facts;
    }

    formatQuarter(start) {
        const { quarter, year } = deserializeDate(start);
        return _t("Q%(quarter)s %(year)s", { quarter, year });
    }

    /** The position of the slider: where it is drawn to, or else what is shown. */
    get position() {
        const shown = this.data.quarters.indexOf(this.data.quarter);
        return this.state.position ?? Math.max(0, shown);
    }

    get quarterText() {
        const start = this.data.quarters[this.position];
        if (this.position === this.data.quarters.length - 1) {
            return _t("%(quarter)s, today", { quarter: this.formatQuarter(start) });
        }
        const end = deserializeDate(start).endOf("quarter");
        return _t("%(quarter)s, as of %(day)s", {
            quarter: this.formatQuarter(start),
            day: formatDate(end),
        });
    }

    get summary() {
        const { counts, total, quarter } = this.data;
        const parts = CLASSES.filter((key) => counts[key]).map((key) =>
            _t("%(count)s %(class)s", {
                count: counts[key],
                class: this.classLabels[key].toLowerCase(),
            })
        );
        const text = _t("%(quarter)s: %(count)s customers", {
            quarter: this.formatQuarter(quarter),
            count: total,
        });
        return parts.length ? `${text} (${parts.join(", ")})` : text;
    }

    get omitted() {
        const { total, bubbles } = this.data;
        return total > bubbles.length ? bubbles.length : 0;
    }

    /** Filters know the customers as they are today. */
    get isFilteredPast() {
        return !this.isCurrent && this.isSearching;
    }

    // -- legend ----------------------------------------------------------------------

    get legend() {
        return CLASSES.map((key) => ({
            key,
            label: this.classLabels[key],
            count: this.data.counts[key],
            path: getPath(SHAPES[key], 10, 11, 6),
        }));
    }

    get sizes() {
        const { bubbles } = this.data;
        const most = bubbles.reduce((hours, bubble) => Math.max(hours, bubble.hours), 0);
        // As on a matrix of usual size: what matters is how they are to each other.
        const largest = getLargestRadius({ width: 800, height: 450 }, bubbles.length) * 0.6;
        return getSizeSteps(most).map((hours) => {
            const radius = getRadius(hours, most, largest, 1);
            return { hours: this.formatHours(hours), radius, side: 2 * radius + 2 };
        });
    }

    // -- quarter ---------------------------------------------------------------------

    onSlide(event) {
        this.state.position = Number(event.target.value);
        this.goToPosition(this.state.position);
    }

    // -- selection -------------------------------------------------------------------

    onSelect(ids, how) {
        const chosen = new Map(how === "replace" ? [] : this.chosen);
        for (const id of ids) {
            if (how === "toggle" && chosen.has(id)) {
                chosen.delete(id);
            } else {
                chosen.set(id, this.chosen.get(id) || this.find(id));
            }
        }
        this.chosen = chosen;
        this.selected = new Set(chosen.keys());
        this.render();
    }

    find(id) {
        return this.data.byId.get(id);
    }

    get chosenNames() {
        return [...this.chosen.values()].slice(0, MOST_NAMES);
    }

    get chosenText() {
        const hours = [...this.chosen.values()].reduce((sum, bubble) => sum + bubble.hours, 0);
        return this.chosen.size === 1
            ? _t("1 customer selected, %(hours)s hours", { hours: this.formatHours(hours) })
            : _t("%(count)s customers selected, %(hours)s hours", {
                  count: this.chosen.size,
                  hours: this.formatHours(hours),
              });
    }

    // -- what is opened --------------------------------------------------------------

    onOpen(id) {
        const { partnerId } = this.find(id) || this.chosen.get(id);
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "res.partner",
            res_id: partnerId,
            views: [[false, "form"]],
        });
    }

    openChosen() {
        return this.openFor("action_open_customers");
    }

    simulateChosen() {
        return this.openFor("action_simulate_exit");
    }

    async openFor(method) {
        const action = await this.orm.call(this.props.resModel, method, [[...this.selected]]);
        return this.action.doAction(action);
    }

    async decide(bubble, model) {
        const action = await this.orm.call(this.props.resModel, "action_decide", [
            [bubble.id],
            model,
        ]);
        return this.action.doAction(action);
    }
}
