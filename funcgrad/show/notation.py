"""Notation: one expression after the other as mathematics is written, in LaTeX or in plain letters."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad.graph.op import Op, Weakness
from funcgrad.primitives.contracting import MatMul
from funcgrad.primitives.indexing import Index
from funcgrad.primitives.kinds import Pointwise
from funcgrad.primitives.placing import Place
from funcgrad.primitives.pointwise import PowerBy, Select
from funcgrad.primitives.shaping import Cast
from funcgrad.show.wording import operation, subscript

#: How loosely a term binds: a name or a call, a power, a product, one of matrices, a sum, a comparison.
ATOM, POWER, PRODUCT, MATRICES, SUM, COMPARISON = range(6)

GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
}  # fmt: skip
#: Functions that LaTeX has a name for.
KNOWN = {
    "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "exp", "max", "min",
}  # fmt: skip
#: Our names of functions where mathematics has others.
OTHERS = {
    "log": "ln", "maximum": "max", "minimum": "min", "fmax": "max", "fmin": "min", "imaginary": "Im", "real": "Re",
}  # fmt: skip
SIGNS = {
    "less": ("<", "<"), "less_equal": (r"\le", "≤"), "greater": (">", ">"), "greater_equal": (r"\ge", "≥"),
    "equal": ("=", "="), "not_equal": (r"\ne", "≠"), "remainder": (r"\bmod", "mod"),
    "logical_and": (r"\wedge", "and"), "logical_or": (r"\vee", "or"),
}  # fmt: skip


@frozen
class Term:
    """An expression, and how loosely it binds."""

    #: Its text.
    text: str
    #: 0 for a name, a number or a call.
    loose: int = ATOM
    #: Whether it is a minus sign and a product.
    minus: bool = False

    @property
    def positive(self) -> "Term":
        """Without its minus sign."""
        return Term(self.text[1:], PRODUCT)


@frozen
class Notation:
    """How expressions are written."""

    #: Whether in LaTeX, else in plain letters.
    latex: bool

    def within(self, term: Term, most: int) -> str:
        """The text of a term as part of another that allows so loose ones."""
        return term.text if term.loose <= most else self.around(term.text)

    def around(self, text: str) -> str:
        """A text in parentheses."""
        return rf"\left({text}\right)" if self.latex else f"({text})"

    def name(self, name: str) -> Term:
        """A variable: digits at its end are an index, Greek letters are written so."""
        return Term(latex_name(name) if self.latex else name)

    def number(self, value: Any) -> Term:
        """A constant number."""
        if isinstance(value, np.generic | np.ndarray):
            value = value.item()
        if isinstance(value, complex):
            return Term(str(value).strip("()").replace("j", r"\mathrm{i}" if self.latex else "j"), SUM)
        if isinstance(value, bool):
            return Term(rf"\mathrm{{{value}}}" if self.latex else str(value))
        for known, sign in ((math.pi, (r"\pi", "π")), (math.e, (r"\mathrm{e}", "e"))):
            if value == known:
                return Term(sign[not self.latex])
        text = repr(value).removesuffix(".0")
        if self.latex and "e" in text:
            digits, exponent = text.split("e")
            text = rf"{digits} \times 10^{{{int(exponent)}}}"
        if self.latex and text.lstrip("-") in ("inf", "nan"):
            text = text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")
        minus = text.startswith("-")
        return Term(text, SUM if minus else PRODUCT if r"\times" in text else ATOM, minus)

    def sum(self, sign: str, x: Term, y: Term) -> Term:
        """x + y, x - y."""
        if y.minus:
            sign, y = "-" if sign == "+" else "+", y.positive
        right = self.within(y, SUM if sign == "+" and not y.text.startswith("-") else PRODUCT)
        return Term(f"{self.within(x, SUM)} {sign} {right}", SUM)

    def product(self, x: Term, y: Term) -> Term:
        """x·y: side by side in LaTeX where that reads well."""
        if x.minus and not y.minus:
            return self.negative(self.product(x.positive, y))
        if x == y and x.loose == ATOM:
            return self.power(x, Term("2"))
        left, right = self.within(x, PRODUCT), self.within(y, PRODUCT)
        if not self.latex:
            return Term(f"{left} × {right}", PRODUCT)
        between = r" \cdot " if right[0].isdigit() else r" \, " if not re.fullmatch(r"[\d.]+", left) else " "
        return Term(f"{left}{between}{right}", PRODUCT)

    def matrices(self, x: Term, y: Term) -> Term:
        """x @ y: from left to right, apart from products element by element."""
        left, right = self.within(x, MATRICES), self.within(y, POWER)
        return Term(rf"{left} \, {right}" if self.latex else f"{left} @ {right}", MATRICES)

    def fraction(self, x: Term, y: Term) -> Term:
        """x over y."""
        if x.minus and not y.minus:
            return self.negative(self.fraction(x.positive, y))
        if self.latex:
            return Term(rf"\frac{{{x.text}}}{{{y.text}}}", PRODUCT)
        return Term(f"{self.within(x, PRODUCT)} / {self.within(y, POWER)}", PRODUCT)

    def power(self, x: Term, y: Term) -> Term:
        """x to the power of y."""
        exponent = f"{{{y.text}}}" if self.latex else self.within(y, ATOM)
        return Term(f"{self.within(x, ATOM)}^{exponent}", POWER)

    def root(self, x: Term, degree: str = "") -> Term:
        """A root of x."""
        if self.latex:
            return Term(rf"\sqrt{f'[{degree}]' if degree else ''}{{{x.text}}}")
        return Term(f"{'cbrt' if degree else 'sqrt'}({x.text})")

    def negative(self, x: Term) -> Term:
        """-x."""
        return Term(f"-{self.within(x, PRODUCT)}", SUM, minus=True)

    def call(self, name: str, args: Sequence[Term]) -> Term:
        """A function of its arguments."""
        inner = ", ".join([arg.text for arg in args])
        name = OTHERS.get(name, name) if self.latex else {"maximum": "max", "minimum": "min"}.get(name, name)
        if not self.latex:
            return Term(f"{name}({inner})")
        spelled = rf"\{name}" if name in KNOWN | {"ln"} else rf"\operatorname{{{name.replace('_', ' ')}}}"
        return Term(rf"{spelled}\left({inner}\right)")

    def bars(self, x: Term, left: str = "|", right: str = "|") -> Term:
        """x between bars."""
        if self.latex:
            return Term(rf"\left{left} {x.text} \right{right}")
        return Term(f"{left}{x.text}{right}")

    def cases(self, test: Term, x: Term, y: Term) -> Term:
        """x if the test holds, else y."""
        if self.latex:
            first, second = rf"{x.text} & \text{{if }} {test.text}", rf"{y.text} & \text{{otherwise}}"
            return Term(rf"\begin{{cases}} {first} \\ {second} \end{{cases}}")
        return Term(f"{x.text} if {test.text} else {y.text}", COMPARISON)

    def of(self, op: Op, args: Sequence[Term]) -> Term:
        """An operation on terms."""
        if isinstance(op, Weakness | Cast) or op.name in ("positive", "conjugate"):
            return args[0]
        if isinstance(op, PowerBy):
            return self.powered(args[0], op.exponent)
        if isinstance(op, Select):
            return self.cases(*args)
        if isinstance(op, MatMul):
            return self.matrices(*args)
        if isinstance(op, Index):
            entries = ", ".join(map(subscript, op.entries))
            return Term(self.within(args[0], ATOM) + (rf"_{{\mathtt{{{entries}}}}}" if self.latex else f"[{entries}]"))
        if isinstance(op, Pointwise):
            rule = RULES.get(op.name.removeprefix("complex_"))
            if rule is not None:
                return rule(self, *args)
            if op.name == "remainder":
                x, y = [self.within(x, POWER) for x in args]
                return Term(f"{x} {SIGNS[op.name][not self.latex]} {y}", COMPARISON)
            if op.name in SIGNS:
                sign = SIGNS[op.name][not self.latex]
                return Term(f"{self.within(args[0], SUM)} {sign} {self.within(args[1], SUM)}", COMPARISON)
            return self.call(op.name.removeprefix("scipy.special."), args)
        if isinstance(op, Place) and isinstance(op.place, Index) and self.latex:
            entries = ", ".join(map(subscript, op.place.entries))
            inner = self.around(", ".join([x.text for x in args]))
            return Term(rf"\operatorname{{set}}_{{\mathtt{{{entries}}}}}{inner}")
        return self.call(operation(op, ["·"] * len(args)).lower() if self.latex else op.name.lower(), args)

    def powered(self, x: Term, exponent: Any) -> Term:
        """x to the power of a constant."""
        if exponent == 0.5:
            return self.root(x)
        if exponent == -1:
            return self.fraction(Term("1"), x)
        if exponent < 0:
            return self.fraction(Term("1"), self.power(x, self.number(-exponent)))
        return self.power(x, self.number(exponent))


#: Operations that mathematics writes in a way of its own.
RULES: dict[str, Callable[..., Term]] = {
    "add": lambda to, x, y: to.sum("+", x, y),
    "subtract": lambda to, x, y: to.sum("-", x, y),
    "multiply": Notation.product,
    "chain": lambda to, x, y: y if x.text == "1" else x if y.text == "1" else to.product(x, y),
    "divide": Notation.fraction,
    "power": Notation.power,
    "negative": Notation.negative,
    "square": lambda to, x: to.power(x, Term("2")),
    "reciprocal": lambda to, x: to.fraction(Term("1"), x),
    "sqrt": Notation.root,
    "root": Notation.root,
    "cbrt": lambda to, x: to.root(x, "3"),
    "exp": lambda to, x: to.power(Term(r"\mathrm{e}"), x) if to.latex else to.call("exp", [x]),
    "expm1": lambda to, x: to.sum("-", RULES["exp"](to, x), Term("1")),
    "log1p": lambda to, x: to.call("log", [to.sum("+", Term("1"), x)]),
    "floor_divide": lambda to, x, y: RULES["floor"](to, to.fraction(x, y)),
    "absolute": Notation.bars,
    "abs": Notation.bars,
    "fabs": Notation.bars,
    "floor": lambda to, x: to.bars(x, r"\lfloor", r"\rfloor") if to.latex else to.call("floor", [x]),
    "ceil": lambda to, x: to.bars(x, r"\lceil", r"\rceil") if to.latex else to.call("ceil", [x]),
}

LATEX, PLAIN = Notation(latex=True), Notation(latex=False)


def latex_name(name: str) -> str:
    r"""A variable in LaTeX.

    >>> latex_name("x"), latex_name("x1"), latex_name("theta_0"), latex_name("width"), latex_name("p['w'][0]")
    ('x', 'x_{1}', '\\theta_{0}', '\\mathrm{width}', 'p_{w,0}')
    """
    base, *path = re.split(r"[\[\].']+", name)
    indices = [part for part in path if part]
    word, digits = re.fullmatch(r"(.*?)_?(\d*)", base).groups()  # type: ignore[union-attr]  # it matches everything
    if not word or not word.replace("_", "").isalpha():
        word, digits = base, ""
    if digits:
        indices.insert(0, digits)
    head, _, tail = word.partition("_")
    if tail and (len(head) == 1 or head in GREEK):
        word, indices = head, [tail, *indices]
    letters = [index if len(index) == 1 or index.isdigit() else rf"\mathrm{{{escaped(index)}}}" for index in indices]
    spelled = rf"\{word}" if word in GREEK else word if len(word) == 1 else rf"\mathrm{{{escaped(word)}}}"
    return f"{spelled}_{{{','.join(letters)}}}" if letters else spelled


def escaped(text: str) -> str:
    r"""Letters that mean something in LaTeX, as themselves.

    >>> escaped("b c^2_{0}")
    'b\\ c{\\wedge}2\\_\\{0\\}'
    """
    signs = {"\\": r"{\backslash}", "^": r"{\wedge}", "~": r"{\sim}"}
    return "".join([signs.get(c, rf"\{c}" if c in "_#%&${} " else c) for c in text])
