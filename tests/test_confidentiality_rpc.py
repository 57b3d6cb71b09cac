import inspect
import json
import re

import psycopg2

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw, get_public_method
from odoo.tools import mute_logger

from .confidentiality import (
    MODULE,
    find_own_fields,
    get_field_decisions,
    get_model_decisions,
)
from .leak_common import MARKER, OUTSIDERS, LeakCommon

PACKAGE = f"odoo.addons.{MODULE}"
# Arguments for methods that need some, by the parameter's name.
ARGUMENTS = {
    "body": "Note",
    "defaults": {},
    "domain": [],
    "field": "display_name",
    "field_name": "display_name",
    "field_names": [],
    "fields": ["display_name"],
    "fields_list": ["display_name"],
    "fields_spec": {"display_name": {}},
    "fields_to_export": ["display_name"],
    "groupby": ["create_uid"],
    "name": "Name",
    "progress_bar": {"field": "create_uid", "colors": {}},
    "template_id": 1,
    "specification": {"display_name": {}},
    "values": {},
    "vals": {},
    "vals_list": [{}],
    "views": [(False, "form")],
}
# Methods of ours that only say what to ask next, or what a new record would hold.
ASKING = {"action_contest", "default_get", "fields_get"}
# Slow ones that give labels and views, which are published with the code.
DEFINING = {"fields_get", "get_view", "get_views", "load"}
CHANGING = {
    *("action_archive", "activity_schedule", "copy", "create", "message_post"),
    *("name_create", "unlink", "web_resequence", "web_save", "web_save_multi", "write"),
}
# Refused, or not to be called like that by anyone.
BROKEN_OFF = (
    *(UserError, ValueError, KeyError, TypeError, AttributeError, AssertionError),
    *(NotImplementedError, psycopg2.Error),
)
VIEWS = {
    "account.move": ("form", "list", "kanban", "search"),
    "crm.lead": ("form", "list", "kanban", "search"),
    "project.project": ("form", "list", "kanban", "search"),
    "project.task": ("form", "list", "kanban", "search"),
    "res.company": ("form", "list"),
    "res.config.settings": ("form",),
    "res.partner": ("form", "list", "kanban", "search"),
    "res.users": ("form", "list", "search"),
    "sale.order": ("form", "list", "kanban", "search"),
}
WORDS = re.compile(
    r"toxic|strain(?!ed by)|scoring|scope.change|customer.exit|Record a signal", re.I
)


