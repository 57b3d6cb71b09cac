"""What happens beside the lines of an order, at one moment; nothing is stored here."""

from dataclasses import dataclass, field
from datetime import date

from odoo import models
from odoo.tools import format_date, formatLang, html2plaintext

# Fields whose name does not say which item they make.
WHAT = {"date": "deadline"}


@dataclass(frozen=True)
class ScopeEvent:
    """One old → new of an order, project or task.

    target: the order it belongs to, or the project if there is no order.
    links: {field: id} of the item; with `what` they tell which item it goes on from.
    """

    target: models.BaseModel
    what: str
    name: str
    links: dict = field(default_factory=dict)
    old_value: str = ""
    new_value: str = ""
    old_number: float = 0.0
    new_number: float = 0.0
    hours: float = 0.0
    days: float = 0.0

    @property
    def kind(self):
        return "objective" if self.what == "objectives" else "scope"

    def get_item_vals(self):
        return {
            "what": self.what,
            "name": self.name,
            "old_value": self.old_value,
            "new_value": self.new_value,
            "old_number": self.old_number,
            "new_number": self.new_number,
            "hours": self.hours,
            "days": self.days,
            **self.links,
        }


class Watch:
    """One field of several records before a write, to be compared with it after."""

    def __init__(self, records, name):
        self.name = name
        self.type = records._fields[name].type
        self.before = {record: record[name] for record in records}

    def get_moves(self):
        """Return [(record, old value, new value)] where people see a difference."""
        moves = [
            (record, old, record[self.name]) for record, old in self.before.items()
        ]
        return [
            (record, old, new)
            for record, old, new in moves
            if self.show(record, old) != self.show(record, new)
        ]

    def get_event(self, target, record, old, new, links):
        old_number, new_number = map(self.get_number, (old, new))
        return ScopeEvent(
            target=target,
            what=WHAT.get(self.name, self.name),
            name=record.display_name,
            links=links,
            old_value=self.show(record, old),
            new_value=self.show(record, new),
            old_number=old_number,
            new_number=new_number,
            days=new_number - old_number if old and isinstance(new, date) else 0.0,
        )

    def get_number(self, value):
        if isinstance(value, date):
            return value.toordinal()
        return value if self.type == "float" and value else 0.0

    def show(self, record, value):
        """The value as people read it, whatever the markup around a text."""
        if not value:
            return ""
        if self.type in ("date", "datetime"):
            return format_date(record.env, value)
        if self.type == "html":
            return html2plaintext(value).strip()
        return formatLang(record.env, value)
