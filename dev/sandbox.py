"""Everything that a command needs before it can begin, made or found."""

from . import odoo_source, places, python_env
from .database import databases
from .progress import Step
from .python_env import LOCKS

# What of the checkout Odoo does not install.
NOT_MODULE = {"dev", "tests", "__pycache__"}


def prepare():
    """Return the databases to work with; the first time this takes minutes."""
    places.link_module()
    source = odoo_source.find()
    python = python_env.python("odoo")
    return databases(source, python, places.fingerprint(LOCKS / "odoo.lock"))


def module_fingerprint():
    """Return a text that changes when what Odoo has installed of the module does."""
    files = [
        path
        for path in sorted(places.CHECKOUT.rglob("*"))
        if path.is_file() and is_module_file(path.relative_to(places.CHECKOUT).parts)
    ]
    names = [str(path.relative_to(places.CHECKOUT)) for path in files]
    return places.fingerprint(*names, *files)


def is_module_file(parts):
    return not NOT_MODULE & set(parts) and not any(p.startswith(".") for p in parts)


def bring_module(odoo):
    """Install the module in a workspace, or update it when its files changed."""
    note = odoo.folder / "module"
    installed = note.read_text() if note.exists() else ""
    wanted = module_fingerprint()
    if installed == wanted:
        return
    option, verb = ("-u", "Updating") if installed else ("-i", "Installing")
    with Step(f"{verb} {places.MODULE}") as step:
        what = f"{places.MODULE} could not be loaded"
        odoo.load(step, what, option, places.MODULE)
    note.write_text(wanted)
