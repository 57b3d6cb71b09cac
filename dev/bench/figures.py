"""The figures, one function each; a new one is a function in FIGURES.

A figure gets the bench, measures on its databases and returns a list of results. What
is compared runs in turns (A B A B …), so that both meet the same machine.
"""

import itertools
from dataclasses import replace

from ..progress import Step
from . import oca
from .data import SQL
from .results import Result, most_result, ratio_result, spread_of, time_result
from .turns import FEWEST, WARM_UP, in_turns, seconds_of, told_seconds

# Rounds of what takes long, of a screen, of one customer, of what must be told apart by
# a twentieth, and of that where a round takes seconds.
LONG, SCREEN, SHORT, WORK, HANDLED = 5, 25, 40, 120, 50


# -- the engine -----------------------------------------------------------------------


def full_rescore(bench):
    """All scores from nothing, as after the installation: told, without a bound.

    Every score, band and first snapshot is inserted, with what the database
    checks of each; no night does so.
    """
    floor = (SQL / "floor.sql").read_text()

    def rescore():
        bench.main.forget()
        return bench.main.rescore_all()

    pairs = in_turns(
        "Rescoring all customers from nothing",
        FEWEST,
        rescore,
        lambda: bench.main.read_once(statement=floor),
        warm_up=1,
    )
    found = bench.main.count_results()
    told = ", ".join(f"{rows} rows of {model}" for model, rows in found.items())
    return [
        ratio_result(
            "rescore from nothing, once ÷ that SQL",
            seconds_of(pairs),
        ),
        *told_seconds(pairs, "rescore from nothing"),
        Result(f"  it wrote {told}", ""),
    ]


def nightly_rescore(bench):
    """A day later every signal has faded a little: most scores change, few bands do."""
    floor = (SQL / "floor.sql").read_text()
    # To and fro: a database that is used often stays the same.
    days = itertools.cycle((1, -1))

    def rescore():
        bench.main.age(days=next(days))
        return bench.main.rescore_all()

    pairs = in_turns(
        "Rescoring all customers a day later",
        LONG,
        rescore,
        lambda: bench.main.read_once(statement=floor),
        warm_up=1,
    )
    written = spread_of([rescore["written"] for rescore, _floor in pairs]).middle
    return [
        ratio_result(
            "full rescore a day later ÷ SQL that only reads and adds up the rows",
            seconds_of(pairs),
            2.0,
        ),
        *told_seconds(pairs, "full rescore a day later", "that SQL"),
        Result(f"  it wrote {written:.0f} rows", ""),
    ]


def unchanged_rescore(bench):
    """The same again, where nothing has changed: nothing is written."""
    floor = (SQL / "floor.sql").read_text()
    pairs = in_turns(
        "Rescoring all customers, unchanged",
        LONG,
        bench.main.rescore_all,
        lambda: bench.main.read_once(statement=floor),
        warm_up=1,
    )
    written = [rescore["written"] for rescore, _floor in pairs]
    name = "  rows it wrote, by the server's count"
    return [
        ratio_result("unchanged rescore ÷ the same SQL", seconds_of(pairs), 1.5),
        *told_seconds(pairs, "unchanged rescore"),
        most_result(name, written, 0),
    ]


def one_customer(bench):
    """One customer at a time, in a tenth of the customers and in all of them."""
    if bench.main is bench.small:
        return [Result("one customer's rescore, 100 000 ÷ 10 000 customers", "–")]
    bench.small.rescore_all()
    count = SHORT + WARM_UP
    turns = {
        worker: iter(worker.pick_customers(count=count))
        for worker in (bench.main, bench.small)
    }

    def rescore(worker):
        return worker.rescore_some(ids=[next(turns[worker])])

    pairs = in_turns(
        "Rescoring one customer",
        SHORT,
        lambda: rescore(bench.main),
        lambda: rescore(bench.small),
    )
    full, small = zip(*seconds_of(pairs), strict=True)
    ratio = spread_of(full).middle / spread_of(small).middle
    name = "one customer's rescore, 100 000 ÷ 10 000 customers"
    return [
        # Of the medians: the pairs are different customers.
        Result(name, f"{ratio:.2f}", "", "≤ 1.5", ratio <= 1.5),
        time_result("  at 100 000 customers", full),
        time_result("  at 10 000 customers", small),
    ]


