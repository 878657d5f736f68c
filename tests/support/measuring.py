"""Measuring: runs the probes of a name, and says what holds of it."""

import os
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from attrs import evolve
from scipy import special

import funcgrad.numpy as fnp
from funcgrad import Node, grad, jit, jvp, vjp, vmap
from funcgrad.errors import FuncgradError
from funcgrad.scipy import special as fsp
from funcgrad.support import FACTS, Support
from tests.support.probes import CONSTANT, TRACED
from tests.support.special import uses

#: What raises where something is refused: funcgrad's own errors, NumPy's on what it is given, Python's on a number.
REFUSALS = (FuncgradError, TypeError, ValueError, AttributeError, IndexError)
#: Where an error says that it happened.
LOCATION = re.compile(r"It stands in .*?:\d+\)\. | while vmap traces \w+ \(\S+:\d+\)")
STEP = 1e-6


class Lost(AssertionError):
    """A probe whose derivative is wrong, or was dropped without an error."""


def parts(answer: Any) -> Iterator[Any]:
    """The numbers and arrays of numbers in an answer, depth first."""
    if isinstance(answer, tuple | list):
        for one in answer:
            yield from parts(one)
    elif type(answer) is Node or isinstance(answer, int | float | complex) or kind_of(answer) in "biufc":
        yield answer


def kind_of(a: Any) -> str:
    """The kind of an array's numbers; O for what is no array."""
    return a.dtype.kind if type(a) is Node or isinstance(a, np.ndarray | np.generic) else "O"


def inexact(a: Any) -> bool:
    """Whether a part has real or complex numbers."""
    return isinstance(a, float | complex) or kind_of(a) in "fc"


def close(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-7) -> bool:
    """Whether two lists of parts agree."""
    return len(a) == len(b) and all(
        np.shape(p) == np.shape(q) and np.allclose(p, q, rtol, atol, equal_nan=True) for p, q in zip(a, b, strict=True)
    )


def directions(args: list[Any], seed: int = 1) -> list[Any]:
    """A direction for each argument, of its dtype."""
    rng = np.random.default_rng(seed)

    def one(a: Any) -> Any:
        dot = rng.standard_normal(np.shape(a))
        return (dot + 1j * rng.standard_normal(np.shape(a)) if np.iscomplexobj(a) else dot)[()]

    return [one(a) for a in args]


def moved(args: list[Any], dots: list[Any], step: float) -> list[Any]:
    """The arguments, a step away."""
    return [a + step * dot for a, dot in zip(args, dots, strict=True)]


def slope_of(f: Callable[..., Any], args: list[Any], dots: list[Any], step: float = STEP) -> list[Any]:
    """The derivative of a plain function along a direction, by central differences."""
    up, down = (list(f(*moved(args, dots, h))) for h in (step, -step))
    return [(p - q) / (2 * step) for p, q in zip(up, down, strict=True)]


class Probe:
    """One line that uses a name, as functions of what is traced in it."""

    def __init__(self, line: str, values: dict[str, Any] | None = None) -> None:
        code = compile(line, line, "eval")
        values = values or TRACED
        names = [name for name in values if name in every_name(code)]
        around = {"np": np, "fnp": fnp, "sp": special, "fsp": fsp, "DEVNULL": os.devnull, **CONSTANT}
        self.line, self.args = line, [values[name] for name in names]
        self.run = lambda *args: eval(code, {**around, **dict(zip(names, args, strict=True))})

    def answers(self, *args: Any) -> tuple[Any, ...]:
        """All numbers of the answer."""
        return tuple(parts(self.run(*args)))

    def numbers(self, *args: Any) -> tuple[Any, ...]:
        """Those that can have a derivative."""
        return tuple([part for part in self.answers(*args) if inexact(part)])

    def loss(self, *args: Any) -> Any:
        """A real function of all of them."""
        total = 0.0 * np.sum(np.real(args[0]))
        for i, part in enumerate(self.numbers(*args)):
            weights = np.cos(1.0 + i + np.arange(np.size(part))).reshape(np.shape(part))
            total = total + np.sum(weights * np.real(part)) + np.sum((1 - weights) * np.imag(part))
        return total

    # ---- what holds ------------------------------------------------------------------------------------------------
    def traced(self) -> list[Any]:
        """The numbers of the answer as tracing gives them; raises what tracing raises."""
        seen: list[Any] = []

        def f(*args: Any) -> Any:
            seen.extend(self.answers(*args))
            return 0.0 * np.sum(args[0])

        grad(f, tuple(range(len(self.args))))(*self.args)
        return seen

    def forward(self, args: list[Any], step: float = STEP) -> bool:
        """Forward mode against differences."""
        dots = directions(args)
        return close(jvp(self.numbers, args, dots)[1], slope_of(self.numbers, args, dots, step))

    def still(self) -> bool:
        """Whether nothing moves."""
        return not any(map(np.any, jvp(self.numbers, self.args, directions(self.args))[1]))

    def reverse(self) -> bool:
        """Reverse mode against forward mode: Σ ȳ·ẏ = Σ x̄·ẋ."""
        dots = directions(self.args)
        ys, pull = vjp(self.numbers, *self.args)
        bars = directions(list(ys), 2)
        ydots = jvp(self.numbers, self.args, dots)[1]
        left = sum(np.sum(bar * dot) for bar, dot in zip(bars, ydots, strict=True))
        right = sum(np.sum(bar * dot) for bar, dot in zip(pull(tuple(bars)), dots, strict=True))
        return close([np.real(left)], [np.real(right)], 1e-9, 1e-9)

    def second_order(self) -> bool:
        """The derivative of the gradient against differences of it."""
        slope = grad(self.loss, tuple(range(len(self.args))))
        dots = directions(self.args)
        return close(jvp(slope, self.args, dots)[1], slope_of(slope, self.args, dots, 1e-5), 1e-4, 1e-5)

    def batch(self) -> bool:
        """vmap against a loop."""
        other = [1.01 * a for a in self.args]
        mapped = vmap(self.answers)(*[np.stack(pair) for pair in zip(self.args, other, strict=True)])
        looped = zip(self.answers(*self.args), self.answers(*other), strict=True)
        return close([np.asarray(part) for part in mapped], [np.stack(pair) for pair in looped], 1e-9, 1e-12)

    def staged(self) -> bool:
        """jit, of the answer and of the gradient, against the eager ones."""
        slope = grad(self.loss, tuple(range(len(self.args))))
        return close(jit(self.answers)(*self.args), self.answers(*self.args), 1e-12, 1e-14) and close(
            jit(slope)(*self.args), slope(*self.args), 1e-10, 1e-12
        )

    def complex(self) -> bool | None:
        """Forward mode at complex arguments; None where NumPy takes none."""
        args = [a + 0.1j * np.roll(a, 1) for a in self.args]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                if not any(map(np.iscomplexobj, self.args)) and not self.numbers(*args):
                    return None
        except (TypeError, ValueError, np.exceptions.ComplexWarning, AttributeError):
            return None
        return self.forward(args)


