"""Layers of layers: one after the other, side by side, around."""

from typing import Any

import numpy as np

from funcgrad.errors import BadArgument
from funcgrad.graph.provenance import refuse
from funcgrad.nn.layer import Layer, Shape, as_layer, keys_for, pure, stateful


def serial(*layers: Any) -> Layer:
    """One layer after the other: y = fₙ(… f₂(f₁(x))).  Parameters and states are tuples, one entry a layer.

    A function of x may stand for a layer: serial(dense(8), np.tanh).

    >>> from funcgrad import nn, random
    >>> shape, params = serial(nn.dense(8), nn.relu, nn.dense(2)).init(random.key(0), (-1, 4))
    >>> params[1], params[2]["kernel"].shape
    ((), (8, 2))
    """
    members = tuple(map(as_layer, layers))

    def start(key: Any, input_shape: Shape) -> tuple[Shape, Any, Any]:
        params, states = [], []
        for member, own in zip(members, keys_for(key, len(members)), strict=True):
            input_shape, one, state = member.init_with_state(own, input_shape)
            params.append(one)
            states.append(state)
        return input_shape, tuple(params), tuple(states)

    def apply(
        params: Any, x: Any, *, key: Any = None, training: bool = False, mask: Any = None, state: Any = None
    ) -> Any:
        after: list[Any] = []
        for i, (member, own) in enumerate(zip(members, keys_for(key, len(members)), strict=True)):
            if state is None:
                x = member.apply(params[i], x, key=own, training=training, mask=mask)
            else:
                x, new = member.apply(params[i], x, key=own, training=training, mask=mask, state=state[i])
                after.append(new)
        return x if state is None else (x, tuple(after))

    return stateful(start, apply)


def parallel(*layers: Any) -> Layer:
    """Layers side by side, each on its own input: (y₁, y₂, …) = (f₁(x₁), f₂(x₂), …).

    >>> from funcgrad import nn, random
    >>> net = serial(nn.fan_out(2), parallel(nn.dense(3), nn.identity), nn.fan_in_concat())
    >>> net.init(random.key(0), (-1, 4))[0]
    (-1, 7)
    """
    members = tuple(map(as_layer, layers))

    def start(key: Any, input_shapes: Any) -> tuple[Any, Any, Any]:
        several("parallel", input_shapes, len(members))
        shapes, params, states = zip(
            *[
                member.init_with_state(own, shape)
                for member, own, shape in zip(members, keys_for(key, len(members)), input_shapes, strict=True)
            ],
            strict=True,
        )
        return shapes, params, states

    def apply(
        params: Any, x: Any, *, key: Any = None, training: bool = False, mask: Any = None, state: Any = None
    ) -> Any:
        options = {"training": training, "mask": mask}
        keys = keys_for(key, len(members))
        if state is None:
            return tuple([f.apply(p, a, key=k, **options) for f, p, a, k in zip(members, params, x, keys, strict=True)])
        answers = [
            f.apply(p, a, key=k, state=s, **options)
            for f, p, a, k, s in zip(members, params, x, keys, state, strict=True)
        ]
        return tuple([y for y, _ in answers]), tuple([s for _, s in answers])

    return stateful(start, apply)


def several(name: str, shapes: Any, count: int | None = None) -> None:
    """Refuse one shape where there must be a tuple of shapes, and another number of them."""
    if not all([isinstance(one, tuple | list) for one in shapes]) or (count is not None and len(shapes) != count):
        wanted = "several inputs" if count is None else f"{count} inputs"
        refuse(
            BadArgument,
            f"nn.{name} was given the input shape {tuple(shapes)}. It takes {wanted}, and so a tuple of shapes.",
            "Put nn.fan_out(n) before it for the same input n times.",
        )


def fan_out(count: int) -> Layer:
    """The same input several times: (x, x, …).

    >>> fan_out(2).init(None, (-1, 4))
    (((-1, 4), (-1, 4)), ())
    """
    return pure(lambda key, input_shape: ((input_shape,) * count, ()), lambda params, x: (x,) * count)


def fan_in_sum() -> Layer:
    """The sum of several inputs of one shape.

    >>> fan_in_sum().init(None, ((-1, 4), (-1, 4)))
    ((-1, 4), ())
    """

    def init(key: Any, input_shapes: Any) -> tuple[Shape, Any]:
        several("fan_in_sum", input_shapes)
        return input_shapes[0], ()

    return pure(init, lambda params, xs: sum(xs[1:], xs[0]))


def fan_in_concat(axis: int = -1) -> Layer:
    """Several inputs as one, along an axis.

    >>> fan_in_concat().init(None, ((-1, 4), (-1, 3)))
    ((-1, 7), ())
    """

    def init(key: Any, input_shapes: Any) -> tuple[Shape, Any]:
        several("fan_in_concat", input_shapes)
        shape = list(input_shapes[0])
        lengths = [one[axis] for one in input_shapes]
        shape[axis] = -1 if min(lengths) < 0 else sum(lengths)
        return tuple(shape), ()

    return pure(init, lambda params, xs: np.concatenate(xs, axis))


def residual(*layers: Any, shortcut: Any = None) -> Layer:
    """x + f(x), f the layers one after the other; s(x) + f(x) with a layer s where they change the shape.

    He, Zhang, Ren and Sun, *Deep residual learning* (CVPR 2016).

    >>> import numpy as np
    >>> residual(np.tanh).apply((((),), ()), np.zeros(2)).tolist()
    [0.0, 0.0]
    """
    body = serial(*layers)
    beside = as_layer((lambda x: x) if shortcut is None else shortcut)

    def start(key: Any, input_shape: Shape) -> tuple[Shape, Any, Any]:
        one, other = keys_for(key, 2)
        shape, params, state = body.init_with_state(one, input_shape)
        kept, more, old = beside.init_with_state(other, input_shape)
        if tuple(shape) != tuple(kept):
            refuse(
                BadArgument,
                f"nn.residual was given layers that make {tuple(shape)} of {tuple(kept)}. What is added to x has its "
                "shape.",
                "Pass shortcut=, a layer that makes the same shape of x, such as dense or conv.",
            )
        return shape, (params, more), (state, old)

    def apply(
        params: Any, x: Any, *, key: Any = None, training: bool = False, mask: Any = None, state: Any = None
    ) -> Any:
        one, other = keys_for(key, 2)
        options = {"training": training, "mask": mask}
        if state is None:
            return beside.apply(params[1], x, key=other, **options) + body.apply(params[0], x, key=one, **options)
        y, new = body.apply(params[0], x, key=one, state=state[0], **options)
        kept, old = beside.apply(params[1], x, key=other, state=state[1], **options)
        return kept + y, (new, old)

    return stateful(start, apply)
