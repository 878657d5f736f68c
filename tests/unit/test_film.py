"""show.film: what each frame says, the page as a file, and what is refused."""

import json
import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from funcgrad import errors, grad, tree
from funcgrad.examples.neuron import THREE
from funcgrad.show import Film, film
from funcgrad.show.filming.chain import bar, plain
from funcgrad.show.wording import slope


def fan(x, y):
    a = x * y
    b = np.sin(x)
    c = a + b
    return c * a + x / y


def layer(p, x):
    return np.tanh(p["W"] @ x + p["b"])


def network(p, x):
    h = layer(p[0], x)
    y = layer(p[1], h)
    return np.sum((y - 1) ** 2) / 2


def unit(w, x):
    return np.tanh(sum([a * b for a, b in zip(w, x, strict=False)]) + w[-1])


def scalars(w, x):
    """A network of four neurons of single numbers: 33 boxes."""
    h = [unit([*w[i:], *w[:i]], x) for i in range(3)]
    return (unit([*w, 0.1], h) - 1) ** 2


def ordinary(n):
    return {"W": np.arange(2.0 * n).reshape(n, 2) / 5, "b": np.zeros(n)}


NETWORK = ([ordinary(3), {"W": np.array([[0.3, -0.2, 0.1]]), "b": np.zeros(1)}], np.array([1.0, 2.0]))
CASES = {
    "neuron": (lambda *args: network_of(*args), tuple(THREE.values())),
    "fan": (fan, (2.0, 3.0)),
    "network": (network, NETWORK),
    "scalars": (scalars, ([0.5, -0.3, 0.8], [1.0, 2.0])),
    "square": (lambda x: x * x, (3.0,)),
    "itself": (lambda x: x, (3.0,)),
    "unused": (lambda x, y: x + 1, (3.0, 2.0)),
    "several results": (lambda m: np.sum(np.linalg.eigh(m + m.T)[0] ** 2), (np.array([[1.0, 0.5], [0.0, 3.0]]),)),
    "half precision of both": (lambda x: np.sum(x * np.float32(2)), (np.ones(3, np.float32),)),
}


def network_of(w1, I1, w2, I2, w3, I3, b1):
    return w1 * I1 + w2 * I2 + w3 * I3 + b1


def titles(one, phase):
    return [plain(frame.title) for frame in one.frames if frame.phase == phase]


def last_sums(one):
    """What stands in each box at the end, by the name of its value."""
    found = {}
    for frame in one.frames:
        for each in frame.sums:
            found[one.sheet.values[one.cards[each.card].members[-1]].name] = each.text
    return found


def line(frame, label):
    return next(plain(text) for name, text in frame.lines if name == label)


def test_without_a_function_it_is_a_neuron_of_three_inputs():
    one = film()
    assert repr(one) == "<film of three_inputs: 22 frames>"
    assert line(one.frames[0], "order") == "v1 → v2 → v3 → v4 → v5 → v6"
    assert titles(one, "forward")[1:] == [
        "v1 = w1 × I1",
        "v2 = w2 × I2",
        "v3 = v1 + v2",
        "v4 = w3 × I3",
        "v5 = v3 + v4",
        "v6 = v5 + b1",
    ]
    assert [line(frame, "numbers").split(" = ")[1] for frame in one.frames[2:8]] == ["1", "-3", "-2", "6", "4", "5"]
    sums = last_sums(one)
    assert {name: float(sums[name]) for name in THREE} == {
        "w1": 2.0,
        "I1": 0.5,
        "w2": 3.0,
        "I2": -1.0,
        "w3": 4.0,
        "I3": 1.5,
        "b1": 1.0,
    }


@pytest.mark.parametrize("name", CASES)
def test_the_last_sums_are_the_gradient(name):
    f, args = CASES[name]
    one = film(f)(*args)
    sums = last_sums(one)
    slopes = tree.leaves(grad(f, tuple(range(len(args))))(*args))
    names = [value.name for value in one.sheet.inputs]
    assert [sums[name] for name in names] == [slope(one) for one in slopes]


@pytest.mark.parametrize("name", CASES)
def test_each_value_appears_once_after_its_arguments(name):
    f, args = CASES[name]
    one = film(f)(*args)
    shown = [key for frame in one.frames for key in frame.values]
    assert sorted(shown) == list(range(len(one.cards)))
    for frame in one.frames:
        for key in frame.values:
            assert all(shown.index(parent) < shown.index(key) for parent in one.cards[key].parents)


@pytest.mark.parametrize("name", CASES)
def test_a_cotangent_is_handed_on_when_all_of_it_has_arrived(name):
    f, args = CASES[name]
    complete = set()
    for frame in film(f)(*args).frames:
        if frame.phase == "backward" and frame.flows:
            assert frame.card in complete
            assert {flow.target for flow in frame.flows} == {frame.card}
        complete |= {one.card for one in frame.sums if one.arrived == one.expected}