def memory(bench):
    """A process that does nothing but the full rescore."""
    values = []
    with Step("Measuring the memory of a full rescore"):
        for _round in range(2):
            bench.main.forget()
            with bench.fresh_worker() as worker:
                values.append(worker.memory_of_rescore()["mib"])
    name = "peak memory of the full rescore above the idle server"
    return [most_result(name, values, 100, " MiB")]


# -- screens --------------------------------------------------------------------------


def toxic_list(bench):
    bench.main.make_user()
    toxic = [["toxicity_band", "=", "toxic"]]
    # The same customers by Odoo's own means: others might have fewer columns to read.
    tagged = [["category_id", "in", bench.main.tag_toxic()["ids"]]]

    def read(domain, order, own_columns):
        def ask():
            answer = bench.main.list_customers(
                domain=domain, order=order, own_columns=own_columns
            )
            if answer["records"] != 80:
                raise RuntimeError(f"A page has 80 customers, not {answer}")
            return answer

        return ask

    pairs = in_turns(
        "Reading the customers list",
        SCREEN,
        read(toxic, "toxicity_score desc", True),
        read(tagged, "complete_name", False),
    )
    ours, plain = zip(*seconds_of(pairs), strict=True)
    return [
        ratio_result(
            "list of toxic customers by score ÷ by name without our columns",
            seconds_of(pairs),
            1.5,
        ),
        time_result("  first 80 toxic customers by score", ours),
        time_result("  first 80 of the same by name, filtered by a tag", plain),
    ]


def group_by_band(bench):
    bench.main.make_user()
    answers = []
    with Step("Grouping the customers by band"):
        bench.main.group_by_band()
        for _round in range(SCREEN):
            answers.append(bench.main.group_by_band())
    return [
        most_result(
            "queries of grouping all customers by band",
            [answer["queries"] for answer in answers],
            1,
        ),
        time_result("  it takes", [answer["seconds"] for answer in answers]),
    ]


# What the portfolio opens with, and all that it can show.
PORTFOLIO = ("invoiced", "margin", "hours")
ALL_OF_PORTFOLIO = (
    *(*PORTFOLIO, "timesheet_cost", "meeting_hours", "days_late"),
    *("signals", "scope_given", "score"),
)


def portfolio(bench):
    """The portfolio of all customers, beside Odoo's analysis of their invoices."""
    bench.main.make_user()
    results = []
    for measures, name, bound, rounds in (
        (PORTFOLIO, "portfolio by customer and quarter", 2.0, LONG),
        (ALL_OF_PORTFOLIO, "  the same with all its measures", None, FEWEST),
    ):
        pairs = in_turns(
            f"Grouping the portfolio: {name.strip()}",
            rounds,
            lambda measures=measures: bench.main.group_portfolio(measures=measures),
            bench.main.group_invoices,
            warm_up=1,
        )
        queries = [(ours["query"], theirs["query"]) for ours, theirs in pairs]
        results += [
            ratio_result(
                f"{name} ÷ invoice analysis grouped likewise", seconds_of(pairs), bound
            ),
            ratio_result("  of that, what is read and added up", queries),
            *told_seconds(pairs, "portfolio", "invoice analysis"),
        ]
    return results


def matrix(bench):
    """The matrix of all customers, beside the same analysis of Odoo's."""
    bench.main.make_user()
    pairs = in_turns(
        "Opening the matrix",
        LONG,
        bench.main.open_matrix,
        bench.main.group_invoices,
        warm_up=1,
    )
    return [
        ratio_result(
            "matrix of all customers ÷ invoice analysis by customer and quarter",
            seconds_of(pairs),
            2.0,
        ),
        *told_seconds(pairs, "matrix"),
    ]


# -- ordinary work --------------------------------------------------------------------


def ordinary_work(bench):
    """The same work with and without the module, in the small databases."""
    return compare_work(
        bench,
        {
            "confirm_order": "confirm an order of 20 lines",
            "post_invoice": "post an invoice of 20 lines",
            "write_tasks": "write 100 tasks",
        },
    )


