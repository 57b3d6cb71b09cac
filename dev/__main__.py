"""Entry of every `make` target: find a fitting Python, then do what is asked.

This one file must be readable by old Pythons too, so that they can say that they
are too old instead of failing on the syntax of the others.
"""

import os
import subprocess
import sys

OLDEST, NEWEST = (3, 10), (3, 13)


def fits(version):
    return OLDEST <= version <= NEWEST


def find_other_python():
    """Return another Python of the PATH that fits, or None."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        program = "python3.%d" % minor
        try:
            asked = [program, "-c", "import sys; print(sys.version_info[1])"]
            pipe = subprocess.PIPE
            answer = subprocess.Popen(asked, stdout=pipe, stderr=pipe).communicate()[0]
        except OSError:
            continue
        if answer.strip() == str(minor).encode():
            return program
    return None


def main():
    if fits(tuple(sys.version_info[:2])):
        from dev import commands

        sys.exit(commands.main(sys.argv[1:]))
    other = find_other_python()
    if other:
        os.execvp(other, [other, "-m", "dev"] + sys.argv[1:])
    sys.exit(
        "Odoo 19 runs on Python 3.10 to 3.13; this is Python %d.%d (%s) and the PATH "
        "has no other. Install one of these, or name it: make run PYTHON=/path/to/it"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )


if __name__ == "__main__":
    main()
