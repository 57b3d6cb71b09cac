"""Databases: templates with the dependencies, and workspaces copied from them.

The bundled server keeps a template as a folder of the cache and copies the folder; on
a server that PGHOST names, a template is a database and PostgreSQL copies it.
"""

import ast
import subprocess

from . import places, processes
from .building import build_once, require_space
from .locks import Lock
from .odoo_process import Odoo
from .postgres import BundledServer, NamedServer, find_binaries, is_named
from .problems import DISK_FULL, Problem, disk_full, last_words
from .progress import Step

# Raised when a template must be made anew although its ingredients are the same.
RECIPE = 1
DATABASE = "sandbox"
COPIED = ("pgdata", "data")
# A template with demo data, copied, and room to work in.
GIGABYTES = 1.5


def dependencies():
    """Return the modules that ours depends on, as its manifest says."""
    manifest = ast.literal_eval((places.CHECKOUT / "__manifest__.py").read_text())
    return sorted(manifest["depends"])


class Installed:
    """The recipe of a template: the dependencies, installed in an empty database."""

    base = None
    gigabytes = GIGABYTES

    def __init__(self, databases, demo):
        self.databases = databases
        self.demo = demo
        self.kind = "template-demo" if demo else "template-plain"
        self.key = databases.key(demo)

    def fill(self, odoo):
        odoo.configure(with_demo=self.demo)
        kind = "with" if self.demo else "without"
        with Step(f"Making the template database {kind} demo data") as step:
            what = "The template database could not be made"
            odoo.load(step, what, "-i", ",".join(self.databases.modules))


class Databases:
    """Makes templates and workspaces for one Odoo and one Python.

    A template is made by a recipe: an object with ``kind`` and ``key``, which name
    it, ``gigabytes`` that it takes, ``base``, the recipe of the template it begins as
    a copy of (None: an empty database), and ``fill(odoo)``, which does the rest.
    """

    def __init__(self, source, python, lock):
        self.source = source
        self.python = python
        self.modules = dependencies()
        self.lock = lock

    def key(self, demo):
        ingredients = (RECIPE, self.source.version, self.modules, self.lock, demo)
        return places.fingerprint(*ingredients)

    def installed(self, demo):
        return Installed(self, demo)

    def odoo(self, folder, server, database):
        return Odoo(self.source, self.python, folder, server, database)


class BundledDatabases(Databases):
    """Each workspace is a whole cluster of its own: no server is shared."""

    def template(self, recipe):
        """Return the folder of the recipe's template, made now if need be."""

        def build(folder):
            server = BundledServer(find_binaries(self.python), folder)
            if recipe.base:
                self._copy_parts(self.template(recipe.base), folder)
            else:
                server.create()
            with server:
                recipe.fill(self.odoo(folder, server, DATABASE))
            places.remove(server.sockets)

        waiting = "making the template database"
        return build_once(recipe.kind, recipe.key, build, waiting, recipe.gigabytes)

    def copy(self, folder, recipe):
        template = self.template(recipe)
        require_space(folder, recipe.gigabytes)
        partial = folder.with_name(f"{folder.name}.partial")
        places.remove(partial)
        partial.mkdir(parents=True)
        try:
            self._copy_parts(template, partial)
        except Problem:
            places.remove(partial)
            raise
        places.remove(folder)
        partial.rename(folder)

    def _copy_parts(self, template, folder):
        what = "The template database could not be copied"
        # cp keeps the owner that root gave the cluster, and shares blocks if it can.
        parts = [part for part in template.iterdir() if part.name in COPIED]
        done = processes.run(["cp", "-a", "--reflink=auto", *parts, folder])
        if done.returncode:
            if DISK_FULL.search(done.stdout):
                raise disk_full(what, folder)
            raise Problem(what, last_words(done.stdout), "Run it again.")

    def open(self, folder):
        server = BundledServer(find_binaries(self.python), folder)
        return self.odoo(folder, server, DATABASE)

    def drop(self, folder):
        places.remove(folder)


class NamedDatabases(Databases):
    """Templates and workspaces are databases of the server that PGHOST names."""

    def template(self, recipe):
        """Return the template's database and filestore, made now if need be."""
        name = f"sandbox_{recipe.kind.replace('-', '_')}_{recipe.key}"
        folder = places.cache() / f"named-{name}"
        filestore = self._filestore(folder, name)
        base = recipe.base and self.template(recipe.base)
        waiting = "making the template database"
        with Lock(places.cache() / "locks" / "named", waiting=waiting):
            if self._exists(name):
                return name, filestore
            partial = f"{name}_partial"
            places.remove(folder)
            folder.mkdir(parents=True)
            self._sql(f'DROP DATABASE IF EXISTS "{partial}"')
            if base:
                self._copy_database(*base, folder, partial)
            recipe.fill(self.odoo(folder, NamedServer(), partial))
            made = self._filestore(folder, partial)
            if made.exists():
                made.rename(filestore)
            self._sql(f'ALTER DATABASE "{partial}" RENAME TO "{name}"')
        return name, filestore

    def copy(self, folder, recipe):
        template, filestore = self.template(recipe)
        self.drop(folder)
        folder.mkdir(parents=True)
        self._copy_database(template, filestore, folder, self._name(folder))

    def _copy_database(self, template, filestore, folder, name):
        if filestore.exists():
            target = self._filestore(folder, name)
            target.parent.mkdir(parents=True)
            processes.run(["cp", "-a", "--reflink=auto", filestore, target])
        self._sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def open(self, folder):
        return self.odoo(folder, NamedServer(), self._name(folder))

    def drop(self, folder):
        self._sql(f'DROP DATABASE IF EXISTS "{self._name(folder)}"')
        places.remove(folder)

    def _name(self, folder):
        checkout = places.fingerprint(str(places.CHECKOUT))
        return f"sandbox_{checkout}_{folder.name.replace('-', '_')}"

    def _filestore(self, folder, database):
        return folder / "data" / "filestore" / database

    def _exists(self, name):
        return bool(self._sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))

    def _sql(self, statement):
        """Run one statement on the server; the names in it are made by us."""
        script = (
            "import psycopg2, sys\n"
            "connection = psycopg2.connect(dbname='postgres')\n"
            "connection.autocommit = True\n"
            "cursor = connection.cursor()\n"
            "cursor.execute(sys.argv[1])\n"
            "print(*(cursor.fetchall() if cursor.description else []), sep='')\n"
        )
        done = subprocess.run(
            [self.python, "-c", script, statement],
            env=processes.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Problem(
                "The PostgreSQL server that PGHOST names did not do what was asked",
                last_words(done.stderr),
                "Check PGHOST, PGPORT, PGUSER and PGPASSWORD: the role must not be "
                "postgres and must be allowed to create databases.",
            )
        return done.stdout.strip()


def databases(source, python, lock):
    kind = NamedDatabases if is_named() else BundledDatabases
    return kind(source, python, lock)
