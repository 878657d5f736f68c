"""Recomputing: functions that trade time for memory, and what a policy may keep of them."""

from collections.abc import Callable
from functools import partial, wraps
from types import FunctionType, MethodType
from typing import Any

from attrs import frozen

from funcgrad import tree
from funcgrad.errors import BadArgument
from funcgrad.graph.calls import Call, Calls, births, hold
from funcgrad.graph.graph import closed, since
from funcgrad.graph.node import History, Node, made, recorded
from funcgrad.graph.op import Argument, Leaf, example_of, for_later, fresh_leaf, typed, unknown
from funcgrad.graph.tracing import Trace
from funcgrad.primitives.marking import Named
from funcgrad.rewrites.simplifying import simplified
from funcgrad.sweeps.edges import plain
from funcgrad.transforms import policies as checkpoint_policies
from funcgrad.transforms.bodies import Body
from funcgrad.transforms.boundary import outputs_of
from funcgrad.transforms.checkpointing import Checkpoint, calls_of
from funcgrad.transforms.given import contents
from funcgrad.transforms.policies import Policy, everything_saveable, nothing_saveable
from funcgrad.transforms.running import inlined

__all__ = ["checkpoint", "checkpoint_name", "checkpoint_policies"]


def checkpoint(f: Callable[..., Any] | None = None, *, policy: Policy = nothing_saveable) -> Callable[..., Any]:
    """The function f, of whose values only the arguments are kept: a derivative computes the others again.

    checkpoint : (X → Y) → (X → Y), for trees X and Y.  Backwards f is computed once more, from what was recorded when
    it was called: Python's control flow takes the path that it took, and f is not called again. A chain of n functions
    under it keeps n arguments, and what lies within one of them. `policy` says of an operation whether its answer is
    kept, such as `checkpoint_policies.save_only_these_names("h")` for what `checkpoint_name` calls h. What f makes of
    values that it closes over, without any of its arguments, is kept as ever: pass them as arguments.
    Griewank and Walther, *Evaluating Derivatives* (2008), chapter 12.

    >>> from funcgrad import grad
    >>> square_and_more = checkpoint(lambda x: x * x + x)
    >>> grad(lambda x: square_and_more(square_and_more(x)))(1.0)   # 2·2 + 1 times 2·1 + 1
    15.0
    """
    if f is None:
        return lambda function: checkpoint(function, policy=policy)
    if not callable(policy):
        raise BadArgument(
            f"checkpoint was given policy={policy!r}. A policy is a function of an operation, true where its answer is "
            'kept. Write policy=checkpoint_policies.save_only_these_names("h").'
        )

    @wraps(f)
    def checkpointed(*args: Any, **keywords: Any) -> Any:
        nodes = [leaf for leaf in tree.leaves((args, keywords)) if type(leaf) is Node] or nodes_in(f)
        if not nodes or policy is everything_saveable:
            return f(*args, **keywords)
        return forgetting(f, policy, args, keywords, nodes)

    return checkpointed


def checkpoint_name(x: Any, name: str) -> Any:
    """x, known to policies of `checkpoint` by a name. x may be a tree.

    >>> checkpoint_name(2.0, "h")
    2.0
    """
    return tree.map(lambda leaf: Named(name)(leaf) if type(leaf) is Node else leaf, x)


def nodes_in(function: Any) -> list[Node]:
    """The traced values that a function closes over, as far as its closure shows them."""
    found, seen, stack = [], set(), [function]
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if type(one) is Node:
            found.append(one)
        elif isinstance(one, FunctionType):
            stack += [contents(cell) for cell in one.__closure__ or ()]
            stack += [*(one.__defaults__ or ()), *(one.__kwdefaults__ or {}).values()]
        elif isinstance(one, partial):
            stack += [one.func, *one.args, *one.keywords.values()]
        elif isinstance(one, MethodType):
            stack += [one.__func__, one.__self__]
        else:
            stack += tree.leaves(one)
    return found


