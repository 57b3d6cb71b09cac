import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from odoo import sql_db, tools
from odoo.tests import BaseCase, get_db_name
from odoo.tools import SQL, config

HERE = Path(__file__).parent
TIMEOUT = 240


class DatabaseCopyCase(BaseCase):
    """A copy of the tests' database, and Odoo beside this one that works on it.

    For what commits, or loads everything anew, which no test can do to the database
    that it runs in.
    """

    suffix = "copy"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = get_db_name()
        cls.database = f"{source}_{cls.suffix}"
        # PostgreSQL copies a database that nobody is connected to.
        sql_db.close_db(source)
        cls.addClassCleanup(cls.drop)
        cls.drop()
        cls.execute(
            SQL(
                "CREATE DATABASE %s TEMPLATE %s",
                SQL.identifier(cls.database),
                SQL.identifier(source),
            )
        )
        cls.copy_files(source)

    @classmethod
    def copy_files(cls, source):
        # Not config.filestore: in parallel runs it answers one folder for all.
        filestore = Path(config["data_dir"]) / "filestore" / cls.database
        cls.addClassCleanup(shutil.rmtree, filestore, ignore_errors=True)
        if os.path.exists(config.filestore(source)):
            shutil.copytree(config.filestore(source), filestore, dirs_exist_ok=True)

    @classmethod
    def drop(cls):
        cls.execute(SQL("DROP DATABASE IF EXISTS %s", SQL.identifier(cls.database)))

    @classmethod
    def execute(cls, statement):
        with closing(sql_db.db_connect("postgres").cursor()) as cr:
            # Databases are made outside transactions.
            cr._cnx.autocommit = True
            cr.execute(statement)

    def run_in_shell(self, script, function):
        """Call function(env) of tests/<script>.py in Odoo's shell, on the copy."""
        script = (HERE / f"{script}.py").read_text() + f"\n{function}(env)\n"
        done = subprocess.run(
            [sys.executable, "-m", "odoo", "shell", *self.get_options()],
            input=script,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            # Not all of sys.path: pytest puts Odoo's addons there, and one of them is
            # called as a module of Python.
            env={**os.environ, "PYTHONPATH": str(Path(tools.__file__).parents[2])},
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])
        self.assertNotIn("Traceback", done.stderr)
        return done.stdout

    def get_options(self):
        options = {
            "addons-path": ",".join(map(str, config["addons_path"])),
            "data-dir": config["data_dir"],
            "database": self.database,
            "log-level": "warn",
            **{name: config[name] for name in ("db_host", "db_port", "db_user")},
        }
        return [
            "--no-http",
            *(f"--{name}={value}" for name, value in options.items() if value),
        ]
