"""Scalars: a program of numbers alone, in Python's own, which cost a third of NumPy's.

Python's arithmetic on floats is the machine's, like NumPy's. Where it raises (division by zero, powers that overflow),
and where a product of the chain rule met 0·∞, the program in NumPy's numbers answers. A NaN or a tie of maximum and
minimum is left to NumPy's function, so that signs of zeros are its own. Functions are NumPy's, called on Python's
numbers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import define

from funcgrad.backends.naming import frozen
from funcgrad.backends.numbering import Ask, Fork, Segment
from funcgrad.backends.spelling import CHOICE, COMPARISON, CONDITIONAL, MINUS, SYMBOLS, Spelled, function_text
from funcgrad.backends.writing import Writer
from funcgrad.graph.graph import Constant
from funcgrad.graph.op import Op, Weakness
from funcgrad.primitives.kinds import Pointwise
from funcgrad.primitives.pointwise import PowerBy, Select
from funcgrad.primitives.shaping import Cast

#: Operators that are the same for Python's floats as for NumPy's, but that they may raise.
SAME = {
    "add", "subtract", "multiply", "divide", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal",
}  # fmt: skip
#: Operators of truth values.
TRUTH = {"bitwise_and": ("and", 10), "bitwise_or": ("or", 11), "bitwise_xor": ("!=", COMPARISON)}
#: How loosely a negation binds.
NOT = 10  # with `and` at 10 and `or` at 11, as Python has them
#: Whole numbers below this are floats exactly.
EXACT = 1 << 53
FLOAT, BOOL = np.dtype(np.float64), np.dtype(bool)


def numeric(kind: Any) -> bool:
    """Whether a type is one whose numbers are Python's floats, integers or truth values."""
    if type(kind) is tuple or kind.shape:
        return False
    return kind.dtype in (FLOAT, BOOL) or (kind.weak and kind.dtype.kind == "i")


