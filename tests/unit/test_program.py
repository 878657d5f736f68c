"""Programs as values: called, compared, saved, read, printed, costed."""

import dataclasses
import json
import os
import pickle
import subprocess
import sys
from collections import OrderedDict, namedtuple
from pathlib import Path

import attrs
import numpy as np
import pytest

import funcgrad
from funcgrad import Program, grad, hessian, jit, jvp, source, stage, value_and_grad, vjp, vmap
from funcgrad.errors import BadAnswer, BadArgument, BadProgram, EscapedNode, UnknownValue, UntracedPath
from funcgrad.graph.dispatch import complete
from funcgrad.graph.op import Op
from funcgrad.primitives import names
from funcgrad.primitives.kinds import Pointwise

X, Y = np.arange(12.0).reshape(4, 3), np.ones((4, 2))
PARAMS = {"w": np.ones((3, 2)), "b": np.zeros(2)}
Point = namedtuple("Point", "x y")


@dataclasses.dataclass(frozen=True)
class Model:
    """A tree with a static field."""

    w: np.ndarray
    b: np.ndarray
    kind: str = dataclasses.field(default="tanh", metadata={"static": True})


@attrs.frozen
class Pair:
    """A tree of attrs."""

    one: object
    two: object


def loss(params, x, y):
    hidden = np.tanh(x @ params["w"] + params["b"])
    return np.mean((hidden - y) ** 2)


def sign(x):
    if x > 0:
        return np.sin(x)
    return -x


def same(got, wanted):
    got, wanted = funcgrad.tree.flatten(got), funcgrad.tree.flatten(wanted)
    assert got[1] == wanted[1]
    for one, other in zip(got[0], wanted[0], strict=True):
        assert type(one) is type(other)
        np.testing.assert_allclose(one, other, 1e-12, 1e-14)


def run(text, name, *args):
    """What a function of a module's text returns."""
    namespace = {"__name__": "alone"}
    exec(compile(text, "<alone>", "exec"), namespace)
    return namespace[name](*args)


# ---- a value ---------------------------------------------------------------------------------------------------------
def test_a_program_is_called_as_its_function():
    program = stage(value_and_grad(loss))(PARAMS, X, Y)
    same(program(PARAMS, X, Y), value_and_grad(loss)(PARAMS, X, Y))
    same(stage(lambda x, *, by: x * by)(2.0, by=3.0)(4.0, by=5.0), 20.0)


def test_equal_programs_are_equal_whatever_they_are_called():
    one = stage(grad(lambda x: np.sum(x**3)))(np.ones(2))
    other = stage(grad(lambda renamed: np.sum(renamed**3)))(np.zeros(2))
    assert one == other
    assert hash(one) == hash(other)
    assert one.digest == other.digest
    for third in (stage(grad(lambda x: np.sum(x**2)))(np.ones(2)), stage(grad(lambda x: np.sum(x**3)))(np.ones(3))):
        assert one != third
        assert one.digest != third.digest


def test_numbers_that_are_equal_but_not_the_same_tell_programs_apart():
    numbers = (0.0, -0.0, 1.0, np.float32(0))
    programs = [stage(lambda x, c=c: np.maximum(x, c))(np.ones(2)) for c in numbers]
    assert len({program.digest for program in programs}) == len(set(programs)) == len(numbers)
    programs = [stage(np.sin)(np.ones(2, dtype)) for dtype in ("<f8", ">f8", "<f4")]
    assert len({program.digest for program in programs}) == len(set(programs)) == 3


def test_the_order_in_which_paths_were_traced_is_no_part_of_a_program():
    one, other = jit(sign), jit(sign)
    one(1.0), one(-1.0), other(-1.0), other(1.0)
    assert stage(one)(1.0) == stage(other)(1.0) == stage(other)(-1.0)
    assert stage(one)(1.0).digest == stage(other)(1.0).digest
    assert stage(one)(1.0) != stage(sign)(1.0)


