"""OCA's modules that measure customers, fetched from PyPI to compare with."""

import tempfile
from pathlib import Path

from .. import places, python_env
from ..building import build_once
from ..problems import Problem
from .results import Result, ratios_of, spread_of

LOCK = python_env.LOCKS / "oca.lock"
MODULES = {
    "account_financial_risk": "compute_risk",
    "partner_time_to_pay": "compute_time_to_pay",
}
CUSTOMERS = 200
ROUNDS = 7


def fetch(python):
    """Return the folder of their addons, downloaded once."""

    def build(folder):
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            pip = [python, f"{python_env.find_pip(Path(scratch))}/pip"]
            python_env.install(pip, LOCK, f"--target={folder / 'lib'}")

    waiting = "downloading OCA's modules"
    folder = build_once("oca", places.fingerprint(LOCK), build, waiting, 0.1)
    return folder / "lib/odoo/addons"


def compare(bench):
    """Their computation for some customers ÷ our whole rescore of the same."""
    ids = bench.small.pick_customers(count=CUSTOMERS)
    try:
        with bench.working_oca() as theirs:
            return [
                result
                for module, task in MODULES.items()
                for result in compare_one(bench, module, getattr(theirs, task), ids)
            ]
    except Problem as problem:
        return [Result(f"OCA's modules could not be measured: {problem}", "–")]


def compare_one(bench, module, compute, ids):
    pairs = []
    for number in range(ROUNDS + 1):
        pair = compute(ids=ids), bench.small.rescore_some(ids=ids)
        if number:
            pairs.append(tuple(1000 * half["seconds"] / len(ids) for half in pair))
    value, quartiles = ratios_of(pairs).show(2)
    theirs, ours = (spread_of(half).middle for half in zip(*pairs, strict=True))
    told = f"  theirs {theirs:.1f} ms, ours {ours:.1f} ms a customer, all measures"
    return [
        Result(f"OCA's {module}, per customer, theirs ÷ ours", value, quartiles),
        Result(told, ""),
    ]
