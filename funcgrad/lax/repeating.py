"""Loops that end when a value says so."""

from collections.abc import Callable
from typing import Any

from funcgrad.errors import BadAnswer
from funcgrad.graph.node import Node
from funcgrad.graph.provenance import function_place
from funcgrad.graph.types import Type
from funcgrad.transforms.bodies import Body, traced
from funcgrad.transforms.boundary import copied
from funcgrad.transforms.carrying import looped
from funcgrad.transforms.remembering import remembered
from funcgrad.transforms.repeating import Repeat


def while_loop(cond_fun: Callable[..., Any], body_fun: Callable[..., Any], init_val: Any) -> Any:
    """The value after `while cond_fun(value): value = body_fun(value)`, where the condition may be unknown.

    Its derivative is that of as many steps as the run took, forwards and backwards; backwards it keeps the value of
    each step. Under `vmap` each item takes its own number of steps.

    >>> while_loop(lambda v: v < 100.0, lambda v: v * v, 3.0)
    6561.0
    >>> from funcgrad import grad
    >>> grad(lambda x: while_loop(lambda v: v < 100.0, lambda v: v * v, x))(3.0)   # of x⁸
    17496.0
    """
    loop, first, structure = looped("while_loop", body_fun, init_val)
    test, asked = remembered(
        cond_fun,
        ("while_loop", structure, tuple(loop.kinds)),
        lambda: condition(cond_fun, structure, loop.kinds),
        lambda made: not made[1],
    )
    values = Repeat(test, loop.body, len(asked))(*first, *asked, *loop.captured)
    return structure.unflatten([y if type(y) is Node else copied(y) for y in values])


def condition(cond_fun: Callable[..., Any], structure: Any, kinds: list[Type]) -> tuple[Body, list[Node]]:
    """The condition of a loop, staged, and the traced values that it closes over."""
    test, asked, _ = traced("while_loop", cond_fun, [(structure, kinds)])
    answers = test.output_types
    if len(answers) != 1 or answers[0].shape or answers[0].dtype.kind != "b":
        name, where = function_place(cond_fun)
        what = repr(answers[0]) if len(answers) == 1 else f"a tree of {len(answers)} leaves"
        raise BadAnswer(
            f"{name}{where} returned {what}. The condition of while_loop is one truth value. Compare, as in x < 1, and "
            "reduce with np.all or np.any."
        )
    return Body(test), asked
