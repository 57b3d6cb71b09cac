import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from odoo import sql_db, tools
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import SQL, config

HERE = Path(__file__).parent
TIMEOUT = 240


@tagged("post_install", "-at_install")
class TestUninstall(BaseCase):
    """Leaving, for real: a copy of the tests' database, and Odoo beside this one.

    Uninstalling commits and loads everything anew, which no test can do to the
    database that it runs in.
    """

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = get_db_name()
        cls.database = f"{source}_leaving"
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

    def run_in_shell(self, name):
        """Run the function of the script of that name in Odoo's shell, on the copy."""
        script = (HERE / f"uninstall_{name}.py").read_text() + f"\n{name}(env)\n"
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

    def test_leaving_takes_all_of_ours_along_and_leaves_odoo_working(self):
        self.run_in_shell("seed")
        output = self.run_in_shell("check")
        result = json.loads(output.partition("RESULT ")[2])
        self.assertEqual("\n".join(result["left"]), "")
        self.assertEqual(result["tables"], [])
        self.assertEqual(result["unrestricted"], [])
        self.assertEqual(result["untouched"], 2)
        self.assertEqual(result["invoice"], "posted")
