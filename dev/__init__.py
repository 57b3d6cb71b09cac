"""The sandbox: Odoo, PostgreSQL and the tools behind `make run` and `make test`.

Only the standard library is used here: these files run before anything is installed.
"""
