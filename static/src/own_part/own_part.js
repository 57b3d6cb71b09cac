import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** Is it us? Facts as they come from the server; what was late opens its records. */
export class OwnPartField extends Component {
    static template = "toxic_customer_exit.OwnPartField";
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
    }

    get facts() {
        return this.props.record.data[this.props.name] || "";
    }

    async onClick(event) {
        const late = event.target.closest("[data-late]")?.dataset;
        if (late) {
            const ids = [late.partner, late.company].map(Number);
            const args = [late.late, ...ids];
            this.action.doAction(await this.orm.call("own.part", "action_view_late", args));
        }
    }
}

registry.category("fields").add("own_part", {
    component: OwnPartField,
    supportedTypes: ["html"],
});
