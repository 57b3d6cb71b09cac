"""Make the files that the browser loads, for all browser tests; runs in Odoo's shell.

Odoo's own runner does the same before its tests. Without it each test would make them
again, in a transaction that is rolled back, for half a minute of two processors.
"""

env = env  # noqa: F821, PLW0127 (given by the shell)

env["ir.qweb"]._pregenerate_assets_bundles()
env.cr.commit()