def meeting(bench):
    """A meeting is planned and moved in its form, with and without the module."""
    bench.small.make_user()
    bench.without.make_user()
    pairs = in_turns(
        "Saving meetings with and without the module",
        SCREEN,
        bench.small.save_meeting,
        bench.without.save_meeting,
        warm_up=5,
    )
    results = []
    for save, name in (("planned", "saving a meeting"), ("moved", "moving it")):
        ours, theirs = (
            [half[save] for half in halves] for halves in zip(*pairs, strict=True)
        )
        more = [
            first["queries"] - second["queries"]
            for first, second in zip(ours, theirs, strict=True)
        ]
        asked = f"{theirs[-1]['queries']} without the module"
        results += [
            most_result(f"queries that {name} asks more, of {asked}", more, 2),
            time_result("  it takes", [half["seconds"] for half in ours]),
        ]
    return results


# What becomes of an order: the whole, and each part with its bound. Confirming has its
# own among the ordinary work, in more rounds. The write alone is a part of a save that
# nobody waits for alone: it is told.
HANDLING = ("confirm", "edit", "invoice")
PARTS = {
    "confirm": ("confirming it", None),
    "edit": ("typing and saving a quantity, as the form asks for it", 1.05),
    "edit_again": ("that again the same day", 1.05),
    "write": ("of the first of these saves, the write alone", None),
    "invoice": ("invoicing what is delivered, and posting", 1.05),
}


def handled_orders(bench):
    """An order is confirmed, edited and invoiced, with and without the module."""
    pairs = in_turns(
        "Confirming, editing and invoicing orders with and without the module",
        HANDLED,
        bench.small.handle_order,
        bench.without.handle_order,
        warm_up=5,
    )

    def seconds(*parts):
        return [
            tuple(sum(taken[part] for part in parts) for taken in pair)
            for pair in pairs
        ]

    name = "confirm, edit and invoice an order of 20 lines, with ÷ without the module"
    return [
        ratio_result(name, seconds(*HANDLING), 1.05),
        *(
            part_ratio(title, seconds(part), bound)
            for part, (title, bound) in PARTS.items()
        ),
    ]


def part_ratio(title, pairs, bound):
    """The ratio, and how long each of the two took."""
    ours, theirs = (spread_of(values).middle for values in zip(*pairs, strict=True))
    result = ratio_result(f"  {title}", pairs, bound)
    took = f"{1000 * ours:.1f} and {1000 * theirs:.1f} ms"
    return replace(result, spread=f"{result.spread}; {took}")


def final_invoice(bench):
    """All that is left of a customer with a long history, against Odoo's wizard.

    Both bill the same orders and undo it; ours also cuts them to what was delivered,
    notes that, and proves the sums.
    """
    made = bench.small.make_exit_customer()
    pairs = in_turns(
        "Issuing a final invoice",
        LONG,
        bench.small.issue_final_invoice,
        bench.small.invoice_by_wizard,
        warm_up=1,
    )
    ours, wizard = zip(*seconds_of(pairs), strict=True)
    more = [
        (first["queries"] - second["queries"]) / made["orders"]
        for first, second in pairs
    ]
    told = ", ".join(f"{count} {what}" for what, count in made.items())
    return [
        ratio_result(
            "final invoice ÷ Odoo's invoicing wizard and posting",
            seconds_of(pairs),
            1.2,
        ),
        time_result("  final invoice", ours),
        time_result("  Odoo's wizard", wizard),
        most_result("  queries that it asks more, per order", more, 10),
        Result(f"  of {told}", ""),
    ]


def compare_work(bench, tasks):
    """The figures of the worker's tasks, with ÷ without the module: {task: name}."""
    bench.small.make_user()
    bench.without.make_user()
    results = []
    for task, title in tasks.items():
        name = f"{title}, with ÷ without the module"
        pairs = in_turns(
            name.capitalize(),
            WORK,
            getattr(bench.small, task),
            getattr(bench.without, task),
            warm_up=5,
        )
        results.append(ratio_result(name, seconds_of(pairs), 1.05))
        with_it, without = zip(*seconds_of(pairs), strict=True)
        results.append(time_result("  with", with_it))
        results.append(time_result("  without", without))
    return results


# -- what others do -------------------------------------------------------------------


def others(bench):
    """OCA's modules about customers' payments, per customer; theirs do less."""
    return oca.compare(bench)


FIGURES = (
    nightly_rescore,
    unchanged_rescore,
    one_customer,
    toxic_list,
    group_by_band,
    portfolio,
    matrix,
    ordinary_work,
    meeting,
    handled_orders,
    final_invoice,
    others,
    memory,
    full_rescore,
)
