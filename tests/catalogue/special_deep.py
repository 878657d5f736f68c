"""Records of all other ufuncs of scipy.special, under the profiles "wide" and "deep": a light test has them always."""

from typing import Any

from tests.catalogue.record import Record
from tests.catalogue.special import RECORDS as LIGHT
from tests.catalogue.special import within
from tests.strategies import Draw, broadcastable, shape
from tests.support.special import DOMAINS, ORDERS, REALS, REFUSED, UFUNCS, UNIT, points


def domains(name: str) -> list[Any]:
    """The domains of a ufunc's arguments."""
    return DOMAINS.get(name) or ([ORDERS, UNIT] if name.startswith("eval_") else [REALS] * UFUNCS[name].nin)


def open_places(name: str) -> list[int]:
    """The arguments of a ufunc that are real numbers and have a rule; of those with an eigenvalue the last."""
    kinds = domains(name)
    places = [i for i, one in enumerate(kinds) if not isinstance(one, list) and (name, i) not in REFUSED]
    return places[-1:] if name.endswith("_cv") else places


def record(name: str) -> Record:
    """A ufunc as a function of the arguments that have a rule; the others are drawn once."""
    ufunc, places = UFUNCS[name], open_places(name)
    fixed = points(name, 1)[0]

    def case(draw: Draw, dtype: str) -> Any:
        shapes = broadcastable(draw, len(places)) if len(places) > 1 else [shape(draw)]
        args = [within(draw, one, dtype, domains(name)[i]) for i, one in zip(places, shapes, strict=True)]

        def f(*args: Any) -> Any:
            values = dict(zip(places, args, strict=True))
            return ufunc(*[values.get(i, value) for i, value in enumerate(fixed)])

        return f, tuple(args)

    return Record(f"special.{name}", case, deep=True)


#: Those whose values would fail a law of themselves: kinks where arguments are equal, and an integral of 8 digits.
ROUGH = {"elliprj", "huber", "itairy"}
SEEN = ROUGH | {one.name.removeprefix("special.") for one in LIGHT}
RECORDS = [record(name) for name in sorted(UFUNCS) if name not in SEEN and open_places(name)]
