"""draw: the expression graph of a function at its arguments, as a value that shows itself."""

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from funcgrad import tree
from funcgrad.errors import BadAnswer, BadArgument
from funcgrad.show.cards import Card, aliases, cards_of
from funcgrad.show.dot import by_graphviz, dot
from funcgrad.show.outline import outline
from funcgrad.show.picture import pictured
from funcgrad.show.reading import check_function, real, sheet_of
from funcgrad.show.sheet import Sheet
from funcgrad.show.svg import Panel, svg
from funcgrad.transforms.derivatives import grad

#: So many boxes are drawn before operations are folded.
MOST = 80
LAYOUTS = ("own", "dot")
#: So many answers to questions of Python's are written above a picture.
ASKED = 2


@frozen(eq=False, repr=False)
class Drawing:
    """A drawn function: a frozen value. A notebook shows it by itself; `print` writes it as a tree.

    >>> import numpy as np
    >>> from funcgrad.show import draw
    >>> drawing = draw(lambda x, y: x * np.exp(y))(3.0, 0.0)
    >>> print(drawing)
    ×        3  1
    ├─ x     3  1
    └─ exp   1  3
       └─ y  0  3
    >>> drawing.svg[:5], drawing.dot[:7]
    ('<?xml', 'digraph')
    """

    #: What was evaluated: the function, and after it its gradient if that was asked for.
    sheets: tuple[Sheet, ...]
    #: What is drawn of each.
    cards: tuple[tuple[Card, ...], ...]
    #: Who lays it out: "own" or "dot".
    layout: str = "own"
    #: The headings.
    titles: tuple[str, ...] = field(default=())

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The pictures, with every box in its place."""
        drawn = zip(self.titles, self.cards, self.sheets, strict=True)
        return tuple([Panel(title, pictured(cards), path_taken(sheet)) for title, cards, sheet in drawn])

    @property
    def svg(self) -> str:
        """The drawing as SVG: a file that stands by itself, in light and in dark."""
        return by_graphviz(self.dot) if self.layout == "dot" else svg(self.panels)

    @property
    def dot(self) -> str:
        """The drawing as Graphviz reads it."""
        return dot(list(zip(self.titles, self.cards, strict=True)))

    @property
    def text(self) -> str:
        """The drawing as trees of text: label, value, gradient."""
        if len(self.cards) == 1:
            return outline(self.cards[0])
        parts = [f"{title}\n{outline(cards)}" for title, cards in zip(self.titles, self.cards, strict=True)]
        return "\n\n".join(parts)

    @property
    def html(self) -> str:
        """The drawing as a page that stands by itself."""
        title = self.sheets[0].function.replace("<", "&lt;").replace(">", "&gt;")
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            '<meta name="color-scheme" content="light dark"><style>body{margin:0}</style></head>\n'
            f"<body>{self._repr_html_()}</body></html>\n"
        )

    def save(self, file: Any) -> None:
        """Write the drawing to a file, in the format that its name ends with: .svg, .html, .dot, .gv or .txt."""
        path = Path(file)
        formats = {".svg": "svg", ".html": "html", ".dot": "dot", ".gv": "dot", ".txt": "text"}
        if path.suffix.lower() not in formats:
            what = f"a file that ends with {path.suffix}" if path.suffix else "a file whose name has no ending"
            raise BadArgument(
                f"A drawing was to be saved as {what}. It can be written as {', '.join(formats)}. "
                "Save it as .svg: browsers, editors and converters to .png and .pdf read that."
            )
        text = getattr(self, formats[path.suffix.lower()])
        path.write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        inner = self.svg[self.svg.index("<svg") :] if self.layout == "dot" else svg(self.panels, alone=False)
        return f'<div style="overflow-x:auto">{inner}</div>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self._repr_html_(), "image/svg+xml": self.svg}

    def __repr__(self) -> str:
        counts = " and ".join([str(len(cards)) for cards in self.cards])
        return f"<drawing of {self.sheets[0].function}: {counts} boxes>"

    def __str__(self) -> str:
        return self.text


def draw(
    f: Callable[..., Any], *, backward: bool = False, most: int = MOST, layout: str = "own"
) -> Callable[..., Drawing]:
    """The expression graph of f at its arguments: for every value its name, operation, number and gradient.

    draw : (X → Y) → (X → Drawing).  f runs once, as it would without being drawn. Names are those of the variables that
    values went to. An array is shown by its shape, a small vector by its numbers; the gradient of an array by its
    Euclidean norm, ‖5‖. If f does not return one real number, there are no gradients. Constants stand in the operations
    that take them; what changes no number is not shown.

    backward: draw grad(f) as a second graph beside the first, with respect to all real arguments.
    most: from so many boxes on, calls of functions are folded into one box each, the inner ones first; then lines, then
    loops.
    layout: "own", which needs nothing and gives the same picture everywhere; or "dot", which is Graphviz.

    >>> def area(width, height):
    ...     half = width / 2
    ...     return half * height
    >>> print(draw(area)(4.0, 3.0).text)
    ×              6  1
    ├─ half · / 2  2  3
    │  └─ width    4  1.5
    └─ height      3  2
    """
    check_function(f, "drawing", "draw")
    if layout not in LAYOUTS:
        raise BadArgument(
            f'draw was given layout={layout!r}. Drawings are laid out by "own" or "dot". Leave it out for the first.'
        )
    if most < 4:
        raise BadArgument(
            f"draw was given most={most!r}. It is a number of boxes, 4 at least. Leave it out for {MOST}."
        )

    @wraps(f)
    def drawn(*args: Any, **keywords: Any) -> Drawing:
        sheet = sheet_of(f, args, keywords)
        sheets: tuple[Sheet, ...] = (sheet,)
        titles: tuple[str, ...] = (sheet.function,)
        if backward:
            sheets, titles = (sheet, gradient_sheet(f, sheet, args, keywords)), (sheet.function, f"∇{sheet.function}")
        return Drawing(sheets, tuple([cards_of(one, most) for one in sheets]), layout, titles)

    return drawn


def path_taken(sheet: Sheet) -> str:
    """What Python's control flow asked, and the answers; of many the first."""
    asked = [f"{guard.text} is {guard.answer}" for guard in sheet.guards if guard.text]
    return ", ".join([*asked[:ASKED], *["…"] * (len(asked) > ASKED)])


