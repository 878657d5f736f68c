"""Control flow on values that may be unknown: JAX's `jax.lax` names, for functions of trees.

Every loop and choice is one operation, whose body is staged once. It differentiates forwards and backwards, to any
order, batches, and is one step of a program under `jit`.
"""

from funcgrad.lax.associating import associative_scan
from funcgrad.lax.choosing import cond, switch
from funcgrad.lax.looping import fori_loop, map, scan
from funcgrad.lax.repeating import while_loop

__all__ = ["associative_scan", "cond", "fori_loop", "map", "scan", "switch", "while_loop"]
