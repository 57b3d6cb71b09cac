"""Coming: what is already there is scored. Leaving: what users built on this goes too.

Odoo removes what a module brought. What users made themselves stays and would name
fields that are gone: an automation rule on customers would stop every new customer
from being saved, a filter would break its list, and what was for our groups only would
be for everyone.
"""

import logging
import re

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG

_logger = logging.getLogger(__name__)

MODULE = "toxic_customer_exit"
# Records with such an external id were made by users all the same.
USERS_MODULES = {"__custom__", "__export__", "__import__", "studio_customization"}

# Where users put names of fields, models, groups and methods: model -> text fields.
# In this order they can be deleted.
PLACES = {
    "base.automation": ("filter_domain", "filter_pre_domain", "record_getter"),
    "ir.cron": ("code", "value", "update_path"),
    "ir.embedded.actions": ("domain", "context", "parent_res_model", "python_method"),
    "ir.actions.server": ("code", "value", "update_path"),
    "ir.filters": ("domain", "context", "sort", "model_id"),
    "ir.exports.line": ("name",),
    "ir.exports": ("resource",),
    "ir.ui.menu": (),
    "ir.actions.act_window": ("domain", "context", "res_model"),
    "ir.actions.report": ("domain", "model"),
    "ir.rule": ("domain_force",),
    "ir.model.access": (),
    "mail.template": (
        *("body_html", "subject", "email_to", "email_cc", "partner_to", "reply_to"),
        *("lang", "scheduled_date"),
    ),
    "sms.template": ("body",),
    "mail.activity.plan": ("res_model",),
    "mail.activity.type": ("res_model",),
    "mail.message.subtype": ("res_model",),
    "ir.attachment": ("res_model",),
    "ir.ui.view.custom": ("arch",),
    "ir.ui.view": ("arch_db", "model"),
    "ir.model.fields": (
        "related",
        "compute",
        "depends",
        "domain",
        "relation",
        "groups",
    ),
}
# What these become where another module's record was edited to name ours.
EMPTY = {"domain": "[]", "domain_force": "[]", "context": "{}", "sort": "[]"}


def post_init_hook(env):
    """Know what was agreed before, and score what is there, soon, in the background."""
    env["sale.order"]._reconstruct_baselines()
    env["toxicity.score"]._schedule_rescore()


def uninstall_hook(env):
    """Remove what users made that names ours; called before our data goes."""
    names = OwnNames(env)
    env = env(
        context={**env.context, "active_test": False, MODULE_UNINSTALL_FLAG: True}
    )
    for model, columns in PLACES.items():
        if model in env:
            remove_naming(names, env[model], columns)
    remove_foreign_ids(names, env)


def remove_naming(names, model, columns):
    """Delete what users made, and mend what another module brought."""
    found = model.browse(
        record.id
        for record in find_candidates(names, model)
        if names.are_in(record, columns)
    )
    owners = get_owners(found)
    for record in found.filtered(lambda r: owners[r.id] - USERS_MODULES - {MODULE}):
        mend(names, record, columns)
    made_by_users = found.filtered(lambda r: owners[r.id] <= USERS_MODULES)
    for record in made_by_users:
        _logger.info("Removed with %s: %s %r", MODULE, model._name, record.display_name)
    delete(made_by_users)


def remove_foreign_ids(names, env):
    """Forget the external ids that Odoo gives in other modules' names, and leaves.

    A model of ours with a chatter inherits it from mail, portal and others: each gets
    an id for that, and for the choices of its fields.
    """
    about = {
        "ir.model.inherit": [("model_id", "in", names.models.ids)],
        "ir.model.fields.selection": [("field_id.model_id", "in", names.models.ids)],
    }
    for model, domain in about.items():
        env["ir.model.data"].search(
            [
                ("model", "=", model),
                ("res_id", "in", env[model].search(domain).ids),
                ("module", "!=", MODULE),
            ]
        ).unlink()


def find_candidates(names, model):
    if model._name == "ir.model.fields":
        return model.search([("state", "=", "manual")])
    if model._name == "ir.attachment":
        # Naming the id as well has Odoo look among the files of fields too.
        own = names.models.mapped("model")
        return model.search([("res_model", "in", own), ("id", "!=", False)])
    return model.search([])