def test_a_program_differentiates_maps_and_stages():
    f = jit(sign)
    f(1.0), f(-1.0)
    program = stage(f)(1.0)
    same([grad(program)(x) for x in (0.5, -0.5)], [float(np.cos(0.5)), -1.0])
    same(grad(grad(program))(0.5), -float(np.sin(0.5)))
    same(jvp(program, (0.5,), (2.0,))[1], 2 * np.cos(0.5))
    same([jit(program)(x) for x in (0.5, -0.5)], [np.sin(0.5), 0.5])
    smooth = stage(lambda x: np.sum(np.sin(x)))(np.ones(3))
    same(vmap(smooth)(X), np.sum(np.sin(X), axis=1))
    same(hessian(smooth)(X[0]), np.diag(-np.sin(X[0])))
    strong = stage(sign)(np.float64(1.0))
    with pytest.raises(UnknownValue):
        vmap(strong)(np.ones(3))


def test_static_arguments_are_part_of_the_program():
    def powered(x, n, kind="sum"):
        return getattr(np, kind)(x**n)

    program = stage(jit(powered, static_argnums=1, static_argnames="kind"))(np.arange(3.0), 3, kind="max")
    same(program(np.arange(4.0)[1:]), np.float64(27.0))
    same(run(program.source(), "powered", np.arange(4.0)[1:]), np.float64(27.0))
    with pytest.raises(BadArgument, match=r"without static arguments"):
        program(np.arange(3.0), 3)


# ---- what a call refuses ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((PARAMS, X), r"was called with \(\{'b': \*, 'w': \*\}, \*\)\. It is made for"),
        ((PARAMS, X, Y.astype("float32")), r"given y of type float32\[4,2\].*pass y\.astype\('float64'\)"),
        ((PARAMS, X[:3], Y), r"given x of type float64\[3,3\].*stage the function again"),
        (({"w": PARAMS["w"], "b": 1.0}, X, Y), r"given params\['b'\] of type weak float64"),
        (({"w": PARAMS["w"], "c": PARAMS["b"]}, X, Y), r"was called with"),
    ],
)
def test_other_arguments_are_refused_by_name(args, message):
    with pytest.raises(BadArgument, match=message):
        stage(loss)(PARAMS, X, Y)(*args)


@pytest.mark.parametrize(
    ("staged", "given", "remedy"),
    [
        (1.0, 1, r"pass float\(x\)"),
        (1.0, np.float64(1), r"pass float\(x\)"),
        (np.float64(1), 1.0, r"pass np\.float64\(x\)"),
        (np.float32(1), 1.0, r"pass np\.float32\(x\)"),
        (1j, 1.0, r"pass complex\(x\)"),
    ],
)
def test_numbers_are_not_converted(staged, given, remedy):
    with pytest.raises(BadArgument, match=remedy):
        stage(lambda x: 2 * x)(staged)(given)


def test_a_path_that_was_never_traced_names_the_guard_and_the_line(tmp_path):
    program = stage(sign)(1.0)
    program.save(tmp_path / "sign.json")
    for one in (program, Program.load(tmp_path / "sign.json"), pickle.loads(pickle.dumps(program))):
        same(one(2.0), np.sin(2.0))
        with pytest.raises(UntracedPath, match=r"`x > 0` is other than True \(test_program\.py:\d+\)"):
            one(-2.0)
    with pytest.raises(ValueError, match="never traced"):
        run(program.source(), "sign", -2.0)


def test_what_cannot_be_staged_is_refused():
    with pytest.raises(EscapedNode, match="closes over a traced value"):
        grad(lambda w: stage(lambda x: x * w)(1.0)(1.0))(2.0)
    with pytest.raises(EscapedNode, match="closes over a traced value"):
        grad(lambda w: stage(jit(lambda x: x * w))(1.0)(1.0))(2.0)
    with pytest.raises(EscapedNode, match="not known"):
        vmap(lambda x: stage(np.sin)(x)(x))(X)
    f = jit(sign)
    f(1.0), f(-1.0)
    with pytest.raises(BadArgument, match="2 paths"):
        _ = stage(f)(1.0).graph


