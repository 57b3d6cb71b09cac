"""The ways to a field or a record that a remote user has, each as one function.

Each takes a Case and returns whether the answer carried what was looked for; being
refused is an exception. All calls go through call_kw, as those of a client do.
"""

import json
from dataclasses import dataclass

from odoo import models
from odoo.exceptions import UserError
from odoo.service.model import call_kw

# Comparisons of these are between numbers or dates; the others know equality only.
ORDERED = {"float", "integer", "monetary", "date", "datetime"}
X2MANY = {"one2many", "many2many"}
RELATIONAL = X2MANY | {"many2one"}


@dataclass(frozen=True)
class Case:
    """A field, as one user would look for it on records whose values we know."""

    records: models.BaseModel
    field: str
    # The record looked at, and what is true of the field: read() and export_data()
    # as whoever may see everything gets them.
    subject: int
    truth: object
    exported: object = None

    def call(self, method, *args, **kwargs):
        """Call as a client does; model methods do not take the ids."""
        return rpc(self.records.browse(), method, *args, **kwargs)

    def call_on_subject(self, method, *args, **kwargs):
        return self.call(method, [self.subject], *args, **kwargs)

    @property
    def type(self):
        return self.records._fields[self.field].type

    @property
    def value(self):
        """The subject's value as a domain takes it."""
        if self.type == "json":
            return json.dumps(self.truth)
        return self.truth[0] if self.type == "many2one" else self.truth

    @property
    def here(self):
        return ("id", "in", self.records.ids)

    @property
    def only(self):
        return ("id", "=", self.subject)

    def get_domains(self, path=None):
        """A domain that selects the subject by the field, and its opposite."""
        several = isinstance(self.value, list)
        equal, unequal = ("in", "not in") if several else ("=", "!=")
        return [
            [self.here, (path or self.field, operator, self.value)]
            for operator in (equal, unequal)
        ]

    def tells_apart(self, find, path=None):
        """Whether *find* (domain -> ids) depends on the field's value."""
        equal, unequal = (find(domain) for domain in self.get_domains(path))
        return self.subject in equal and self.subject not in unequal


def rpc(model, method, *args, **kwargs):
    return call_kw(model, method, list(args), kwargs)


def show(case, rows):
    """Whether rows as read() gives them carry the subject's true value."""
    values = {row["id"]: row.get(case.field) for row in rows}
    value = values.get(case.subject)
    if case.type == "json":
        return bool(value) and value == case.truth
    if isinstance(value, dict):
        value = value.get("id")
    if isinstance(value, (list, tuple)) and case.type == "many2one":
        value = value[0]
    if isinstance(value, list):
        value = sorted(item["id"] if isinstance(item, dict) else item for item in value)
        return value == sorted(case.value)
    return bool(value) and str(value) == str(case.value)


def read(case):
    return show(case, case.call_on_subject("read", [case.field]))


def search_read(case):
    return show(case, case.call("search_read", [case.here], [case.field]))


def web_read(case):
    return show(case, case.call_on_subject("web_read", {case.field: case_spec(case)}))


def web_search_read(case):
    spec = {case.field: case_spec(case)}
    return show(case, case.call("web_search_read", [case.here], spec)["records"])


def case_spec(case):
    return {"fields": {"display_name": {}}} if case.type in RELATIONAL else {}


def fields_get(case):
    return case.field in case.call("fields_get", [case.field])


def search(case):
    return case.tells_apart(lambda domain: case.call("search", domain))


def search_count(case):
    return case.tells_apart(
        lambda domain: [case.subject] * case.call("search_count", [*domain, case.only])
    )


def search_by_name(case):
    def find(domain):
        return [id_ for id_, _name in case.call("name_search", "", domain)]

    return case.tells_apart(find)


def web_search_by_name(case):
    def find(domain):
        spec = {"display_name": {}}
        return [row["id"] for row in case.call("web_name_search", "", spec, domain)]

    return case.tells_apart(find)


def search_through(case):
    return case.tells_apart(
        lambda domain: case.call("search", domain), f"{case.field}.id"
    )


def search_any(case):
    ids = case.value if isinstance(case.value, list) else [case.value]
    found, others = (
        case.call("search", [case.here, (case.field, operator, [("id", "in", ids)])])
        for operator in ("any", "not any")
    )
    return case.subject in found and case.subject not in others


def search_by_parent(case):
    """By way of the partner's company, which is a partner too."""
    return case.tells_apart(
        lambda domain: case.call("search", domain),
        f"commercial_partner_id.{case.field}",
    )


