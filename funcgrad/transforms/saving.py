"""Saving: programs as JSON, which says what they are and executes nothing when it is read.

The form is described in docs/programs.md. What is read is checked as if a stranger had written it: operations by name
out of a fixed table, their fields against what they are declared to be, the type of every step against the operation's
own inference, and every word that might end up in a program's text.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Sequence
from types import EllipsisType, NoneType, UnionType
from typing import Any, Literal, NoReturn, Union, get_args, get_origin

import numpy as np
from attrs import fields, frozen

from funcgrad import tree
from funcgrad.errors import BadArgument, BadProgram
from funcgrad.graph.graph import Constant, Graph, Step, in_order
from funcgrad.graph.op import Op
from funcgrad.graph.places import Place
from funcgrad.graph.program import Guard, Path, Signature
from funcgrad.graph.types import NUMBERS, Type, dtype_name, type_of
from funcgrad.primitives.names import known, named
from funcgrad.transforms import choosing, deferring, repeating, scanning
from funcgrad.transforms.bodies import Body

#: The modules whose operations hold graphs: a program may name these too.
LOOPS = (choosing, deferring, repeating, scanning)
FORMAT, VERSION = "funcgrad program", 1
#: Texts that fields of operations may hold: the letters of an einsum, and words.
TEXT = re.compile(r"[A-Za-z_]*|[A-Za-z]*,[A-Za-z]*->[A-Za-z]*")
#: The named tuples that NumPy returns.
NAMED = [type(f(np.eye(1))) for f in (np.linalg.slogdet, np.linalg.qr, np.linalg.svd, np.linalg.eig, np.linalg.eigh)]
#: The classes of containers that need not be given.
CONTAINERS: dict[str, type] = {cls.__name__: cls for cls in (tuple, list, NoneType, *tree.DICTS, *NAMED, object)}


def written(signature: Signature, paths: Sequence[Path]) -> str:
    """A program as JSON."""
    return json.dumps(
        {
            "format": FORMAT,
            "version": VERSION,
            "name": signature.name,
            "arguments": list(signature.arguments),
            "names": list(signature.names),
            "types": [type_out(kind) for kind in signature.types],
            "structure": structure_out(signature.structure),
            "paths": [
                {
                    "guards": [
                        {"answer": one.answer, "text": one.text, "place": place_out(one.place)} for one in path.guards
                    ],
                    "structure": structure_out(path.structure),
                    "graph": graph_out(path.graph),
                }
                for path in paths
            ],
        },
        allow_nan=False,
        ensure_ascii=False,
    )


def graph_out(graph: Graph) -> Any:
    """A graph."""
    steps = []
    for step in graph.steps:
        name, values = named(step.op)
        one: dict[str, Any] = {"operation": name, "arguments": list(step.args), "type": type_out(step.type)}
        if values:
            one["fields"] = {key: value_out(value) for key, value in values.items()}
        if step.place is not None:
            one["place"] = place_out(step.place)
        steps.append(one)
    return {
        "inputs": [type_out(kind) for kind in graph.inputs],
        "constants": [constant_out(one.value) for one in graph.constants],
        "steps": steps,
        "outputs": list(graph.outputs),
    }


def type_out(kind: Any) -> Any:
    """A type: its dtype, the lengths of its axes, and whether it is a Python number."""
    if type(kind) is tuple:
        return {"tuple": [type_out(one) for one in kind]}
    return {"dtype": dtype_name(kind.dtype), "shape": list(kind.shape), **({"weak": True} if kind.weak else {})}


def constant_out(value: Any) -> Any:
    """A constant: a Python number, or an array with the base64 of its bytes, the little end of each
    number first, in C order.
    """
    if type(value) in NUMBERS:
        return value_out(value)
    a = np.asarray(value)
    data = base64.b64encode(in_order(a).tobytes()).decode()
    return {"dtype": dtype_name(a.dtype), "shape": list(a.shape), "data": data}


def place_out(place: Place | None) -> Any:
    """A place: file, line, and the variable."""
    return None if place is None else [place.file, place.line, place.variable]


def value_out(value: Any) -> Any:
    """A field of an operation, or a key of a tree."""
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if value - value == 0 else {"float": repr(value)}
    if kind is complex:
        return {"complex": [value_out(value.real), value_out(value.imag)]}
    if kind is tuple:
        return {"tuple": [value_out(one) for one in value]}
    if kind is slice:
        return {"slice": [value_out(one) for one in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"ellipsis": True}
    if isinstance(value, np.dtype):
        return {"dtype": dtype_name(value)}
    if isinstance(value, np.generic):
        return {"number": constant_out(value)}
    if type(value) is Body:
        return {"graph": graph_out(value.graph)}
    if isinstance(value, Op):
        name, values = named(value)
        return {"operation": name, "fields": {key: value_out(one) for key, one in values.items()}}
    raise BadArgument(
        f"A program with a {kind.__name__} in it cannot be saved: it is {value!r}. Saved programs hold numbers, texts "
        "and tuples of them. Use one of these as the key or the static field."
    )


def structure_out(structure: Any) -> Any:
    """A tree without its leaves."""
    if structure.cls is object:
        return "*"
    cls = structure.cls
    own = CONTAINERS.get(cls.__name__) is cls
    answer: dict[str, Any] = {"class": cls.__name__ if own else f"{cls.__module__}.{cls.__qualname__}"}
    if structure.keys is not None:
        answer["keys"] = [value_out(key) for key in structure.keys]
    if structure.static:
        answer["static"] = [[key, value_out(value)] for key, value in structure.static]
    if structure.order is not None:
        answer["order"] = [value_out(key) for key in structure.order]
    return {**answer, "children": [structure_out(child) for child in structure.children]}


# ---- reading ---------------------------------------------------------------------------------------------------------
def refuse(what: str, where: str) -> NoReturn:
    """Say what a saved program holds that it must not."""
    raise BadProgram(
        f"This is no program that can be loaded: {what}. It stands at {where}. Save the program again with this "
        "version of funcgrad."
    )


def read(text: str, classes: Iterable[type] = ()) -> tuple[Signature, tuple[Path, ...]]:
    """The signature and the paths of a program that was saved."""
    try:
        saved = json.loads(text)
    except ValueError as error:
        raise BadProgram(
            f"This is no program that can be loaded: it is no JSON, {error}. Give the file that save wrote."
        ) from error
    if type(saved) is not dict or saved.get("format") != FORMAT:
        refuse('it has no "format": "funcgrad program"', "the top")
    if saved.get("version") != VERSION:
        refuse(f"its version is {saved.get('version')!r}, and this funcgrad reads version {VERSION}", "the top")
    try:
        return Reader({**CONTAINERS, **{f"{cls.__module__}.{cls.__qualname__}": cls for cls in classes}}).program(saved)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        if isinstance(error, BadProgram):
            raise
        raise BadProgram(
            f"This is no program that can be loaded: {type(error).__name__}: {error}. Something is missing, or is of "
            "another kind than it should be. Save the program again."
        ) from error


@frozen
class Reader:
    """Reads what `written` wrote, or refuses it."""

    #: The classes of containers, by name.
    classes: dict[str, type]

    def program(self, saved: Any) -> tuple[Signature, tuple[Path, ...]]:
        """The signature and the paths."""
        types = tuple([self.type(one, "types") for one in items(saved["types"], "types")])
        signature = Signature(
            text(saved["name"], "name"),
            self.structure(saved["structure"], "structure"),
            tuple([text(one, "names") for one in items(saved["names"], "names")]),
            types,
            tuple([text(one, "arguments") for one in items(saved["arguments"], "arguments")]),
        )
        if not len(signature.names) == len(types) == signature.structure.num_leaves:
            refuse("its leaves, their names and their types differ in number", "names")
        paths = tuple([self.path(one, types, f"paths[{i}]") for i, one in enumerate(items(saved["paths"], "paths"))])
        if not paths or len({path.answers for path in paths}) != len(paths):
            refuse("two paths have the same answers, or there is none", "paths")
        return signature, paths

    def path(self, saved: Any, types: Any, where: str) -> Path:
        """A path."""
        guards = []
        for one in items(saved["guards"], f"{where}.guards"):
            if type(one["answer"]) not in (bool, int):
                refuse(f"{one['answer']!r} is no answer of a guard", f"{where}.guards")
            guards.append(Guard(one["answer"], text(one["text"], where), self.place(one["place"], where)))
        graph, structure = self.graph(saved["graph"], f"{where}.graph"), self.structure(saved["structure"], where)
        if graph.inputs != types or len(graph.outputs) != len(guards) + structure.num_leaves:
            refuse("the graph does not fit the arguments or the answer", f"{where}.graph")
        if any([kind.shape for kind in graph.output_types[: len(guards)]]):
            refuse("a guard asks about an array", f"{where}.guards")
        return Path(graph, tuple(guards), structure)

    def graph(self, saved: Any, where: str) -> Graph:
        """A graph, its types inferred anew."""
        inputs = [self.type(one, f"{where}.inputs") for one in items(saved["inputs"], where)]
        constants = [self.constant(one, f"{where}.constants") for one in items(saved["constants"], where)]
        kinds: list[Any] = [*inputs, *[type_of(one.value) for one in constants]]
        steps = []
        for i, one in enumerate(items(saved["steps"], where)):
            here = f"{where}.steps[{i}]"
            op = self.operation(one["operation"], one.get("fields", {}), here)
            args = tuple([number(k, len(kinds), here) for k in items(one["arguments"], here)])
            kind = self.type(one["type"], here)
            if op.answer_type([kinds[k] for k in args]) != kind:
                refuse(f"the answer of {op.name} is of another type than it says", here)
            steps.append(Step(op, args, kind, self.place(one.get("place"), here)))
            kinds.append(kind)
        outputs = [number(k, len(kinds), f"{where}.outputs") for k in items(saved["outputs"], where)]
        if any([type(kinds[k]) is tuple for k in outputs]):
            refuse("an output is a tuple", f"{where}.outputs")
        return Graph(tuple(inputs), tuple(constants), tuple(steps), tuple(outputs))

    def operation(self, name: Any, given: Any, where: str) -> Op:
        """An operation of funcgrad's, its fields being what they are declared to be."""
        found = known(text(name, where))
        if isinstance(found, Op) and not given:
            return found
        if not isinstance(found, type):
            refuse(f"the operation {name!r} is not known", where)
        declared = {field.name: field for field in fields(found) if field.init}
        if set(given) != set(declared):
            refuse(f"{name} has the fields {sorted(declared)}, not {sorted(given)}", where)
        values = {key: self.value(one, f"{where}.{key}") for key, one in given.items()}
        for key, value in values.items():
            if not belongs(value, declared[key].type):
                refuse(f"the field {key} of {name} cannot be {value!r}", where)
        op: Op = found(**values)
        return op

    def type(self, saved: Any, where: str) -> Any:
        """A type, or a tuple of types."""
        if "tuple" in saved:
            return tuple([self.type(one, where) for one in items(saved["tuple"], where)])
        shape = tuple([number(n, 1 << 62, where) for n in items(saved["shape"], where)])
        return Type(shape, dtype_in(saved["dtype"], where), saved.get("weak") is True)

    def constant(self, saved: Any, where: str) -> Constant:
        """A constant, its array read-only."""
        if type(saved) is not dict or "data" not in saved:
            value = self.value(saved, where)
            return Constant(value) if type(value) in NUMBERS else refuse(f"{value!r} is no number", where)
        kind = self.type(saved, where)
        data = base64.b64decode(saved["data"], validate=True)
        if len(data) != kind.size * kind.dtype.itemsize:
            refuse("an array has not as many bytes as its type says", where)
        a = np.frombuffer(data, kind.dtype.newbyteorder("<")).astype(kind.dtype, copy=False)
        return Constant(a.reshape(kind.shape)[() if not kind.shape else ...])

    def place(self, saved: Any, where: str) -> Place | None:
        """A place."""
        if saved is None:
            return None
        file, line, variable = saved
        if type(line) is not int or not (variable == "" or (type(variable) is str and variable.isidentifier())):
            refuse(f"{saved!r} is no place", where)
        return Place(text(file, where), line, variable)

    def structure(self, saved: Any, where: str) -> Any:
        """A tree without its leaves."""
        if saved == "*":
            return tree.LEAF
        name = saved["class"]
        if name not in self.classes or name == "object":
            raise BadProgram(
                f"The program takes or returns a tree of class {name}. Loading imports nothing. Pass the class: "
                f"Program.load(file, classes=[{str(name).rpartition('.')[2]}])."
            )
        children = tuple([self.structure(one, where) for one in items(saved["children"], where)])
        keys, order = [
            None if saved.get(one) is None else tuple([self.value(key, where) for key in items(saved[one], where)])
            for one in ("keys", "order")
        ]
        static = tuple([(text(key, where), self.value(value, where)) for key, value in saved.get("static", ())])
        leaves = sum([child.num_leaves for child in children])
        if keys is not None and len(keys) != len(children):
            refuse("a tree has not as many keys as children", where)
        if keys is not None and self.classes[name] not in tree.DICTS:
            for key in keys:
                if type(key) is not str or not key.isidentifier():
                    refuse(f"{key!r} is no name of a field", where)
        return tree.Structure(self.classes[name], keys, static, children, leaves, order)

    def value(self, saved: Any, where: str) -> Any:
        """A field of an operation, or a key of a tree."""
        if saved is None or type(saved) in (bool, int, float, str):
            return saved
        if type(saved) is not dict or ("operation" not in saved and len(saved) != 1):
            refuse(f"{saved!r} is no value", where)
        if "operation" in saved:
            return self.operation(saved["operation"], saved["fields"], where)
        ((kind, one),) = saved.items()
        if kind not in VALUES:
            refuse(f"{kind!r} is no kind of value", where)
        return VALUES[kind](self, one, where)