def test_sums_grow_share_by_share():
    one = film(fan)(2.0, 3.0)
    grown = [frame for frame in one.frames if frame.phase == "backward" and "x̄ +=" in plain(frame.title)]
    assert [plain(frame.title) for frame in grown] == [
        "x̄ += v̄2 · ∂v2/∂x",
        "x̄ += b̄ · ∂b/∂x",
        "x̄ += ā · ∂a/∂x",
    ]
    assert [line(frame, "sum") for frame in grown] == [
        "x̄ = 0.3333   (1 of 3)",
        "x̄ = 0.3333 + (-2.497) = -2.164   (2 of 3)",
        "x̄ = -2.164 + 38.73 = 36.56   (3 of 3)",
    ]
    assert line(grown[1], "local") == "∂b/∂x = cos(x) = -0.4161"
    assert line(grown[1], "product") == "b̄ · ∂b/∂x = 6 × (-0.4161) = -2.497"
    assert [frame.flows[0].factor for frame in grown] == ["0.3333", "-0.4161", "3"]
    assert [frame.flows[0].arrives for frame in grown] == ["1", "6", "12.91"]


def test_an_argument_that_is_taken_twice_gets_two_shares():
    one = film(lambda x: x * x)(3.0)
    assert [flow.position for frame in one.frames for flow in frame.flows if frame.phase == "backward"] == [0, 1]
    assert last_sums(one)["x"] == "6"


def test_formulas_of_arrays_are_the_rules():
    one = film(network)(*NETWORK)
    said = titles(one, "backward")
    assert "v̄2 += v̄3 × (1 - v3^2)" in said
    assert "x̄ += p[0]['W']ᵀ @ v̄1" in said
    assert "p̄[0]['b'] += v̄2" in said
    (frame,) = [frame for frame in one.frames if "ᵀ" in frame.title]
    assert line(frame, "arrives").startswith("v̄1 = [")


def test_what_was_repeated_is_added_up():
    one = film(lambda x, b: np.sum((x + b) ** 2))(np.ones((4, 3)), np.ones(3))
    (frame,) = [frame for frame in one.frames if plain(frame.title).startswith("b̄ +=")]
    assert line(frame, "shape") == "b was repeated, so its shares are added up"
    assert line(frame, "arrives") == "v̄1 = 4×3 with norm 13.86"
    assert line(frame, "sum") == "b̄ = [16, 16, 16]"


def test_large_arrays_are_shapes_and_norms():
    one = film(lambda x: np.sum(x * x))(np.ones(64))
    assert one.cards[0].value == "64 numbers"
    assert line(one.frames[2], "numbers") == "64 numbers × 64 numbers = 64 numbers"
    assert line(one.frames[-2], "sum") == "x̄ so far and this = 64 numbers with norm 16   (2 of 2)"


def test_without_one_real_number_there_is_no_sweep_backwards():
    one = film(lambda x: (x, 2 * x))(3.0)
    assert [frame.phase for frame in one.frames] == ["start", "forward", "forward", "end"]
    assert line(one.frames[-1], "gradient") == "none: the answer is not one real number"


def test_what_python_asked_is_said_first():
    def f(x):
        return x * x if x > 0 else -x

    assert line(film(f)(2.0).frames[0], "asked").startswith("x > 0 is True")


def chain(x, y):
    for w in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        x = unit([w, 0.1], [x]) * y
    return x


def test_large_graphs_are_folded_and_their_sums_are_right():
    one = film(chain, most=14)(0.5, 2.0)
    assert len(one.cards) == 14
    assert {card.kind for card in one.cards} >= {"fold", "input"}
    sums = last_sums(one)
    assert [sums["x"], sums["y"]] == [slope(one) for one in grad(chain, (0, 1))(0.5, 2.0)]
    assert any(dict(frame.lines).get("from", "").startswith("unit") for frame in one.frames)
    assert json.loads(embedded(one))["nodes"]


def test_a_film_of_one_fold_is_refused():
    with pytest.raises(errors.BadArgument) as caught:
        film(chain, most=12)(0.5, 2.0)
    assert str(caught.value) == (
        "chain was to be filmed, and its 30 operations fold into 1 box. A film shows operations one after the other. "
        "Film fewer steps of it, or all of them: film(f, most=40)."
    )
    assert len(film(chain, most=40)(0.5, 2.0).cards) == 32


def test_folded_inputs_are_one_box():
    w = {f"w{i}": float(i) for i in range(40)}
    one = film(lambda w: (w["w1"] * w["w2"] + w["w3"]) ** 2, most=20)(w)
    assert [card.label for card in one.cards] == ["w 40 values", "v1 ×", "v2 +", "v3 ^2"]
    frame = one.frames[-2]
    assert plain(frame.title) == "w̄['w1'], w̄['w2'] += …"
    assert line(frame, "product") == "2 cotangents: w̄['w1'], w̄['w2']"
    assert frame.flows[0].text == "2 shares"
    assert json.loads(embedded(one))["nodes"][0]["members"] == 40