def order(case):
    up, down = (
        case.call("search", [case.here], 0, None, f"{case.field} {direction}, id")
        for direction in ("asc", "desc")
    )
    return up != down


def web_order(case):
    up, down = (
        case.call(
            "web_search_read", [case.here], {}, 0, None, f"{case.field} {way}, id"
        )
        for way in ("asc", "desc")
    )
    return up != down


def group_key(value):
    return value[0] if isinstance(value, (list, tuple)) and value else value


def get_grouping(case):
    by_day = case.type in {"date", "datetime"}
    return f"{case.field}:day" if by_day else case.field


def group(case):
    spec = get_grouping(case)
    rows = case.call("formatted_read_group", [case.only], [spec], ["__count"])
    return groups_show(case, [row[spec] for row in rows])


def group_sets(case):
    spec = get_grouping(case)
    sets = case.call("formatted_read_grouping_sets", [case.only], [[spec]], ["__count"])
    return groups_show(case, [row[spec] for row in sets[0]])


def web_group(case):
    spec = get_grouping(case)
    answer = case.call("web_read_group", [case.only], [spec], ["__count"])
    return groups_show(case, [row[spec] for row in answer["groups"]])


def old_group(case):
    spec = get_grouping(case)
    rows = case.call("read_group", [case.only], [case.field], [spec])
    return groups_show(case, [row[spec] for row in rows])


def groups_show(case, keys):
    keys = [group_key(key) for key in keys]
    if case.type in {"date", "datetime"}:
        return any(keys)
    wanted = case.value if isinstance(case.value, list) else [case.value]
    return bool({str(key) for key in keys if key} & {str(value) for value in wanted})


def get_aggregate(case):
    return f"{case.field}:max" if case.type in ORDERED else f"{case.field}:array_agg"


def aggregate(case):
    spec = get_aggregate(case)
    rows = case.call("formatted_read_group", [case.only], [], [spec])
    return aggregate_shows(case, rows[0][spec])


def aggregate_in_group(case):
    spec = get_aggregate(case)
    rows = case.call("formatted_read_group", [case.only], ["id"], [spec])
    return aggregate_shows(case, [row[spec] for row in rows])


def having(case):
    ordered = case.type in ORDERED
    spec = f"{case.field}:max" if ordered else f"{case.field}:count_distinct"
    value = case.value if ordered else 1
    found = [
        case.call("formatted_read_group", [case.only], ["id"], [], [(spec, *condition)])
        for condition in ((">=", value), ("<", value))
    ]
    return found[0] != found[1]


def aggregate_shows(case, answer):
    values = answer if isinstance(answer, list) else [answer]
    while values and isinstance(values[0], list):
        values = [item for value in values for item in value]
    return any(bool(value) and str(value) == str(case.value) for value in values)


def export(case):
    """The columns as the export dialog names them."""
    answer = case.call_on_subject("export_data", get_columns(case))["datas"]
    # The name of a related record may be the name of one that may be seen.
    return answer == case.exported and any(row[-1] for row in answer)


def get_columns(case):
    if case.type in RELATIONAL:
        comodel = case.records.env[case.records._fields[case.field].comodel_name]
        # Odoo gives external ids to rows of tables only.
        if comodel._table_query is None:
            return [case.field, f"{case.field}/id"]
    return [case.field]


def progress_bar(case):
    bar = {"field": case.field, "colors": {str(case.value): "danger"}}
    answer = case.call("read_progress_bar", [case.here], "id", bar)
    return any(colors.get(str(case.value)) for colors in answer.values())


def search_panel(case):
    options = {"search_domain": [case.here], "enable_counters": True, "expand": False}
    answer = case.call("search_panel_select_range", case.field, **options)
    return any(row["id"] == case.value for row in answer["values"])


def onchange(case):
    spec = {case.field: case_spec(case)}
    answers = [
        call_kw(
            case.records.browse(), "onchange", [[case.subject], {}, names, spec], {}
        )
        for names in ([], ["display_name"])
    ]
    return any(answer.get("value", {}).get(case.field) for answer in answers)


def copy_data(case):
    return any(case.field in values for values in case.call_on_subject("copy_data"))


def write(case):
    """Writing nothing new is refused as well, or one could guess by trying."""
    value = case.value
    if case.type in X2MANY:
        value = [(6, 0, value)]
    with case.records.env.cr.savepoint():
        case.call_on_subject("write", {case.field: value})
    return True


