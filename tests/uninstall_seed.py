"""Run in Odoo's shell on a copy: what users build on this module, then its removal."""

from odoo import Command

MODULE = "toxic_customer_exit"
CODE = "record.write({'comment': record.toxicity_band})"


def get_model(env, name):
    return env["ir.model"]._get(name)


def make_rule(env, model, domain, triggers, code):
    rule = env["base.automation"].create(
        {
            "name": f"User's rule on {model}",
            "model_id": get_model(env, model).id,
            "trigger": "on_create_or_write",
            "filter_domain": domain,
            "trigger_field_ids": [
                Command.set(
                    [env["ir.model.fields"]._get(model, name).id for name in triggers]
                )
            ],
        }
    )
    env["ir.actions.server"].create(
        {
            "name": f"User's action on {model}",
            "usage": "base_automation",
            "base_automation_id": rule.id,
            "model_id": rule.model_id.id,
            "state": "code",
            "code": code,
        }
    )


def make_filter(env, model, name, **values):
    env["ir.filters"].create({"name": name, "model_id": model, **values})


def make_view(env, model, inherit, arch):
    env["ir.ui.view"].create(
        {
            "name": f"User's view on {model}",
            "model": model,
            "inherit_id": env.ref(inherit).id,
            "arch": arch,
        }
    )


def make_for_our_group(env):
    """What is for our group alone would be for everyone without it."""
    group = env.ref(f"{MODULE}.group_toxicity_user")
    partner = get_model(env, "res.partner").id
    env["ir.rule"].create(
        {
            "name": "User's rule for our group",
            "model_id": partner,
            "domain_force": "[('active', '=', True)]",
            "groups": [Command.set(group.ids)],
        }
    )
    env["ir.model.access"].create(
        {
            "name": "User's access for our group",
            "model_id": get_model(env, "res.country").id,
            "group_id": group.id,
            "perm_write": True,
        }
    )
    env["ir.actions.server"].create(
        {
            "name": "User's action for our group",
            "model_id": partner,
            "state": "code",
            "code": "records.unlink()",
            "group_ids": [Command.set(group.ids)],
        }
    )


def make_all(env):
    risky = "[('toxicity_band', 'in', ['strained', 'toxic'])]"
    make_rule(env, "res.partner", risky, ["name"], CODE)
    make_rule(
        env,
        "sale.order",
        "[('partner_id.toxicity_band', '=', 'toxic')]",
        ["state"],
        "record.message_post(body='Careful')",
    )
    make_rule(env, "account.move", "[]", ["exit_id"], "pass")
    make_rule(env, "scope.change", "[('amount', '>', 100)]", ["amount"], "pass")
    make_filter(env, "res.partner", "Ours", domain=risky)
    make_filter(env, "res.partner", "Sorted", sort='["toxicity_score desc"]')
    make_filter(
        env, "sale.order", "By", context="{'group_by': ['partner_id.toxicity_band']}"
    )
    make_filter(env, "customer.exit", "Exits", domain="[('state', '=', 'draft')]")
    env["ir.rule"].create(
        {
            "name": "User's rule on customers",
            "model_id": get_model(env, "res.partner").id,
            "domain_force": "[('toxicity_score', '<', 90)]",
            "groups": [Command.set(env.ref("base.group_portal").ids)],
        }
    )
    make_view(
        env,
        "res.partner",
        "base.view_partner_form",
        '<field name="vat" position="after"><field name="toxicity_score"/></field>',
    )
    make_view(
        env,
        "scope.change",
        f"{MODULE}.scope_change_view_form",
        '<field name="user_id" position="after"><field name="create_date"/></field>',
    )
    # Somebody edited a view of Odoo's.
    view = env.ref("base.view_partner_tree")
    view.arch = view.arch_db.replace("</list>", '<field name="toxicity_trend"/></list>')
    env["ir.exports"].create(
        {
            "name": "User's export",
            "resource": "sale.order",
            "export_fields": [
                Command.create({"name": "name"}),
                Command.create({"name": "partner_id/toxicity_score"}),
            ],
        }
    )
    action = env["ir.actions.act_window"].create(
        {"name": "User's action", "res_model": "res.partner", "domain": risky}
    )
    env["ir.ui.menu"].create(
        {"name": "User's menu", "action": f"{action._name},{action.id}"}
    )
    env["mail.template"].create(
        {
            "name": "User's template",
            "model_id": get_model(env, "res.partner").id,
            "body_html": '<p t-out="object.toxicity_band"/>',
        }
    )
    env["ir.cron"].create(
        {
            "name": "User's schedule",
            "model_id": get_model(env, "res.partner").id,
            "state": "code",
            "code": "model.search([('toxicity_score', '>', 50)])",
        }
    )
    env["ir.model.fields"].create(
        {
            "name": "x_band",
            "model_id": get_model(env, "res.partner").id,
            "ttype": "char",
            "compute": "for record in self: record['x_band'] = record.toxicity_band",
            "store": False,
        }
    )
    make_for_our_group(env)


def make_untouched(env):
    """What only sounds like ours, and stays."""
    make_rule(env, "res.partner", "[('name', 'ilike', 'toxicity')]", ["name"], "pass")
    make_filter(
        env, "res.partner", "Untouched toxicity", domain="[('name', '=', 'band')]"
    )
    customer = env["res.partner"].create({"name": "Difficult Ltd", "is_company": True})
    env["toxicity.signal"].create(
        {
            "partner_id": customer.id,
            "indicator_id": env.ref(f"{MODULE}.indicator_abusive").id,
            "description": "Was rude.",
        }
    ).copy()
    env["customer.exit"].create({"partner_id": customer.id})


def seed(env):
    make_all(env)
    make_untouched(env)
    env.cr.commit()
    module = env["ir.module.module"].search([("name", "=", MODULE)])
    module.button_immediate_uninstall()
