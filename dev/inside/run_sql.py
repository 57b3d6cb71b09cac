"""Run files of SQL, statement by statement, saying which step it is at.

Called with the database and the files. Each statement is a transaction of
its own: whoever is killed on the way begins again with another copy.
"""

import re
import sys

import psycopg2

STEP = re.compile(r"^-- step: (.+)$", re.MULTILINE)
# A statement ends where a line does, but not inside the body of a function.
END = re.compile(r";[ \t]*$", re.MULTILINE)


def split_steps(text):
    """Return (title, SQL) for each step; what comes before the first has none."""
    first, *parts = STEP.split(text)
    steps = list(zip(parts[::2], parts[1::2], strict=True))
    return [("", first), *steps] if first.strip() else steps


def split_statements(text):
    statements, begun = [], ""
    for part in END.split(text):
        begun += f"{part};"
        if begun.count("$$") % 2 == 0:
            statements.append(begun.removesuffix(";").strip())
            begun = ""
    return [each for each in statements if has_code(each)]


def has_code(statement):
    lines = (line.strip() for line in statement.splitlines())
    return any(line and not line.startswith("--") for line in lines)


def run(cursor, text):
    for title, step in split_steps(text):
        if title:
            sys.stdout.write(f"STEP {title}\n")
            sys.stdout.flush()
        for statement in split_statements(step):
            cursor.execute(statement)


def main(database, *paths):
    connection = psycopg2.connect(dbname=database, options="-c timezone=UTC")
    connection.autocommit = True
    with connection.cursor() as cursor:
        for path in paths:
            with open(path) as file:
                run(cursor, file.read())
        # The rows of the last query, if there are any: a word each.
        for row in cursor.fetchall() if cursor.description else ():
            sys.stdout.write(" ".join(map(str, row)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