def every_name(code: Any) -> set[str]:
    """The names in a line, those in its lambdas too."""
    return set(code.co_names).union(*[every_name(c) for c in code.co_consts if hasattr(c, "co_names")])


def reason(error: Exception) -> str:
    """What an error says, without the line where it happened."""
    return LOCATION.sub("", str(error)).replace("\n", " ")


def held(test: Callable[[], bool | None]) -> tuple[bool | None, str]:
    """Whether something holds; or None and why not, where it is refused."""
    try:
        answer = test()
    except REFUSALS as error:
        return False, reason(error)
    if answer is False:
        raise Lost
    return answer, ""


def measured_special(name: str) -> Support:
    """What holds of a name of scipy.special's, and in which arguments it has no derivative."""
    line, values, missing = uses()[name]
    found = measured_line(name, line, values)
    if found.forward is False and found.reverse is False:
        why = found.note.partition(": ")[2].partition(". ")[0]
        return Support(name, "refused", note=f"No rule in any argument: {why}. Pass plain numbers, or write a rule.")
    if found.kind == "refused" or not missing:
        return found
    return evolve(found, note=f"Not by argument {missing}. {found.note}".strip())


def measured(name: str, lines: list[str]) -> Support:
    """What holds of a name, by all of its probes."""
    found = [measured_line(name, line) for line in lines]
    first = found[0]
    if len({row.kind == "refused" for row in found}) > 1:
        raise Lost(f"{name}: one of its probes is refused, the others are not. Probe what can be done.")
    for other in found[1:]:
        flags = {f: both(getattr(first, f), getattr(other, f)) for f in FACTS}
        first = evolve(first, **flags, note=first.note or other.note)
    return first


def both(a: bool | None, b: bool | None) -> bool | None:
    """Whether two facts hold; what does not apply says nothing."""
    return b if a is None else a if b is None else a and b


def measured_line(name: str, line: str, values: dict[str, Any] | None = None) -> Support:
    """What holds of a name, by one probe."""
    probe = Probe(line, values)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return judged(name, probe)
    except Lost:
        raise Lost(f"{name}: {line}") from None


def judged(name: str, probe: Probe) -> Support:
    """What holds of a name, by one probe."""
    try:
        seen = probe.traced()
    except REFUSALS as error:
        return Support(name, "refused", note=reason(error))
    if any(type(part) is not Node and inexact(part) for part in seen):  # a plain answer: is its slope indeed zero?
        held(lambda: probe.forward(probe.args))
    facts: dict[str, bool | None] = {}
    notes = []
    if probe.numbers(*probe.args):
        for flag, test in (
            ("forward", lambda: probe.forward(probe.args)),
            ("reverse", probe.reverse),
            ("second_order", probe.second_order),
        ):
            facts[flag], why = held(test)
            notes.append(why)
        facts["complex"], why = held(probe.complex)
        notes.append(why)
    for flag, test in (("batch", probe.batch), ("staged", probe.staged)):
        facts[flag], why = held(test)
        notes.append(why)
    still = not facts.get("forward") or probe.still()
    return Support(name, "flat" if still else "differentiates", note=next(filter(None, notes), ""), **facts)
