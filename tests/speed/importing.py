"""The time of `import funcgrad` beside that of `import numpy`: python tests/speed/importing.py [runs].

Each import runs in a fresh process, both in turn; medians, and the median of their ratios, of the time on the clock and
of the time that the processor spent. Two states of funcgrad: compiled to bytecode, as an installer or a first run
leaves it (and as NumPy is); and from source, as where PYTHONDONTWRITEBYTECODE is set and nobody has compiled it.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import time
clock, spent = time.perf_counter(), time.process_time()
import {}
print(time.perf_counter() - clock, time.process_time() - spent)
"""


def imported(module: str, environment: dict[str, str]) -> list[float]:
    """Seconds on the clock and of the processor, for one import in a fresh process."""
    command = [sys.executable, "-c", PROGRAM.format(module)]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return [float(word) for word in run.stdout.split()]


def measured(state: str, environment: dict[str, str], runs: int) -> None:
    """Print a row for the clock and one for the processor."""
    modules = ("funcgrad", "numpy")
    for module in modules:
        imported(module, environment)
    pairs = [[imported(module, environment) for module in modules] for _ in range(runs)]
    for i, what in enumerate(("clock", "processor")):
        a, b = zip(*[(ours[i], theirs[i]) for ours, theirs in pairs], strict=True)
        ratio = statistics.median([x / y for x, y in zip(a, b, strict=True)])
        name = f"import, {state}, {what}"
        print(f"{name:42}{statistics.median(a) * 1e3:10.1f}ms{statistics.median(b) * 1e3:10.1f}ms{ratio:8.2f}")


def main(runs: int) -> None:
    """Print both states."""
    print(f"{'':42}{'funcgrad':>12}{'numpy':>12}{'ratio':>8}")
    plain = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as scratch:
        measured("compiled", {**plain, "PYTHONPYCACHEPREFIX": scratch}, runs)
    if any((ROOT / "funcgrad").rglob("*.pyc")):
        print("(funcgrad has bytecode beside its sources, so that a run from source cannot be measured)")
    else:
        measured("from source", {**plain, "PYTHONDONTWRITEBYTECODE": "1"}, runs)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
