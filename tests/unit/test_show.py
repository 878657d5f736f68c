"""Drawings, formulas and steps: what they say is what `grad` computes, and drawing changes nothing."""

import re
import xml.etree.ElementTree as ElementTree
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import grad, jit, tree, vmap
from funcgrad.errors import BadAnswer, BadArgument, EscapedNode, UnknownValue
from funcgrad.examples.neuron import neuron as neuron_of_dict
from funcgrad.show import draw, steps
from funcgrad.show.reading import sheet_of

V = np.array([0.5, -1.0, 2.0])
A = np.array([[2.0, 1.0, 0.0], [0.5, 3.0, 1.0], [0.0, 1.0, 4.0]])


def neuron(x1, x2, w1, w2, b):
    x1w1 = x1 * w1
    x2w2 = x2 * w2
    n = x1w1 + x2w2 + b
    o = np.tanh(n)
    return o  # noqa: RET504  # names are tested


NUMBERS = (2.0, 0.0, -3.0, 1.0, 6.8813735870195432)


def cell(x, w, b):
    s = sum(wi * xi for wi, xi in zip(w, x, strict=True))
    return np.tanh(s + b)


def network(x, params):
    for layer in params:
        x = [cell(x, w, b) for w, b in layer]
    loss = (x[0] - 1.0) ** 2
    return loss  # noqa: RET504  # names are tested


def params(*sizes):
    rng = np.random.default_rng(0)
    pairs = pairwise(sizes)
    return [[([float(v) for v in rng.normal(size=n)], 0.1) for _ in range(m)] for n, m in pairs]


