"""SVG: a picture as a file that stands by itself, in light and in dark."""

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from attrs import frozen

from funcgrad.show.picture import MARGIN, Box, Picture, Point, Wire
from funcgrad.show.tables import columns

#: The margin around all, the height of a heading, the gap between two pictures.
EDGE, HEADING, BETWEEN = 20.0, 44.0, 48.0
#: Pictures stand side by side up to this width, and else one below the other.
WIDEST = 1500.0
#: The width of a letter of a heading, at most.
LETTER = 8.5

#: The colours: paper, box, border, text, beside it, edge, inputs, gradients, folds, answers.
LIGHT = "p fbfbfa b ffffff r d5d8de t 20242c m 737b8a e a7aebb i 3b73d1 g b0492f f f3f1ec a 2e8060"
DARK = "p 15171b b 1f2228 r 3a404b t e7e9ed m 979fad e 616a79 i 7aa7f0 g ee9a80 f 282a2c a 6cc3a0"


def colours(pairs: str) -> str:
    """Names and colours, as a style declares them.

    >>> colours("p ffffff t 000000")
    '--p:#ffffff;--t:#000000'
    """
    words = pairs.split()
    return ";".join([f"--{name}:#{colour}" for name, colour in zip(words[::2], words[1::2], strict=True)])


#: All of the style; every rule is kept to our own pictures, because a page has one style for all that is in it.
STYLE = f"""
.funcgrad{{{colours(LIGHT)};font-size:12px}}
.funcgrad text{{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}}
@media(prefers-color-scheme:dark){{.funcgrad{{{colours(DARK)}}}}}
.funcgrad .paper{{fill:var(--p)}}
.funcgrad text{{fill:var(--t);dominant-baseline:central;white-space:pre}}
.funcgrad .head{{font-size:14px;font-weight:600}}
.funcgrad .legend,.funcgrad .operation{{fill:var(--m)}}
.funcgrad .name{{font-weight:600}}
.funcgrad .gradient{{fill:var(--g)}}
.funcgrad .box rect{{fill:var(--b);stroke:var(--r)}}
.funcgrad .fold rect{{fill:var(--f);stroke-dasharray:3 2}}
.funcgrad .box path{{stroke:var(--r)}}
.funcgrad .box .mark{{stroke:none}}
.funcgrad .input .mark{{fill:var(--i)}}
.funcgrad .constant .mark{{fill:var(--e)}}
.funcgrad .answer .mark{{fill:var(--a)}}
.funcgrad .backward .mark{{fill:var(--g)}}
.funcgrad .box:hover rect{{stroke:var(--m)}}
.funcgrad .wire{{fill:none;stroke:var(--e);stroke-width:1.2}}
"""
KINDS = ("label", "value", "gradient")


@frozen(eq=False)
class Panel:
    """A picture under a heading."""

    #: The heading.
    title: str
    #: The picture.
    picture: Picture
    #: What else there is to say, beside the legend.
    note: str = ""

    @property
    def width(self) -> float:
        """The width of both."""
        return max(self.picture.width, LETTER * max(columns(self.title), columns(self.legend)))

    @property
    def legend(self) -> str:
        """What the cells are."""
        count = max([len(box.cells) for box in self.picture.boxes], default=2)
        return " | ".join(KINDS[:count]) + (f"   {self.note}" if self.note else "")


def svg(panels: Sequence[Panel], alone: bool = True) -> str:
    """The text of a file with these pictures; `alone` as a file of its own, else as a part of a page."""
    places, width, height = arranged(panels)
    drawn = "".join([panelled(panel, place) for panel, place in zip(panels, places, strict=True)])
    said = escape("; ".join([panel.title for panel in panels]))
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' if alone else ""
    return (
        f'{head}<svg xmlns="http://www.w3.org/2000/svg" class="funcgrad" role="img" aria-label="{said}" '
        f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}">'
        f'<style>{STYLE}</style>\n<rect class="paper" width="100%" height="100%"/>{drawn}\n</svg>\n'
    )


