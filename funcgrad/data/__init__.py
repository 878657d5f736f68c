"""Data in batches, training as a sequence of steps, checkpoints; and two small sets of real measurements.

>>> from funcgrad import data, optim, random
>>> features, labels = data.iris()
>>> def loss(w, batch):
...     x, species = batch
...     return np.mean((x @ w - species) ** 2)
>>> steps = data.fit(loss, np.zeros(4), (features, labels), optim.adam(0.05), key=random.key(0), epochs=60)
>>> *_, last = data.early_stopping(steps, patience=100)
>>> w = last.params
>>> bool(np.mean(np.round(features @ w) == labels) > 0.9)
True
"""

from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funcgrad.graph.dispatch import loaded

__all__ = [
    "IRIS_SPECIES", "Step", "batches", "checkpointed", "diabetes", "early_stopping", "fit", "iris", "load", "notes_of",
    "progress", "resumed", "save", "save_step", "steps_of_epoch",
]  # fmt: skip

#: What loads on first use, by the module that has it: the measurements alone need nothing but NumPy.
LATER = {
    "Step": "funcgrad.data.fitting",
    "batches": "funcgrad.data.batching",
    "checkpointed": "funcgrad.data.keeping",
    "early_stopping": "funcgrad.data.fitting",
    "fit": "funcgrad.data.fitting",
    "load": "funcgrad.data.keeping",
    "notes_of": "funcgrad.data.keeping",
    "progress": "funcgrad.data.showing",
    "resumed": "funcgrad.data.keeping",
    "save": "funcgrad.data.keeping",
    "save_step": "funcgrad.data.keeping",
    "steps_of_epoch": "funcgrad.data.batching",
}

#: The name of each label of `iris`, in order.
IRIS_SPECIES = ("setosa", "versicolor", "virginica")


def iris() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """150 flowers as points of ℝ⁴, and the species of each as a number of {0, 1, 2}.

    iris : () → (features (150, 4) float64, labels (150,) int64), new arrays at every call.

    The columns are sepal length, sepal width, petal length and petal width, all in centimetres. Label i is
    `IRIS_SPECIES[i]`; there are 50 flowers of each. Setosa's petals are the short ones:

    >>> features, labels = iris()
    >>> features[0].tolist(), IRIS_SPECIES[labels[0]]
    ([5.1, 3.5, 1.4, 0.2], 'setosa')
    >>> [round(float(features[labels == species, 2].mean()), 3) for species in range(3)]
    [1.462, 4.26, 5.552]

    Source: R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7 (1936)
    179–188, table I, as measured by E. Anderson.
    """
    table = np.loadtxt(lines("iris.csv"), delimiter=",", converters={4: IRIS_SPECIES.index})
    return np.ascontiguousarray(table[:, :4]), table[:, 4].astype(np.int64)


def diabetes() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """442 patients as points of ℝ¹⁰, and how far the diabetes of each had progressed one year later.

    diabetes : () → (features (442, 10) float64, progression (442,) float64), new arrays at every call.

    The values are as measured, neither centred nor scaled. The columns are

        age     years                       s2 (ldl)  low-density lipoproteins, mg/dl
        sex     1 or 2, not said which      s3 (hdl)  high-density lipoproteins, mg/dl
        bmi     body mass index, kg/m²      s4 (tch)  total cholesterol / hdl, a ratio
        bp      mean blood pressure, mmHg   s5 (ltg)  logarithm of serum triglycerides
        s1 (tc) total cholesterol, mg/dl    s6 (glu)  blood sugar, mg/dl

    Progression is the study's own score, from 25 to 346, without a unit. The paper names the columns and leaves out
    the units of the blood values: those above are the customary ones, which their sizes agree with.

    >>> features, progression = diabetes()
    >>> features[0].tolist(), float(progression[0])
    ([59.0, 2.0, 32.1, 101.0, 157.0, 93.2, 38.0, 4.0, 4.8598, 87.0], 151.0)
    >>> float(progression.min()), float(progression.max())
    (25.0, 346.0)

    Source: B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, "Least angle regression", Annals of Statistics 32
    (2004) 407–499, table 1.
    """
    table = np.loadtxt(lines("diabetes.csv"), delimiter=",")
    return np.ascontiguousarray(table[:, :10]), table[:, 10].copy()


def __getattr__(name: str) -> Any:
    """What the measurements do without, loaded when it is asked for."""
    if name not in LATER:
        raise AttributeError(f"module 'funcgrad.data' has no attribute {name!r}")
    return getattr(loaded(LATER[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *LATER})


def lines(name: str) -> list[str]:
    """The lines of the table `name` in this package, without the heading."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()[1:]
