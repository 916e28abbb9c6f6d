"""How much would more data bring: learning curves over the number of rows, their exponent, and where they end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.learn.validation.candidate import LEAST_ROWS, Candidate
from polyloop.learn.validation.extrapolation import Summary, summaries_of, taught_and_asked
from polyloop.learn.validation.power_law import PowerLaw, fit_power_law
from polyloop.learn.validation.runs import Keep, Run, StudyData, carry_out, distinct
from polyloop.learn.validation.splitter import Splitter

__all__ = ["ScalingStudy", "default_sizes", "study_scaling"]

_STEPS = (30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)


@dataclass(frozen=True)
class ScalingStudy:
    """All runs, and the law that each model's error follows.

    Parameters
    ----------
    laws
        By model; None where fewer than three sizes were run.
    label_noise
        Root mean square of the known standard deviations of the values over their spread: below it no error against
        these values can fall. None where none is known.
    """

    runs: tuple[Run, ...]
    laws: Mapping[str, PowerLaw | None]
    label_noise: float | None

    def summaries(self) -> list[tuple[int, Summary]]:
        """Return a summary for each size and model."""
        sizes = sorted({run.size for run in self.runs})
        return [(size, one) for size in sizes for one in summaries_of([run for run in self.runs if run.size == size])]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "summaries": [{"size": size, **one.to_dict()} for size, one in self.summaries()],
            "laws": {name: None if law is None else asdict(law) for name, law in self.laws.items()},
            "label_noise": self.label_noise,
            "runs": [run.to_dict() for run in self.runs],
        }


def default_sizes(most: int) -> tuple[int, ...]:
    """Return 30, 100, 300, ... and all rows, without the step before where it is nearly all.

    Examples
    --------
    >>> default_sizes(862), default_sizes(45)
    ((30, 100, 300, 862), (10, 45))
    """
    steps = [step for step in _STEPS if step <= 0.7 * most] or [LEAST_ROWS]
    return (*steps, most)


def study_scaling(
    data: StudyData,
    candidates: Sequence[Candidate],
    splitter: Splitter,
    sizes: Sequence[int] | None = None,
    *,
    split: str = "random",
    seed: int = 0,
    known: Sequence[Run] = (),
    keep: Keep | None = None,
) -> ScalingStudy:
    """Teach every candidate so many rows of each split, smaller draws being parts of larger ones, and ask the rest.

    Parameters
    ----------
    splitter, split
        What says which rows may teach and which are asked, and its name.
    sizes
        Numbers of rows that teach; None takes those of `default_sizes`.
    seed, known, keep
        As in `study_extrapolation`.

    Raises
    ------
    InvalidInputError
        If there are too few rows, or fewer than a size asks for.
    """
    distinct(data, [one.name for one in candidates])
    drawn = list(data.splits(split, splitter))
    most = min(len(teach) for teach, _ in drawn)
    asked = default_sizes(most) if sizes is None else tuple(sorted(set(sizes)))
    if asked[0] < LEAST_ROWS or asked[-1] > most:
        raise InvalidInputError(
            f"{asked[0] if asked[0] < LEAST_ROWS else asked[-1]} rows cannot teach: a model needs {LEAST_ROWS}, and "
            f"{most} may teach.", where="sizes", hint="Give others, or a table with more rows.",
        )  # fmt: skip

    def wanted() -> Iterator[tuple[tuple[str, str, int, int], Any]]:
        for k, (teach, ask) in enumerate(drawn):
            # Splitters need not mix the rows that teach.
            order = np.random.default_rng(seed + k).permutation(teach)
            for candidate in candidates:
                for size in asked:
                    key = (candidate.name, split, k, size)
                    yield key, partial(taught_and_asked, key, candidate, data, order[:size], ask, seed + k)

    runs = carry_out(wanted(), known, keep)
    laws = {one.name: _law_of([run for run in runs if run.model == one.name]) for one in candidates}
    known_noise = None if data.noise_variance is None else data.noise_variance[np.isfinite(data.noise_variance)]
    has_noise = known_noise is not None and known_noise.size > 0 and data.spread > 0
    noise = float(np.sqrt(known_noise.mean()) / data.spread) if has_noise else None  # type: ignore[union-attr]
    return ScalingStudy(runs, laws, noise)


def _law_of(runs: Sequence[Run]) -> PowerLaw | None:
    sizes = sorted({run.size for run in runs})
    repeats = sorted({run.repeat for run in runs})
    if len(sizes) < 3:
        return None
    errors = {(run.repeat, run.size): run.scores.relative_rmse for run in runs}
    table = np.array([[errors[k, size] for size in sizes] for k in repeats], dtype=float)
    return fit_power_law(np.array(sizes, dtype=float), table, rng=np.random.default_rng(0))
