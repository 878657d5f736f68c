"""Drawings as Graphviz reads them and lays them out; where it is installed, by Graphviz itself."""

import shutil
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from funcgrad.errors import BadArgument
from funcgrad.show import draw

NUMBERS = (2.0, 0.0, -3.0, 1.0, 6.8813735870195432)


def neuron(x1, x2, w1, w2, b):
    x1w1 = x1 * w1
    x2w2 = x2 * w2
    return np.tanh(x1w1 + x2w2 + b)


def test_dot_has_records_and_edges():
    text = draw(neuron)(*NUMBERS).dot
    assert 'n0_0 [label="{x1|2|-1.5}"' in text  # in braces: Graphviz sets the cells side by side
    assert "n0_0 -> n0_5;" in text
    assert text.count("->") == 9


def test_without_graphviz_dot_is_refused(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BadArgument, match="Graphviz") as error:
        _ = draw(neuron, layout="dot")(*NUMBERS).svg
    assert 'layout="own"' in str(error.value)


def test_graphviz_lays_out_where_it_is_asked_to(monkeypatch, tmp_path):
    program = tmp_path / "dot"
    program.write_text(f"#!{sys.executable}\nimport sys\nprint('<?xml?><svg>', len(sys.stdin.read()), '</svg>')\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    drawing = draw(neuron, layout="dot")(*NUMBERS)
    assert drawing.svg == f"<?xml?><svg> {len(drawing.dot)} </svg>\n"
    assert drawing._repr_html_().startswith('<div style="overflow-x:auto"><svg>')


def test_what_graphviz_says_is_passed_on(monkeypatch, tmp_path):
    program = tmp_path / "dot"
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('no space left')\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadArgument, match="failed: no space left") as error:
        _ = draw(neuron, layout="dot")(*NUMBERS).svg
    assert 'layout="own"' in str(error.value)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_takes_every_text():
    def odd(größe, p):
        return np.sum(größe[1:] * p['a"b|c\\'] + p["<x>{y}"])

    drawing = draw(odd, backward=True, layout="dot")(np.ones(3), {'a"b|c\\': 2.0, "<x>{y}": np.ones(2)})
    texts = [one.text for one in ElementTree.fromstring(drawing.svg).iter("{http://www.w3.org/2000/svg}text")]
    assert {"größe", "p['<x>{y}']", "∂größe scatter", "∂p['<x>{y}']"} <= set(texts)
    heights = {
        one.text: float(one.get("y")) for one in ElementTree.fromstring(drawing.svg).iter() if one.text and one.get("y")
    }
    assert heights["odd"] < heights["∇odd"]  # forwards stands above backwards
