"""Staging: functions of values that are not known yet."""

from collections.abc import Callable
from typing import Any

from funcgrad import tree
from funcgrad.errors import EscapedNode
from funcgrad.graph.calls import Call
from funcgrad.graph.graph import Graph, closed
from funcgrad.graph.node import Node
from funcgrad.graph.op import fresh_leaf
from funcgrad.graph.types import Type, type_of
from funcgrad.primitives.stopping import Stop
from funcgrad.transforms.boundary import numeric, outputs_of


def stop_gradient(x: Any) -> Any:
    """x, taken as a constant: z = x with ∂z/∂x = 0. x may be a tree.

    >>> from funcgrad import grad
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    3.0
    """
    return tree.map(lambda leaf: Stop()(leaf) if type(leaf) is Node else leaf, x)


def eval_shape(f: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
    """The shapes and dtypes of f(*args) without its arithmetic: a tree like the answer, of records with both.

    Arguments are arrays, or anything with a shape and a dtype; others are passed on as they are.

    >>> import numpy as np
    >>> eval_shape(lambda x: x @ x.T, np.ones((2, 3)))
    float64[2,2]
    """
    with Call("eval_shape", f) as call:
        arguments = [_unknown(call, i, value) for i, value in enumerate(args)]
        named = {name: _unknown(call, name, value) for name, value in keywords.items()}
        answers, structure = outputs_of(call, f(*arguments, **named))
    return structure.unflatten([type_of(y) for y in answers])


def _unknown(call: Call, argument: Any, value: Any) -> Any:
    leaves, structure = tree.flatten(value)
    return structure.unflatten(
        [
            fresh_leaf(call, type_of(leaf), argument, i, structure)
            if numeric(leaf) or isinstance(leaf, Type) or (hasattr(leaf, "shape") and hasattr(leaf, "dtype"))
            else leaf
            for i, leaf in enumerate(leaves)
        ]
    )


def graph_of(f: Callable[..., Any], *args: Any) -> Graph:
    """The graph of f at the types of its arguments: what `eval_shape` traces, as a value.

    >>> graph_of(lambda x, y: x * y, 2.0, 3.0)
    v0: weak float64
    v1: weak float64
    v2 = multiply(v0, v1)
    return v2
    """
    with Call("graph_of", f) as call:
        arguments = [_unknown(call, i, value) for i, value in enumerate(args)]
        answers, _ = outputs_of(call, f(*arguments))
        leaves = [leaf for leaf in tree.leaves(arguments) if type(leaf) is Node and call in leaf.history.calls]
        graph, captured = closed(call, answers, leaves)
    if captured:
        raise EscapedNode(
            "The function uses a traced value of another call that is still running, so it is no closed graph. "
            "Pass that value as an argument."
        )
    return graph