@define(eq=False)
class ScalarWriter(Writer):
    """Writes the lines of a function of Python's numbers."""

    def possible(self, segment: Segment) -> bool:
        """Whether a segment and all after it can be written so."""
        values = self.values
        for item in segment.order:
            if isinstance(item, Ask):
                continue
            line = values.made[item]
            kinds = [values.kind(i) for i in line.args]
            if not all(map(numeric, [line.step.type, *kinds])) or not fits(line.step.op, kinds, line.step.type):
                return False
        if isinstance(segment.end, Fork):
            return all([self.possible(side) for _, side in segment.end.sides])
        return all([numeric(values.kind(i)) and self.direct(i) for i in segment.end.answers])

    def direct(self, number: int) -> bool:
        """Whether the class of an answer is known: a truth value is Python's or NumPy's by what was compared."""
        line = self.values.made.get(number)
        return self.values.kind(number).dtype != BOOL or (line is not None and comparison(line.step.op))

    def answer(self, number: int) -> str:
        """An answer as the number that it is in NumPy's program."""
        text, kind = self.of(number).text, self.values.kind(number)
        if isinstance(self.values.types[number], Constant):
            return self.shared(number, "c", lambda: frozen(self.values.types[number].value))
        if kind.dtype == BOOL:
            weakly = all([self.values.kind(i).weak for i in self.values.made[number].args])
            return text if weakly else f"np.bool_({text})"
        return text if kind.weak else f"np.float64({text})"

    def of(self, number: int) -> Spelled:
        """The expression of a value; a constant is written out."""
        constant = self.values.types[number]
        if number in self.names or not isinstance(constant, Constant):
            return self.names[number]
        value = constant.value.item() if isinstance(constant.value, np.generic) else constant.value
        text = repr(value)
        if value - value != 0:  # infinities and NaN have no literal
            return Spelled(f"float({text!r})")
        return Spelled(text, loose=MINUS if text.startswith("-") else 0)

    def as_float(self, number: int) -> Spelled:
        """A value as a float: in a choice nothing else makes it one."""
        text = self.of(number)
        if self.values.kind(number).dtype == FLOAT:
            return text
        if isinstance(self.values.types[number], Constant):
            return Spelled(repr(float(self.values.types[number].value)), loose=text.loose)
        if self.values.kind(number).dtype == BOOL:
            return Spelled(f"1.0 if {text.within(CONDITIONAL - 1)} else 0.0", loose=CONDITIONAL)
        return Spelled(f"float({text.text})")

    def beside_float(self, number: int, args: Sequence[int]) -> Spelled:
        """An argument of an operator, a whole constant as a float: Python is quickest where both are."""
        whole = isinstance(self.values.types[number], Constant) and self.values.kind(number).dtype.kind == "i"
        floats = [i for i in args if self.values.kind(i).dtype == FLOAT]
        return (
            self.as_float(number)
            if whole and floats and abs(self.values.types[number].value) < EXACT
            else self.of(number)
        )

    def expression(self, number: int) -> Spelled:
        """The expression of a step."""
        line = self.values.made[number]
        op = line.step.op
        args = [self.of(i) for i in line.args]
        if isinstance(op, Weakness):
            return args[0]
        if isinstance(op, Cast):
            return self.as_float(line.args[0])
        if isinstance(op, Select):
            c, x, y = args[0], *[self.as_float(i) for i in line.args[1:]]
            return Spelled(f"{x.within(11)} if {c.within(11)} else {y.within(CONDITIONAL)}", loose=CONDITIONAL)
        if isinstance(op, PowerBy):
            return self.power(op, args[0])
        assert isinstance(op, Pointwise)
        return self.pointwise(op, number, args)

    def power(self, op: PowerBy, x: Spelled) -> Spelled:
        """A constant power: Python's own for a whole exponent, since it makes complex numbers for another."""
        if float(op.exponent).is_integer():
            return Spelled(f"{x.within(0)} ** {op.exponent!r}", loose=1)
        return Spelled(f"float(np.power({x.text}, {op.exponent!r}))")

    def pointwise(self, op: Pointwise, number: int, args: list[Spelled]) -> Spelled:
        """An elementwise function of numbers."""
        name, line = op.ufunc.__name__, self.values.made[number]
        if name in SAME:
            args = [self.beside_float(i, line.args) for i in line.args]
            symbol, loose = SYMBOLS[name]
            left = loose - 1 if loose == COMPARISON else loose
            return Spelled(f"{args[0].within(left)} {symbol} {args[1].within(loose - 1)}", loose=loose)
        if name == "negative":
            return Spelled(f"-{args[0].within(MINUS)}", loose=MINUS)
        if name == "positive":
            return args[0]
        if name in ("logical_not", "invert"):
            return Spelled(f"not {args[0].within(9)}", loose=NOT)
        if name in TRUTH:
            word, loose = TRUTH[name]
            return Spelled(f"{args[0].within(loose - 1)} {word} {args[1].within(loose - 1)}", loose=loose)
        if name in CHOICE:
            x, y = [self.as_float(i) for i in line.args]
            than, call = CHOICE[name], f"float(np.{name}({x.text}, {y.text}))"
            x, y = Spelled(x.within(8)), Spelled(y.within(8))
            return Spelled(
                f"{x.text} if {x.text} {than} {y.text} else {y.text} if {y.text} {than} {x.text} else {call}",
                loose=CONDITIONAL,
            )
        if name == "absolute":
            return Spelled(f"abs({args[0].text})")
        kind = "bool" if line.step.type.dtype == BOOL else "float"
        return Spelled(f"{kind}({function_text(op)}({', '.join([a.text for a in args])}))")


def comparison(op: Op) -> bool:
    """Whether an operation compares two numbers."""
    return isinstance(op, Pointwise) and op.ufunc.__name__ in SAME and op.ufunc.nout == 1 and op.constant


def fits(op: Op, kinds: list[Any], answer: Any) -> bool:
    """Whether an operation on numbers of these types has an expression in Python's numbers."""
    floats = all([t.dtype == FLOAT for t in kinds])
    if isinstance(op, Weakness):
        return True
    if isinstance(op, Cast | Select):
        return bool(answer.dtype == FLOAT)
    if isinstance(op, PowerBy):
        return floats and abs(op.exponent) < EXACT
    if not isinstance(op, Pointwise) or (op.label not in ("", "chain") and op.home == "numpy"):
        return False
    name = op.ufunc.__name__
    if name in TRUTH or name in ("logical_not", "invert"):
        return all([t.dtype == BOOL for t in kinds])
    if name in SAME or name in ("negative", "positive", "absolute"):
        return any([t.dtype == FLOAT for t in kinds])
    if name in ("floor_divide", "remainder", "power"):
        return floats and not all([t.weak for t in kinds])
    return any([t.dtype == FLOAT for t in kinds]) and answer.dtype in (FLOAT, BOOL) and op.ufunc.nout == 1
