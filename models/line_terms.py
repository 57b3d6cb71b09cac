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
        return self.quantity * self.price * (1 - self.discount / 100)

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
