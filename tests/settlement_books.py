"""What has to be billed in the end, line by line, as a person would keep it on paper.

The books know deliveries, bills and credit notes as they happen, never what Odoo or the
module made of them.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

CENT = HUNDREDTH = Decimal("0.01")


def rounded(value):
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def exact(value):
    """A float as the decimal a person would write."""
    return Decimal(str(round(value, 6)))


@dataclass
class Page:
    """What the books hold about one order line."""

    price: Decimal
    discount: Decimal
    tax: str
    delivered: Decimal = Decimal(0)
    credited: Decimal = Decimal(0)
    bills: list = field(default_factory=list)
    ordered: Decimal = Decimal(0)

    @property
    def net(self):
        return sum(self.bills, Decimal(0))

    def worth(self, quantity, price=None):
        """What a quantity comes to on one document, untaxed and rounded."""
        amount = quantity * (self.price if price is None else price)
        amount *= 1 - self.discount / 100
        if self.tax == "included":
            amount /= Decimal("1.21")
        return rounded(amount)

    def due(self, is_rebilled):
        forgiven = min(self.credited, max(Decimal(0), self.delivered - self.net))
        last = self.delivered - (0 if is_rebilled else forgiven) - self.net
        return sum(map(self.worth, [*self.bills, last]))


@dataclass
class Rebate(Page):
    """A discount on the whole order: due like what was delivered of the order."""

    # What the order prints, to which Odoo has already shared out its rounding
    printed: Decimal = Decimal(0)

    def worth(self, quantity, price=None):
        is_whole = price is None or price == self.price
        if is_whole and abs(quantity) == 1:
            return self.printed * quantity
        return super().worth(quantity, price)

    def due_for(self, share):
        if self.bills:
            last = (share.quantize(HUNDREDTH) if share else Decimal(0)) - self.net
            return sum(map(self.worth, [*self.bills, last]))
        return self.worth(Decimal(1), self.price * share)
