"""Picture: where every card and every edge of a drawing stands, in pixels."""

from collections.abc import Sequence

from attrs import frozen

from funcgrad.show.cards import Card
from funcgrad.show.layout.ordering import Layers, layers_of, ordered
from funcgrad.show.layout.placing import placed
from funcgrad.show.layout.ranking import ranked
from funcgrad.show.tables import columns

#: The width of a letter of the 12 pixel monospaced type, in which a text's width is known beforehand.
LETTER = 7.25
#: The height of a box; the margins of a cell; the gaps between boxes, beside a passing edge, and between columns.
HEIGHT, MARGIN, GAP, PASSING, COLUMN = 26.0, 8.0, 12.0, 9.0, 38.0
#: The longest text of a cell; what is longer is cut.
LONGEST = 30

Point = tuple[float, float]


@frozen(eq=False)
class Box:
    """A card in its place."""

    #: The card.
    card: Card
    #: Its column.
    rank: int
    #: Its left edge.
    x: float
    #: Its upper edge.
    y: float
    #: Its width.
    width: float
    #: Its height.
    height: float
    #: The widths of its cells: label, value, gradient; those of a column are alike.
    cells: tuple[float, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """What the cells say."""
        return texts(self.card)[: len(self.cells)]


@frozen(eq=False)
class Wire:
    """An edge in its place: from a value to an operation that takes it."""

    #: The key of the card that it leaves.
    source: int
    #: The key of the card that it reaches.
    target: int
    #: Which of the target's parents it is.
    position: int
    #: Its points: a curve from the first to the second, a line to the third, a curve to the fourth, and so on.
    points: tuple[Point, ...]


@frozen(eq=False)
class Picture:
    """A graph in the plane, from left to right."""

    #: The boxes, by key.
    boxes: tuple[Box, ...]
    #: The edges.
    wires: tuple[Wire, ...]
    #: Its width.
    width: float
    #: Its height.
    height: float


def texts(card: Card) -> tuple[str, str, str]:
    """What is written in the cells of a card."""
    return (cut(card.label), cut(card.value), cut(card.gradient))


def cut(text: str) -> str:
    """A text that fits."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def pictured(cards: Sequence[Card]) -> Picture:
    """Cards laid out in columns: ranks, orders and heights as in `layout`, then columns from left to right."""
    parents = [card.parents for card in cards]
    layers = ordered(layers_of(parents, ranked(parents)))

    def apart(u: int, v: int) -> float:
        dummies = (u >= layers.real) + (v >= layers.real)
        return (2 - dummies) * HEIGHT / 2 + (PASSING if dummies else GAP)

    middles = placed(layers, apart)
    cells = cells_of(cards, layers)
    lefts = lefts_of(layers, middles, [sum(widths) for widths in cells])
    boxes = tuple(
        [
            Box(card, rank, lefts[rank], middle, sum(cells[rank]), HEIGHT, cells[rank])
            for card, rank, middle in zip(cards, layers.ranks, middles, strict=False)
        ]
    )
    wires = routed(cards, layers, middles, lefts, [sum(widths) for widths in cells])
    width = lefts[-1] + sum(cells[-1]) if lefts else 0.0
    return Picture(boxes, wires, width, max(middles, default=0.0) + HEIGHT)


def cells_of(cards: Sequence[Card], layers: Layers) -> list[tuple[float, ...]]:
    """The widths of the cells of each column."""
    count = 3 if any([card.gradient for card in cards]) else 2
    widths: list[tuple[float, ...]] = []
    for column in layers.columns:
        rows = [texts(cards[v])[:count] for v in column if v < layers.real]
        lengths = [max(map(columns, texts)) for texts in zip(*rows, strict=True)]
        widths.append(tuple([round(LETTER * length + 2 * MARGIN) if length else 0.0 for length in lengths]))
    return widths


def lefts_of(layers: Layers, middles: Sequence[float], widths: Sequence[float]) -> list[float]:
    """The left edge of each column: the steeper the edges before it, the further to the right it stands."""
    lefts, at = [], 0.0
    for i, column in enumerate(layers.columns):
        lefts.append(at)
        steep = max([abs(middles[v] - middles[u]) for u in column for v in layers.after[u]], default=0.0)
        crowd = len({u for u in column if layers.after[u]})
        at = round(at + widths[i] + COLUMN + min(0.1 * steep, 70.0) + min(1.0 * crowd, 20.0))
    return lefts


def routed(
    cards: Sequence[Card], layers: Layers, middles: Sequence[float], lefts: Sequence[float], widths: Sequence[float]
) -> tuple[Wire, ...]:
    """The edges: along their trunks, which pass columns on a line of their own, to a port for each argument."""
    wires: list[Wire] = []
    for card in cards:
        paths = [layers.path(parent, card.key) for parent in card.parents]
        arrivals = sorted(range(len(paths)), key=lambda i: (middles[paths[i][-2]], i))
        step = min(8.0, (HEIGHT - 10) / max(len(paths), 1))
        for port, i in enumerate(arrivals):
            source, *between, target = paths[i]
            points = [(lefts[layers.ranks[source]] + widths[layers.ranks[source]], middles[source] + HEIGHT / 2)]
            for v in between:
                left, height = lefts[layers.ranks[v]], middles[v] + HEIGHT / 2
                points += [(left, height), (left + widths[layers.ranks[v]], height)]
            at = middles[target] + HEIGHT / 2 + (port - (len(paths) - 1) / 2) * step
            wires.append(Wire(source, target, i, (*points, (lefts[layers.ranks[target]], at))))
    return tuple(wires)
