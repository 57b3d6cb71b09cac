"""`make clean`: remove the sandbox, and with ALL=1 what the checkouts share."""

import os
from contextlib import ExitStack

from . import places
from .locks import Lock, Taken
from .postgres import is_named
from .problems import Problem
from .progress import say


def clean():
    with ExitStack() as held:
        for path in sorted(places.SANDBOX.glob("*.lock")):
            hold(held, path)
        places.remove(places.SANDBOX)
    cache = places.cache()
    if os.environ.get("ALL"):
        places.remove(cache)
        say(f"The sandbox and {cache} are gone.")
    elif cache.exists():
        say(f"The sandbox is gone; downloads stay in {cache} (make clean ALL=1).")
    else:
        say("The sandbox is gone.")
    if is_named():
        say("Databases named sandbox_* stay on the server that PGHOST names.")
    return 0


def hold(held, path):
    """Keep other runs out, or say which one is in the way."""
    try:
        held.enter_context(Lock(path))
    except Taken as taken:
        raise Problem(
            "The sandbox is in use", taken.holder, "Stop that one first, with Ctrl-C."
        ) from None
