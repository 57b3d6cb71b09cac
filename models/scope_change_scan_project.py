"""Drift of projects: what tracking says about their deadline and hours."""

from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL

WHATS = ("deadline", "allocated_hours")


class ScopeChangeScan(models.Model):
    _inherit = "scope.change.scan"

    @api.model
    def _scan_projects(self, scope):
        """Propose the drift of the projects of the scope (alias -> SQL)."""
        self.env.flush_all()
        moves = self.env.execute_query_dict(self._get_project_moves_sql(scope))
        found = self._find_project_drift(moves)
        open_lines = self._get_open_project_lines(scope)
        return self.env["scope.change.proposal"]._propose(open_lines, found)

    @api.model
    def _get_open_project_lines(self, scope):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id
                  FROM scope_change_proposal_line line
                  JOIN scope_change_proposal proposal ON proposal.id = line.proposal_id
                  JOIN project_project project ON project.id = line.project_id
                 WHERE proposal.state = 'proposed' AND line.what IN %s AND %s
                   -- Of a deleted message the proposal is all that is left.
                   AND EXISTS (SELECT 1 FROM mail_tracking_value tracking
                                WHERE tracking.id = line.tracking_id)
                """,
                WHATS,
                scope("project"),
            )
        )
        return self.env["scope.change.proposal.line"].browse(row[0] for row in rows)

    @api.model
    def _find_project_drift(self, moves):
        """{key of a proposal: its evidence}, of the projects that moved."""
        projects = self.env["project.project"].browse(
            {move["project_id"] for move in moves}
        )
        targets = {project.id: project._get_scope_target() for project in projects}
        noted, sold = self._get_noted_days(projects), self._get_sold(targets)
        groups = defaultdict(list)
        for move in moves:
            key = (move["project_id"], move["what"], move["date"].date())
            if key not in noted and self._is_since(move, targets[move["project_id"]]):
                groups[key].append(move)
        found = defaultdict(lambda: {"lines": []})
        for (project_id, what, day), group in groups.items():
            if lines := self._prepare_project_lines(what, group, sold[project_id]):
                target = targets[project_id]
                of_order = target._name == "sale.order"
                key = (of_order and target.id, not of_order and target.id, day, False)
                found[key]["lines"] += lines
        return dict(found)

    @api.model
    def _is_since(self, move, target):
        """Whether the move is one of something that was agreed with somebody."""
        if target is None:
            return False
        if target._name == "sale.order":
            since = target.date_baseline or target.date_order
            if move["date"] <= since:
                return False
        # A first deadline is planning.
        return move["what"] != "deadline" or bool(move["old_number"])

    @api.model
    def _get_noted_days(self, projects):
        """The days on which live detection was there to note the same."""
        items = self.env["scope.change.item"].search(
            [
                ("project_id", "in", projects.ids),
                ("what", "in", WHATS),
                ("change_id.proposal_ids", "=", False),
            ]
        )
        return {(item.project_id.id, item.what, item.change_id.date) for item in items}

    @api.model
    def _get_sold(self, targets):
        """{project id: the hours sold for it}, amendments included."""
        projects = self.env["project.project"].browse(targets)
        orders = self.env["sale.order"].union(
            *(t for t in targets.values() if t is not None and t._name == "sale.order")
        )
        contracts = orders._get_contracts()
        return {
            project.id: project._get_sold_hours(contracts[target].order_line)
            if (target := targets[project.id]) in contracts
            else 0.0
            for project in projects
        }

    @api.model
    def _prepare_project_lines(self, what, moves, sold):
        """The evidence of one day, nothing where it came back or was only planned."""
        first, last = moves[0]["old_number"], moves[-1]["new_number"]
        if first == last:
            return []
        lines = [self._prepare_project_line(move, sold) for move in moves]
        if what == "allocated_hours" and sum(line["hours"] for line in lines) <= 0:
            return []
        return lines

    @api.model
    def _prepare_project_line(self, move, sold):
        old, new = move["old_number"], move["new_number"]
        is_deadline = move["what"] == "deadline"
        names = ("what", "old_number", "new_number", "tracking_id", "message_id")
        return {
            **{name: move[name] for name in names},
            "project_id": move["project_id"],
            "name": self.env["project.project"].browse(move["project_id"]).name,
            "moved_at": move["date"],
            "author_name": move["author_name"],
            "is_by_customer": move["is_by_customer"],
            "days": new - old if is_deadline and old and new else 0.0,
            # Hours that were sold are planning, and so is taking them back.
            "hours": 0.0 if is_deadline else max(new, sold) - max(old, sold),
        }

    @api.model
    def _get_project_moves_sql(self, scope):
        get_id = self.env["ir.model.fields"]._get_ids("project.project").get
        return SQL(
            """
            SELECT project.id AS project_id, message.id AS message_id, message.date,
                   tracking.id AS tracking_id,
                   COALESCE(author.name, message.email_from) AS author_name,
                   %(by_customer)s AS is_by_customer,
                   CASE WHEN tracking.field_id = %(date_id)s THEN 'deadline'
                        ELSE 'allocated_hours' END AS what,
                   CASE WHEN tracking.field_id = %(date_id)s
                        THEN COALESCE(tracking.old_value_datetime::date
                                      - DATE '0001-01-01' + 1, 0)
                        ELSE COALESCE(tracking.old_value_float, 0) END AS old_number,
                   CASE WHEN tracking.field_id = %(date_id)s
                        THEN COALESCE(tracking.new_value_datetime::date
                                      - DATE '0001-01-01' + 1, 0)
                        ELSE COALESCE(tracking.new_value_float, 0) END AS new_number
              FROM project_project project
              JOIN mail_message message
                ON message.model = 'project.project' AND message.res_id = project.id
              JOIN mail_tracking_value tracking
                ON tracking.mail_message_id = message.id
         LEFT JOIN res_partner author ON author.id = message.author_id
             WHERE project.allow_billable
               AND NOT COALESCE(project.is_template, FALSE)
               AND tracking.field_id IN (%(date_id)s, %(hours_id)s)
               AND NOT %(decided)s
               AND %(scope)s
          ORDER BY project.id, message.date, tracking.id
            """,
            date_id=get_id("date"),
            hours_id=get_id("allocated_hours"),
            by_customer=self._is_by_customer_sql(),
            decided=self._is_decided_sql(SQL("tracking.id")),
            scope=scope("project"),
        )
