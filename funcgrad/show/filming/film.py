"""film: both sweeps of a function at its arguments, as a page that plays them."""

from collections.abc import Callable, Sequence
from functools import wraps
from html import escape
from pathlib import Path
from textwrap import indent
from typing import Any, overload

from attrs import frozen

from funcgrad.errors import BadArgument
from funcgrad.examples.neuron import THREE, three_inputs
from funcgrad.show.cards import Card, cards_of
from funcgrad.show.filming.frames import Frame, Script, spoken, widened
from funcgrad.show.filming.page import page
from funcgrad.show.filming.stage import spread
from funcgrad.show.picture import Picture, pictured
from funcgrad.show.reading import check_function, sheet_of
from funcgrad.show.sheet import Sheet

#: So many boxes are shown before operations are folded.
MOST = 60
#: A folded graph of fewer operations than this is not worth a film.
LEAST = 3


@frozen(eq=False, repr=False)
class Film:
    """Both sweeps of one evaluation, a frame for each thing that happens: a frozen value. A notebook plays it.

    >>> from funcgrad.show import film
    >>> shown = film(lambda x, y: x * y + x)(2.0, 3.0)
    >>> shown, shown.html[:15]
    (<film of <lambda>: 10 frames>, '<!doctype html>')
    >>> print(shown.frames[-1])
    the gradient of <lambda>
      gradient ∂v2/∂x = 4, ∂v2/∂y = 2
    """

    #: What was evaluated.
    sheet: Sheet
    #: What is drawn of it.
    cards: tuple[Card, ...]
    #: What happens, in order.
    frames: tuple[Frame, ...]

    @property
    def picture(self) -> Picture:
        """The graph, with every box in its place."""
        return spread(pictured(widened(self.cards, self.frames)), self.frames)

    @property
    def html(self) -> str:
        """The page: one file, which needs no other and no network."""
        return page(Script(self.sheet, self.cards), self.frames, self.picture)

    @property
    def text(self) -> str:
        """What happens, as text."""
        return "\n".join([f"{i:3}  {indent(str(frame), '     ').lstrip()}" for i, frame in enumerate(self.frames)])

    def save(self, file: Any) -> None:
        """Write the page to a file whose name ends with .html."""
        path = Path(file)
        if path.suffix.lower() not in (".html", ".htm"):
            what = f"a file that ends with {path.suffix}" if path.suffix else "a file whose name has no ending"
            raise BadArgument(
                f"A film was to be saved as {what}. It is a page, which a browser plays. "
                "Save it as .html; for a still picture, save draw(f)(...) as .svg."
            )
        path.write_text(self.html, encoding="utf-8")

    def _repr_html_(self) -> str:
        high = min(max(round(self.picture.height) + 330, 480), 900)
        title = f"film of {escape(self.sheet.function)}"
        return (
            f'<iframe srcdoc="{escape(self.html)}" sandbox="allow-scripts" title="{title}" '
            f'style="width:100%;height:{high}px;border:0"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<film of {self.sheet.function}: {len(self.frames)} frames>"

    def __str__(self) -> str:
        return self.text


@overload
def film(f: None = None, *, most: int = MOST) -> Film: ...


@overload
def film(f: Callable[..., Any], *, most: int = MOST) -> Callable[..., Film]: ...


def film(f: Callable[..., Any] | None = None, *, most: int = MOST) -> Film | Callable[..., Film]:
    """The film of f at its arguments: values fill in forwards, then cotangents flow back along the edges.

    film : (X → Y) → (X → Film).  A frame for each operation, in topological order: its formula, its numbers. Then a
    frame for each product of the chain rule: the local derivative as formula and number, the cotangent that arrives
    times that, and the sum at the argument so far, x̄ += z̄·∂z/∂x. Arrays are shown by their shapes and norms, small ones
    by their numbers. If f does not return one real number, there is no sweep backwards.

    `film(f)(*args).save("film.html")` writes a page that plays by itself. Without a function, `film()` is the film of
    one neuron of three inputs, w₁I₁ + w₂I₂ + w₃I₃ + b₁.

    most: from so many boxes on operations are folded, as `draw` folds them.

    >>> def f(x, y):
    ...     z = x * y
    ...     return z + x
    >>> print(film(f)(2.0, 3.0).frames[7])
    x̄ += z̄ · ∂z/∂x
      local    ∂z/∂x = y = 3
      product  z̄ · ∂z/∂x = 1 × 3 = 3
      sum      x̄ = 1 + 3 = 4   (2 of 2)
    """
    if f is None:
        return film(three_inputs, most=most)(*THREE.values())
    check_function(f, "film", "film")
    if most < 4:
        raise BadArgument(
            f"film was given most={most!r}. It is a number of boxes, 4 at least. Leave it out for {MOST}."
        )

    @wraps(f)
    def filmed(*args: Any, **keywords: Any) -> Film:
        sheet = sheet_of(f, args, keywords)
        cards = spoken(sheet, cards_of(sheet, most))
        check_folds(sheet, cards)
        return Film(sheet, cards, Script(sheet, cards).frames())

    return filmed


def check_folds(sheet: Sheet, cards: Sequence[Card]) -> None:
    """Refuse a graph of which too little is left once it is folded."""
    made = [card for card in cards if sheet.values[card.members[0]].kind == "operation"]
    count = sum([len(card.members) for card in made])
    if len(made) < LEAST < count:
        all_boxes = max(len(sheet.values), 2 * (len(sheet.values) - count))
        boxes = f"{len(made)} box{'es' if len(made) > 1 else ''}"
        raise BadArgument(
            f"{sheet.function} was to be filmed, and its {count} operations fold into {boxes}. A film shows operations "
            f"one after the other. Film fewer steps of it, or all of them: film(f, most={all_boxes})."
        )