# ---- values and gradients --------------------------------------------------------------------------------
FUNCTIONS = {
    "neuron": (neuron, NUMBERS),
    "dict": (lambda p: p["a"] * p["b"][0], ({"a": 2.0, "b": (3.0,)},)),
    "vectors": (lambda x: np.sum(np.tanh(A @ x) ** 2), (V,)),
    "indices": (lambda x: x[0] * x[1] + x[0], (V,)),
    "several results": (lambda a: np.sum(np.linalg.svd(a)[1]), (A,)),
    "vmap": (lambda x: np.sum(vmap(lambda t: np.sin(t) * t)(x)), (V,)),
    "jit": (lambda x: np.sum(jit(lambda t: np.sin(t) * t)(x)), (V,)),
    "grad": (lambda x: grad(lambda t: t**3)(x) * x, (2.0,)),
    "scan": (lambda x: fg.lax.scan(lambda c, t: (c * t, c), x, V)[0], (2.0,)),
    "a branch not taken": (lambda x: np.sum(np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), 0.0)), (V,)),
    "a branch of NaN": (lambda x: np.sum(np.where(x > 0, np.log(x), 0.0)), (V,)),
    "shared kinks": (np.max, (np.array([1.0, 1.0, 0.0]),)),
    "float32": (lambda x: np.float32(2) * x, (np.float32(3),)),
    "complex": (lambda z: abs(z * z), (1 + 2j,)),
    "unused": (lambda x, y: 2.0 * y, (3.0, 1.0)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_gradients_are_those_of_grad(name):
    f, args = FUNCTIONS[name]
    sheet = sheet_of(f, args, {})
    slopes = tree.leaves(grad(f, tuple(range(len(args))))(*args))
    assert [value.kind for value in sheet.inputs] == ["input"] * len(slopes)
    for value, slope in zip(sheet.inputs, slopes, strict=True):
        np.testing.assert_allclose(value.gradient, slope, rtol=1e-6)
    np.testing.assert_allclose(sheet.values[sheet.outputs[0]].value, f(*args), rtol=1e-6)


@pytest.mark.parametrize("name", ["neuron", "vectors", "indices", "grad"])
def test_a_gradient_is_the_sum_of_its_products(name):
    f, args = FUNCTIONS[name]
    sheet = sheet_of(f, args, {})
    for value in sheet.values:
        shares = [share for share in sheet.shares if share.target == value.number]
        if shares:
            np.testing.assert_allclose(sum(share.product for share in shares), value.gradient)
            assert np.array_equal(shares[-1].total, value.gradient)
    for share in sheet.shares:
        if share.local is not None:
            assert share.product == pytest.approx(share.arrived * share.local)


def test_the_function_runs_once_on_its_arguments_unchanged():
    calls = []

    def f(x):
        calls.append(1)
        return np.sum(x * x)

    x = np.ones(3)
    drawing = draw(f)(x)
    assert calls == [1]
    x[0] = 5.0
    assert drawing.sheets[0].values[0].value[0] == 1.0


def test_a_drawing_is_of_one_path_and_says_what_was_asked():
    def f(x):
        return x * x if x > 0 else -x

    assert "x > 0 is True" in steps(f)(2.0).text
    assert "   x &gt; 0 is False</text>" in draw(f)(-2.0).svg
    assert str(draw(f)(-2.0)).splitlines()[0].split() == ["-", "2", "1"]


# ---- names --------------------------------------------------------------------------------
def test_names_are_those_of_variables():
    sheet = sheet_of(neuron, NUMBERS, {})
    assert [v.name for v in sheet.values] == ["x1", "x2", "w1", "w2", "b", "x1w1", "x2w2", "v1", "n", "o"]
    assert [v.named for v in sheet.values][5:] == [True, True, False, True, True]
    assert {v.place.file for v in sheet.values[5:]} == {"test_show.py"}


def test_a_name_that_is_given_twice_is_numbered():
    def f(x):
        for _ in range(3):
            x = 2.0 * x
        return x

    assert [v.name for v in sheet_of(f, (1.0,), {}).values if v.op] == ["x_2", "x_3", "x_4"]


def test_of_a_function_of_several_operations_the_last_has_the_variable():
    def f(x):
        m = np.mean(x)
        return m  # noqa: RET504  # names are tested

    assert [v.name for v in sheet_of(f, (V,), {}).values if v.op] == ["v1", "m"]


def test_calls_of_the_users_functions_are_told_apart():
    sheet = sheet_of(network, ([1.0, 2.0], params(2, 2, 1)), {})
    assert {(call.function, call.number) for v in sheet.values for call in v.calls} == {("cell", k) for k in range(3)}


# ---- the tree of text --------------------------------------------------------------------------------
def test_the_tree_of_the_neuron():
    assert str(draw(neuron)(*NUMBERS)) == (
        "o tanh           0.7071  1\n"
        "└─ n +           0.8814  0.5\n"
        "   ├─ +          -6      0.5\n"
        "   │  ├─ x1w1 ×  -6      0.5\n"
        "   │  │  ├─ x1   2       -1.5\n"
        "   │  │  └─ w1   -3      1\n"
        "   │  └─ x2w2 ×  0       0.5\n"
        "   │     ├─ x2   0       0.5\n"
        "   │     └─ w2   1       0\n"
        "   └─ b          6.881   0.5"
    )


def test_what_is_shared_is_written_once():
    def f(x):
        y = np.exp(x)
        return y * y

    lines = ["×           1  1", "├─ y exp    1  2", "│  └─ x     0  2", "└─ y exp ↑  1  2"]
    assert str(draw(f)(0.0)).splitlines() == lines


def test_a_deep_graph_is_no_deeper_recursion():
    def f(x):
        for _ in range(1000):
            x = np.sin(x)
        return x

    drawing = draw(f, most=8)(1.0)
    assert len(drawing.cards[0]) <= 8
    assert sum(len(card.members) for card in drawing.cards[0]) == 1001


@pytest.mark.parametrize(
    ("args", "lines"),
    [
        (((lambda x: (x + 1, x * 2)), 2.0), ["· + 1  3", "└─ x   2", "· × 2  4", "└─ x   2"]),
        (((lambda x: x), 2.0), ["x  2  1"]),
        (((lambda x: x * x), 3), ["×     9  1", "├─ x  3  6", "└─ x  3  6"]),
    ],
)
def test_small_graphs(args, lines):
    f, x = args
    assert str(draw(f)(x)).splitlines() == lines


def test_arrays_are_shown_by_shape_and_gradients_by_norm():
    (x, w) = np.ones((4, 2)), np.ones(2)
    text = str(draw(lambda w, x: np.sum(x @ w))(w, x))
    assert re.search(r"x +4×2 +‖2.828‖", text)
    assert re.search(r"w +\[1, 1\] +\[4, 4\]", text)
    assert "4×2 float32" in str(draw(lambda x: 2 * x)(np.ones((4, 2), np.float32)))


def test_without_one_real_answer_there_is_no_gradient():
    drawing = draw(lambda x: 2 * x)(V)
    assert not drawing.sheets[0].differentiated
    assert drawing.sheets[0].shares == ()
    assert "label | value<" in drawing.svg


# ---- folding --------------------------------------------------------------------------------
def test_calls_of_functions_are_folded_first():
    cards = draw(network, most=60)([1.0, 2.0], params(2, 3, 3, 1)).cards[0]
    folds = [card for card in cards if card.kind == "fold"]
    assert [fold.name for fold in folds] == ["cell"] * 7
    assert {fold.operation for fold in folds} == {"6 operations", "8 operations"}
    assert cards[-1].label == "loss ^2"


def test_many_inputs_are_folded_by_argument():
    cards = draw(network, most=40)([1.0, 2.0], params(2, 8, 1)).cards[0]
    assert [card.label for card in cards[:2]] == ["x 2 values", "params 33 values"]


def test_then_lines_and_then_loops():
    def f(x):
        for _ in range(50):
            y = np.sin(x)
            x = y * y + x
        z = x + 1
        return z  # noqa: RET504  # names are tested

    by_loops = draw(f, most=10)(1.0).cards[0]
    assert [card.kind for card in by_loops] == ["input", "fold", "operation"]
    assert re.fullmatch(r"lines \d+ to \d+ 150 operations", by_loops[1].label)
    by_lines = draw(f, most=104)(1.0).cards[0]
    assert len(by_lines) == 102
    everything = draw(f, most=500)(1.0).cards[0]
    assert len(everything) == 152


def made_of(f, args):
    return [card.label for card in draw(f, most=60)(*args).cards[0] if card.kind != "input"]


def test_calls_are_folded_within_whatever_the_function_is_wrapped_in():
    args = ([1.0, 2.0], params(2, 3, 3, 1))
    labels = made_of(network, args)

    class Model:
        def __call__(self, x, layers):
            return network(x, layers)

    for wrapped in (lambda x, layers: network(x, layers), partial(network), Model(), jit(network)):
        assert made_of(wrapped, args) == labels


@pytest.mark.parametrize("most", [4, 5, 10, 30, 60, 200, 1000])
def test_folds_make_no_cycle_and_lose_nothing(most):
    drawing = draw(network, most=most)([1.0, 2.0], params(2, 4, 4, 1))
    cards, sheet = drawing.cards[0], drawing.sheets[0]
    assert all(parent < card.key for card in cards for parent in card.parents)
    members = [i for card in cards for i in card.members]
    shown = [v.number for v in sheet.values if not (v.kind == "constant" and np.ndim(v.value) == 0)]
    assert sorted(members) == shown


# ---- forwards and backwards --------------------------------------------------------------------------------
def test_the_gradient_is_drawn_beside_the_function():
    drawing = draw(neuron, backward=True)(*NUMBERS)
    assert drawing.titles == ("neuron", "∇neuron")
    names = {card.name: card.value for card in drawing.cards[1] if card.answer}
    assert names == {"∂x1": "-1.5", "∂x2": "0.5", "∂w1": "1", "∂w2": "0", "∂b": "0.5"}
    assert [card.backward for card in drawing.cards[1] if card.name in ("o", "∂b")] == [False, True]
    assert drawing.svg.count('class="head"') == 2
    assert "∇neuron\n" in drawing.text
    assert not draw(lambda x: x**3, backward=True)(2.0).sheets[1].differentiated


# ---- files --------------------------------------------------------------------------------
def test_the_svg_is_well_formed_in_light_and_dark():
    drawing = draw(neuron, backward=True)(*NUMBERS)
    root = ElementTree.fromstring(drawing.svg.encode())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    text = ElementTree.tostring(root, encoding="unicode")
    assert "prefers-color-scheme:dark" in text
    boxes = [e for e in root.iter() if e.get("class", "").startswith("box")]
    assert len(boxes) == sum(map(len, drawing.cards))
    assert not any(word in text for word in ("http://fonts", "<script", "@import"))


def test_labels_are_escaped():
    def f(x):
        return np.where(x < 1, x, 2.0)

    drawing = draw(f)(0.5)
    ElementTree.fromstring(drawing.svg.encode())
    assert "· &lt; 1" in drawing.svg
    assert r"·\ \<\ 1" in drawing.dot.replace("\\\\", "\\")


def test_formats(tmp_path):
    drawing = draw(neuron)(*NUMBERS)
    for ending, start in {
        "svg": "<?xml",
        "html": "<!doctype html>",
        "dot": "digraph",
        "gv": "digraph",
        "txt": "o tanh",
    }.items():
        drawing.save(tmp_path / f"neuron.{ending}")
        assert (tmp_path / f"neuron.{ending}").read_text(encoding="utf-8").startswith(start)
    bundle = drawing._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/svg+xml"}
    assert bundle["image/svg+xml"] == drawing._repr_svg_() == drawing.svg
    assert "<?xml" not in bundle["text/html"]


# ---- transforms of functions
@pytest.mark.parametrize(
    "f",
    [
        jit(lambda x: np.sum(np.sin(x) * x)),
        grad(lambda x: np.sum(np.sin(x) * x)),
        vmap(lambda x: np.sin(x) * x),
        fg.hessian(lambda x: np.prod(x)),
        lambda x: fg.jvp(np.sin, (x,), (x,))[1],
        fg.jacobian(lambda x: np.cumsum(x * x)),
        jit(vmap(grad(lambda x: np.sin(x) * x))),
    ],
    ids=["jit", "grad", "vmap", "hessian", "jvp", "jacobian", "jit of vmap of grad"],
)
def test_what_transforms_return_is_drawn_too(f):
    sheet = draw(f)(V).sheets[0]
    (output,) = sheet.outputs
    np.testing.assert_allclose(sheet.values[output].value, f(V), rtol=1e-12)


# ---- refusals --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("act", "kind", "said"),
    [
        (lambda: draw(lambda: 1.0)(), BadArgument, "without numbers among its arguments.*draw\\(f\\)\\(2.0, 3.0\\)"),
        (lambda: draw(lambda x: None)(1.0), BadAnswer, "Is a return missing"),
        (lambda: vmap(draw(lambda x: x))(V), UnknownValue, "inside of another transform.*draw\\(vmap\\(f\\)\\)"),
        (lambda: grad(lambda x: draw(lambda t: t * x)(2.0))(1.0), EscapedNode, "closes over.*Draw the outer function"),
        (lambda: draw(lambda x: 2 * x, backward=True)(V), BadAnswer, "does not return one real number"),
        (lambda: draw(neuron, layout="circle"), BadArgument, "layout='circle'"),
        (lambda: draw(neuron, most=1), BadArgument, "4 at least"),
        (lambda: draw(neuron)(*NUMBERS).save("neuron.png"), BadArgument, r"\.png.*Save it as \.svg"),
        (lambda: draw(neuron)(*NUMBERS).save("neuron"), BadArgument, "no ending"),
    ],
)
def test_refusals(act, kind, said):
    with pytest.raises(kind, match=said):
        act()


def test_arguments_that_are_no_numbers_are_passed_on():
    f = lambda x, mode, n: [x := x * 2 for _ in range(n)][-1] if mode == "double" else x
    assert draw(f)(1.0, "double", 3).sheets[0].values[0].gradient == 8.0


def test_the_example_of_the_package_can_be_drawn():
    drawing = draw(neuron_of_dict)({"x1": 2.0, "x2": 0.0, "w1": -3.0, "w2": 1.0, "b": 6.88})
    assert "numbers['w1']" in [card.name for card in drawing.cards[0]]
