"""Optional libraries: what stands on one says so where it is missing, and funcgrad itself imports none."""

import subprocess
import sys

import pytest

#: Modules that need an extra, the libraries of which they need one, and the extra.
NEEDS = {
    "funcgrad.scipy": (["scipy"], "scipy"),
    "funcgrad.optimize": (["scipy"], "scipy"),
    "funcgrad.integrate.stiff": (["scipy"], "scipy"),
    "funcgrad.examples.digits": (["sklearn"], "examples"),
    "funcgrad.examples.paper": (["matplotlib"], "plot"),
    "funcgrad.plot": (["matplotlib"], "plot"),
    "funcgrad.data.showing": (["tqdm", "rich"], "progress"),
}
BLOCKED = """
import sys
sys.modules.update(dict.fromkeys({libraries!r}))  # as if they were not installed
import funcgrad, numpy as np
funcgrad.grad(lambda x: np.sum(np.sort(x) ** 2))(np.ones(2))
try:
    import {module}
except funcgrad.errors.MissingExtra as error:
    print(error)
"""


@pytest.mark.parametrize("module", NEEDS)
def test_a_missing_library_is_named_with_its_extra(module):
    libraries, extra = NEEDS[module]
    code = BLOCKED.format(module=module, libraries=libraries)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert f"pip install 'funcgrad[{extra}]'" in run.stdout