# Ways that show a value to whoever may see the field: for all fields alike.
PLAIN = (read, search_read, web_read, web_search_read)
EXPORTS = (export,)
SEARCHES = (search, search_count, search_by_name, web_search_by_name)
ORDERS = (order, web_order)
GROUPS = (group, group_sets, web_group, old_group)
AGGREGATES = (aggregate, aggregate_in_group)
THROUGH = (search_through, search_any)
# Ways that nobody needs to a field of ours, but that others could try.
ODD = (progress_bar, search_panel, onchange, copy_data, write, having)


# -- by way of another record ----------------------------------------------------------


@dataclass(frozen=True)
class Path:
    """A many2one of another model that leads to a record with a field of ours."""

    model: models.BaseModel
    path: str
    field: str

    @property
    def dotted(self):
        return f"{self.path}.{self.field}"


def path_search(path):
    """Being answered is enough: either answer says something about the field."""
    return any(
        rpc(path.model, "search", [(path.dotted, operator, False)], 0, 1)
        for operator in ("!=", "=")
    )


def path_group(path):
    return bool(rpc(path.model, "formatted_read_group", [], [path.dotted], ["__count"]))


def path_export(path):
    ids = path.model.sudo().search([(path.path, "!=", False)], limit=3).ids
    columns = [f"{path.path}/{path.field}"]
    return any(row[0] for row in rpc(path.model, "export_data", ids, columns)["datas"])


def path_read(path):
    ids = path.model.sudo().search([(path.path, "!=", False)], limit=3).ids
    spec = {path.path: {"fields": {path.field: {}}}}
    rows = rpc(path.model, "web_read", ids, spec)
    return any(row[path.path] and row[path.path].get(path.field) for row in rows)


PATHS = (path_search, path_group)
ALL_PATHS = (*PATHS, path_export, path_read)


# -- to a model of ours ----------------------------------------------------------------


def get_filled_field(records):
    """A stored field that is empty in no record, also of what keeps no log."""
    if records._log_access:
        return "create_uid"
    names = ("score_id", "exit_id", "quarantine_id", "kind", "commercial_partner_id")
    return next((name for name in names if name in records._fields), "id")


def model_read(records):
    fields = ["display_name", get_filled_field(records)]
    return rpc(records.browse(), "read", records.ids, fields)


def model_web_read(records):
    return rpc(records.browse(), "web_read", records.ids, {"display_name": {}})


def model_search(records):
    return rpc(records.browse(), "search", [("id", "in", records.ids)])


def model_count(records):
    return rpc(records.browse(), "search_count", [("id", "in", records.ids)])


def model_web_search_read(records):
    domain = [("id", "in", records.ids)]
    return rpc(records.browse(), "web_search_read", domain, {"display_name": {}})[
        "length"
    ]


def model_group(records):
    domain, by = [("id", "in", records.ids)], [get_filled_field(records)]
    return rpc(records.browse(), "formatted_read_group", domain, by, ["__count"])


def model_aggregate(records):
    rows = rpc(
        records.browse(),
        "formatted_read_group",
        [("id", "in", records.ids)],
        [],
        ["__count", "id:max"],
    )
    return rows[0]["__count"]


def model_name_search(records):
    return rpc(records.browse(), "name_search", "", [("id", "in", records.ids)])


def model_export(records):
    return any(find_exported(records, [get_filled_field(records)]))


def find_exported(records, names):
    """Yield the fields of which anything is exported; ids are what was asked with."""
    for name in names:
        records.env.invalidate_all(flush=False)
        try:
            answer = rpc(records.browse(), "export_data", records.ids, [name])
        except UserError:
            continue
        if any(cell not in ("", False) for row in answer["datas"] for cell in row):
            yield name


def model_has_access(records):
    return rpc(records.browse(), "has_access", records.ids, "read")


def model_write(records):
    with records.env.cr.savepoint():
        return rpc(records.browse(), "write", records.ids, {})


def model_create(records):
    with records.env.cr.savepoint():
        return rpc(records.browse(), "create", [{}])


def model_unlink(records):
    with records.env.cr.savepoint():
        return rpc(records.browse(), "unlink", records.ids)


OF_MODELS = (
    *(model_read, model_web_read, model_search, model_count, model_web_search_read),
    *(model_group, model_aggregate, model_name_search, model_export, model_has_access),
)
CHANGES = (model_write, model_create, model_unlink)