# ---- saving ----------------------------------------------------------------------------------------------------------
def test_a_saved_gradient_runs_in_another_process_without_its_source(tmp_path):
    program = stage(grad(loss))(PARAMS, X, Y)
    program.save(tmp_path / "slope.json")
    (tmp_path / "slope.pickle").write_bytes(pickle.dumps(program))
    (tmp_path / "slope.py").write_text(program.source(), encoding="utf-8")
    code = f"""
import pickle, sys
sys.path.insert(0, {str(tmp_path)!r})
import numpy as np
import slope
assert not [name for name in sys.modules if name.startswith("funcgrad")]
from funcgrad import Program
X, Y = np.arange(12.0).reshape(4, 3), np.ones((4, 2))
params = {{"w": np.ones((3, 2)), "b": np.zeros(2)}}
program = Program.load({str(tmp_path / "slope.json")!r})
assert program == pickle.load(open({str(tmp_path / "slope.pickle")!r}, "rb"))
print(program.digest, *[f(params, X, Y)["w"].tobytes().hex() for f in (program, slope.loss)])
"""
    root = Path(funcgrad.__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONHASHSEED": "1"}
    got = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=tmp_path
    ).stdout.split()
    expected = program(PARAMS, X, Y)["w"].tobytes().hex()
    assert got == [program.digest, expected, expected]


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda p: Point(p.y * 2, p.x), (Point(1.0, X),)),
        (lambda m: grad(lambda m: np.sum(m.w) * np.sum(m.b))(m), (Model(X, Y),)),
        (lambda p: Pair(p.two, {"a": [p.one, None, (p.two,)]}), (Pair(1.0, X),)),
        (lambda d: OrderedDict(b=d["a"], a=d["b"] * 1.0), (OrderedDict(b=1.0, a=2.0),)),
        (lambda d: {"z": d["a"], "y": d[(1, 2)], 3: d[0.5]}, ({"a": 1.0, (1, 2): 2.0, 0.5: X},)),
        (lambda x: (x, x, 3.0, np.arange(3), np.inf, -0.0, True), (X,)),
        (lambda x: np.where(x > np.nan, x, 1j), (X,)),
        (lambda x: x + np.arange(200.0).reshape(50, 4)[:, :3][:4], (X,)),
        (lambda x: x[::-1, [0, 2]] + np.float32(1.5), (X,)),
        (lambda x: x, (np.ones(3, ">f8"),)),
        (lambda: np.arange(3.0), ()),
        (lambda np, c, chain: np * c * chain, (X, 2.0, X)),
    ],
)
def test_trees_constants_and_names_survive(f, args, tmp_path):
    program = stage(f)(*args)
    wanted = program(*args)
    program.save(tmp_path / "program.json")
    again = Program.load(tmp_path / "program.json", classes=[Point, Model, Pair])
    assert again == program
    assert again.digest == program.digest
    same(again(*args), wanted)
    same(run(again.source(), "lambda_", *args), wanted)


def test_classes_are_given_and_not_imported(tmp_path):
    program = stage(lambda p: p.x)(Point(1.0, 2.0))
    program.save(tmp_path / "program.json")
    with pytest.raises(BadProgram, match=r"Loading imports nothing\. Pass the class.*classes=\[Point\]"):
        Program.load(tmp_path / "program.json")


def test_a_class_that_no_module_has_is_refused_in_a_text():
    Local = namedtuple("Local", "x")
    Local.__qualname__ = "test.<locals>.Local"
    with pytest.raises(BadAnswer, match="cannot make a Local"):
        source(lambda x: Local(x), 1.0)


def changed(change):
    """The JSON of a program, changed."""
    f = jit(lambda x: np.max(x[1:], axis=0) if np.sum(x) > 0 else x[0])
    f(np.ones((3, 2))), f(-np.ones((3, 2)))
    saved = json.loads(stage(f)(np.ones((3, 2))).to_json())
    change(saved)
    return json.dumps(saved)


def step(saved, operation):
    """The first step of an operation."""
    return next(one for path in saved["paths"] for one in path["graph"]["steps"] if one["operation"] == operation)


