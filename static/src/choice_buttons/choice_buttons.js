import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/**
 * A choice that stands open in the lines of a wizard: one press on a row or a card that
 * nobody opened for editing, as Odoo's stars are pressed. A second press takes it back.
 *
 * Lines hold it only where it may be chosen: rows that are not edited are readonly to
 * their fields, so that says nothing here.
 */
export class ChoiceButtons extends Component {
    static template = "toxic_customer_exit.ChoiceButtons";
    static props = { ...standardFieldProps };

    get choices() {
        const { type, string, selection } = this.props.record.fields[this.props.name];
        return type === "boolean" ? [[true, string]] : selection;
    }

    isChosen(value) {
        return this.props.record.data[this.props.name] === value;
    }

    choose(value) {
        const chosen = this.isChosen(value) ? false : value;
        return this.props.record.update({ [this.props.name]: chosen });
    }
}

registry.category("fields").add("choice_buttons", {
    component: ChoiceButtons,
    supportedTypes: ["boolean", "selection"],
});
