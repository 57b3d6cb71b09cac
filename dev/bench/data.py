"""The databases to measure on: `odoo populate` on the demo data, then spread in SQL."""

import os
import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from .. import places, sandbox
from ..problems import Problem, last_words
from ..progress import Step
from ..python_env import LOCKS
from ..serving import INSIDE

SQL = Path(__file__).resolve().parent / "sql"
# Installed once and never overwritten, so that a change makes the database anew.
INDICATORS = places.CHECKOUT / "data" / "toxicity_indicator_data.xml"
# Raised when the databases must be made anew although the files are the same.
RECIPE = 1
# What is counted of each model before it is copied: the table and how many at full
# size. `account.move` is told apart by what prune.sql leaves.
COUNTED = {
    "res.partner": ("res_partner WHERE id = commercial_partner_id", 100_000),
    "sale.order": ("sale_order", 200_000),
    "account.move": ("account_move", 450_000),
    "project.task": ("project_task", 225_000),
    "account.analytic.line": ("account_analytic_line", 1_500_000),
    "crm.lead": ("crm_lead", 65_000),
}


@dataclass(frozen=True)
class Size:
    name: str
    share: float
    gigabytes: float


SIZES = {
    "small": Size("small", 0.1, 1.5),
    "full": Size("full", 1, 6),
}


def wanted_size():
    named = os.environ.get("SIZE") or "full"
    if named not in SIZES:
        raise Problem(
            f"SIZE={named} is not a size", "", f"Use one of: {', '.join(SIZES)}."
        )
    return SIZES[named]


def get_factors(counts, share):
    """Return how often `odoo populate` copies each model's rows to get there."""
    return {
        model: max(1, round(total * share / counts[model]) - 1)
        for model, (_rows, total) in COUNTED.items()
    }


class Populated:
    """The recipe of a template: the demo data, copied to a size and spread."""

    def __init__(self, databases, size):
        self.size = size
        self.base = databases.installed(demo=True)
        self.kind = f"bench-{size.name}"
        self.gigabytes = size.gigabytes
        # Dates are counted back from the day it is made: each month makes it anew.
        month = date.today().strftime("%Y-%m")
        files = (SQL / "prune.sql", SQL / "spread.sql")
        self.key = places.fingerprint(
            RECIPE, self.base.key, size.share, COUNTED, month, *files
        )

    def fill(self, odoo):
        odoo.configure(with_demo=True)
        with Step(f"Populating the {self.size.name} database") as step:
            what = "The database could not be populated"
            run_sql(odoo, step, what, SQL / "prune.sql")
            factors = get_factors(count_rows(odoo), self.size.share)
            command = odoo.command(
                "populate",
                f"--models={','.join(factors)}",
                f"--factors={','.join(map(str, factors.values()))}",
                "--log-level=info",
            )
            odoo.watch(step, what, command)
        with Step(f"Spreading the {self.size.name} database") as step:
            run_sql(odoo, step, "The database could not be spread", SQL / "spread.sql")


def add_evidence(odoo):
    """Add what the module itself keeps, once it is installed."""
    with Step("Adding signals and scope changes") as step:
        what = "The signals could not be added"
        run_sql(odoo, step, what, SQL / "evidence.sql")


def run_sql(odoo, step, what, path):
    command = [odoo.python, INSIDE / "run_sql.py", odoo.database, path]
    odoo.watch(step, what, command)


def count_rows(odoo):
    """Return how many rows there are of each model that is populated."""
    union = " UNION ALL ".join(
        f"SELECT '{model}' AS model, COUNT(*) AS rows FROM {rows}"
        for model, (rows, _total) in COUNTED.items()
    )
    done = subprocess.run(
        [odoo.python, INSIDE / "run_sql.py", odoo.database, "/dev/stdin"],
        input=union,
        env=odoo.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Problem("The demo data could not be counted", last_words(done.stderr))
    words = [line.split() for line in done.stdout.splitlines()]
    return {model: int(rows) for model, rows in words}


class Workspace:
    """A copy of a populated database to measure on: with ours, without, with OCA's.

    A note says that it is whole; without it, it is copied anew.
    """

    OURS, WITHOUT, OCA = "ours", "without", "oca"

    def __init__(self, databases, size, variant):
        self.variant = variant
        self.folder = places.SANDBOX / f"bench-{size.name}-{variant}"
        self.recipe = Populated(databases, size)
        ingredients = {
            self.OURS: (SQL / "evidence.sql", INDICATORS),
            self.WITHOUT: (),
            self.OCA: (LOCKS / "oca.lock",),
        }
        self.key = places.fingerprint(self.recipe.key, *ingredients[variant])
        self.note = self.folder / "made"
        if not self.is_whole():
            databases.copy(self.folder, self.recipe)
        self.odoo = databases.open(self.folder)
        self.odoo.configure(with_demo=True)

    def is_whole(self):
        return self.note.exists() and self.note.read_text() == self.key

    def complete(self, modules=()):
        """Install what the variant has; the server runs already."""
        if self.variant == self.OURS:
            sandbox.bring_module(self.odoo)
        if self.is_whole():
            return
        if self.variant == self.OURS:
            add_evidence(self.odoo)
        elif modules:
            with Step(f"Installing {', '.join(modules)}") as step:
                what = "OCA's modules could not be installed"
                self.odoo.load(step, what, "-i", ",".join(modules))
        self.note.write_text(self.key)