@pytest.mark.parametrize(
    "change",
    [
        lambda saved: saved.update(format="other"),
        lambda saved: saved.update(version=2),
        lambda saved: saved.update(name="f\nimport os"),
        lambda saved: saved.update(names=["x\n"]),
        lambda saved: saved.update(names=["x", "y"]),
        lambda saved: saved.update(types=[]),
        lambda saved: saved.update(paths=[]),
        lambda saved: saved.update(paths=saved["paths"] * 2),
        lambda saved: saved.pop("structure"),
        lambda saved: saved.update(structure={"class": "os.system", "children": []}),
        lambda saved: saved.update(structure={"class": "object", "children": []}),
        lambda saved: saved["types"][0].update(dtype="O"),
        lambda saved: saved["types"][0].update(dtype="M8[s]"),
        lambda saved: saved["types"][0].update(shape=[-1, 2]),
        lambda saved: saved["types"][0].update(shape=[True, 2]),
        lambda saved: saved["types"][0].update(shape=[3]),
        lambda saved: step(saved, "greater").update(operation="system"),
        lambda saved: step(saved, "greater").update(operation="Leaf"),
        lambda saved: step(saved, "greater").update(fields={"x": 1}),
        lambda saved: step(saved, "greater").update(arguments=[99, 0]),
        lambda saved: step(saved, "greater").update(arguments=[0]),
        lambda saved: step(saved, "greater")["type"].update(dtype="<f8"),
        lambda saved: step(saved, "greater").update(place=["f.py\nimport os", 1, ""]),
        lambda saved: step(saved, "greater").update(place=["f.py", 1, "x = 1; import os"]),
        lambda saved: step(saved, "greater").update(place=["f.py", "1", "x"]),
        lambda saved: step(saved, "Extreme")["fields"].update(ufunc="add.reduce(x)#"),
        lambda saved: step(saved, "Extreme")["fields"].update(ufunc="add"),
        lambda saved: step(saved, "Extreme")["fields"].update(axes={"tuple": ["0"]}),
        lambda saved: step(saved, "Extreme")["fields"].update(axes={"tuple": [{"float": "1.0"}]}),
        lambda saved: step(saved, "Extreme")["fields"].pop("axes"),
        lambda saved: step(saved, "Index")["fields"].update(entries={"tuple": [{"slice": ["print(1)", None, None]}]}),
        lambda saved: step(saved, "Index")["fields"].update(entries={"tuple": ["print(1)"]}),
        lambda saved: step(saved, "Index")["fields"].update(entries={"code": "print(1)"}),
        lambda saved: saved["paths"][0]["guards"][0].update(answer="True"),
        lambda saved: saved["paths"][0]["guards"][0].update(text="x\ny"),
        lambda saved: saved["paths"][0]["graph"]["outputs"].append(0),
        lambda saved: saved["paths"][0]["graph"]["constants"].append("text"),
        lambda saved: saved["paths"][0]["graph"]["constants"].append({"dtype": "<f8", "shape": [2], "data": "AAAA"}),
        lambda saved: saved["paths"][0]["graph"]["constants"].append({"dtype": "<f8", "shape": [2], "data": "!"}),
        lambda saved: saved["paths"][0]["graph"].update(steps="abc"),
    ],
)
def test_what_is_not_known_is_refused(change):
    with pytest.raises(BadProgram, match=r"no program that can be loaded|Loading imports nothing"):
        Program.from_json(changed(change))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '"x"', "[" * 100_000, '{"format": NaN}'])
def test_what_is_no_program_is_refused(text):
    with pytest.raises((BadProgram, RecursionError)):
        Program.from_json(text)


def test_an_operation_of_somebody_else_is_not_saved():
    class Own(Op):
        """z = x."""

        def run(self, x):
            return x

    with pytest.raises(BadArgument, match="Own cannot be saved"):
        names.named(Own())


