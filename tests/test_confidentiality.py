import logging
from dataclasses import replace
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from . import leak_operations as ways
from .confidentiality import (
    DELEGATING,
    OF_NO_COMPANY,
    SHOWN_ANYWHERE,
    find_own_fields,
    find_undecided,
    find_wrong_groups,
    get_field_decisions,
    get_model_decisions,
)
from .leak_common import MARKER, OUTSIDERS, LeakCommon

_logger = logging.getLogger(__name__)

# What Odoo answers to a question that may not or cannot be asked.
REFUSALS = (AccessError, UserError, ValueError, KeyError, NotImplementedError)
DOCUMENTS = (
    "sale.order",
    "crm.lead",
    "account.move",
    "project.project",
    "project.task",
)
# From anybody to any order: where a search is made as superuser, it is answered.
FAR_PATH = "partner_id.commercial_partner_id.sale_order_ids"
BASELINE = [("baseline_amount", ">", 0)]
# The records that the fields of ours show.
KEEPERS = ("toxicity.score", "toxicity.signal", "scope.change", "customer.exit")
QUIET = ("odoo.models", "odoo.domains", "odoo.orm.domains", "odoo.fields")


class TestConfidentiality(LeakCommon):
    """The leak matrix: every persona, every field and model of ours, every way."""

    def setUp(self):
        super().setUp()
        self.cells = 0
        self.problems = []
        self.descriptions = {}

    def tearDown(self):
        _logger.info("%s: %s cells", self._testMethodName, self.cells)
        super().tearDown()

    def assertNoProblems(self):
        shown = "\n".join(self.problems[:400])
        self.assertFalse(self.problems, f"{len(self.problems)} problems:\n{shown}")

    def try_way(self, way, *args):
        """Return whether the way led to the value, None where it was refused."""
        self.cells += 1
        try:
            return way(*args)
        except REFUSALS:
            return None

    def forget(self, model):
        """Each request of a client begins with nothing of ours in the cache."""
        for name in {model, DELEGATING.get(model, model), *KEEPERS}:
            self.env[name].invalidate_model(flush=False)

    # -- decisions -------------------------------------------------------------------

    def test_somebody_decided_who_sees_each_model_and_field_of_ours(self):
        self.assertEqual(find_undecided(self.env), [])
        self.assertEqual(find_wrong_groups(self.env), [])

    def test_a_field_without_a_decision_is_found(self):
        partner = type(self.env["res.partner"])
        fake = partner._fields["toxicity_score"]
        with patch.dict(partner._fields__, {"toxicity_whispered": fake}):
            self.assertIn(
                "field res.partner.toxicity_whispered: who may see it?",
                find_undecided(self.env),
            )

    def test_a_field_for_other_groups_than_decided_is_found(self):
        field = self.env["res.partner"]._fields["toxicity_score"]
        with patch.object(field, "groups", "base.group_user"):
            self.assertIn(
                "res.partner.toxicity_score", str(find_wrong_groups(self.env))
            )

    def test_a_model_without_a_decision_is_found(self):
        with patch.object(
            self.env.registry["res.currency"], "_original_module", "toxic_customer_exit"
        ):
            self.assertIn(
                "model res.currency: who may read it?", find_undecided(self.env)
            )

    # -- fields of ours on models of Odoo's ------------------------------------------

    def test_every_way_to_every_field_of_ours_ends_as_decided(self):
        with mute_logger(*QUIET):
            for model in find_own_fields(self.env):
                for field, group in get_field_decisions(model).items():
                    self.check_field(model, field, group)
        self.assertNoProblems()

    def check_field(self, model, field, group):
        pair = self.field_pairs.get((model, field), self.pairs[model])
        everything = ways.Case(self.as_owner(pair), field, pair.ids[0], None)
        truth = {row["id"]: row[field] for row in everything.records.read([field])}
        if not truth[pair.ids[0]] or len({*map(str, truth.values())}) != len(pair):
            self.problems.append(
                f"{model}.{field}: its seed is empty or alike, {truth}: see seed_all()"
            )
            return
        case = replace(
            everything, truth=truth[pair.ids[0]], exported=self.export(everything)
        )
        for persona, (user, groups) in self.personas.items():
            records = pair.with_user(user)
            readable = self.get_readable(records)
            case = replace(case, records=readable or records)
            knows = group in groups
            foreign = persona == "stranger" and (model, field) not in SHOWN_ANYWHERE
            sees = knows and bool(readable) and not foreign
            for way, sees_it in self.get_ways(case, knows, sees):
                self.forget(model)
                found = self.try_way(way, case)
                if bool(found) != sees_it:
                    name = f"{persona} {way.__name__} {model}.{field}"
                    self.problems.append(f"{name}: {'found' if found else 'not found'}")

    def as_owner(self, records):
        return records.with_user(self.owner).with_company(self.company).sudo()

    def export(self, case):
        if case.records._transient:
            return None
        return case.records[0].export_data(ways.get_columns(case))["datas"]

    def get_readable(self, records):
        self.env.invalidate_all(flush=False)
        return records._filtered_access("read")

    def get_ways(self, case, knows, sees):
        """Yield the ways to try, each with whether it should lead to the value.

        What a field is like (sortable, say) is asked of Odoo: that it stays so is for
        the tests of the field.
        """
        about = self.describe(case.records._name, case.field)
        several = len(case.records) > 1 and case.type not in ways.X2MANY
        boolean = case.type == "boolean"
        possible = {
            ways.PLAIN: True,
            ways.EXPORTS: not case.records._transient,
            ways.SEARCHES: about["searchable"],
            ways.ORDERS: about["sortable"] and several and not boolean,
            ways.GROUPS: about["groupable"],
            ways.AGGREGATES: about["sortable"] and not boolean,
            ways.THROUGH: about["searchable"] and case.type in ways.RELATIONAL,
        }
        yield ways.fields_get, knows
        for group, is_possible in possible.items():
            for way in group:
                if is_possible or not sees:
                    yield way, sees
        if not knows:
            for way in ways.ODD:
                yield way, False

    def describe(self, model, field):
        key = (model, field)
        if key not in self.descriptions:
            answer = self.env[model].with_user(self.owner).fields_get([field])
            self.descriptions[key] = answer[field]
        return self.descriptions[key]

    # -- by way of records that lead to ours -----------------------------------------

    def test_no_path_from_another_record_leads_to_our_fields(self):
        """Every many2one there is, create_uid and the like included."""
        with mute_logger(*QUIET):
            for path in self.find_paths():
                for persona in ("portal", "accountant"):
                    self.check_path(persona, path, ways.PATHS)
        self.assertNoProblems()

    def test_no_long_path_leads_to_our_fields(self):
        far = (f"{FAR_PATH}.baseline_amount", f"{FAR_PATH}.scope_change_ids.reason")
        with mute_logger(*QUIET):
            for name, model in self.env.items():
                if not model._abstract and model._log_access and name not in self.own:
                    for field in far:
                        path = ways.Path(model, "create_uid", field)
                        for persona in ("portal", "accountant"):
                            self.check_path(persona, path, (ways.path_search,))
        self.assertNoProblems()

    def test_a_search_of_files_answers_nothing_about_ours(self):
        attachment = (
            self.env["ir.attachment"]
            .sudo()
            .create({"name": "Logo", "raw": b"x", "public": True})
        )
        path = f"company_id.user_ids.{FAR_PATH}"
        here = ("id", "=", attachment.id)
        files = self.as_persona("accountant", "ir.attachment")
        self.assertTrue(files.search([here]))
        for condition in (
            ("company_id.toxicity_watch_threshold", "=", 26),
            (f"{path}.baseline_amount", ">", 0),
            (f"{path}.scope_change_ids.reason", "ilike", MARKER),
            ("company_id", "any", [("user_ids", "any", [(FAR_PATH, "any", BASELINE)])]),
        ):
            with self.subTest(condition=condition), self.assertRaises(AccessError):
                files.search([here, "!", condition])
        self.assertTrue(
            self.as_persona("manager", "ir.attachment").search(
                [here, ("company_id.toxicity_watch_threshold", "=", 26)]
            )
        )

    def test_no_document_gives_away_what_is_ours_about_its_customer(self):
        with mute_logger(*QUIET):
            for model in DOCUMENTS:
                for field in get_field_decisions("res.partner"):
                    path = ways.Path(self.env[model], "partner_id", field)
                    for persona in OUTSIDERS:
                        self.check_path(persona, path, ways.ALL_PATHS)
        self.assertNoProblems()

    def find_paths(self):
        fields_to = {
            model: [f for f in sorted(names) if self.describe(model, f)["searchable"]]
            for model, names in find_own_fields(self.env).items()
        }
        for name, model in self.env.items():
            if not model._abstract and name not in self.own:
                for path, field in model._fields.items():
                    if field.type == "many2one" and fields_to.get(field.comodel_name):
                        # One field stands for all: they share their way to SQL.
                        first = fields_to[field.comodel_name][0]
                        yield ways.Path(model, path, first)

    def check_path(self, persona, path, tries):
        path = replace(path, model=self.as_persona(persona, path.model._name))
        self.forget("res.partner")
        for way in tries:
            if self.try_way(way, path):
                name = f"{persona} {way.__name__} {path.model._name}.{path.dotted}"
                self.problems.append(f"{name}: answered")

    def test_whoever_may_see_a_customer_sees_it_from_the_documents_too(self):
        for model in DOCUMENTS:
            path = ways.Path(
                self.as_persona("owner", model), "partner_id", "toxicity_band"
            )
            for way in ways.ALL_PATHS:
                with self.subTest(model=model, way=way.__name__):
                    self.assertTrue(self.try_way(way, path))

    # -- models of ours --------------------------------------------------------------

    def test_every_way_to_every_model_of_ours_ends_as_decided(self):
        with mute_logger(*QUIET):
            for model, group in get_model_decisions().items():
                for persona, (user, groups) in self.personas.items():
                    self.check_model(model, group, persona, user, group in groups)
        self.assertNoProblems()

    def check_model(self, model, group, persona, user, knows):
        records = self.get_own_records(model, user if knows else self.owner)
        if not records and group:
            self.problems.append(f"{model}: no records to look for, see seed_all()")
            return
        foreign = persona == "stranger" and model not in OF_NO_COMPANY
        # What a wizard holds is for whoever opened it.
        sees = knows and (not foreign or records._transient)
        for way in ways.OF_MODELS:
            self.forget(model)
            found = self.try_way(way, records.with_user(user))
            if bool(found) != sees:
                what = "found" if found else "not found"
                self.problems.append(f"{persona} {way.__name__} {model}: {what}")

    def test_no_field_of_our_records_can_be_exported_by_others(self):
        """Odoo exports without asking for the model: the fields have to refuse."""
        for model in get_model_decisions():
            records = self.get_own_records(model, self.owner)
            names = [name for name in records._fields if name != "id"]
            for persona in (*OUTSIDERS, "stranger"):
                if persona == "stranger" and model in OF_NO_COMPANY:
                    continue
                found = ways.find_exported(
                    records.with_user(self.personas[persona][0]), names
                )
                self.problems += [f"{persona} {model}.{name}" for name in found]
                self.cells += len(names)
        self.assertNoProblems()

    def get_own_records(self, model, user):
        if self.env[model]._abstract:
            return self.env[model]
        if self.env[model]._transient:
            return self.make_transient(model, user)
        return self.own[model]

    def test_nobody_outside_writes_makes_or_deletes_what_is_ours(self):
        with mute_logger(*QUIET):
            for model, group in get_model_decisions().items():
                for persona in OUTSIDERS if group else ():
                    records = self.get_own_records(model, self.owner)
                    for way in ways.CHANGES:
                        self.forget(model)
                        records = records.with_user(self.personas[persona][0])
                        if self.try_way(way, records) is not None:
                            self.problems.append(f"{persona} {way.__name__} {model}")
        self.assertNoProblems()
