"""`make clean`: remove the sandbox, and with ALL=1 what the checkouts share."""

import os

from . import places
from .progress import say


def clean():
    places.remove(places.SANDBOX)
    cache = places.cache()
    if os.environ.get("ALL"):
        places.remove(cache)
        say(f"The sandbox and {cache} are gone.")
    elif cache.exists():
        say(f"The sandbox is gone; downloads stay in {cache} (make clean ALL=1).")
    else:
        say("The sandbox is gone.")
    return 0
