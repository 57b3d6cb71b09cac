"""The commands behind the Makefile's targets, and how each of them may end."""

import sys

from . import cleaning, linting, serving, testing
from .bench import command as benchmark
from .problems import Problem, from_os_error
from .processes import interruptible
from .progress import say

COMMANDS = {
    "run": serving.run,
    "test": testing.test,
    "shell": serving.shell,
    "lint": linting.lint,
    "bench": benchmark.bench,
    "clean": cleaning.clean,
}
INTERRUPTED = 130


def main(arguments):
    """Run the named command and return the exit code."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        say(f"Use one of: {', '.join(COMMANDS)}.")
        return 2
    name = arguments[0]
    with interruptible():
        try:
            return COMMANDS[name]()
        except KeyboardInterrupt:
            say("\nStopped.")
            return 0 if name == "run" else INTERRUPTED
        except Problem as problem:
            sys.stderr.write(f"\n{problem}\n")
        except OSError as error:
            problem = from_os_error(error, f"make {name} could not go on")
            sys.stderr.write(f"\n{problem}\n")
    return 1
