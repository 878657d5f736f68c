"""steps: both sweeps as text, a line a value."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from attrs import frozen

from funcgrad.show.cards import expression, inline
from funcgrad.show.reading import check_function, sheet_of
from funcgrad.show.sheet import Share, Sheet
from funcgrad.show.slopes import slope_formula
from funcgrad.show.tables import table
from funcgrad.show.wording import number, short, slope


@frozen(eq=False, repr=False)
class Steps:
    """Both sweeps of one evaluation as text: a frozen value, which shows itself."""

    #: What was evaluated.
    sheet: Sheet

    @property
    def forward(self) -> list[str]:
        """A line a value: its name, how it is made of others, its number or shape, where it was written."""
        rows = []
        for value in self.sheet.values:
            if not inline(value):
                made = f"{expression(self.sheet, value)} = " if value.op else ""
                rows.append((value.name, f"= {made}{short(value.value)}", str(value.place or value.kind)))
        return table(rows, ("  ", " ", "   "))

    @property
    def backward(self) -> list[str]:
        """A line a product of the chain rule: to whom, from whom, the local derivative, the product, the sum so far."""
        root, *others = [self.sheet.values[i] for i in self.sheet.outputs]
        if others or root.gradient is None:
            return []
        first = (root.name, "", f"∂{root.name}/∂{root.name} = 1", "", f"sum {slope(root.gradient)}")
        rows = [first, *[share_row(self.sheet, share) for share in self.sheet.shares]]
        return table(rows, ("  ", "  ", "  ", "   ", "   "))

    @property
    def text(self) -> str:
        """Both sweeps."""
        sheet = self.sheet
        asked = [
            f"  {guard.text or 'a value'} is {guard.answer}   {guard.place or ''}".rstrip() for guard in sheet.guards
        ]
        lines = [f"{sheet.function}: forward", *self.forward]
        lines += ["asked", *asked] if asked else []
        why = "depends on no argument" if sheet.differentiated else "is not one real number"
        lines += ["backward", *self.backward] if self.backward else [f"no gradient: the answer {why}"]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


def share_row(sheet: Sheet, share: Share) -> tuple[str, ...]:
    """The cells of one product of the chain rule."""
    source, target = sheet.values[share.source], sheet.values[share.target]
    local = f"∂{source.name}/∂{target.name}"
    product = f"{slope(share.product)}"
    if share.local is not None:
        formula = slope_formula(share, sheet)
        value = number(share.local)
        local += f" = {formula}" if formula and formula != value else ""
        local += f" = {value}"
        product = f"{number(share.arrived)} × {value} = {product}"
    return (target.name, f"from {source.name}", local, product, f"sum {slope(share.total)}")


def steps(f: Callable[..., Any]) -> Callable[..., Steps]:
    """Both sweeps of f at its arguments, as text.

    steps : (X → Y) → (X → Steps).  First a line for every value: its name, the operation on which inputs, the number.
    Then a line for every product of the chain rule, in the order of the sweep: what gets it, from whom, the local
    derivative as formula and number, the cotangent that arrives times that, and the sum so far. Arrays are shown by
    their shapes, their gradients by their norms.

    >>> def f(x, y):
    ...     z = x * y
    ...     return z + x
    >>> for line in steps(f)(2.0, 3.0).backward:
    ...     print(line)
      v1           ∂v1/∂v1 = 1                 sum 1
      z   from v1  ∂v1/∂z = 1      1 × 1 = 1   sum 1
      x   from v1  ∂v1/∂x = 1      1 × 1 = 1   sum 1
      x   from z   ∂z/∂x = y = 3   1 × 3 = 3   sum 4
      y   from z   ∂z/∂y = x = 2   1 × 2 = 2   sum 2
    """
    check_function(f, "sweep", "steps")

    @wraps(f)
    def stepped(*args: Any, **keywords: Any) -> Steps:
        return Steps(sheet_of(f, args, keywords))

    return stepped
