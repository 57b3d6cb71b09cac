from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

BATCH_SIZE = 20_000
# So many confirmed orders are scanned while the user waits.
DIRECT_LIMIT = 5_000


class ScopeChangeScan(models.Model):
    """One pass over the history of a company's orders; remembers where it stopped.

    It finds what live detection would have noted had it been there, as far as Odoo
    has kept it. What Odoo 19 tracks, and what can be found:

    - the untaxed amount of an order: by how much all edits of one save moved it, who
      saved, and when. That is the law of the register, baseline + changes = order;
    - the deadline and the allocated hours of a project.

    What Odoo never kept, and nobody can find: quantity, price, discount and unit of a
    line (a new quantity is written to the chatter as a sentence in the language of
    whoever saved: it is shown as evidence and never read by us, since the same
    sentence in the next language, or with another module, would be read wrong), the
    hours behind an amount, the delivery date of an order, objectives, and whatever
    was written with tracking switched off, as by most imports.

    Left out is what is nobody's drift: the confirmation's own moves, expenses that
    Odoo puts on the order to be invoiced again, what the register holds already, what
    moved and came back on one day, first deadlines, hours that were sold. An order
    that was reset, edited and confirmed again was agreed anew: that is proposed as a
    change already agreed, because the sums need it. An amendment is an order of its
    own; what renegotiating took off the first one stands in the register.
    """

    _name = "scope.change.scan"
    _description = "Scan of the history"
    _order = "id desc"
    _rec_name = "started_at"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    user_id = fields.Many2one(
        "res.users", "Asked by", required=True, readonly=True, ondelete="cascade"
    )
    started_at = fields.Datetime(
        required=True, readonly=True, default=fields.Datetime.now
    )
    finished_at = fields.Datetime(readonly=True)
    order_position = fields.Integer(
        readonly=True, aggregator=None, help="Id of the last order passed."
    )
    project_position = fields.Integer(
        readonly=True, aggregator=None, help="Id of the last project passed."
    )
    proposal_count = fields.Integer("Found", readonly=True)
    order_count = fields.Integer("On Orders", readonly=True)

    _unfinished_once = models.UniqueIndex(
        "(company_id) WHERE finished_at IS NULL",
        "The history of this company is being scanned already: wait for its end.",
    )

    # -- for all orders --------------------------------------------------------------

    @api.model
    def _scan_all(self):
        """Scan the orders of the user's companies, in the background if many."""
        if not self.env.user.has_group("toxic_customer_exit.group_toxicity_manager"):
            raise UserError(
                self.env._(
                    "Scanning the history of all orders is for managers of Customer "
                    "Exit: choose orders in their list, and scan those."
                )
            )
        # sudo: scans are made by the module alone
        scans = self.sudo()._start(self.env.companies)
        if self._count_orders(self.env.companies) > DIRECT_LIMIT:
            return scans._run_later()
        # One that stopped on its way would leave out what changed since.
        scans.write({"order_position": 0, "project_position": 0})
        proposals = self.env["scope.change.proposal"]
        for scan in scans:
            while batch := scan._scan_next():
                proposals |= batch
            scan._finish()
        return self._tell(
            proposals, {"type": "ir.actions.client", "tag": "soft_reload"}
        )

    def _run_later(self):
        # sudo: who may scan need not manage scheduled actions
        self.env.ref("toxic_customer_exit.ir_cron_scan_history").sudo()._trigger()
        users = self.user_id
        if self.env.user in users:
            return self._notify(
                self.env._(
                    "The history of all orders is being scanned. You are told when it "
                    "is done; meanwhile go on with your work."
                )
            )
        return self._notify(
            self.env._(
                "The history is being scanned already, for %(users)s: what is found "
                "shows up here.",
                users=", ".join(users.mapped("name")),
            )
        )

    @api.model
    def _start(self, companies):
        """The unfinished scans of these companies, and new ones for the others."""
        open_scans = self.search(
            [("company_id", "in", companies.ids), ("finished_at", "=", False)]
        )
        return open_scans | self.create(
            [
                {"company_id": company.id, "user_id": self.env.uid}
                for company in companies - open_scans.company_id
            ]
        )

    @api.model
    def _count_orders(self, companies):
        # sudo: how many there are, not which
        return (
            self.env["sale.order"]
            .sudo()
            .search_count(
                [("state", "=", "sale"), ("company_id", "in", companies.ids)],
                limit=DIRECT_LIMIT + 1,
            )
        )

    @api.model
    def _cron_scan(self):
        """Go on with the unfinished scans, in batches; tell who asked at the end."""
        for scan in self.search([("finished_at", "=", False)], order="id"):
            while scan._scan_next() is not None:
                if not self.env["ir.cron"]._commit_progress(1, remaining=1):
                    return
                # Nothing of a batch is needed again: memory stays flat.
                self.env.invalidate_all(flush=False)
            scan._finish()
            scan._tell_user()
        self.env["ir.cron"]._commit_progress(remaining=0)

    def _scan_next(self):
        """Scan the next batch; its proposals, or None when all is passed."""
        self.ensure_one()
        scan = self.with_company(self.company_id)
        for table, position, method in (
            ("sale_order", "order_position", scan._scan_orders),
            ("project_project", "project_position", scan._scan_projects),
        ):
            if last := scan._get_batch_end(table, self[position]):
                found = method(scan._get_range(self[position], last))
                self.write({position: last})
                found.write({"scan_id": self.id})
                return found
        return None

    def _get_batch_end(self, table, position):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT MAX(id) FROM (
                    SELECT id FROM %(table)s WHERE id > %(position)s
                  ORDER BY id LIMIT %(size)s) batch
                """,
                table=SQL.identifier(table),
                position=position,
                size=BATCH_SIZE,
            )
        )
        return rows[0][0]

    def _get_range(self, first, last):
        """The scope of a batch: its ids, in the scan's company."""
        company_id = self.company_id.id

        def scope(alias):
            return SQL(
                "(%(id)s > %(first)s AND %(id)s <= %(last)s"
                " AND COALESCE(%(company)s, %(own)s) = %(own)s)",
                id=SQL.identifier(alias, "id"),
                company=SQL.identifier(alias, "company_id"),
                first=first,
                last=last,
                own=company_id,
            )

        return scope

    def _finish(self):
        # Counted at the end: an order may be found by its lines and by its project.
        found = self.env["scope.change.proposal"].search([("scan_id", "=", self.id)])
        self.write(
            {
                "finished_at": fields.Datetime.now(),
                "proposal_count": len(found),
                "order_count": len(found._get_targets()),
            }
        )

    def _tell_user(self):
        env = self.with_user(self.user_id).env
        self.user_id._bus_send(
            "simple_notification",
            {
                "type": "success" if self.proposal_count else "info",
                "title": env._("Scan of the history"),
                "message": self.with_env(env)._get_result(
                    self.proposal_count, self.order_count
                ),
                "sticky": True,
            },
        )

    @api.autovacuum
    def _gc_old_scans(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), months=3)
        self.search([("started_at", "<", limit)]).unlink()

    # -- for some --------------------------------------------------------------------

    @api.model
    def _scan_chosen(self, orders, projects):
        """Scan these orders and projects; as superuser, the callers have asked."""
        scan, found = self.sudo(), self.env["scope.change.proposal"].sudo()
        if orders:
            found |= scan._scan_orders(self._get_ids_scope(orders))
        if projects:
            found |= scan._scan_projects(self._get_ids_scope(projects))
        return self._tell(found.sudo(False))

    @api.model
    def _get_ids_scope(self, records):
        ids = records.ids
        return lambda alias: SQL("%s = ANY(%s)", SQL.identifier(alias, "id"), ids)

    # -- telling ---------------------------------------------------------------------

    @api.model
    def _tell(self, proposals, then=None):
        # sudo: what to count is known, whatever the user may read of it
        found = proposals.sudo()
        message = self._get_result(len(found), len(found._get_targets()))
        return self._notify(message, then or self._get_next_action())

    @api.model
    def _get_result(self, count, targets):
        if not count:
            return self.env._(
                "Nothing was found that is not noted or proposed already."
            )
        if count == 1:
            return self.env._("1 change found: look through it.")
        return self.env._(
            "%(count)s changes found on %(targets)s orders: look through them.",
            count=count,
            targets=targets,
        )

    @api.model
    def _get_next_action(self):
        """The proposals if there are any to look through, by name: the client shows
        the help of an action only when it loads the action itself.
        """
        waiting = self.env["scope.change.proposal"].search_count(
            [("state", "=", "proposed")], limit=1
        )
        return waiting and "toxic_customer_exit.scope_change_proposal_action"

    @api.model
    def _notify(self, message, then=None):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": message,
                **({"next": then} if then else {}),
            },
        }
