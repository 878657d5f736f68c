"""Random terms of nested transforms, for test_nestings.py, which says what they mean."""

#: How many binders deep a term may be.
DEPTH = 6


class Generator:
    """Draws terms in which every name is bound before it is used."""

    def __init__(self, rng):
        self.rng, self.count = rng, 0

    def name(self, letter):
        self.count += 1
        return f"{letter}{self.count}"

    def term(self, names, depth, size):
        """A term over `names` (pairs of what a name stands for and the name), with `depth` transforms to go at most."""
        if size <= 0 or self.rng.random() < 0.08:
            return self.leaf(names)
        if depth > 0 and self.rng.random() < 0.55:
            return self.binding(names, depth - 1, size)
        return self.arithmetic(names, depth, size)

    def leaf(self, names):
        variables = [name for what, name in names if what == "variable"]
        if self.rng.random() < 0.15 or not variables:
            return ("number", round(self.rng.uniform(-1.5, 1.5), 2))
        # The innermost variable half of the time, else any: closing over every level is the point.
        return ("variable", variables[-1] if self.rng.random() < 0.5 else self.rng.choice(variables))

    def arithmetic(self, names, depth, size):
        callables = [(what, name) for what, name in names if what != "variable"]
        if callables and self.rng.random() < 0.5:
            what, name = self.rng.choice(callables)
            if self.rng.random() < 0.25:
                return ("mapped", name, what, self.term(names, depth, size // 2))
            return (what, name, self.term(names, depth, size // 2))
        kind = self.rng.choice(["add", "multiply", "multiply", "multiply", "sin", "sin", "stop"])
        if kind == "stop" and self.rng.random() < 0.6:
            kind = "sin"
        if kind in ("sin", "stop"):
            return (kind, self.term(names, depth, size - 1))
        return (kind, self.term(names, depth, size // 2), self.term(names, depth, size // 2))

    def binding(self, names, depth, size):
        kind = self.rng.choice(
            ["grad"] * 4 + ["jvp", "vjp", "linearize", "map", "jit"] * 3
            + ["jacrev", "jacfwd", "valued", "aux", "pair", "hessian", "hvp", "let", "function"]
        )  # fmt: skip
        x, half = self.name("x"), size * 2 // 3
        at = self.term(names, depth, size // 3)
        inner = [*names, ("variable", x)]
        if kind == "let":
            return (kind, x, at, self.term(inner, depth, half))
        body = self.term(inner, depth, half)
        if kind in ("grad", "jacrev", "jacfwd", "valued", "hessian", "map", "jit"):
            return (kind, x, body, at)
        if kind == "aux":
            return (kind, x, body, self.term(inner, depth, size // 3), at)
        if kind in ("jvp", "hvp"):
            return (kind, x, body, at, self.term(names, depth, size // 3))
        if kind == "pair":
            y = self.name("y")
            body = self.term([*inner, ("variable", y)], depth, half)
            return (kind, x, y, body, at, self.term(names, depth, size // 3))
        f = self.name("f")
        use = {"function": "call", "vjp": "pull", "linearize": "push"}[kind]
        rest = self.term([*names, (use, f)], depth, half)
        if kind == "function":
            return (kind, f, x, body, rest)
        return (kind, f, x, body, at, rest)


def nesting(term):
    """How many transforms deep a term is."""
    inner = max((nesting(part) for part in term if type(part) is tuple), default=0)
    return inner + (term[0] not in ("variable", "number", "add", "multiply", "sin", "stop", "let", "function", "call"))


def drawn(rng):
    """A term over a and b, at least one transform deep."""
    while True:
        term = Generator(rng).term([("variable", "a"), ("variable", "b")], DEPTH, rng.choice([6, 12, 24, 40]))
        if nesting(term):
            return term
