"""Importing funcgrad loads NumPy, attrs and the standard library, and nothing that is optional or slow."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = {"funcgrad", "numpy", "attr", "attrs", *sys.stdlib_module_names}
#: What an installation may load into every interpreter, by a .pth file and before anybody imports anything.
BEFORE = "import sys; before = set(sys.modules)\n"


def loaded(*statements):
    """The top-level names of the modules that a fresh interpreter loads for these statements."""
    program = BEFORE + "\n".join(statements) + "\nimport json; print(json.dumps(sorted(set(sys.modules) - before)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return {name.split(".")[0] for name in json.loads(done.stdout)}


@pytest.mark.parametrize("module", ["funcgrad", "funcgrad.numpy", "funcgrad.data", "funcgrad.__main__"])
def test_importing_loads_only_what_is_installed_with_it(module):
    found = loaded(f"import {module}")
    assert found - ALLOWED == set()
    assert {"funcgrad", "numpy", "attr"} <= found


def test_a_gradient_loads_nothing_optional():
    found = loaded("import numpy as np, funcgrad", "funcgrad.grad(lambda x: np.sum(np.sin(x)))(np.ones(3))")
    assert found - ALLOWED == set()


def test_the_package_says_nothing_on_import():
    done = subprocess.run(
        [sys.executable, "-c", "import funcgrad"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == done.stderr == ""


def test_public_names_are_there():
    program = "import funcgrad; assert [n for n in funcgrad.__all__ if not hasattr(funcgrad, n)] == []"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
