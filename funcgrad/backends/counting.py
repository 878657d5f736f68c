"""Counting: a loop of known length whose carries are numbers, written out as Python's own.

Numbers stay Python's floats from the first step to the last, where a function a step would convert, call and return.
What raises, and what may be 0·∞, is left to the loop in NumPy's numbers.
"""

from collections.abc import Callable
from typing import Any

from attrs import define, field

from funcgrad.backends.emitting import Emitted, named
from funcgrad.backends.hastening import Hastened, hastened
from funcgrad.backends.naming import Globals
from funcgrad.backends.numbering import Ask, Numbered, Values
from funcgrad.backends.scalars import FLOAT, ScalarWriter
from funcgrad.backends.spelling import Spelled
from funcgrad.backends.writing import INDENT
from funcgrad.graph.graph import Graph
from funcgrad.graph.program import Path, Signature
from funcgrad.rewrites.looping import looped

#: The program's name.
NAME = "counted"


@define(eq=False)
class CountedWriter(ScalarWriter):
    """Writes one step of a loop."""

    #: The names of the carries, and of the lists of what each step gives beside.
    carries: list[str] = field(init=False, factory=list)
    lists: list[str] = field(init=False, factory=list)

    def finish(self, path: Numbered, indent: str) -> None:
        """Write where the step's answers go."""
        n = len(self.carries)
        texts = [self.of(number).text for number in path.answers]
        self.lines += [f"{indent}{one}.append({text})" for one, text in zip(self.lists, texts[n:], strict=True)]
        self.lines.append(f"{indent}{', '.join(self.carries)} = {', '.join(texts[:n])}")


def counted(graph: Graph, carries: int, length: int, otherwise: Callable[..., Any]) -> Emitted | None:
    """The loop of a step from (carries, others) to (carries, what is collected); None where not all are numbers.

    `otherwise` is the same loop in NumPy's numbers.
    """
    kinds = graph.output_types
    if not carries or not all([number(kind) for kind in (*graph.inputs, *kinds)]):
        return None
    names = tuple([f"x{i}" for i in range(len(graph.inputs))])
    signature = Signature(NAME, None, names, graph.inputs)
    path, values = Path(looped(graph), (), None), Values()
    numbered = values.numbered(path, alone=True)
    first = hastened(values, [path], [numbered]) or Hastened(values.segment([numbered]), set())
    writer = CountedWriter(values, Globals({}), "raise ArithmeticError")
    writer.suspects = first.suspects
    if any([isinstance(item, Ask) for item in first.segment.order]) or not writer.possible(first.segment):
        return None
    given = named(writer, signature, NAME)
    own = [writer.name(f"y{i}") for i in range(len(given))]
    for i, name in enumerate(own):
        writer.names[values.numbers["input", i]] = Spelled(name)
    writer.carries, writer.lists = own[:carries], [writer.name("rows") for _ in kinds[carries:]]
    instead, many = writer.shared(("otherwise",), "otherwise", lambda: otherwise), f"range({length})"
    writer.program(first.segment)
    strong = [f"np.float64({y})" if not kind.weak else y for y, kind in zip(own, graph.inputs[:carries], strict=False)]
    rows = [f"np.array({one}, np.{kind.dtype.name})" for one, kind in zip(writer.lists, kinds[carries:], strict=True)]
    lines = [
        f"def {NAME}({', '.join(given)}):",
        f"{INDENT}try:",
        *[
            f"{INDENT * 2}{y} = {x if k.weak else f'float({x})'}"
            for y, x, k in zip(own, given, graph.inputs, strict=True)
        ],
        *[f"{INDENT * 2}{one} = []" for one in writer.lists],
        f"{INDENT * 2}for _ in {many}:",
        *[f"{INDENT * 2}{line}" for line in writer.lines],
        f"{INDENT}except ArithmeticError:",
        f"{INDENT * 2}return {instead}({', '.join(given)})",
        f"{INDENT}return ({', '.join([*strong, *rows])},)",
    ]
    return Emitted(NAME, tuple(lines), writer.globals.namespace)


def number(kind: Any) -> bool:
    """Whether a type is one of floats, or of Python's whole numbers."""
    return (
        type(kind) is not tuple and not kind.shape and (kind.dtype == FLOAT or (kind.weak and kind.dtype.kind == "i"))
    )
