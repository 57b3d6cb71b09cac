import { Component } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";
import { formatFloat, formatMonetary } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

export const moneyDependencies = [
    { name: "currency_id", type: "many2one", relation: "res.currency" },
];

/** Figures of a JSON field, without cents: what is foreseen is no more exact.

Each of them opens its records: `openFigure` tells the record which.
*/
export class MoneyField extends Component {
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
    }

    async openFigure(figure) {
        const { record } = this.props;
        if (!(await record.save())) {
            return;
        }
        const action = await this.orm.call(
            record.resModel,
            "action_open_figure",
            [[record.resId]],
            { context: figure }
        );
        return this.action.doAction(action);
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    money(amount) {
        // -0 comes from rounding and says nothing.
        return formatMonetary(Math.round(amount) || 0, {
            currencyId: this.props.record.data.currency_id?.id,
            digits: [16, 0],
        });
    }

    hours(hours) {
        return formatFloat(Math.round(hours) || 0, { digits: [16, 0] });
    }

    percent(share) {
        return share === null ? "–" : `${Math.round(100 * share)} %`;
    }
}
