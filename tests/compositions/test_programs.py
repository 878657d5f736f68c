"""Random programs of mixed primitives, shapes and fan-out: every mode, and every way to compose them, agrees.

A program is straight-line code: each line makes a value of earlier ones. It is drawn together with its plain values, so
that a line is only added where it applies, and printed as the code that it is.
"""

import numpy as np
import pytest
from attrs import field, frozen
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from funcgrad import (
    Node,
    eval_shape,
    grad,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jit,
    jvp,
    linearize,
    value_and_grad,
    vjp,
    vmap,
)
from tests.laws.cases import close, difference, dot, random_like, stacked

#: Values of more entries than this are not made.
LARGEST = 24


@frozen
class Line:
    """One line of a program."""

    #: The code, with {0} and {1} for the values it is made of, and {axis}.
    code: str
    #: Which values those are.
    sources: tuple[int, ...]
    #: Which axis that is.
    axis: int = 0

    def __str__(self):
        return self.code.format(*[f"v[{i}]" for i in self.sources], axis=self.axis)


@frozen(repr=False)
class Program:
    """A function of some arrays, line by line."""

    #: Its lines.
    lines: tuple[Line, ...]
    #: Arguments to begin with.
    args: tuple
    #: The lines, compiled.
    compiled: object = field(init=False)

    @compiled.default
    def _compiled(self):
        body = "".join(f"    v.append({line})\n" for line in self.lines)
        namespace = {"np": np, "added": added, "put": put}
        exec(f"def program(*args):\n    v = list(args)\n{body}    return v\n", namespace)
        return namespace["program"]

    def __call__(self, *args):
        """The last value."""
        return self.compiled(*args)[-1]

    def scalar(self, *args):
        """A weighted sum of the last value, of the one in the middle, and of the last argument."""
        values = self.compiled(*args)
        return sum(
            np.sum(v * np.cos(np.arange(v.size)).reshape(v.shape))
            for v in (values[-1], values[len(values) // 2], args[-1])
        )

    def __repr__(self):
        lines = "\n".join(f"  v.append({line})" for line in self.lines)
        return f"Program of v = {list(self.args)}:\n{lines}"


def added(x, v):
    """x with v added to its first entry: what x.at does, on plain arrays too."""
    return x.at[0].add(v) if type(x) is Node else np.concatenate([x[:1] + v, x[1:]])


def put(x, v):
    """x with v for its first entry."""
    return x.at[0].set(v) if type(x) is Node else np.concatenate([0 * x[:1] + v, x[1:]])


# ---- lines --------------------------------------------------------------------------------------------------------
POINTWISE = [
    "np.sin({0})", "np.tanh({0})", "np.exp(0.5 * np.sin({0}))", "{0} ** 2 / 2", "1 / (1 + {0} * {0})",
    "np.sqrt(1 + np.square({0}))", "np.log1p({0} ** 2)", "-{0}", "np.abs({0})", "np.maximum({0}, 0.1)",
    "np.where({0} > 0.05, {0}, 0.2 * {0})", "np.arctan({0})", "np.clip({0}, -0.8, 0.7)", "0.5 * {0} ** 3 - {0}",
    "2.0 ** np.cos({0})", "np.logaddexp({0}, 0.3)", "np.expm1({0} / 4)",
]  # fmt: skip
BINARY = [
    "{0} + {1}", "{0} - 2 * {1}", "{0} * {1}", "{0} / (1 + {1} ** 2)", "np.maximum({0}, {1})",
    "np.where({0} < {1}, np.sin({0}), {1})", "np.arctan2({0}, 1 + {1} ** 2)", "np.hypot({0}, 1 + {1})",
    "(1 + {0} ** 2) ** np.tanh({1})", "np.minimum({0}, {1})",
]  # fmt: skip
WHOLE = [
    "np.sum({0})", "np.mean({0})", "{0}.reshape(-1)", "{0}.T", "np.expand_dims({0}, 0)", "np.ravel({0}[..., None])",
    "np.flip({0})", "np.var({0})", "np.sqrt(0.1 + np.sum({0} ** 2))", "np.stack([{0}, np.sin({0})])",
    "np.broadcast_to({0}, (2, *{0}.shape))", "np.squeeze({0})", "np.atleast_1d({0})", "np.cumsum({0})",
]  # fmt: skip
BY_AXIS = [
    "np.sum({0}, axis={axis})", "np.mean({0}, axis={axis}, keepdims=True)", "np.cumsum({0}, axis={axis})",
    "np.flip({0}, axis={axis})", "np.roll({0}, 2, axis={axis})", "np.concatenate([{0}, 2 * {0}], axis={axis})",
    "np.moveaxis({0}, {axis}, 0)", "np.prod({0}, axis={axis})", "np.repeat({0}, 2, axis={axis})",
    "np.std({0} + np.arange({0}.size).reshape({0}.shape), axis={axis})", "np.diff({0}, axis={axis})",
    "np.swapaxes({0}, {axis}, -1)",
]  # fmt: skip
BY_FULL_AXIS = [
    "np.take({0}, [0, -1, 0], axis={axis})", "np.max({0}, axis={axis})", "np.sort({0}, axis={axis})",
    "np.min({0}, axis={axis}, keepdims=True)", "{0}[0]", "{0}[-1:]", "{0}[::-1]", "{0}[..., 0]",
    "{0}[np.array([0, -1, 0])]", "{0}[np.arange({0}.shape[0]) % 2 == 0]", "{0}[np.argmax({0}, axis=0).min():]",
    "added({0}, np.sin({0}[-1]))", "put({0}, 0.5)", "np.pad({0}, [(1, 0)] + [(0, 0)] * ({0}.ndim - 1))",
]  # fmt: skip
OF_PAIRS = [
    "{0} @ {1}", "np.einsum('...i,...i->...', {0}, {1})", "np.concatenate([{0}, {1}])", "np.tensordot({0}, {1}, 1)",
    "np.outer({0}, {1})", "np.dot({0}, {1})", "np.stack([{0}, {1}], axis=-1)", "np.inner({0}, {1})",
]  # fmt: skip

ALWAYS = POINTWISE + BINARY + WHOLE + OF_PAIRS


@st.composite
def lines(draw, values):
    """One line on the values made so far, newer ones more often."""

    def source():
        return max(draw(st.integers(0, len(values) - 1)), draw(st.integers(0, len(values) - 1)))

    one = source()
    rank = values[one].ndim
    code = draw(
        st.sampled_from(ALWAYS + (BY_AXIS if rank else []) + (BY_FULL_AXIS if rank and values[one].size else []))
    )
    axis = draw(st.integers(-rank, rank - 1)) if "{axis}" in code else 0
    return Line(code, (one, source()) if "{1}" in code else (one,), axis)


@st.composite
def programs(draw, most=8):
    """Programs of one to `most` lines on one or two arrays."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    full = tuple(draw(st.lists(st.integers(1, 3), max_size=3)))
    shapes = (
        [full]
        if draw(st.booleans())
        else [full, tuple(draw(st.sampled_from([full, full[1:], full[::-1], (0, 2), ()])))]
    )
    args = tuple(rng.uniform(-1.2, 1.2, shape) for shape in shapes)
    made, values = [], list(args)
    for _ in range(draw(st.integers(1, most))):
        line = draw(lines(values))
        value = tried(Program((*made, line), args), args)
        if value is None:
            continue
        made.append(line)
        values.append(value)
        if np.max(np.abs(value), initial=0) > 3:
            made.append(Line("np.tanh({0})", (len(values) - 1,)))
            values.append(np.tanh(value))
    assume(made)
    return Program(tuple(made), args), rng


def tried(program, args):
    """The last value of a program, None where the last line does not apply."""
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(program(*args))
    except (ValueError, TypeError, IndexError):
        return None
    return value if value.size <= LARGEST and np.all(np.isfinite(value)) else None


def often(test):
    """More examples than a law of one primitive has: what is drawn here is larger."""
    return settings(max_examples=20 * settings.default.max_examples)(given(drawn=programs())(test))


def smooth_difference(f, args, v):
    """The derivative along v by differences; a program with a kink between the points is not used."""
    coarse, fine = [difference(f, args, v, step) for step in (1e-3, 5e-4)]
    assume(np.allclose(coarse, fine, rtol=1e-6, atol=1e-6))
    return fine


# ---- agreement ----------------------------------------------------------------------------------------------------
@often
def test_values_and_shapes(drawn):
    program, rng = drawn
    want = np.asarray(program(*program.args))[()]
    v = tuple(random_like(rng, a) for a in program.args)
    close(jvp(program, program.args, v)[0], want, 1e-12)
    close(vjp(program, *program.args)[0], want, 1e-12)
    close(vmap(program)(*[a[None] for a in program.args]) if shaped(program) else want[None], want[None], 1e-12)
    kind = eval_shape(program, *program.args) if shaped(program) else want
    assert (kind.shape, kind.dtype) == (want.shape, want.dtype)
    close(value_and_grad(program.scalar)(*program.args)[0], program.scalar(*program.args), 1e-12)


@often
def test_first_derivatives(drawn):
    program, rng = drawn
    args, everything = program.args, tuple(range(len(program.args)))
    v = tuple(random_like(rng, a) for a in args)
    gradient = grad(program.scalar, everything)(*args)
    pushed = jvp(program.scalar, args, v)[1]
    close(dot(gradient, v), pushed, 1e-9, "adjoint")
    close(linearize(program.scalar, *args)[1](*v), pushed, 1e-9, "linearize")
    close(vjp(program.scalar, *args)[1](1.0), gradient, 1e-9, "vjp")
    close(pushed, smooth_difference(program.scalar, args, v), 2e-6, "difference")


@often
def test_jacobians(drawn):
    program, rng = drawn
    args, everything = program.args, tuple(range(len(program.args)))
    v = tuple(random_like(rng, a) for a in args)
    y, pushed = jvp(program, args, v)
    by_rows, by_columns = jacrev(program, everything)(*args), jacfwd(program, everything)(*args)
    close(by_rows, by_columns, 1e-9, "jacrev and jacfwd")
    close(jacobian(program, everything)(*args), by_columns, 1e-9, "jacobian")
    products = [np.reshape(J, (y.size, a.size)) @ np.ravel(one) for J, a, one in zip(by_rows, args, v, strict=True)]
    close(sum(products).reshape(np.shape(y)), pushed, 1e-9, "J v")


@often
def test_second_derivatives(drawn):
    program, rng = drawn
    args, everything = program.args, tuple(range(len(program.args)))
    u, v = [tuple(random_like(rng, a) for a in args) for _ in range(2)]
    gradient = grad(program.scalar, everything)
    Hu, Hv = [jvp(gradient, args, one)[1] for one in (u, v)]
    close(dot(u, Hv), dot(v, Hu), 1e-8, "symmetry")
    close(grad(lambda *args: dot(v, gradient(*args)), everything)(*args), Hv, 1e-8, "reverse over reverse")
    close(grad(lambda *args: jvp(program.scalar, args, v)[1], everything)(*args), Hv, 1e-8, "reverse over forward")
    close(dot(u, Hv), smooth_difference(lambda *args: dot(u, gradient(*args)), args, v), 1e-5, "difference")
    close(
        hvp(program.scalar)(args[0], v[0], *args[1:]),
        jvp(grad(program.scalar), args, (v[0], *map(np.zeros_like, args[1:])))[1],
        1e-8,
    )


@often
def test_batches(drawn):
    program, rng = drawn
    assume(shaped(program))
    args, everything = program.args, tuple(range(len(program.args)))
    items = [args, tuple(a + 0.3 * random_like(rng, a) for a in args)]
    batch = stacked(items)
    gradient, v = grad(program.scalar, everything), tuple(random_like(rng, a) for a in args)
    push = lambda *args: jvp(gradient, args, v)[1]
    close(vmap(program)(*batch), stacked([program(*item) for item in items]), 1e-10, "vmap")
    close(vmap(gradient)(*batch), stacked([gradient(*item) for item in items]), 1e-9, "vmap of grad")
    close(vmap(push)(*batch), stacked([push(*item) for item in items]), 1e-8, "vmap of a Hessian product")
    total = lambda *batch: np.sum(vmap(program.scalar)(*batch))
    close(grad(total, everything)(*batch), vmap(gradient)(*batch), 1e-9, "grad of vmap")


@often
def test_staged_programs(drawn):
    """jit of the program, of its gradient and of a Hessian product; and the gradient of the jitted program."""
    program, rng = drawn
    assume(shaped(program))
    args, everything = program.args, tuple(range(len(program.args)))
    v = tuple(random_like(rng, a) for a in args)
    gradient = grad(program.scalar, everything)
    push = lambda *args: jvp(gradient, args, v)[1]
    other = tuple(a + 0.3 * one for a, one in zip(args, v, strict=True))
    for f in (program, gradient, push):
        staged = jit(f)
        for point in (args, args, other):
            close(staged(*point), f(*point), 1e-9, "jit")
    scalar = jit(program.scalar)
    close(grad(scalar, everything)(*args), gradient(*args), 1e-9, "grad of jit")
    close(grad(scalar, everything)(*other), gradient(*other), 1e-9, "grad of jit again")
    close(jvp(grad(scalar, everything), args, v)[1], push(*args), 1e-8, "jvp of grad of jit")


def shaped(program):
    """Whether the shapes in a program do not depend on its values, so that it can be staged."""
    return not any("argmax" in line.code for line in program.lines)


def test_programs_are_mixed():
    """Most lines of every table apply somewhere."""
    seen = set()

    @settings(max_examples=200, database=None)
    @given(drawn=programs())
    def collect(drawn):
        seen.update(line.code for line in drawn[0].lines)

    collect()
    codes = {*ALWAYS, *BY_AXIS, *BY_FULL_AXIS}
    assert len(codes & seen) > 0.7 * len(codes), sorted(codes - seen)


def test_a_program_prints_as_its_code():
    program = Program((Line("np.sin({0})", (0,)), Line("{0} + {1}", (0, 1))), (np.float64(0.5),))
    assert repr(program).endswith("  v.append(np.sin(v[0]))\n  v.append(v[0] + v[1])")
    assert program(0.5) == pytest.approx(0.5 + np.sin(0.5))
