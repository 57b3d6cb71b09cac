"""`make bench`: builds the databases, measures, prints a line for each figure."""

import os
import shlex
from contextlib import ExitStack, contextmanager

from .. import places, sandbox
from ..locks import Lock, Taken
from ..problems import Problem
from ..progress import say
from . import oca
from .data import SIZES, Workspace, wanted_size
from .figures import FIGURES
from .workers import working

LOCK = places.SANDBOX / "bench.lock"


def bench():
    """Return 0 when every figure keeps its bound."""
    size, figures = wanted_size(), wanted_figures()
    try:
        with Lock(LOCK), ExitStack() as opened:
            bench = Bench(sandbox.prepare(), size, opened)
            return report(measure(bench, figures), size)
    except Taken as taken:
        raise Problem(
            "The benchmark runs already", taken.holder, "Wait for it to end."
        ) from None


def wanted_figures():
    """Return the figures that ARGS names, or all of them."""
    known = {figure.__name__: figure for figure in FIGURES}
    names = shlex.split(os.environ.get("ARGS", "")) or known
    for name in names:
        if name not in known:
            raise Problem(
                f"{name} is not a figure", "", f"Use some of: {', '.join(known)}."
            )
    return [known[name] for name in names]


def measure(bench, figures):
    """Return all results; each is told at once too, for who stops it halfway."""
    results = []
    for figure in figures:
        for result in figure(bench):
            say(result.line())
            results.append(result)
    return results


def report(results, size):
    say(f"\nMedians of runs in turns, with the quartiles; size {size.name}.\n")
    for result in results:
        say(result.line())
    over = sum(not result.kept for result in results)
    say(f"\n{over} over their bound." if over else "\nAll within their bounds.")
    return 1 if over else 0


class Bench:
    """The databases that figures measure on, each with an Odoo process.

    ``main`` has the wanted size, ``small`` is the small one (the same when that is
    wanted), ``without`` is the small one where the module was never installed.
    """

    def __init__(self, databases, size, opened):
        self.databases = databases
        self.opened = opened
        self.small = self.work("small", self.open(SIZES["small"], Workspace.OURS))
        self.main = self.small
        if size is not SIZES["small"]:
            self.main = self.work(size.name, self.open(size, Workspace.OURS))
        self.without = self.work(
            "without", self.open(SIZES["small"], Workspace.WITHOUT)
        )

    def open(self, size, variant):
        """Return Odoo on a whole workspace whose server runs."""
        workspace = Workspace(self.databases, size, variant)
        self.opened.enter_context(workspace.odoo.server)
        workspace.complete()
        return workspace.odoo

    def work(self, name, odoo):
        return self.opened.enter_context(working(name, odoo))

    def fresh_worker(self):
        """Another process on the main database, which has done nothing yet."""
        return working("fresh", self.main.odoo)

    @contextmanager
    def working_oca(self):
        """A process on a small database that has OCA's modules instead of ours."""
        addons = oca.fetch(self.databases.python)
        workspace = Workspace(self.databases, SIZES["small"], Workspace.OCA)
        odoo = workspace.odoo
        theirs = ",".join(str(path) for path in (odoo.source.addons, addons) if path)
        odoo.configure(with_demo=True, addons_path=theirs)
        with odoo.server:
            workspace.complete(oca.MODULES)
            with working("oca", odoo) as worker:
                yield worker
