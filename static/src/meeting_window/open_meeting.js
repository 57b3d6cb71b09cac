import { registry } from "@web/core/registry";

/**
 * Open the meeting that was saved at another time than the one asked for.
 *
 * The form or dialog behind still holds what was refused: it is left as it is, for
 * saving it once more would be refused once more.
 */
async function openMeeting(env, { params }) {
    const { action, dialog } = env.services;
    const isOnForm = action.currentController?.view?.type === "form";
    dialog.closeAll();
    await action.doAction(
        {
            type: "ir.actions.act_window",
            res_model: "calendar.event",
            res_id: params.meeting_id,
            views: [[false, "form"]],
        },
        {
            forceLeave: true,
            stackPosition: isOnForm ? "replaceCurrentAction" : undefined,
        }
    );
}

registry.category("actions").add("toxic_customer_exit.open_meeting", openMeeting);
