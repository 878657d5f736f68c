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
        '  rankdir=LR; bgcolor=transparent; labeljust=l; fontname="monospace"; fontsize=13; fontcolor="#737b8a";',
        '  node [shape=record, style="rounded,filled", fillcolor=white, color="#9aa2af", height=0.3];',
        '  node [fontname="monospace", fontsize=11];',
        '  edge [color="#9aa2af", arrowsize=0.6, tailport=e, headport=w];',
    ]
    for k, (title, cards) in reversed([*enumerate(panels)]):  # Graphviz stacks from the bottom up
        lines.append(f"  subgraph cluster_{k} {{ label={quoted(title)}; color=transparent;")
        for card in cards:
            count = 3 if any([one.gradient for one in cards]) else 2
            record = "|".join([field(text) for text in texts(card)[:count] if text])
            label, tip = quoted(f"{{{record}}}"), quoted(card.tip.replace("\\", "\\\\"))  # in braces: side by side
            lines.append(f"    n{k}_{card.key} [label={label}, tooltip={tip}{border(card)}];")
        lines += [f"    n{k}_{parent} -> n{k}_{card.key};" for card in cards for parent in card.parents]
        lines.append("  }")
    return "\n".join([*lines, "}", ""])


def border(card: Card) -> str:
    """What tells a kind of card apart."""
    if card.answer:
        return ', color="#2e8060"'
    return {"input": ', color="#3b73d1"', "fold": ', style="rounded,filled,dashed"'}.get(card.kind, "")


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
    try:
        done = subprocess.run(
            [program, "-Tsvg"], input=text, capture_output=True, encoding="utf-8", timeout=PATIENCE, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise BadArgument(
            f"Graphviz was asked to lay a drawing out, and was not done after {PATIENCE} seconds. "
            'The graph is too large for it. Draw fewer boxes with a smaller `most`, or leave layout="own".'
        ) from error
    except (subprocess.CalledProcessError, OSError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip()
        raise BadArgument(
            f"Graphviz was asked to lay a drawing out, and failed: {said}. The program is {program}. "
            'Run it by hand on drawing.dot, or leave layout="own", which needs nothing.'
        ) from error
    return done.stdout
