"""Creep as a domain: SQL tells whose it is, and nobody else has any."""

import operator

from odoo.fields import Domain
from odoo.tools import SQL

COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def search_creep(found, column, comparison, value):
    """Domain: where the column of records (id, percent) compares so with the value.

    found: SQL of those that have creep; all others have 0 percent.
    """
    if comparison in COMPARISONS:
        matches_zero = COMPARISONS[comparison](0, value)
        matches = SQL("percent %s %s", SQL(comparison), value)
    elif comparison == "in":
        matches_zero = any(not each for each in value)
        matches = SQL("percent = ANY(%s)", [float(each or 0) for each in value])
    else:
        return NotImplemented
    if matches_zero:
        return ~among(
            SQL("SELECT id FROM (%s) found WHERE NOT (%s)", found, matches), column
        )
    return among(SQL("SELECT id FROM (%s) found WHERE %s", found, matches), column)


def search_high_creep(found, column, comparison, value):
    """Domain: whose creep is at the threshold; found: SQL of (id, is_high)."""
    if comparison != "in" or True not in value:
        return NotImplemented
    return among(SQL("SELECT id FROM (%s) found WHERE is_high", found), column)


def among(ids, column):
    """Domain: the column is among the ids that the SQL selects."""

    def to_sql(model, alias, _query):
        field = model._fields[column]
        return SQL("%s IN (%s)", SQL.identifier(alias, column, to_flush=field), ids)

    return Domain.custom(to_sql=to_sql)
