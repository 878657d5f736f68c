"""Page: a film as one file of HTML that needs nothing else: no network, no library, no style sheet beside it."""

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

from funcgrad.show.cards import expression, full
from funcgrad.show.filming.frames import Flow, Frame, Script, Sum
from funcgrad.show.filming.stage import curve, resting
from funcgrad.show.picture import Box, Picture

#: What a script in a page must not hold, as JSON writes it otherwise.
UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def page(script: Script, frames: Sequence[Frame], picture: Picture) -> str:
    """The text of the file.

    The page allows itself these two texts by their digests, and nothing else: no other script, no address.
    """
    style, play = asset("film.css"), asset("film.js")
    inserted = {
        "title": escape(script.sheet.function),
        "style": style,
        "style digest": digest(style),
        "script": play,
        "script digest": digest(play),
        "data": embedded(data(script, frames, picture)),
    }
    text = re.sub(r"\{\{([a-z ]+)\}\}", lambda found: inserted[found[1]], asset("film.html"))
    return text.encode("utf-8", "replace").decode("utf-8")  # half a character in a name is none


def asset(name: str) -> str:
    """A file of the page, as it stands in the package."""
    return (files("funcgrad.show.filming") / name).read_text(encoding="utf-8")


def digest(text: str) -> str:
    """What a page calls a text that it allows."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def embedded(value: Any) -> str:
    r"""A value as JSON that a page may hold: whatever is written in it, it ends no script.

    >>> embedded({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda found: UNSAFE[found[0]], text)


def data(script: Script, frames: Sequence[Frame], picture: Picture) -> dict[str, Any]:
    """What the page plays: boxes, edges and frames."""
    wires = {(wire.source, wire.target, wire.position): i for i, wire in enumerate(picture.wires)}
    order = [box.card.key for box in picture.boxes if not script.given(box.card)]
    return {
        "name": script.sheet.function,
        "width": round(picture.width),
        "height": round(picture.height),
        "nodes": [node(script, box, order) for box in picture.boxes],
        "wires": [
            {
                "from": wire.source,
                "to": wire.target,
                "path": curve(wire),
                "rest": [[round(x, 1) for x in resting(wire, backwards)] for backwards in (False, True)],
            }
            for wire in picture.wires
        ],
        "frames": [framed(frame, wires) for frame in frames],
    }


def node(script: Script, box: Box, order: Sequence[int]) -> dict[str, Any]:
    """What is drawn of a card, and what there is to say of it."""
    card, value = box.card, script.value(box.card)
    alone = card.kind != "fold"
    label = box.texts[0]
    name = card.name if label.startswith(card.name) else ""
    return {
        "x": round(box.x, 1),
        "y": round(box.y, 1),
        "width": box.width,
        "height": box.height,
        "cells": box.cells,
        "kind": card.kind,
        "answer": card.answer,
        "order": order.index(card.key) + 1 if card.key in order else 0,
        "name": name,
        "operation": label[len(name) :].strip(),
        "title": script.title(card),
        "made": expression(script.sheet, value, script.behind) if alone and value.op else "",
        "value": box.texts[1],
        "whole": full(value.value) if alone and type(value.value) is not tuple else "",
        "gradient": full(value.gradient) if alone and value.gradient is not None else "",
        "place": str(value.place or ""),
        "members": len(card.members),
    }


def framed(frame: Frame, wires: dict[tuple[int, int, int], int]) -> dict[str, Any]:
    """A frame."""
    return {
        "phase": frame.phase,
        "title": frame.title,
        "lines": frame.lines,
        "node": frame.card,
        "flows": [flowing(one, wires) for one in frame.flows],
        "values": frame.values,
        "sums": [summed(one) for one in frame.sums],
    }


def flowing(one: Flow, wires: dict[tuple[int, int, int], int]) -> dict[str, Any]:
    """What moves along an edge."""
    wire = wires[one.source, one.target, one.position]
    return {"wire": wire, "text": one.text, "arrives": one.arrives, "factor": one.factor}


def summed(one: Sum) -> list[Any]:
    """A cotangent as far as it has been added up."""
    return [one.card, one.text, one.arrived, one.expected]
