import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { MatrixController } from "./matrix_controller";
import { MatrixModel } from "./matrix_model";

export const matrixView = {
    type: "customer_matrix",
    display_name: _t("Matrix"),
    Controller: MatrixController,
    Model: MatrixModel,
    searchMenuTypes: ["filter", "favorite"],

    props: (genericProps, view) => ({ ...genericProps, Model: view.Model }),
};

registry.category("views").add("customer_matrix", matrixView);