def arranged(panels: Sequence[Panel]) -> tuple[list[Point], float, float]:
    """Where each panel stands, and the size of the whole: side by side, or one below the other if that is too wide."""
    widths = [panel.width for panel in panels]
    heights = [panel.picture.height + HEADING for panel in panels]
    beside = sum(widths) + BETWEEN * (len(panels) - 1) <= WIDEST
    places: list[Point] = []
    x = y = EDGE
    for wide, high in zip(widths, heights, strict=True):
        places.append((x, y))
        x, y = (x + wide + BETWEEN, y) if beside else (x, y + high + BETWEEN)
    whole = (x - BETWEEN, EDGE + max(heights)) if beside else (EDGE + max(widths), y - BETWEEN)
    return places, round(whole[0] + EDGE), round(whole[1] + EDGE)


def panelled(panel: Panel, place: Point) -> str:
    """A heading and a picture."""
    x, y = place
    boxes = "\n".join([box_drawn(box) for box in panel.picture.boxes])
    wires = wires_drawn(panel.picture.wires)
    legend = coloured(panel.legend)
    return (
        f'\n<g transform="translate({x:g} {y:g})">'
        f'<text class="head" y="6">{escape(panel.title)}</text><text class="legend" y="25">{legend}</text>'
        f'\n<g transform="translate(0 {HEADING:g})">\n{wires}\n{boxes}</g></g>'
    )


def coloured(legend: str) -> str:
    """A legend whose last word has the colour of what it stands for."""
    return escape(legend).replace(" gradient", ' <tspan class="gradient">gradient</tspan>', 1)


def wires_drawn(wires: Sequence[Wire]) -> str:
    """The edges: a trunk that several share is drawn once."""
    seen: set[tuple[Point, Point]] = set()
    drawn = []
    for wire in wires:
        new = [(pair, k % 2 == 0) for k, pair in enumerate(pairwise(wire.points)) if pair not in seen]
        seen |= {pair for pair, _ in new}
        if new:
            drawn.append(f'<path class="wire" d="{path(new)}"/>')
    return "\n".join(drawn)


def path(pieces: Sequence[tuple[tuple[Point, Point], bool]]) -> str:
    """Lines, and curves where that is said: horizontal at both ends."""
    parts, here = [], (-1.0, -1.0)
    for ((x, y), (to, down)), curved in pieces:
        if (x, y) != here:
            parts.append(f"M{x:g} {y:.5g}")
        middle = (x + to) / 2
        bent = curved and abs(down - y) >= 0.5
        parts.append(f"C{middle:g} {y:.5g} {middle:g} {down:.5g} " if bent else "L")
        parts.append(f"{to:g} {down:.5g}")
        here = (to, down)
    return "".join(parts)


def box_drawn(box: Box) -> str:
    """A card in its place, with its cells, and all there is to say of it on request."""
    card, middle = box.card, box.height / 2
    marks = " ".join(["box", card.kind, *["answer"] * card.answer, *["backward"] * (card.backward and not card.answer)])
    whole = (
        f'<g class="{marks}" data-key="{card.key}" transform="translate({box.x:g} {box.y:.5g})">'
        f"<title>{escape(card.tip)}</title>"
        f'<rect width="{box.width:g}" height="{box.height:g}" rx="5"/>'
    )
    parts = [whole]
    if card.kind in ("input", "constant") or card.answer or card.backward:
        parts.append(
            f'<path class="mark" d="M5 0H3.5V{box.height:g}H5A5 5 0 0 1 0 {box.height - 5:g}V5A5 5 0 0 1 5 0"/>'
        )
    at = 0.0
    for kind, text, width in zip(KINDS, box.texts, box.cells, strict=False):
        if at and width:
            parts.append(f'<path d="M{at:g} 4V{box.height - 4:g}"/>')
        if text:
            parts.append(f'<text x="{at + MARGIN:g}" y="{middle:g}">{spanned(box, kind, text)}</text>')
        at += width
    return "".join([*parts, "</g>"])


def spanned(box: Box, kind: str, text: str) -> str:
    """The text of a cell; of a label the name stands out."""
    if kind != "label":
        return f'<tspan class="{kind}">{escape(text)}</tspan>'
    name = box.card.name[: len(text)]
    if text[: len(name)] != name:  # it was cut
        name = ""
    rest = text[len(name) :]
    first = f'<tspan class="name">{escape(name)}</tspan>' if name else ""
    return first + (f'<tspan class="operation">{escape(rest)}</tspan>' if rest else "")
