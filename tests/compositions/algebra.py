"""The reference of the random nestings: every transform becomes a plain expression, by symbolic differentiation.

Nothing of funcgrad is used. What the terms mean is said in test_nestings.py.
"""

from math import cos, sin

import numpy as np

#: Expressions larger than this are not worth their time.
LARGEST = 4000

#: The fixed numbers of `map`.
B = np.array([0.5, -1.25, 0.75])
C = np.array([1.5, 0.25, -0.5])


class TooLargeError(Exception):
    """An expression has grown too large to be of use."""


class Algebra:
    """Expressions as numbers of entries in one list, each entry made of earlier ones, equal ones being one."""

    def __init__(self):
        self.entries, self.numbers, self.fresh = [], {}, 0

    def make(self, *entry):
        if entry not in self.numbers:
            if len(self.entries) > LARGEST:
                raise TooLargeError
            self.numbers[entry] = len(self.entries)
            self.entries.append(entry)
        return self.numbers[entry]

    def number(self, value):
        return self.make("number", float(value))

    def variable(self):
        self.fresh += 1
        return self.make("variable", self.fresh)

    def constant(self, a):
        kind, *parts = self.entries[a]
        return parts[0] if kind == "number" else None

    def add(self, a, b):
        if self.constant(a) == 0:
            return b
        if self.constant(b) == 0:
            return a
        return self.make("add", *sorted((a, b)))

    def multiply(self, a, b):
        for one, other in ((a, b), (b, a)):
            if self.constant(one) == 0:
                return one
            if self.constant(one) == 1:
                return other
        return self.make("multiply", *sorted((a, b)))

    def scale(self, factor, a):
        return self.multiply(self.number(factor), a)

    def needed(self, a):
        """The entries that `a` is made of, in order."""
        found, stack = {a}, [a]
        while stack:
            kind, *parts = self.entries[stack.pop()]
            for part in parts if kind not in ("number", "variable") else ():
                if part not in found:
                    found.add(part)
                    stack.append(part)
        return sorted(found)

    def derivative(self, a, x):
        """∂a/∂x for a variable x."""
        dots = {}
        for i in self.needed(a):
            kind, *parts = self.entries[i]
            if kind in ("number", "variable", "stop"):
                dots[i] = self.number(float(i == x))
            elif kind == "add":
                dots[i] = self.add(dots[parts[0]], dots[parts[1]])
            elif kind == "multiply":
                one, other = parts
                dots[i] = self.add(self.multiply(dots[one], other), self.multiply(one, dots[other]))
            elif kind == "sin":
                dots[i] = self.multiply(self.make("cos", parts[0]), dots[parts[0]])
            else:
                dots[i] = self.scale(-1, self.multiply(self.make("sin", parts[0]), dots[parts[0]]))
        return dots[a]

    def substituted(self, a, images):
        """`a` with other expressions for variables."""
        images = dict(images)
        for i in self.needed(a):
            if i in images:
                continue
            kind, *parts = self.entries[i]
            if kind in ("number", "variable"):
                images[i] = i
            elif kind in ("add", "multiply"):
                images[i] = (self.add if kind == "add" else self.multiply)(*[images[part] for part in parts])
            else:
                images[i] = self.make(kind, images[parts[0]])
        return images[a]

    def evaluated(self, a, values):
        """The number that `a` is, and a bound: what its terms would add up to if none cancelled another."""
        found, bound = {}, {}
        for i in self.needed(a):
            kind, *parts = self.entries[i]
            numbers, bounds = [found.get(part) for part in parts], [bound.get(part) for part in parts]
            if kind == "number":
                found[i], bound[i] = parts[0], abs(parts[0])
            elif kind == "variable":
                found[i], bound[i] = values[i], abs(values[i])
            elif kind == "add":
                found[i], bound[i] = sum(numbers), sum(bounds)
            elif kind == "multiply":
                found[i], bound[i] = numbers[0] * numbers[1], bounds[0] * bounds[1]
            elif kind == "stop":
                found[i], bound[i] = numbers[0], bounds[0]
            else:
                found[i], bound[i] = {"sin": sin, "cos": cos}[kind](numbers[0]), 1 + bounds[0]
        return found[a], bound[a]

    # ---- the meaning of a term ---------------------------------------------------------------------------------------
    def meaning(self, term, scope):
        """The expression that a term stands for. `scope` gives names their expressions, or functions of these."""
        kind, *parts = term
        return getattr(self, f"of_{kind}")(scope, *parts)

    def slope(self, scope, x, body, at, order=1):
        """∂ⁿbody/∂xⁿ at an expression, and the value there."""
        variable = self.variable()
        value = self.meaning(body, {**scope, x: variable})
        dot = value
        for _ in range(order):
            dot = self.derivative(dot, variable)
        return self.substituted(dot, {variable: at}), self.substituted(value, {variable: at})

    def of_variable(self, scope, x):
        return scope[x]

    def of_number(self, scope, c):
        return self.number(c)

    def of_add(self, scope, a, b):
        return self.add(self.meaning(a, scope), self.meaning(b, scope))

    def of_multiply(self, scope, a, b):
        return self.multiply(self.meaning(a, scope), self.meaning(b, scope))

    def of_sin(self, scope, a):
        return self.make("sin", self.meaning(a, scope))

    def of_stop(self, scope, a):
        return self.make("stop", self.meaning(a, scope))

    def of_jit(self, scope, x, body, at):
        return self.of_let(scope, x, at, body)

    def of_let(self, scope, x, a, rest):
        return self.meaning(rest, {**scope, x: self.meaning(a, scope)})

    def of_function(self, scope, f, x, a, rest):
        return self.meaning(rest, {**scope, f: lambda argument: self.meaning(a, {**scope, x: argument})})

    def of_call(self, scope, f, a):
        return scope[f](self.meaning(a, scope))

    def of_grad(self, scope, x, body, at):
        return self.slope(scope, x, body, self.meaning(at, scope))[0]

    of_jacrev = of_jacfwd = of_grad

    def of_valued(self, scope, x, body, at):
        return self.add(*self.slope(scope, x, body, self.meaning(at, scope)))

    def of_hessian(self, scope, x, body, at):
        return self.slope(scope, x, body, self.meaning(at, scope), order=2)[0]

    def of_aux(self, scope, x, body, beside, at):
        at = self.meaning(at, scope)
        return self.add(self.slope(scope, x, body, at)[0], self.meaning(beside, {**scope, x: at}))

    def of_pair(self, scope, x, y, body, at, and_at):
        one, other = self.variable(), self.variable()
        value = self.meaning(body, {**scope, x: one, y: other})
        slope = self.add(self.derivative(value, one), self.scale(2, self.derivative(value, other)))
        return self.substituted(slope, {one: self.meaning(at, scope), other: self.meaning(and_at, scope)})

    def of_jvp(self, scope, x, body, at, tangent):
        slope, value = self.slope(scope, x, body, self.meaning(at, scope))
        return self.add(value, self.multiply(slope, self.meaning(tangent, scope)))

    def of_hvp(self, scope, x, body, at, tangent):
        second, _ = self.slope(scope, x, body, self.meaning(at, scope), order=2)
        return self.multiply(second, self.meaning(tangent, scope))

    def of_vjp(self, scope, p, x, body, at, rest):
        slope, value = self.slope(scope, x, body, self.meaning(at, scope))
        return self.add(value, self.meaning(rest, {**scope, p: lambda bar: self.multiply(slope, bar)}))

    of_linearize = of_vjp
    of_pull = of_push = of_call

    def of_map(self, scope, x, body, at):
        at, total = self.meaning(at, scope), self.number(0)
        for b, c in zip(B, C, strict=True):
            item = self.meaning(body, {**scope, x: self.scale(b, at)})
            total = self.add(total, self.scale(c, item))
        return total

    def of_mapped(self, scope, f, kind, at):
        x = ("variable", "item")
        return self.of_map(scope, "item", (kind, f, x), at)