def get_owners(records):
    """Return {record id: names of the modules that have an external id for it}."""
    rows = records.env["ir.model.data"].search(
        [("model", "=", records._name), ("res_id", "in", records.ids)]
    )
    owners = {record.id: set() for record in records}
    for row in rows:
        owners[row.res_id].add(row.module)
    return owners


def mend(names, record, columns):
    """Take our names out of another module's record that somebody edited."""
    if record._name == "ir.ui.view":
        record.reset_arch(mode="hard")
        return
    named = [column for column in columns if names.are_in_text(record[column])]
    record.write({column: EMPTY.get(column, False) for column in named})


def delete(records):
    if records._name == "ir.ui.view":
        # Views that build on a view cannot do without it: the last come first.
        while leaves := records - records.inherit_id:
            leaves.unlink()
            records -= leaves
    elif records._name == "ir.cron":
        actions = records.ir_actions_server_id
        records.unlink()
        actions.unlink()
    else:
        records.unlink()


class OwnNames:
    """Knows what is ours: in texts by name, in relations by record."""

    def __init__(self, env):
        own = {name for name, cls in env.registry.items() if is_own_model(cls)}
        self.models = env["ir.model"].search([("model", "in", [*own])])
        self.groups = self._get_own(env, "res.groups")
        self.views = self._get_own(env, "ir.ui.view")
        self.actions = self._get_own(env, "ir.actions.act_window")
        self.fields = self._find_fields(env, own)
        words = self._find_words(env, own)
        # Models and fields as whole words, groups and ids by the module's name.
        self.pattern = re.compile(
            rf"(?<![\w.])(?:{'|'.join(map(re.escape, sorted(own)))})(?!\w)"
            rf"|\b(?:{'|'.join(map(re.escape, sorted(words)))})\b"
            rf"|\b{MODULE}\."
        )

    def _get_own(self, env, model):
        rows = env["ir.model.data"].search(
            [("module", "=", MODULE), ("model", "=", model)]
        )
        return env[model].browse(rows.mapped("res_id"))

    def _find_fields(self, env, own):
        own_fields = [
            (model, name)
            for model, cls in env.registry.items()
            for name, field in cls._fields.items()
            if model in own or is_own_field(field)
        ]
        get_id = env["ir.model.fields"]._get_ids
        ids = {get_id(model).get(name) for model, name in own_fields}
        return env["ir.model.fields"].browse(ids - {None})

    def _find_words(self, env, own):
        """Names of our fields and methods on Odoo's models that nobody else uses."""
        ours, others = {name.replace(".", "_") for name in own}, set()
        for model, cls in env.registry.items():
            if model in own:
                continue
            for name, field in cls._fields.items():
                (ours if is_own_field(field) else others).add(name)
            for base in cls.mro():
                is_own = base.__module__.startswith(f"odoo.addons.{MODULE}.")
                (ours if is_own else others).update(
                    name for name, value in vars(base).items() if callable(value)
                )
        return ours - others

    def are_in_text(self, text):
        return bool(text and self.pattern.search(str(text)))

    def are_in(self, record, columns):
        """Whether the record names ours, or is about ours or for our groups alone."""
        if any(self.are_in_text(record[column]) for column in columns):
            return True
        return any(
            self._leads_to_ours(record[name], field.comodel_name)
            for name, field in record._fields.items()
            if field.store and field.type in ("many2one", "many2many")
        ) or self._is_on_ours(record)

    def _leads_to_ours(self, records, comodel):
        if comodel == "ir.model":
            return bool(records & self.models)
        if comodel == "ir.model.fields":
            return bool(records & self.fields)
        if comodel == "res.groups":
            return bool(records) and records <= self.groups
        return False

    def _is_on_ours(self, record):
        if record._name == "ir.cron":
            action = record.ir_actions_server_id
            return self.are_in(action, PLACES["ir.actions.server"])
        if record._name == "ir.ui.view":
            return record.inherit_id in self.views
        if record._name == "ir.ui.menu" and (action := record.action):
            columns = PLACES.get(action._name)
            is_own = action._name == self.actions._name and action in self.actions
            return is_own or (columns is not None and self.are_in(action, columns))
        return False


def is_own_model(cls):
    return cls._original_module == MODULE


def is_own_field(field):
    while field.inherited:
        field = field.base_field
    return MODULE in field._modules or field._module == MODULE
