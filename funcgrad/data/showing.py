"""A bar for the steps of a training (the extra [progress]): tqdm's, or rich's."""

from collections.abc import Iterable, Iterator

from funcgrad.data.fitting import Step
from funcgrad.errors import BadArgument, MissingExtra
from funcgrad.graph.provenance import refuse

try:
    from tqdm import tqdm

    TQDM = True
except ImportError:
    TQDM = False
try:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    RICH = True
except ImportError:
    RICH = False
if not (TQDM or RICH):
    raise MissingExtra("funcgrad.data.progress needs tqdm or rich. Install them: pip install 'funcgrad[progress]'.")


def progress(steps: Iterable[Step], total: int | None = None, bar: str | None = None) -> Iterator[Step]:
    """The same steps, with a bar on standard error that shows epoch and loss: tqdm's, or rich's where it is not there.

    `bar` is "tqdm" or "rich" to have it of one; `total` is how many steps there will be, if that is known
    (`steps_of_epoch` times the epochs).

    >>> from funcgrad.data import Step
    >>> [step.step for step in progress([Step(1, 1, True, 0.5, None, ())], total=1)]
    [1]
    """
    there = {"tqdm": TQDM, "rich": RICH}
    chosen = bar or ("tqdm" if there["tqdm"] else "rich")
    if chosen not in there:
        refuse(BadArgument, f"data.progress was given bar={bar!r}.", "Write 'tqdm' or 'rich'.")
    if not there[chosen]:
        raise MissingExtra(f"funcgrad.data.progress needs {chosen}. Install it: pip install 'funcgrad[progress]'.")
    return with_tqdm(steps, total) if chosen == "tqdm" else with_rich(steps, total)


def said(step: Step) -> str:
    """Where a training is."""
    return f"epoch {step.epoch}, loss {step.loss:.4g}"


def with_tqdm(steps: Iterable[Step], total: int | None) -> Iterator[Step]:
    """The steps with tqdm's bar."""
    with tqdm(total=total, unit="step") as bar:
        for step in steps:
            bar.set_description_str(said(step), refresh=False)
            bar.update()
            yield step


def with_rich(steps: Iterable[Step], total: int | None) -> Iterator[Step]:
    """The steps with rich's bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as bars:
        task = bars.add_task("", total=total)
        for step in steps:
            bars.update(task, description=said(step), advance=1)
            yield step
