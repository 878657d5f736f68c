"""DOT: a drawing as Graphviz reads it, and Graphviz itself where it is installed."""

import shutil
import subprocess
from collections.abc import Sequence

from funcgrad.errors import BadArgument
from funcgrad.show.cards import Card
from funcgrad.show.picture import texts

#: Seconds that Graphviz may take.
PATIENCE = 60


def dot(panels: Sequence[tuple[str, Sequence[Card]]]) -> str:
    """The text of a graph of records "label | value | gradient" for each titled set of cards."""
    lines = [
        "digraph {",
        "  rankdir=LR; bgcolor=transparent;",
        '  node [shape=record, style="rounded", fontname="monospace", fontsize=11, color="#9aa2af", height=0.3];',
        '  edge [color="#9aa2af", arrowsize=0.6];',
    ]
    for k, (title, cards) in enumerate(panels):
        lines.append(f"  subgraph cluster_{k} {{ label={quoted(title)}; color=transparent;")
        for card in cards:
            count = 3 if any([one.gradient for one in cards]) else 2
            record = " | ".join([field(text) for text in texts(card)[:count]])
            lines.append(f"    n{k}_{card.key} [label={quoted(record)}, tooltip={quoted(card.tip)}{border(card)}];")
        lines += [f"    n{k}_{parent} -> n{k}_{card.key};" for card in cards for parent in card.parents]
        lines.append("  }")
    return "\n".join([*lines, "}", ""])


def border(card: Card) -> str:
    """What tells a kind of card apart."""
    if card.answer:
        return ', color="#2e8060"'
    return {"input": ', color="#3b73d1"', "fold": ', style="rounded,dashed"'}.get(card.kind, "")


def field(text: str) -> str:
    """A text as a field of a record, where some signs mean something."""
    return "".join([f"\\{letter}" if letter in "\\{}|<> " else letter for letter in text])


def quoted(text: str) -> str:
    """A text between quotation marks."""
    inner = text.replace('"', '\\"').replace("\n", "\\n")
    return f'"{inner}"'


def by_graphviz(text: str) -> str:
    """The SVG that Graphviz makes of a graph."""
    program = shutil.which("dot")
    if program is None:
        raise BadArgument(
            'layout="dot" was asked for, and no program named dot is on this machine. It is a part of Graphviz. '
            'Install Graphviz (graphviz.org), or leave layout="own", which needs nothing.'
        )
    done = subprocess.run([program, "-Tsvg"], input=text, capture_output=True, text=True, timeout=PATIENCE, check=True)
    return done.stdout
