"""Sheet: all that there is to show of one evaluation: every value, how it came about, and its gradient."""

from typing import Any

from attrs import field, frozen

from funcgrad.graph.graph import Graph
from funcgrad.graph.op import Op
from funcgrad.graph.places import Place
from funcgrad.graph.program import Guard


@frozen(eq=False)
class Called:
    """One call of a function of the user's, while the values were made."""

    #: Tells calls of one function apart.
    number: int
    #: The function's name.
    function: str
    #: The line of it that was running.
    line: int


@frozen(eq=False)
class Value:
    """One value: an input, a constant, or the answer of an operation."""

    #: Its place in the sheet: arguments come before what is made of them.
    number: int
    #: "input", "constant" or "operation".
    kind: str
    #: What it is called: the user's variable, or v1, v2, ... where there is none.
    name: str
    #: Whether the name is the user's.
    named: bool
    #: The plain array or number; a tuple for an operation of several results.
    value: Any
    #: The operation; None for an input or a constant.
    op: Op | None = None
    #: The numbers of its arguments, in order.
    parents: tuple[int, ...] = ()
    #: The derivative of the answer with respect to it; None where there is none to show.
    gradient: Any = None
    #: Where it was written.
    place: Place | None = None
    #: The calls of the user's functions around it, outermost first, that of the drawn function not included.
    calls: tuple[Called, ...] = ()
    #: The line of the drawn function that was running; 0 where there is none.
    line: int = 0
    #: What it is the derivative by, as a graph of a gradient says it: ∂x.
    answers: str = ""
    #: Whether a sweep backwards made it, and not the user's line itself.
    backward: bool = False


@frozen(eq=False)
class Share:
    """One product of the chain rule: what a value hands on to one of its arguments, x̄ += z̄·∂z/∂x."""

    #: The number of z.
    source: int
    #: Which argument of z's operation x is.
    position: int
    #: The number of x.
    target: int
    #: ∂z/∂x where z and x are scalars, else None.
    local: Any
    #: z̄, all of it.
    arrived: Any
    #: z̄·∂z/∂x.
    product: Any
    #: x̄ once this is added.
    total: Any


@frozen(eq=False)
class Sheet:
    """One evaluation of a function, written out."""

    #: The function's name.
    function: str
    #: The graph, unchanged by any rewriting: its values have the numbers of those below.
    graph: Graph
    #: The values, by number.
    values: tuple[Value, ...]
    #: The numbers of the answers.
    outputs: tuple[int, ...]
    #: The products of the sweep backwards, in its order; empty where the answer is not one real number.
    shares: tuple[Share, ...] = ()
    #: What Python's control flow asked, and the answers.
    guards: tuple[Guard, ...] = ()
    #: How many values take each value.
    uses: tuple[int, ...] = field(init=False)

    @uses.default
    def _uses(self) -> tuple[int, ...]:
        counts = [0] * len(self.values)
        for value in self.values:
            for parent in value.parents:
                counts[parent] += 1
        return tuple(counts)

    @property
    def inputs(self) -> tuple[Value, ...]:
        """The inputs."""
        return tuple([value for value in self.values if value.kind == "input"])

    @property
    def differentiated(self) -> bool:
        """Whether there are gradients."""
        return any([value.gradient is not None for value in self.values])
