"""funcgrad.optim beside optax, number by number: python tests/speed/optimisers.py (needs JAX and optax).

Prints the largest difference of each optimiser's parameters after some steps, and of each schedule. With --write it
stores optax's numbers in tests/unit/optax.json, which the tests compare with.
"""

import json
import sys
from pathlib import Path

import jax
import numpy as np
import optax

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from funcgrad import optim  # found by the line above
from tests.unit import optimising

jax.config.update("jax_enable_x64", True)
STORED = Path(__file__).resolve().parents[1] / "unit" / "optax.json"


def optax_numbers() -> dict:
    """What optax makes of the problem."""
    start = {name: jax.numpy.asarray(p) for name, p in optimising.START.items()}
    runs = {name: optimising.run(optax, name, start)[0] for name in optimising.OPTIMISERS}
    curves = {
        name: [float(make(optax)(count)) for count in optimising.COUNTS] for name, make in optimising.SCHEDULES.items()
    }
    return {
        "optax": optax.__version__,
        "optimisers": {name: {leaf: np.asarray(p).tolist() for leaf, p in run.items()} for name, run in runs.items()},
        "schedules": curves,
    }


def main() -> None:
    numbers = optax_numbers()
    if "--write" in sys.argv:
        STORED.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    for name, params in numbers["optimisers"].items():
        ours, _ = optimising.run(optim, name, optimising.START)
        gap = max([np.abs(ours[leaf] - np.array(p)).max() for leaf, p in params.items()])
        print(f"{name:28} {gap:.1e}")
    for name, curve in numbers["schedules"].items():
        ours = [float(optimising.SCHEDULES[name](optim)(count)) for count in optimising.COUNTS]
        print(f"{name:28} {np.abs(np.array(ours) - curve).max():.1e}")


if __name__ == "__main__":
    main()
