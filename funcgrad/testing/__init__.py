"""Checks for rules and models: derivatives against differences.

Strategies for Hypothesis are in `funcgrad.testing.strategies`.
"""

from funcgrad.transforms.checks import check_grads

__all__ = ["check_grads"]
