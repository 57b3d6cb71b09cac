from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools.misc import formatLang

from .toxicity_internal_thread import USER_GROUP

# Fewer other customers than these say nothing about us.
MIN_OTHERS = 3
# A reason weighs about as much elsewhere from this share of its load here.
ALIKE = 0.5
# What is late, by the kind that the facts tell of.
LATE_MODELS = {"milestone": "project.milestone", "task": "project.task"}


class OwnPart(models.AbstractModel):
    """Is it us? What we did at a customer, and how its reasons look elsewhere.

    Facts beside the reasons of a score: they change no score and no band. What is
    counted, and how, stands with the queries in own_part_query.py. Nobody is named:
    whoever looks may not know who else works for whom.
    """

    _name = "own.part"
    _description = "What we did ourselves at a customer"

    @api.model
    def _render(self, keys):
        """{(customer id, company id): the facts as HTML}, for the keys."""
        return {
            key: self.env["ir.qweb"]._render("toxic_customer_exit.own_part", facts)
            for key, facts in self._get_facts(keys).items()
        }

    @api.model
    def _get_facts(self, keys):
        """{(customer id, company id): what the template tells}, in a few queries."""
        keys = {key for key in keys if all(key)}
        if not keys:
            return {}
        late, staff = self._read_late(keys), self._read_staff(keys)
        elsewhere, lines = self._read_elsewhere(keys), self._get_strain(keys)
        return {
            key: {
                "partner_id": key[0],
                "company_id": key[1],
                "days": self._get_days(key),
                "late": [self._tell_late(*row) for row in late.get(key, [])],
                "staff": self._tell_staff(staff.get(key, {})),
                **self._compare(lines.get(key, []), elsewhere.get(key, {})),
            }
            for key in keys
        }

    def _get_days(self, key):
        # sudo: the window explains the facts to whoever may see them
        return self.env["res.company"].sudo().browse(key[1]).toxicity_window_days

    def _get_strain(self, keys):
        """{key: the lines of the score that strain, the heaviest first}."""
        customers, companies = zip(*keys, strict=True)
        # sudo: the facts are for whoever may read what they are shown beside
        lines = (
            self.env["toxicity.score.line"]
            .sudo()
            .search(
                [
                    ("partner_id", "in", customers),
                    ("company_id", "in", companies),
                    ("polarity", "=", "strain"),
                    ("load", ">", 0),
                ]
            )
        )
        return lines.grouped(lambda line: (line.partner_id.id, line.company_id.id))

    @api.model
    def action_view_late(self, kind, partner_id, company_id):
        """Open what was late: of it, what the user may read anyway."""
        customer = self.env["res.partner"].browse(partner_id)
        customer.check_access("read")
        company = self.env["res.company"].browse(company_id)
        if not self.env.user.has_group(USER_GROUP) or company not in self.env.companies:
            raise AccessError(
                self.env._(
                    "What was late for %(customer)s is shown to those who work with "
                    "Customer Exit in its company.",
                    customer=customer.display_name,
                )
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Late for %(customer)s", customer=customer.display_name),
            "res_model": LATE_MODELS[kind],
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self._find_late(kind, (partner_id, company_id)))],
            "context": {"active_test": False, "create": False},
        }

    # -- in words --------------------------------------------------------------------

    def _tell_late(self, kind, due, late, days):
        labels = {
            "milestone": self.env._("Milestones of ours"),
            "task": self.env._("Tasks of ours"),
        }
        return {
            "kind": kind,
            "label": labels[kind],
            "is_late": bool(late),
            "text": self.env._(
                "%(late)s of %(due)s late, by %(days)s days on average",
                late=late,
                due=due,
                days=formatLang(self.env, days, digits=0),
            )
            if late
            else self.env._("none of %(due)s late", due=due),
        }

    def _tell_staff(self, counts):
        return [
            (self.env._("Colleagues who logged time"), counts.get("people", 0)),
            (self.env._("Changes of project manager"), counts.get("project", 0)),
            (self.env._("Changes of salesperson"), counts.get("sale", 0)),
        ]

    def _compare(self, lines, elsewhere):
        """The reasons here and elsewhere, those of which nothing is known left out."""
        roles = [
            ("project", self.env._("Same project manager")),
            ("sale", self.env._("Same salesperson")),
        ]
        rows = [
            {
                "reason": line.indicator_id.name,
                "here": self._tell_amount(line, line.value, line.load),
                "elsewhere": [
                    self._tell_elsewhere(line, elsewhere.get((role, line.indicator_id)))
                    for role, _label in roles
                ],
            }
            for line in lines
        ]
        return {
            "has_reasons": bool(rows),
            "roles": [label for _role, label in roles],
            "rows": [row for row in rows if any(row["elsewhere"])],
            "least": MIN_OTHERS,
        }

    def _tell_amount(self, line, value, load):
        if line.origin == "measured":
            return line._format_value(value)
        if not load:
            return self.env._("not recorded")
        return self.env._("load %(load)s", load=formatLang(self.env, load, digits=2))

    def _tell_elsewhere(self, line, found):
        if not found:
            return None
        customers, value, load = found
        return {
            "median": self._tell_amount(line, value, load),
            "customers": customers,
            "is_alike": load >= ALIKE * line.load,
        }
