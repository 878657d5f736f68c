"""supports: what holds of a function of NumPy's or SciPy's, as it was measured.

The table is data/support.csv, beside which docs/support.md says the same in words. The tests measure it again.
"""

import csv
import sys
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from attrs import frozen

from funcgrad.errors import BadArgument
from funcgrad.graph.provenance import function_place


@frozen
class Support:
    """What holds of one public name. A fact is None where it has no meaning, as `complex` of a comparison."""

    #: The full name, such as "numpy.interp".
    name: str
    #: "differentiates"; "flat", where the derivative is zero wherever it exists; "refused", where an error says what to
    #: write instead; "plain" for what takes no numbers; "type", "constant" or "module".
    kind: str
    #: Whether `jvp` agrees with differences.
    forward: bool | None = None
    #: Whether `vjp` and `grad` do.
    reverse: bool | None = None
    #: Whether derivatives of gradients do.
    second_order: bool | None = None
    #: Whether `vmap` agrees with a loop.
    batch: bool | None = None
    #: Whether `jit` agrees with eager execution.
    staged: bool | None = None
    #: Whether derivatives at complex arguments agree with differences.
    complex: bool | None = None
    #: Why not, or what to write instead.
    note: str = ""


#: The facts of a row, in the order of the table's columns.
FACTS = ("forward", "reverse", "second_order", "batch", "staged", "complex")
#: A fact as the table has it.
WORDS = {"yes": True, "no": False, "": None}


def read(row: dict[str, str]) -> Support:
    """A row of the table."""
    return Support(row["name"], row["kind"], note=row["note"], **{fact: WORDS[row[fact]] for fact in FACTS})


@cache
def table() -> dict[str, Support]:
    """All that was measured, by full name."""
    text = files("funcgrad.data").joinpath("support.csv").read_text(encoding="utf-8")
    return {row["name"]: read(row) for row in csv.DictReader(text.splitlines())}


def supports(function: Callable[..., Any] | str) -> Support:
    """What holds of a public function of numpy, numpy.linalg, numpy.fft, scipy.special or funcgrad.numpy.

    supports : function or full name → Support.  Every fact was measured on examples: derivatives against differences,
    `vmap` against a loop, `jit` against eager execution. Of a function with rules of its own (`primitive`,
    `custom_vjp`, `custom_jvp`) it tells what they state. BadArgument names what it does not know.

    >>> import numpy as np
    >>> answer = supports(np.interp)
    >>> answer.kind, answer.forward, answer.reverse, answer.second_order, answer.batch, answer.staged
    ('differentiates', True, True, True, True, True)
    >>> supports(np.floor).kind, supports("numpy.savetxt").kind, supports(np.savetxt).note
    ('flat', 'refused', 'np.savetxt of a traced value would drop its derivative. Pass x.value.')
    """
    facts = getattr(function, "facts", None)
    if isinstance(facts, dict):  # a function with rules of its own says what they state
        return Support(function_place(function)[0], **facts)
    if isinstance(function, str) and function in table():
        return table()[function]
    wish = getattr(function, "__name__", "")
    found = [row for name, row in table().items() if not isinstance(function, str) and public(name) is function]
    if not found:
        raise BadArgument(
            f"supports was asked for {function!r}, which is no public name of numpy, numpy.linalg, numpy.fft, "
            "scipy.special or funcgrad.numpy. It tells what was measured of those. "
            "For a function of your own, use funcgrad.testing.check_grads."
        )
    return next((row for row in found if row.name.endswith(f".{wish}")), found[0])


def public(name: str) -> Any:
    """What a full name stands for, if its module is imported."""
    module, _, last = name.rpartition(".")
    return getattr(sys.modules.get(module), last, None)