def items(saved: Any, where: str) -> list[Any]:
    """A list."""
    return saved if type(saved) is list else refuse(f"{saved!r} is no list", where)


def text(saved: Any, where: str) -> str:
    """A text of one line, since places and names stand in a program's comments."""
    if type(saved) is not str or not saved.isprintable():
        refuse(f"{saved!r} is no text of one line", where)
    return saved


def number(saved: Any, below: int, where: str) -> int:
    """A whole number from 0 on."""
    if type(saved) is not int or not 0 <= saved < below:
        refuse(f"{saved!r} is no whole number below {below}", where)
    return saved


def dtype_in(saved: Any, where: str) -> np.dtype[Any]:
    """A dtype of numbers."""
    dtype = np.dtype(text(saved, where))
    return (
        dtype
        if dtype.kind in "biufc" and dtype_name(dtype) == saved
        else refuse(f"{saved!r} is no dtype of numbers", where)
    )


def float_in(saved: Any, where: str) -> float:
    """A float that JSON has no number for."""
    return float(saved) if saved in ("nan", "inf", "-inf") else refuse(f"{saved!r} is no infinity and no NaN", where)


def complex_in(reader: Reader, saved: Any, where: str) -> complex:
    """A complex number."""
    real, imaginary = [reader.value(one, where) for one in items(saved, where)]
    return complex(real, imaginary)