class TestConfidentialityRpc(LeakCommon):
    """What remote users can call, load and run, beside reading and searching."""

    def setUp(self):
        super().setUp()
        self.wizards = {}

    def find_own_methods(self):
        """Yield (model, public method) of what this module's classes define."""
        for model in self.env.registry.values():
            for cls in model.mro():
                if cls.__module__.startswith(PACKAGE):
                    for name, method in vars(cls).items():
                        if self.is_public(model, name) and inspect.isfunction(method):
                            yield model._name, name

    def is_public(self, model, name):
        if name.startswith("_"):
            return False
        try:
            get_public_method(self.env[model._name], name)
        except (AccessError, AttributeError):
            return False
        return True

    def find_all_methods(self, name):
        model = self.env.registry[name]
        return [
            method
            for method in dir(model)
            if callable(getattr(model, method, None)) and self.is_public(model, method)
        ]

    def get_records(self, model):
        if model in self.own:
            return self.own[model]
        if model in self.pairs:
            return self.pairs[model][:1]
        if self.env[model]._transient and model in get_model_decisions():
            if model not in self.wizards:
                self.wizards[model] = self.make_transient(model, self.owner)
            return self.wizards[model]
        if self.env[model]._abstract:
            return self.env[model]
        return self.env[model].sudo().search([], limit=1)

    def call(self, records, name):
        """Call as a client; the answer, or None when refused."""
        method = get_public_method(records, name)
        args = [] if getattr(method, "_api_model", False) else [records.ids]
        for parameter in list(inspect.signature(method).parameters.values())[1:]:
            required = parameter.default is parameter.empty
            if required and parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
                args.append(ARGUMENTS.get(parameter.name, "display_name"))
        self.env.invalidate_all(flush=False)
        try:
            with self.env.cr.savepoint():
                answer = call_kw(records.browse(), name, args, {})
                raise Undo(answer)
        except Undo as undo:
            return undo.args[0]
        except BROKEN_OFF:
            return None

    def test_our_own_methods_answer_nobody_outside(self):
        found = set(self.find_own_methods())
        self.assertIn(("customer.exit", "action_view_invoices"), found)
        self.assertIn(("sale.order", "action_view_scope_changes"), found)
        problems = [
            f"{who}: {answer!r}"
            for model, name in sorted(found)
            for who, answer in self.ask_everyone(model, name)
            if self.is_telling(answer)
            or (answer and model in self.own and name not in ASKING)
        ]
        self.assertEqual(problems, [])

    def test_inherited_methods_on_our_records_answer_nobody_outside(self):
        problems = [
            f"{who}: {answer!r}"
            for model, group in get_model_decisions().items()
            if group
            for name in set(self.find_all_methods(model)) - DEFINING
            for who, answer in self.ask_everyone(model, name)
            if self.is_telling(answer) or (answer and name in CHANGING)
        ]
        self.assertEqual(problems, [])

    def ask_everyone(self, model, name):
        """Yield who outside is answered what by the method."""
        records = self.get_records(model)
        with mute_logger("odoo.models", "odoo.sql_db", "odoo.addons", "odoo.orm"):
            # The administrator has no more rights to what is ours than the accountant.
            for persona in ("portal", "accountant"):
                user = self.personas[persona][0]
                answer = self.call(records.with_user(user), name)
                yield f"{persona} {model}.{name}", answer

    def is_telling(self, answer):
        """Labels and definitions are published with the code; what we hold is not."""
        text = json.dumps(answer, default=str)
        secrets = (MARKER, self.exit_case.sudo().name, self.customer.name, "81.25")
        return any(secret in text for secret in secrets)

    def test_nobody_outside_follows_our_records(self):
        for model in ("customer.exit", "scope.change", "toxicity.score"):
            for persona in OUTSIDERS:
                user = self.personas[persona][0]
                record = self.own[model][:1].with_user(user)
                with self.subTest(model=model, persona=persona):
                    # Odoo's answer to somebody who would follow by himself.
                    self.assertFalse(record.message_subscribe(user.partner_id.ids))
                    with self.assertRaises(AccessError):
                        record.message_subscribe(self.customer.ids)

    # -- views, menus, actions -------------------------------------------------------

    def test_views_of_odoo_show_nothing_of_ours_to_others(self):
        for persona in OUTSIDERS:
            _user, groups = self.personas[persona]
            own = {
                name
                for model, names in find_own_fields(self.env).items()
                for name in names
                if get_field_decisions(model)[name] not in groups
            }
            for model, types in VIEWS.items():
                records = self.as_persona(persona, model)
                if not records.has_access("read"):
                    continue
                for view_type in types:
                    with self.subTest(persona=persona, model=model, view=view_type):
                        try:
                            answer = records.get_views(
                                [(False, view_type)], {"toolbar": True}
                            )
                        except UserError:
                            continue
                        arch = answer["views"][view_type]["arch"]
                        self.assertFalse(WORDS.findall(arch))
                        self.assertFalse(own & answer["models"][model]["fields"].keys())
                        bound = answer["views"][view_type].get("toolbar", {})
                        names = {a["id"] for group in bound.values() for a in group}
                        self.assertFalse(names & {*self.get_own_actions().ids})

    def test_views_show_ours_to_whoever_may_see_it(self):
        arch = self.as_persona("salesperson", "res.partner").get_view(view_type="form")
        self.assertIn("toxicity_score", arch["arch"])
        self.assertTrue(WORDS.search(arch["arch"]))

    def test_menus_of_ours_are_shown_to_nobody_outside(self):
        own = self.get_own("ir.ui.menu")
        self.assertTrue(own)
        # Portal users have no menus: Odoo refuses to load any.
        for persona in ("accountant", "administrator"):
            menus = self.as_persona(persona, "ir.ui.menu")
            with self.subTest(persona=persona):
                loaded = menus.load_menus(False)
                self.assertFalse({*own.ids} & {key for key in loaded if key != "root"})
        loaded = self.as_persona("manager", "ir.ui.menu").load_menus(False)
        self.assertTrue({*own.ids} & loaded.keys())

    def get_own(self, model):
        data = self.env["ir.model.data"].with_user(SUPERUSER_ID)
        rows = data.search([("module", "=", MODULE), ("model", "=", model)])
        return self.env[model].sudo().browse(rows.mapped("res_id"))

    def get_own_actions(self):
        actions = self.env["ir.actions.actions"].sudo()
        for model in ("act_window", "server", "report", "client", "act_url"):
            actions |= actions.browse(self.get_own(f"ir.actions.{model}").ids)
        return actions

    def test_every_action_of_ours_names_its_group(self):
        """Except what a cron or an automation runs, which asks for write access."""
        for model in ("ir.actions.act_window", "ir.actions.server"):
            for action in self.get_own(model):
                if model.endswith("server") and action.usage != "ir_actions_server":
                    continue
                with self.subTest(action=action.name):
                    self.assertTrue(action.group_ids)

    def test_server_actions_of_ours_run_for_nobody_outside(self):
        actions = self.get_own("ir.actions.server")
        self.assertTrue(actions)
        for action in actions:
            model = action.model_id.model
            records = self.get_records(model)
            for persona in OUTSIDERS:
                user = self.personas[persona][0]
                context = {"active_model": model, "active_ids": records.ids}
                with (
                    self.subTest(action=action.name, persona=persona),
                    mute_logger("odoo.addons.base.models.ir_actions"),
                    self.assertRaises(AccessError),
                ):
                    action.with_user(user).sudo(False).with_context(**context).run()

    def test_nobody_outside_reads_our_actions_filters_or_definitions(self):
        self.env["ir.filters"].create(
            {
                "name": "Mine",
                "model_id": "res.partner",
                "domain": "[('toxicity_band', '=', 'toxic')]",
                "user_ids": [(6, 0, self.salesperson.ids)],
            }
        )
        definitions = ("ir.model", "ir.model.fields", "ir.ui.view", "ir.rule")
        for persona in ("portal", "accountant"):
            filters = self.as_persona(persona, "ir.filters")
            self.assertNotIn("toxicity", str(filters.get_filters("res.partner")))
            for model in (*definitions, "ir.actions.act_window", "ir.actions.server"):
                with self.subTest(persona=persona, model=model):
                    self.assertFalse(self.as_persona(persona, model).has_access("read"))

    # -- others go on working --------------------------------------------------------

    def test_an_administrator_without_our_groups_makes_companies(self):
        company = self.as_persona("administrator", "res.company").create(
            {"name": "Third company"}
        )
        self.assertEqual(company.sudo().toxicity_watch_threshold, 25)
        company.write({"name": "Third company, renamed"})
        settings = self.as_persona("administrator", "res.config.settings").create({})
        settings.execute()

    def test_people_without_our_groups_write_to_customers_and_invoices(self):
        customer = self.customer.with_user(self.accountant)
        customer.write({"name": "Difficult and Sons"})
        self.invoices[0].with_user(self.accountant).button_draft()
        self.invoices[0].with_user(self.accountant).write({"ref": "Theirs"})
        self.invoices[0].with_user(self.accountant).action_post()
        self.orders[0].with_user(self.accountant).write({"client_order_ref": "Theirs"})
        self.assertEqual(customer.copy({"name": "A copy"}).name, "A copy")


class Undo(Exception):
    """Carries an answer out of the savepoint that is rolled back."""