@frozen(eq=False)
class Entering:
    """How the arguments of one call go into its function."""

    #: The call.
    call: Call
    #: Of all whose derivatives may be asked for, this call among them.
    calls: Calls
    #: The recording of what Python asks about values that are known; None where some are unknown.
    trace: Trace | None
    #: The leaves so far, and what they stand for.
    leaves: list[Node]
    sources: list[Any]

    def leaf(self, value: Any, argument: int | str, position: int, structure: Any) -> Any:
        """What stands for one leaf of an argument."""
        if type(value) is not Node and (self.trace is None or not inexact_array(value)):
            return value
        if type(value) is Node and self.trace is None:
            if not unknown(value.value):
                return value
            new = fresh_leaf(self.call, value, argument, position, structure)
        else:
            new = self.entered(value, Leaf(Argument(self.call, argument, structure), position))
        self.leaves.append(new)
        self.sources.append(value)
        return new

    def entered(self, value: Any, op: Leaf) -> Node:
        """A leaf for a known value: unknown to operations, so that they are recorded, and known to Python's `if`."""
        example = value.value if type(value) is Node else hold(value, self.calls)
        kind, older = typed(example, self.trace, None), (value,) if type(value) is Node else ()
        return made(kind, recorded(op, older, kind, self.call.birth, self.calls))

    def tree(self, value: Any, argument: int | str) -> Any:
        """An argument with leaves in place of its numbers."""
        values, structure = tree.flatten(value)
        return structure.unflatten([self.leaf(one, argument, i, structure) for i, one in enumerate(values)])


def inexact_array(value: Any) -> bool:
    """Whether a plain value is an array that a function computes with."""
    return getattr(value, "ndim", 0) > 0 and value.dtype.kind in "fc"


def forgetting(f: Callable[..., Any], policy: Policy, args: Any, keywords: Any, nodes: list[Node]) -> Any:
    """The answer of f as that of one operation, by the graph of what it did."""
    with Call("checkpoint", f) as call:
        known = not any([unknown(node.value) for node in nodes])
        calls = frozenset({call}).union(*[node.history.calls for node in nodes])
        way = Entering(call, calls, Trace(call) if known else None, [], [])
        answer = f(
            *[way.tree(a, i) for i, a in enumerate(args)], **{name: way.tree(a, name) for name, a in keywords.items()}
        )
        values, structure = outputs_of(call, answer)
        places = [i for i, y in enumerate(values) if type(y) is Node and call in y.history.calls]
        inside = [values[i] for i in places]
        kept = kept_values(call, policy, inside)
        graph, captured = closed(call, [*inside, *kept], way.leaves)
    if not known:
        graph = simplified(inlined(graph))
    answers = answered(
        Checkpoint(Body(graph), len(inside)), (*way.sources, *captured), [y.value for y in (*inside, *kept)], known
    )
    for i, y in zip(places, answers, strict=False):
        values[i] = y
    return structure.unflatten(values)


def kept_values(call: Call, policy: Policy, answers: list[Node]) -> list[Node]:
    """The values that a policy keeps, of those that some answers are made of."""
    found: dict[History, Node] = {}
    for h in [] if policy is nothing_saveable else since(call, [y.history for y in answers]):
        if isinstance(h.op, Leaf) or h.op.several or not policy(h.op):
            continue
        node = h.args[0] if type(h.op) is Named else made(h.answer, h)
        if type(node) is Node and call in node.history.calls and not isinstance(node.history.op, Leaf):
            found.setdefault(node.history, node)
    return list(found.values())


def answered(op: Checkpoint, args: tuple[Any, ...], values: list[Any], known: bool) -> Any:
    """The answers of an operation as nodes, given their values or types."""
    calls = calls_of(args)
    if known:
        later = any(map(for_later, values))
        answers = op.evaluated(list(map(plain, args))) if later else tuple(map(example_of, values))
        return answers if calls is None else op.grow(calls, args, answers)
    return op.results(made(tuple(values), recorded(op, args, tuple(values), births(), calls)))
