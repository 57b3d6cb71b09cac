"""What an order line says, at one moment; plain values, no records."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class LineTerms:
    """Quantity, unit, price and discount of a line with what they come to.

    The unit stands as its size in the reference unit: 8 for a day, 1 for an hour.
    """

    uom: float = 0.0
    quantity: float = 0.0
    price: float = 0.0
    discount: float = 0.0
    hours: float = 0.0
    subtotal: float = 0.0
    uom_name: str = ""

    def get_changed(self, other, digits):
        """Return the names in digits ({name: decimals}) on which both differ."""
        return [
            name
            for name, decimals in digits.items()
            if round(getattr(self, name) - getattr(other, name), decimals)
        ]

    def without_quantity(self):
        return replace(self, quantity=0.0)

    def get_gross(self):
        return self.quantity * self.get_net_price()

    def get_net_price(self):
        return self.price * (1 - self.discount / 100)

    def get_size(self):
        """The quantity in the reference unit, whatever the unit it is written in."""
        return self.quantity * self.uom

    def get_unit_value(self):
        """The net price of one reference unit."""
        return self.get_net_price() / self.uom if self.uom else self.get_net_price()

    def price_differs(self, other):
        return bool(round(self.get_unit_value() - other.get_unit_value(), 6))

    def apply(self, items, forward):
        """Return these terms after the items (what, old_number, new_number) of a line.

        Backward: before them. Quantities move by their difference, which others may
        have moved as well; of the rest the value of the last, or first, item stands.
        """
        values = {}
        for item in items if forward else reversed(items):
            value = item.new_number if forward else item.old_number
            if item.what in ("quantity", "line"):
                step = item.new_number - item.old_number
                quantity = values.get("quantity", self.quantity)
                values["quantity"] = quantity + (step if forward else -step)
            else:
                values[item.what] = value
        return replace(self, **values)

    def split(self, after, names, total, rounding):
        """Share the amount *total* among the changed names, as {name: amount}.

        Each name is moved in turn from its old to its new value, so that the steps
        add up to the whole; they are scaled to total because subtotals are untaxed
        while prices may include tax, and the last one takes the rounding.
        """
        steps, terms = {}, self
        for name in names:
            moved = replace(terms, **{name: getattr(after, name)})
            steps[name] = moved.get_gross() - terms.get_gross()
            terms = moved
        gross = sum(steps.values())
        scale = total / gross if rounding(gross) else 1.0
        amounts = {name: rounding(step * scale) for name, step in steps.items()}
        if names:
            amounts[names[-1]] = rounding(
                total - sum(amounts[name] for name in names[:-1])
            )
        return amounts
