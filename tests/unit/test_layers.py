"""The layers of funcgrad, read from the import statements of every module: imports point downwards only."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "funcgrad"

#: From the ground up. `__init__` is the package funcgrad itself.
LAYERS = (
    {"errors", "tree"},
    {"graph"},
    {"primitives"},
    {"sweeps"},
    {"rewrites", "backends"},
    {"transforms"},
    {"numpy", "scipy", "lax", "random", "optimize", "integrate"},
    {"__init__", "__main__", "commands", "show", "testing", "nn", "optim", "data", "plot", "examples", "support"},
)
LAYER = {name: number for number, names in enumerate(LAYERS) for name in names}

#: Everything may import these; the optional libraries, only the module that stands for them.
LIBRARIES = {"attrs", "numpy", *sys.stdlib_module_names}
OPTIONAL = {
    "scipy": {"scipy"},
    "optimize": {"scipy"},
    "integrate": {"scipy"},
    "testing": {"hypothesis"},
    "data": {"tqdm", "rich"},
    "plot": {"matplotlib"},
    "examples": {"matplotlib", "sklearn"},
}
#: And one package inside a layer, of which nothing loads before it is asked for.
OPTIONAL_PACKAGES = {"funcgrad.transforms.sparse": {"scipy"}}

#: Where a module may load on first use, and which is no statement at the top: a name of the package that few programs
#: need; and `loaded`, through which all others go.
IMPORTING = {("funcgrad", "__getattr__"), ("funcgrad.graph.dispatch", "loaded")}
#: Who goes through it, each for the time that `import funcgrad` takes: the families of NumPy's names, which load when a
#: name is met that no table has; what NumPy cannot dispatch; and what needs a slow module of the standard library.
LOADING = {
    ("funcgrad.__main__", "main"),  # the commands on a function of the user's: numpy.random
    ("funcgrad.graph.dispatch", "join"),  # a family that layer 6 has named in FAMILIES
    ("funcgrad.graph.dispatch", "registered"),  # a family of an optional library, whose operation a program names
    ("funcgrad.graph.dispatch", "foreign"),  # what a sparse matrix beside a traced value needs
    ("funcgrad.graph.protocols", "missing"),  # difflib
    ("funcgrad.graph.types", "digest_of"),  # hashlib
    ("funcgrad.numpy", "__getattr__"),
    ("funcgrad.integrate.initial", "stiff"),  # SciPy's methods
    ("funcgrad.data", "__getattr__"),  # all but the measurements, which need NumPy alone
    ("funcgrad.examples.running", "run"),  # a program by its name, and matplotlib for its picture
    ("funcgrad.scipy.rows", "__reduce__"),
    ("funcgrad.transforms.derivatives", "hessian"),  # sparse matrices
    ("funcgrad.transforms.derivatives", "jacobian"),
    ("funcgrad.primitives.kinds", "__reduce__"),  # the names of all operations
}

SHELVES = {"utils", "misc", "core", "common", "internal"}
TOP = {"pyproject.toml", "README.md", "LICENSE", "funcgrad", "tests", "docs"}


def dotted(path: Path) -> str:
    """The name by which the module at `path` is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}
every_module = pytest.mark.parametrize("module", MODULES)


def parsed(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"), filename=str(MODULES[module]))


def member(module: str) -> str:
    """The part of funcgrad that a module belongs to: `numpy` for funcgrad.numpy.linalg."""
    return module.split(".")[1] if "." in module else "__init__"


def imports(tree: ast.AST, modules=frozenset(MODULES)) -> Iterator[str]:
    """The dotted name of each module imported; `from funcgrad import graph` imports funcgrad.graph."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                yield inner if inner in modules else origin


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def imports_by_function(tree: ast.AST) -> list[tuple[str, str]]:
    """(function, module) of each import statement inside a function."""
    return [(function.name, name) for function in functions(tree) for name in imports(function)]


def named(tree: ast.AST) -> list[str]:
    """The modules of funcgrad whose names stand in strings, to be loaded on first use."""
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [name for name in strings if name in MODULES and "." in name]


def calls_of(tree: ast.AST, *names: str) -> list[tuple[str, str]]:
    """(function, arguments) of each call of one of `names`; "" is the module's own level."""
    owner = {id(node): function.name for function in functions(tree) for node in ast.walk(function)}
    return [
        (owner.get(id(node), ""), ", ".join(map(ast.unparse, node.args)))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in names
    ]


def callers(*names: str) -> list[tuple[str, str]]:
    """(module, function) of each call of one of `names`."""
    return [(module, function) for module in MODULES for function, _ in calls_of(parsed(module), *names)]


def upward(module: str, names: list[str]) -> list[str]:
    """The imports of `module` that point to a higher layer."""
    ours = [name for name in names if name.split(".")[0] == "funcgrad"]
    return [name for name in ours if LAYER[member(name)] > LAYER[member(module)]]


@every_module
def test_every_module_has_a_layer(module):
    assert member(module) in LAYER, f"{module}: state its layer in LAYERS, or move it to where it belongs"


@every_module
def test_imports_point_downwards(module):
    """Those too that a string names: they load on first use."""
    tree = parsed(module)
    assert upward(module, [*imports(tree), *named(tree)]) == []


@every_module
def test_imports_are_absolute_and_named(module):
    statements = [node for node in ast.walk(parsed(module)) if isinstance(node, ast.ImportFrom)]
    assert [ast.unparse(node) for node in statements if node.level or node.names[0].name == "*"] == []


@every_module
def test_imports_stand_at_the_top(module):
    assert imports_by_function(parsed(module)) == []


def test_modules_load_on_first_use_in_few_places():
    assert set(callers("import_module", "__import__", "lazy_import")) <= IMPORTING
    assert set(callers("loaded")) == LOADING


@every_module
def test_libraries_are_numpy_attrs_and_the_standard_one(module):
    libraries = {name.split(".")[0] for name in imports(parsed(module))} - {"funcgrad"}
    package = module if module in OPTIONAL_PACKAGES else module.rpartition(".")[0]
    optional = OPTIONAL.get(member(module), set()) | OPTIONAL_PACKAGES.get(package, set())
    assert libraries - LIBRARIES - optional == set()


def test_no_folder_is_a_shelf():
    folders = [path for top in ("funcgrad", "tests", "docs") for path in (ROOT / top).rglob("*") if path.is_dir()]
    assert [path for path in folders if path.name in SHELVES] == []


def test_top_level_of_the_repository():
    """What git ignores (a `dist/` just built) is not in the repository."""
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()}
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert found - ignored == TOP


def test_the_readers_above_see_what_they_look_for():
    source = "import a.b\nfrom funcgrad import graph, grad\ndef f():\n def g():\n  from c import d\n import_module('e')"
    tree = ast.parse(source)
    found = list(imports(tree, {"funcgrad.graph"}))
    assert found == ["a.b", "funcgrad.graph", "funcgrad", "c"]
    assert upward("funcgrad.graph", found) == ["funcgrad"]
    assert upward("funcgrad.tree", found) == ["funcgrad.graph", "funcgrad"]
    assert imports_by_function(tree) == [("f", "c"), ("g", "c")]
    assert calls_of(tree, "import_module") == [("f", "'e'")]
    assert upward("funcgrad.tree", named(ast.parse("f('funcgrad.graph.node', 'funcgrad', 1)"))) == [
        "funcgrad.graph.node"
    ]