# The page


def embedded(one):
    return re.search(r'<script type="application/json" id="film">(.*?)</script>', one.html, re.DOTALL)[1]


def test_the_page_needs_nothing_else():
    html = film().html
    assert html.startswith("<!doctype html>")
    assert set(re.findall(r"https?://[^\s\"']+", html)) == {"http://www.w3.org/2000/svg"}
    assert re.findall(r"\b(?:src|href|import|fetch|XMLHttpRequest|localStorage)\b(?=\s*[=(])", html) == []
    assert "{{" not in html


@pytest.mark.parametrize("name", ["film.html", "film.css", "film.js"])
def test_its_parts_are_files_of_the_package(name):
    text = (files("funcgrad.show.filming") / name).read_text(encoding="utf-8")
    assert len(text) > 1000
    assert max(map(len, text.splitlines())) < 300


HOSTILE = [
    "</script><script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=2>",
    "\u2028\u2029",
    "{{data}}",
]


def test_names_are_text_and_end_no_script():
    one = film(lambda p: sum(v * v for v in p.values()))(dict.fromkeys(HOSTILE, 2.0))
    html = one.html
    assert html.count("</script") == 2
    assert "<img" not in html
    assert not {"\u2028", "\u2029"} & {*html}
    nodes = json.loads(embedded(one))["nodes"]
    assert [node["title"] for node in nodes[:4]] == [f"p[{name!r}]" for name in sorted(HOSTILE)]


def test_a_name_is_escaped_in_the_title_and_half_letters_are_replaced():
    def f(p):
        return p["\ud800"] * 2

    f.__name__ = "<b>&"
    one = film(f)({"\ud800": 1.0})
    assert "<title>&lt;b&gt;&amp;: a film" in one.html
    one.html.encode()


def test_a_film_of_thirty_boxes_is_small():
    one = film(scalars)([0.5, -0.3, 0.8], [1.0, 2.0])
    assert 30 <= len(one.cards) <= 60
    assert len(one.html.encode()) < 100_000


@pytest.mark.parametrize("name", CASES)
def test_what_moves_fits_between_the_columns(name):
    f, args = CASES[name]
    one = film(f)(*args)
    picture = one.picture
    for wire in picture.wires:
        xs = [x for x, _ in wire.points]
        assert xs == sorted(xs)
        assert xs[0] == picture.boxes[wire.source].x + picture.boxes[wire.source].width
        assert xs[-1] == picture.boxes[wire.target].x
    data = json.loads(embedded(one))
    for frame in data["frames"]:
        for flow in frame["flows"]:
            wire = data["wires"][flow["wire"]]
            x, _ = wire["rest"][frame["phase"] == "backward"]
            half = (7.25 * max(len(flow["text"]), len(flow["factor"]) + 2) + 14) / 2
            for node in data["nodes"]:
                assert x + half < node["x"] or x - half > node["x"] + node["width"]


def test_the_film_of_the_documentation_is_the_one_that_is_made():
    """After a change: python -m funcgrad film --output docs/pictures/film.html"""
    path = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "film.html"
    assert path.read_text(encoding="utf-8") == film().html


# The value


def test_a_film_is_saved_and_plays_in_a_notebook(tmp_path):
    one = film(fan)(2.0, 3.0)
    one.save(tmp_path / "fan.html")
    assert (tmp_path / "fan.html").read_text(encoding="utf-8") == one.html
    assert one._repr_html_().startswith('<iframe srcdoc="&lt;!doctype html&gt;')
    assert 'sandbox="allow-scripts"' in one._repr_html_()
    assert isinstance(one, Film)
    assert str(one).splitlines()[0] == "  0  fan(x, y)"
    with pytest.raises(AttributeError):
        one.frames = ()


@pytest.mark.parametrize(
    ("name", "what"), [("film.svg", "a file that ends with .svg"), ("film", "a file whose name has no ending")]
)
def test_another_ending_is_refused(name, what, tmp_path):
    with pytest.raises(errors.BadArgument) as caught:
        film().save(tmp_path / name)
    assert str(caught.value) == (
        f"A film was to be saved as {what}. It is a page, which a browser plays. "
        "Save it as .html; for a still picture, save draw(f)(...) as .svg."
    )


def test_what_is_no_function_is_refused():
    with pytest.raises(errors.BadArgument) as caught:
        film(3.0)
    assert str(caught.value) == (
        "film was given float, which is no function. A film is of a function at its arguments. "
        "Give the function first, and then the arguments: film(f)(2.0, 3.0)."
    )


def test_too_few_boxes_are_refused():
    with pytest.raises(errors.BadArgument) as caught:
        film(fan, most=3)
    assert str(caught.value) == ("film was given most=3. It is a number of boxes, 4 at least. Leave it out for 60.")


def test_a_name_with_the_letters_of_a_bar_loses_them():
    assert plain(bar("x\ue000y")) == "x̄y"