def test_every_operation_has_a_name():
    complete()
    ours, found = [Op], set()
    for cls in ours:
        ours += cls.__subclasses__()
        if cls.__module__.startswith("funcgrad.primitives") and cls.run is not Op.run:
            found.add(cls)
    assert {cls.__name__ for cls in found if not issubclass(cls, Pointwise)} == {*names.CLASSES} - {
        "Result",
        "Weakness",
    }


def test_every_function_of_the_table_is_pickled_by_its_name():
    for name, op in names.FUNCTIONS.items():
        assert pickle.loads(pickle.dumps(op)) is op is names.operation(name)
    assert len({id(op) for op in names.FUNCTIONS.values()}) == len(names.FUNCTIONS)
    found = names.members(lambda value: isinstance(value, Pointwise))
    assert {id(op) for op in found} == {id(op) for op in names.FUNCTIONS.values()}


# ---- cost ------------------------------------------------------------------------------------------------------------
def test_the_cost_of_a_product_of_matrices():
    cost = stage(lambda x, y: x @ y)(np.ones((3, 4)), np.ones((4, 5))).cost()
    assert cost.operations == 2 * 3 * 4 * 5
    assert cost.bytes_moved == 8 * (12 + 20 + 15)
    assert cost.peak_memory == 8 * 15


def test_memory_is_counted_as_long_as_it_is_used_and_views_have_none():
    def chain(x):
        for _ in range(5):
            x = np.sin(x).T[::-1]
        return x

    cost = stage(chain)(np.ones((10, 10))).cost()
    assert cost.operations == 500
    assert cost.bytes_moved == 5 * 1600
    assert cost.peak_memory == 1600
    kept = stage(lambda x: [np.sin(x), np.cos(x), np.exp(x)])(np.ones(100)).cost()
    assert kept.peak_memory == 2400


def test_the_cost_names_the_lines():
    cost = stage(grad(loss))(PARAMS, X, Y).cost()
    table = repr(cost)
    assert "test_program.py" in table
    assert f"{cost.operations:,}" in table
    assert sum(line.operations for line in cost.lines.values()) == cost.operations
    assert sum(line.bytes_moved for line in cost.lines.values()) == cost.bytes_moved
    assert len(cost.lines) >= 2


@pytest.mark.parametrize(
    ("f", "args", "operations"),
    [
        (lambda x: np.sum(x), (np.ones((4, 5)),), 20),
        (lambda x: x.T.reshape(-1)[3:], (np.ones((4, 5)),), 0),
        (lambda a, b: np.linalg.solve(a, b), (np.eye(6), np.ones((6, 2))), int(2 / 3 * 216) + 2 * 36 * 2),
        (lambda x: np.einsum("ij,jk->ik", x, x), (np.eye(4),), 128),
        (lambda x: np.argsort(x), (np.ones(8),), 24),
        (lambda x: np.fft.fft(x, axis=0), (np.ones((8, 3)),), 5 * 24 * 3),
        (lambda x: np.fft.irfft(x), (np.ones(5),), 5 * 8 * 3 // 2),
        (lambda x, y: np.convolve(x, y), (np.ones(8), np.ones(3)), 2 * 8 * 3),
        (lambda x, y: np.correlate(x, y), (np.ones(8), np.ones(3)), 2 * 6 * 3),
    ],
)
def test_operations_are_counted(f, args, operations):
    assert stage(f)(*args).cost().operations == operations


def test_a_complex_number_of_pythons_takes_a_float_of_numpys_for_its_own():
    """1j * np.float64(2) is Python's, and so gives way to complex64 in what follows; a saved program says the same."""
    x = np.float64(0.5)
    for f in (lambda x: 1j * x, lambda x: 1j + x, lambda x: 1j / x, lambda x: x * 1j):
        program = stage(f)(x)
        again = Program.from_json(program.to_json())
        assert again == program
        assert again(x) == f(x)
        assert type(again(x)) is type(f(x)) is type(vjp(f, x)[0])
        wide = stage(lambda x, f=f: f(x) * np.ones(2, np.complex64))(x)
        assert wide(x).dtype == (f(x) * np.ones(2, np.complex64)).dtype
