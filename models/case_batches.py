"""Nightly work on many exits, one of which may fail, and none waits for it."""

import logging

from odoo.fields import Domain

_logger = logging.getLogger(__name__)

BATCH_SIZE = 200


def work_by_case(model, jobs):
    """Do each job case by case, and commit as an action of Odoo's scheduler does.

    model: an empty recordset whose records have an ``exit_id``.
    jobs: [(domain, step)]; step gets the records of one case and is to take them out
    of the domain. A case whose step raises is rolled back and logged; it is met again
    the next time, and the others go on.
    """
    remaining = sum(model.search_count(domain) for domain, _step in jobs)
    for domain, step in jobs:
        failed = model.browse()
        while batch := model.search(
            Domain(domain) & Domain("id", "not in", failed.ids),
            limit=BATCH_SIZE,
            order="exit_id, id",
        ):
            for case, records in batch.grouped("exit_id").items():
                if not survive(case, step, records):
                    failed |= records
            remaining = max(0, remaining - len(batch))
            if not model.env["ir.cron"]._commit_progress(
                len(batch), remaining=remaining
            ):
                return


def survive(case, step, records):
    """Take the step; where it raises, roll it back, log it and return False."""
    try:
        with case.env.cr.savepoint():
            step(records)
            case.env.flush_all()
    except Exception:
        # Whatever an automation rule or another module raises there.
        _logger.exception("%s could not be followed up.", case.display_name)
        case.env.invalidate_all(flush=False)
        return False
    return True