def gradient_sheet(f: Callable[..., Any], sheet: Sheet, args: Sequence[Any], keywords: dict[str, Any]) -> Sheet:
    """The sheet of grad(f), with respect to the arguments that are real throughout."""
    if not sheet.differentiated:
        raise BadAnswer(
            f"{sheet.function} was to be drawn with its gradient, and it does not return one real number. "
            "Only such a function has a gradient. Leave out backward=True, or draw jacobian(f)."
        )
    numbers = tuple([i for i, a in enumerate(args) if type(a) is int or all([real(leaf) for leaf in tree.leaves(a)])])
    found = sheet_of(grad(f, numbers), tuple(args), keywords)
    return with_answers_named(found, [one.name for one in sheet.inputs if one.gradient is not None])


def with_answers_named(sheet: Sheet, inputs: Sequence[str]) -> Sheet:
    """The same with each answer named after the input that it is the derivative by: ∂x."""
    behind, names = aliases(sheet), dict[int, str]()
    for output, name in zip(sheet.outputs, inputs, strict=False):
        number = behind[output]
        names[number] = f"{names[number]}, ∂{name}" if number in names else f"∂{name}"
    values = [
        # of a derivative by one number there are second ones, which nobody asked for
        evolve(value, answers=names.get(value.number, ""), gradient=None)
        for value in sheet.values
    ]
    return evolve(sheet, values=tuple(values), shares=())