def number_in(reader: Reader, saved: Any, where: str) -> Any:
    """A number of NumPy's."""
    return reader.constant(saved, where).value


def body_in(reader: Reader, saved: Any, where: str) -> Body:
    """The body of a loop, or a branch of a choice."""
    return Body(reader.graph(saved, where))


#: How each special value is read.
VALUES: dict[str, Callable[[Reader, Any, str], Any]] = {
    "tuple": lambda reader, saved, where: tuple([reader.value(one, where) for one in items(saved, where)]),
    "slice": lambda reader, saved, where: slice(*[reader.value(one, where) for one in items(saved, where)]),
    "ellipsis": lambda reader, saved, where: Ellipsis,
    "dtype": lambda reader, saved, where: dtype_in(saved, where),
    "float": lambda reader, saved, where: float_in(saved, where),
    "complex": complex_in,
    "number": number_in,
    "graph": body_in,
}


def belongs(value: Any, declared: Any) -> bool:
    """Whether a value is what a field is declared to be."""
    origin, inside = get_origin(declared), get_args(declared)
    if declared is Any:
        return not isinstance(value, str) or bool(TEXT.fullmatch(value))
    if origin is Literal:
        return value in inside and type(value) is str
    if origin in (Union, UnionType):
        return any([belongs(value, one) for one in inside])
    if origin is tuple:
        if type(value) is not tuple:
            return False
        if len(inside) == 2 and inside[1] is Ellipsis:
            return all([belongs(one, inside[0]) for one in value])
        return len(value) == len(inside) and all([belongs(one, kind) for one, kind in zip(value, inside, strict=True)])
    if declared is str:
        return type(value) is str and bool(TEXT.fullmatch(value))
    if declared is None:
        return value is None
    if declared is EllipsisType:
        return value is Ellipsis
    if declared is slice:
        return type(value) is slice and all([type(n) in (int, NoneType) for n in (value.start, value.stop, value.step)])
    if origin is np.dtype:
        return isinstance(value, np.dtype)
    return type(value) is declared
