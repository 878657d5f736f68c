"""The table of support as a file and as a page."""

import csv
import io
import textwrap
import types
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

from funcgrad.support import FACTS, WORDS, Support
from tests.support.measuring import measured, measured_special
from tests.support.probes import WITHOUT_NUMBERS, table
from tests.support.special import WITHOUT_NUMBERS as special_names
from tests.support.special import uses

ROOT = Path(__file__).resolve().parents[2]
CSV, PAGE = ROOT / "funcgrad" / "data" / "support.csv", ROOT / "docs" / "support.md"
MODULES = {"numpy": np, "numpy.linalg": np.linalg, "numpy.fft": np.fft, "scipy.special": special}
#: What holds of a name with a probe, by that.
MEASURED = {full: partial(measured, full, lines) for full, lines in table().items()}
MEASURED |= {full: partial(measured_special, full) for full in uses()}
SAID = {value: word for word, value in WORDS.items()}


def public_names(module: Any) -> list[str]:
    """The public names of a module."""
    if module is special:  # which has its modules beside its functions
        return sorted(set(special.__all__))
    return [name for name in dir(module) if not name.startswith("_")]


def row_of(full: str, value: Any) -> Support:
    """The row of a name without a probe."""
    name = full.rpartition(".")[2]
    if isinstance(value, types.ModuleType):
        return Support(full, "module")
    for why, names in (special_names if full.startswith("scipy") else WITHOUT_NUMBERS).items():
        if name in names.split():
            return Support(full, "plain", note=f"It is about {why}.")
    if isinstance(value, type):
        return Support(full, "type", note="Called with a traced value, it raises; x.astype converts.")
    if callable(value):
        raise LookupError(f"{full} has no probe: write one in tests/support")
    return Support(full, "constant")


def rows() -> Iterable[Support]:
    """What holds of every public name."""
    for module, value in MODULES.items():
        for name in public_names(value):
            full = f"{module}.{name}"
            yield MEASURED[full]() if full in MEASURED else row_of(full, getattr(value, name))
    yield from (measure() for full, measure in MEASURED.items() if not full.startswith(tuple(MODULES)))


def as_csv(found: Iterable[Support]) -> str:
    """The table as text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "kind", *FACTS, "note"])
    for row in found:
        writer.writerow([row.name, row.kind, *[SAID[getattr(row, fact)] for fact in FACTS], row.note])
    return text.getvalue()


#: What has no probe, by its kind.
TITLES = {"type": "Types: called with a traced value, they raise", "constant": "Constants", "module": "Modules"}


# ---- the page --------------------------------------------------------------------------------------------------------
HEAD = """# What is supported

Every public name of `numpy`, `numpy.linalg` and `numpy.fft`, of `scipy.special`, and what `funcgrad.numpy` has of its
own, with what holds of it. Each fact was measured on examples: forward mode against differences, reverse mode against
forward mode, second derivatives against differences of gradients, `vmap` against a loop, `jit` against eager execution,
complex arguments against complex differences. A test measures all of it again, and no name may be missing. In code:

```python
>>> import numpy as np
>>> from funcgrad import supports
>>> supports(np.interp).second_order
True

```

The lists were measured with NumPy {numpy}. This page is written by `python -m tests.support`.
"""
FULL = (
    "All of it holds: forward, reverse, second order, `vmap`, `jit`, and complex arguments but for those in italics, "
    "where NumPy takes none."
)
FLAT = "The derivative is zero wherever it exists; truth values, integers and text have none."


def as_page(found: list[Support]) -> str:
    """The page of the documentation."""
    parts = [HEAD.format(numpy=np.__version__.rpartition(".")[0])]
    for module in dict.fromkeys(row.name.rpartition(".")[0] for row in found):
        mine = [row for row in found if row.name.rpartition(".")[0] == module]
        parts.append(f"## {module}\n")
        parts += section("Differentiates", [row for row in mine if row.kind == "differentiates" and whole(row)], FULL)
        parts += partly([row for row in mine if row.kind == "differentiates" and not whole(row)])
        parts += section("Flat", [row for row in mine if row.kind == "flat"], FLAT)
        parts += refusals([row for row in mine if row.kind == "refused"])
        parts += others([row for row in mine if row.kind in ("plain", "type", "constant", "module")])
    return "\n".join(parts)


def whole(row: Support) -> bool:
    """Whether nothing that has a meaning fails."""
    return all(getattr(row, fact) is not False for fact in FACTS)


def last(row: Support) -> str:
    """The name without its module, as code."""
    return f"`{row.name.rpartition('.')[2]}`"


def wrapped(words: Iterable[str], width: int = 118) -> str:
    """Words with commas, in lines."""
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) + 2 > width:
            lines.append("")
        lines[-1] += f"{word}, "
    return "\n".join(line.rstrip() for line in lines).rstrip(",")


def filled(text: str, width: int = 118) -> str:
    """Text in lines."""
    return "\n".join(textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False))


def section(title: str, found: list[Support], say: str) -> list[str]:
    """A list of names under a sentence."""
    if not found:
        return []
    names = [f"*{last(row)}*" if row.complex is None and row.kind == "differentiates" else last(row) for row in found]
    return [f"### {title}\n", filled(say) + "\n", wrapped(names) + "\n"]


def partly(found: list[Support]) -> list[str]:
    """A table of what holds in part."""
    if not found:
        return []
    head = [f"| name | {' | '.join(FACTS).replace('_', ' ')} | where not |", f"|{'---|' * (len(FACTS) + 2)}"]
    marks = {True: "✓", False: "–", None: ""}
    body = [
        f"| {last(row)} | {' | '.join(marks[getattr(row, fact)] for fact in FACTS)} | {row.note} |" for row in found
    ]
    return ["### In part\n", "\n".join([*head, *body]) + "\n"]


def refusals(found: list[Support]) -> list[str]:
    """Names by what their refusal says."""
    if not found:
        return []
    notes = dict.fromkeys(row.note for row in found)
    lines = [f"* {', '.join(last(row) for row in found if row.note == note)}: {note}" for note in notes]
    return ["### Refused\n", "An error says what to write instead.\n", "\n".join(map(filled_item, lines)) + "\n"]


def filled_item(text: str) -> str:
    """An item of a list in lines."""
    return filled(text).replace("\n", "\n  ")


def others(found: list[Support]) -> list[str]:
    """What is no function of numbers."""
    if not found:
        return []

    def said(row: Support) -> str:
        return TITLES.get(row.kind) or f"About {row.note.removeprefix('It is about ').removesuffix('.')}"

    lines = [
        f"* {key}: {', '.join(last(row) for row in found if said(row) == key)}"
        for key in dict.fromkeys(map(said, found))
    ]
    return ["### Not functions of numbers\n", "\n".join(map(filled_item, lines)) + "\n"]
