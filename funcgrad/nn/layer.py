"""Layers: pairs (init, apply) of pure functions over explicit trees of parameters."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from attrs import frozen

from funcgrad.errors import BadArgument
from funcgrad.graph.provenance import refuse
from funcgrad.random import split
from funcgrad.transforms.staging import eval_shape

Shape = tuple[int, ...]


@frozen
class Layer:
    """A pair of pure functions: `init, apply = layer`.

    init : key × shape → shape × params. The shape of the input, in which -1 stands for a length that is not known,
    gives the shape of the output and new parameters.

    apply : params × x → y. Options, the same for every layer: `key`, where randomness comes from; `training`, whether
    dropout drops and batch norm looks at the batch; `mask`, what attention may look at; and `state`. With `state=` the
    answer is (y, new state), without it y alone. `layer.init_with_state(key, shape)` also returns the state to begin
    with.

    >>> import numpy as np
    >>> from funcgrad import nn, random
    >>> init, apply = nn.serial(nn.dense(8), nn.relu, nn.dense(2))
    >>> shape, params = init(random.key(0), (-1, 4))
    >>> shape, apply(params, np.ones((5, 4))).shape
    ((-1, 2), (5, 2))
    """

    #: The shape of the output, and new parameters, from a key and the shape of the input.
    init: Callable[..., tuple[Shape, Any]]
    #: The output from the parameters and the input.
    apply: Callable[..., Any]
    #: What `init_with_state` is, of a layer that has a state.
    start: Callable[..., tuple[Shape, Any, Any]] | None = None

    def init_with_state(self, key: Any, input_shape: Shape) -> tuple[Shape, Any, Any]:
        """The shape of the output, new parameters, and the state to begin with: an empty tree if there is none."""
        return (*self.init(key, input_shape), ()) if self.start is None else self.start(key, input_shape)

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return iter((self.init, self.apply))


def stateful(start: Callable[..., tuple[Shape, Any, Any]], apply: Callable[..., Any]) -> Layer:
    """A layer with a state, from what makes shape, parameters and state together."""
    return Layer(lambda key, input_shape: start(key, input_shape)[:2], apply, start)


def pure(init: Callable[..., Any], f: Callable[[Any, Any], Any]) -> Layer:
    """A layer y = f(params, x), which no option changes."""

    def apply(
        params: Any, x: Any, *, key: Any = None, training: bool = False, mask: Any = None, state: Any = None
    ) -> Any:
        y = f(params, x)
        return y if state is None else (y, state)

    return Layer(init, apply)


def lifted(f: Callable[[Any], Any]) -> Layer:
    """A function as a layer without parameters.

    >>> import numpy as np
    >>> from funcgrad.nn import relu
    >>> layer = lifted(relu)
    >>> layer.init(None, (-1, 3)), layer.apply((), np.array([-1.0, 1.0])).tolist()
    (((-1, 3), ()), [0.0, 1.0])
    """

    def init(key: Any, input_shape: Shape) -> tuple[Shape, Any]:
        return shape_after(f, input_shape), ()

    return pure(init, lambda params, x: f(x))


def shape_after(f: Callable[..., Any], shape: Shape) -> Shape:
    """The shape of f(x), in which leading lengths that are not known remain so."""
    found = eval_shape(f, np.empty([max(n, 1) for n in shape])).shape
    unknown = next((i for i, n in enumerate(shape) if n >= 0), len(shape))
    return (*shape[:unknown], *found[unknown:])


def flatten(axes: int = 1) -> Layer:
    """All axes after the first as one; the first `axes` if more are a batch.

    >>> flatten().init(None, (-1, 4, 4, 3))
    ((-1, 48), ())
    """

    def init(key: Any, input_shape: Shape) -> tuple[Shape, Any]:
        return (*input_shape[:axes], int(np.prod(input_shape[axes:]))), ()

    return pure(init, lambda params, x: np.reshape(x, (*x.shape[:axes], int(np.prod(x.shape[axes:])))))


def known(name: str, input_shape: Any, axis: int = -1) -> int:
    """The length of an axis of the input, which a layer must know to make its parameters."""
    if not isinstance(input_shape, tuple | list):
        refuse(
            BadArgument,
            f"nn.{name} was given the input shape {input_shape!r}. A shape is a tuple of lengths, -1 for a batch.",
            "Write init(key, (-1, 4)).",
        )
    if -len(input_shape) <= axis and input_shape[axis] >= 0:
        return int(input_shape[axis])
    return refuse(
        BadArgument,
        f"nn.{name} was given the input shape {tuple(input_shape)}. Its parameters depend on the length of axis "
        f"{axis}.",
        "Give that length, and -1 for a batch alone: init(key, (-1, 4)).",
    )


def as_layer(one: Any) -> Layer:
    """A layer; a pair (init, apply) as one; a function of x as one without parameters."""
    if isinstance(one, Layer):
        return one
    if isinstance(one, tuple) and len(one) == 2 and all(map(callable, one)):
        return pair(*one)
    if callable(one):
        return lifted(one)
    return refuse(
        BadArgument,
        f"A layer was expected, and {one!r} was given. It is what nn.dense(8) returns, a pair of functions "
        "(init, apply), or a function of x.",
        "Write serial(dense(8), relu).",
    )


def pair(init: Callable[..., Any], apply: Callable[..., Any]) -> Layer:
    """A pair (init, apply(params, x, **options)) of the user's, which has no state."""

    def with_state(params: Any, x: Any, *, state: Any = None, **options: Any) -> Any:
        y = apply(params, x, **options)
        return y if state is None else (y, state)

    return Layer(init, with_state)


def keys_for(key: Any, count: int) -> Any:
    """As many keys, or as many times None."""
    return [None] * count if key is None else split(key, count)
