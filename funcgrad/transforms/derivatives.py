"""Derivatives: questions about how an answer changes with its arguments."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from funcgrad import tree
from funcgrad.errors import BadAnswer, BadArgument
from funcgrad.graph.calls import Call
from funcgrad.graph.dispatch import loaded
from funcgrad.graph.graph import closed
from funcgrad.graph.node import Node
from funcgrad.graph.op import fresh_leaf, weak
from funcgrad.graph.provenance import function_place
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.kinds import zeros_like
from funcgrad.sweeps.fold import batch, pushforward
from funcgrad.sweeps.pullback import pullback
from funcgrad.transforms.boundary import (
    auxiliary,
    bars_of,
    given_back,
    handed_back,
    leaves_of,
    matched,
    normalised,
    one_like,
    outputs_of,
    parted,
    scalar_of,
    split_aux,
)

Function = Callable[..., Any]
Argnums = int | Sequence[int]

#: What makes sparse matrices: it needs SciPy, and loads on first use.
SPARSE = "funcgrad.transforms.sparse.compressing"


def value_and_grad(f: Function, argnums: Argnums = 0, has_aux: bool = False, holomorphic: bool = False) -> Function:
    """The value and the gradient of a scalar function, from one evaluation.

    value_and_grad : (X → ℝ) → (X → ℝ × X).  With a tuple of `argnums` the gradient is a tuple. With `has_aux` f returns
    (y, aux), and the value is (y, aux) too. For complex x and real y the gradient is ∂y/∂Re x - i ∂y/∂Im x: step
    along its conjugate; `holomorphic=True` gives the complex derivative.

    >>> import numpy as np
    >>> value_and_grad(lambda p: np.sum(p["w"] ** 2))({"w": np.array([1.0, 3.0])})
    (np.float64(10.0), {'w': array([2., 6.])})
    """
    return _value_and_grad("value_and_grad", f, argnums, has_aux, holomorphic)


def _value_and_grad(transform: str, f: Function, argnums: Argnums, has_aux: bool, holomorphic: bool) -> Function:
    @wraps(f)
    def valued(*args: Any, **keywords: Any) -> Any:
        numbers = normalised(argnums, len(args), transform)
        aux = None
        with Call(transform, f) as call:
            arguments, leaves, structures = leaves_of(call, args, numbers)
            if holomorphic and any([leaf.dtype.kind != "c" for leaf in leaves]):
                raise BadArgument(
                    f"{transform} with holomorphic=True was given a real argument. A complex derivative needs complex "
                    "arguments. Pass x + 0j, or leave out holomorphic=True."
                )
            answer = f(*arguments, **keywords)
            if has_aux:
                answer, aux = split_aux(answer, call)
            y = scalar_of(call, answer, holomorphic)
            bars = bars_of(pullback(call, [y], [one_like(y)], leaves), leaves)
        gradients = parted(handed_back(bars), structures)
        (value,) = handed_back([y])
        gradient = gradients[0] if isinstance(argnums, int) else tuple(gradients)
        return ((value, auxiliary(aux)) if has_aux else value), gradient

    return valued


def grad(f: Function, argnums: Argnums = 0, has_aux: bool = False, holomorphic: bool = False) -> Function:
    """The gradient ∇f of a scalar function, as a new function.

    grad : (X → ℝ) → (X → X), where X is any tree of numbers and arrays. With a tuple of `argnums` it returns a tuple;
    with `has_aux` f returns (y, aux), and grad(f) returns (gradient, aux).

    >>> import numpy as np
    >>> grad(np.tanh)(0.0), grad(grad(lambda x: x**3))(2.0)
    (1.0, 12.0)
    """
    both = _value_and_grad("grad", f, argnums, has_aux, holomorphic)

    @wraps(f)
    def gradient(*args: Any, **keywords: Any) -> Any:
        value, slope = both(*args, **keywords)
        return (slope, value[1]) if has_aux else slope

    return gradient


def vjp(f: Function, *primals: Any, has_aux: bool = False) -> Any:
    """The answer of f, and the function ȳ ↦ ȳ·∂y/∂x that pulls a cotangent of it back to every argument.

    vjp : (X → Y) × X → Y × (Y → X).  The second function returns a tuple, an entry an argument, and may be called at
    any time and any number of times.

    >>> import numpy as np
    >>> y, pull = vjp(lambda x: x * x, np.array([1.0, 2.0]))
    >>> pull(np.array([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    aux = None
    with Call("vjp", f, outlives=True) as call:
        arguments, leaves, structures = leaves_of(call, primals, range(len(primals)))
        answer = f(*arguments)
        if has_aux:
            answer, aux = split_aux(answer, call)
        answers, structure = outputs_of(call, answer)

    def pull(cotangent: Any) -> tuple[Any, ...]:
        ybars = matched(cotangent, answers, structure, "cotangent", "the answer")
        bars = bars_of(pullback(call, answers, ybars, leaves), leaves)
        return tuple(parted(handed_back(bars, set(map(id, ybars))), structures))

    y = given_back(structure, answers)
    return (y, pull, auxiliary(aux)) if has_aux else (y, pull)


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """The answer of f, and how it changes when the arguments move along `tangents`: ẏ = ∂y/∂x·ẋ.

    jvp : (X → Y) × X × X → Y × Y.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    checked_sequences("jvp", primals, tangents)
    aux = None
    with Call("jvp", f) as call:
        arguments, leaves, structures = leaves_of(call, primals, range(len(primals)))
        dots = tangents_of(tangents, leaves, structures)
        answer = f(*arguments)
        if has_aux:
            answer, aux = split_aux(answer, call)
        answers, structure = outputs_of(call, answer)
        ydots = dots_of(pushforward(call, answers, leaves, dots), answers)
    y, ydot = given_back(structure, answers), given_back(structure, ydots)
    return (y, ydot, auxiliary(aux)) if has_aux else (y, ydot)


def dots_of(dots: list[Any], answers: list[Any]) -> list[Any]:
    """Tangents of answers, zeros where none arrived."""
    return [zeros_like(y) if dot is None else dot for dot, y in zip(dots, answers, strict=True)]


def checked_sequences(what: str, primals: Any, tangents: Any) -> None:
    """Refuse anything but two sequences of one length."""
    if not isinstance(primals, tuple | list) or not isinstance(tangents, tuple | list):
        raise BadArgument(
            "jvp takes the arguments and their tangents as two tuples. "
            f"It was given a {type(primals).__name__} and a {type(tangents).__name__}. Write jvp(f, (x,), (v,))."
        )
    if len(primals) != len(tangents):
        raise BadArgument(
            f"{what} was given {len(tangents)} tangents for {len(primals)} arguments. Each argument needs its own. "
            "Give zeros for those that do not move."
        )


def linearize(f: Function, *primals: Any) -> tuple[Any, Function]:
    """The answer of f, and its derivative there as a linear function ẋ ↦ ẏ, which does not evaluate f again.

    linearize : (X → Y) × X → Y × (X → Y).

    >>> import numpy as np
    >>> y, lin = linearize(np.sin, 0.0)
    >>> lin(2.0)
    np.float64(2.0)
    """
    with Call("linearize", f, outlives=True) as call:
        arguments, leaves, structures = leaves_of(call, primals, range(len(primals)))
        answers, structure = outputs_of(call, f(*arguments))
        with Call("linearize", f, outlives=True) as staging:
            unknown = [fresh_leaf(staging, leaf.type) for leaf in leaves]
            graph, captured = closed(staging, dots_of(pushforward(call, answers, leaves, unknown), answers), unknown)

    def lin(*tangents: Any) -> Any:
        checked_sequences("The linear map", primals, tangents)
        return given_back(structure, list(graph(*tangents_of(tangents, leaves, structures), *captured)))

    return given_back(structure, answers), lin


def tangents_of(tangents: Sequence[Any], leaves: list[Node], structures: list[Any]) -> list[Any]:
    """The leaves of tangents, one for each leaf of the arguments, checked against it."""
    dots, at = [], 0
    for i, (tangent, structure) in enumerate(zip(tangents, structures, strict=True)):
        dots += matched(tangent, leaves[at : at + len(structure)], structure, "tangent", f"argument {i}")
        at += len(structure)
    return dots


def linear_transpose(f: Function, *primals: Any) -> Function:
    """The transpose of a linear function: ⟨ȳ, f(x)⟩ = ⟨fᵀ(ȳ), x⟩.  Of `primals` only shapes and dtypes are used.

    linear_transpose : (X → Y) → (Y → X); the transpose returns a tuple, an entry an argument.

    >>> import numpy as np
    >>> linear_transpose(lambda x: np.cumsum(x), np.ones(3))(np.array([1.0, 0.0, 5.0]))
    (array([6., 5., 5.]),)
    """
    with Call("linear_transpose", f, outlives=True) as call:
        structures, leaves, arguments = [], [], []
        for i, primal in enumerate(primals):
            values, structure = tree.flatten(primal)
            new = [fresh_leaf(call, type_of(value), i, k, structure) for k, value in enumerate(values)]
            arguments.append(structure.unflatten(new))
            leaves += new
            structures.append(structure)
        answers, structure = outputs_of(call, f(*arguments))

    def transpose(cotangent: Any) -> tuple[Any, ...]:
        ybars = matched(cotangent, answers, structure, "cotangent", "the answer")
        bars = bars_of(pullback(call, answers, ybars, leaves), leaves)
        if any(type(bar) is Node and call in bar.history.calls for bar in bars):
            name, where = function_place(f)
            raise BadAnswer(
                f"{name}{where} is not linear in its arguments. Its transpose would depend on where it is taken. "
                "Use vjp for the transpose of its derivative at a point."
            )
        return tuple(parted(handed_back(bars, set(map(id, ybars))), structures))

    return transpose


def basis(kind: Type) -> Any:
    """The unit arrays of a type, stacked along axis 0."""
    return np.eye(kind.size, dtype=kind.dtype).reshape(kind.size, *kind.shape)


def jacrev(f: Function, argnums: Argnums = 0, has_aux: bool = False, holomorphic: bool = False) -> Function:
    """The Jacobian ∂y/∂x by pulling back every unit cotangent at once: best where y is smaller than x.

    jacrev : (X → Y) → (X → Y ⊗ X): a tree like y, of trees like x, of arrays of shape y.shape + x.shape. f runs once.

    >>> import numpy as np
    >>> jacrev(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    return _jacobian("jacrev", f, argnums, has_aux, holomorphic, lambda leaves, answers: True)


def jacfwd(f: Function, argnums: Argnums = 0, has_aux: bool = False, holomorphic: bool = False) -> Function:
    """The Jacobian ∂y/∂x by pushing every unit tangent forward at once: best where x is smaller than y.

    jacfwd : (X → Y) → (X → Y ⊗ X), laid out as by `jacrev`. f runs once.

    >>> import numpy as np
    >>> jacfwd(lambda t: np.array([1.0, 2.0]) * t)(3.0)
    array([1., 2.])
    """
    return _jacobian("jacfwd", f, argnums, has_aux, holomorphic, lambda leaves, answers: False)


def jacobian(
    f: Function, argnums: Argnums = 0, has_aux: bool = False, holomorphic: bool = False, sparse: bool = False
) -> Function:
    """The Jacobian ∂y/∂x, backwards or forwards, whichever needs fewer sweeps.

    jacobian : (X → Y) → (X → Y ⊗ X), laid out as by `jacrev`. f runs once. With `sparse` it is one
    `scipy.sparse.csr_array`, rows and columns numbered as by `tree.ravel` of y and x, with the elements of
    `sparsity(f, x)`, from one product for each colour of its columns or rows.

    >>> import numpy as np
    >>> jacobian(lambda x: np.array([[1.0, 2.0], [3.0, 4.0]]) @ x)(np.array([5.0, 6.0]))
    array([[1., 2.],
           [3., 4.]])
    """
    if sparse:
        sparsely: Function = loaded(SPARSE).jacobian(f, argnums, has_aux, holomorphic)
        return sparsely

    def backwards(leaves: list[Any], answers: list[Any]) -> bool:
        if any([type_of(a).dtype.kind == "c" for a in (*leaves, *answers)]):
            return not any([leaf.dtype.kind == "c" for leaf in leaves]) or holomorphic or _all_real(answers)
        return bool(sum([type_of(y).size for y in answers]) <= sum([leaf.size for leaf in leaves]))

    return _jacobian("jacobian", f, argnums, has_aux, holomorphic, backwards)


def _all_real(values: list[Any]) -> bool:
    return all([type_of(value).dtype.kind == "f" for value in values])


def _jacobian(
    transform: str, f: Function, argnums: Argnums, has_aux: bool, holomorphic: bool, backwards: Callable[..., bool]
) -> Function:
    @wraps(f)
    def jacobians(*args: Any, **keywords: Any) -> Any:
        numbers = normalised(argnums, len(args), transform)
        aux = None
        with Call(transform, f) as call:
            arguments, leaves, structures = leaves_of(call, args, numbers)
            answer = f(*arguments, **keywords)
            if has_aux:
                answer, aux = split_aux(answer, call)
            answers, structure = outputs_of(call, answer)
            pulls = backwards(leaves, answers)
            checked_complex(call, leaves, answers, holomorphic, pulls)
            rows = (pulled if pulls else pushed)(call, answers, leaves)
        blocks = handed_back(rows)
        n = len(leaves)
        trees = [parted(blocks[i * n : (i + 1) * n], structures) for i in range(len(answers))]
        jacobian = structure.unflatten([row[0] if isinstance(argnums, int) else tuple(row) for row in trees])
        return (jacobian, auxiliary(aux)) if has_aux else jacobian

    return jacobians


def checked_complex(call: Call, leaves: list[Any], answers: list[Any], holomorphic: bool, pulls: bool) -> None:
    """Refuse a complex side for which unit vectors are not a basis, as JAX does."""
    name, where = function_place(call.function)
    for y in answers:
        if type_of(y).dtype.kind not in "fc":
            raise BadAnswer(
                f"{name}{where} returned an array of dtype {type_of(y).dtype}, which has no derivative. "
                f"{call.transform} needs real or complex answers. Convert it with astype(float)."
            )
    side = answers if pulls else leaves
    if not holomorphic and any([type_of(a).dtype.kind == "c" for a in side]):
        raise BadArgument(
            f"{call.transform} met complex {'answers' if pulls else 'arguments'} of {name}{where}. "
            "One complex number a derivative says all only for holomorphic functions. "
            "Pass holomorphic=True, or take real and imaginary parts."
        )


def pulled(call: Call, answers: list[Any], leaves: list[Node]) -> list[Any]:
    """∂yᵢ/∂xⱼ for each answer and leaf, row by row of unit cotangents."""
    blocks = []
    for y in answers:
        kind = type_of(y).strong()
        with Call("vmap", call.function) as mapped:
            ybar = fresh_leaf(mapped, kind)
            bars = bars_of(pullback(call, [y], [ybar], leaves), leaves)
            rows = batch(mapped, bars, [ybar], [basis(kind)], kind.size)
        blocks += [block(row, y, leaf) for row, leaf in zip(rows, leaves, strict=True)]
    return blocks


def pushed(call: Call, answers: list[Any], leaves: list[Node]) -> list[Any]:
    """∂yᵢ/∂xⱼ for each answer and leaf, column by column of unit tangents."""
    columns = []
    for j, leaf in enumerate(leaves):
        kind = leaf.type.strong()
        with Call("vmap", call.function) as mapped:
            dot = fresh_leaf(mapped, kind)
            ydots = dots_of(
                pushforward(call, answers, leaves, [dot if i == j else None for i in range(len(leaves))]), answers
            )
            stacked = batch(mapped, ydots, [dot], [basis(kind)], kind.size)
        columns.append([block(np.moveaxis(s, 0, -1), y, leaf) for s, y in zip(stacked, answers, strict=True)])
    return [columns[j][i] for i in range(len(answers)) for j in range(len(leaves))]


def block(rows: Any, y: Any, leaf: Node) -> Any:
    """∂y/∂x in the shape y.shape + x.shape; a Python number if both are."""
    shaped = rows.reshape((*type_of(y).shape, *leaf.shape))
    return weak(shaped) if leaf.weak and type_of(y).weak else shaped


def hessian(
    f: Function, argnums: Argnums = 0, has_aux: bool = False, holomorphic: bool = False, sparse: bool = False
) -> Function:
    """The matrix of second derivatives, forwards over backwards.

    hessian : (X → ℝ) → (X → X ⊗ X): a tree like x, of trees like x, of arrays of shape x.shape + x.shape. With
    `sparse` it is one `scipy.sparse.csr_array`, as of `jacobian`, from a few products of the Hessian with vectors.

    >>> import numpy as np
    >>> hessian(lambda x: x[0] * x[1] ** 2)(np.array([1.0, 3.0]))
    array([[0., 6.],
           [6., 2.]])
    """
    if sparse:
        sparsely: Function = loaded(SPARSE).hessian(f, argnums, has_aux, holomorphic)
        return sparsely
    return jacfwd(jacrev(f, argnums, has_aux, holomorphic), argnums, has_aux, holomorphic)


def hvp(f: Function, argnums: int = 0) -> Function:
    """The product ∇²f(x)·v of the Hessian with a vector, without the Hessian.

    hvp : (X → ℝ) → (X × X → X), called as hvp(f)(x, v).  Further arguments of f follow after v.
    It costs a small multiple of one gradient.
    Pearlmutter, *Fast Exact Multiplication by the Hessian* (1994).

    >>> import numpy as np
    >>> hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """

    @wraps(f)
    def product(*args: Any, **keywords: Any) -> Any:
        (number,) = normalised(argnums, len(args) - 1, "hvp")
        x, v, rest = args[number], args[number + 1], (*args[:number], *args[number + 2 :])

        def gradient(x: Any) -> Any:
            return grad(f, number)(*rest[:number], x, *rest[number:], **keywords)

        return jvp(gradient, (x,), (v,))[1]

    return product
