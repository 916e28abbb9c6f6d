"""A model of a process from its experiments: chosen by cross-validation, kept in a folder, with error bars."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, KFold

from polyloop.core import InvalidInputError, write_atomically
from polyloop.learn import make_surrogate
from polyloop.learn.surrogate import Surrogate, take
from polyloop.process.experiments import FEATURE_SETS, Experiments, describe_experiments

__all__ = ["MODELS", "Candidate", "ExperimentModel", "choose", "cross_validate"]

Array = NDArray[np.float64]

# As published for copolymerisation in flow, and a Gaussian process: doi:10.1039/D2DD00144F.
MODELS = ("nusvr", "random_forest", "pls", "product_gp")
_FILE, _FORMAT = "experiments.json", 1


@dataclass(frozen=True)
class Candidate:
    """A set of features with a model."""

    features: str
    model: str

    def blocks(self, experiments: Experiments, logs: Sequence[bool]) -> dict[str, Any]:
        """Return the features of experiments."""
        return describe_experiments(experiments, self.features, logs)


def above_zero(experiments: Experiments) -> list[bool]:
    """Return which process variables are above 0 in all experiments, shape (d,)."""
    return [bool((column > 0).all()) for column in experiments.variables.T]


def _fitted(candidate: Candidate, blocks: dict[str, Any], y: Array, seed: int) -> Surrogate:
    return make_surrogate(candidate.model, seed=seed).fit(blocks, y)


def splits(
    n: int, folds: int, groups: Sequence[str] | None, seed: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return rows that teach and rows that are asked; with groups, whole ones are asked."""
    if groups is None:
        return list(KFold(folds, shuffle=True, random_state=seed).split(np.zeros(n)))
    count = len(set(groups))
    if count < 2:
        raise InvalidInputError("There is one group, and none can be left out.", where="groups")
    return list(GroupKFold(min(folds, count), shuffle=True, random_state=seed).split(np.zeros(n), groups=list(groups)))


def cross_validate(
    experiments: Experiments, candidate: Candidate, parts: Sequence[tuple[Any, Any]], *, seed: int = 0
) -> tuple[Array, Array]:
    """Return what is said of each experiment by the model that did not learn it, and its deviation, shape (n,) each."""
    y = _residual(experiments)
    blocks = candidate.blocks(experiments, above_zero(experiments))
    mean, std = np.full(len(y), np.nan), np.full(len(y), np.nan)
    for teach, ask in parts:
        said = _fitted(candidate, take(blocks, teach), y[teach], seed).predict(take(blocks, ask))
        mean[ask], std[ask] = said.mean, np.hypot(said.std, said.noise_std)
    return mean + _baseline(experiments), std


def choose(
    experiments: Experiments, candidates: Sequence[Candidate], *, groups: Sequence[str] | None, folds: int = 3,
    seed: int = 0,
) -> tuple[Candidate, dict[str, float]]:  # fmt: skip
    """Return the candidate of least squared error in a cross-validation, and the root of it for each."""
    y = _target(experiments)
    parts = splits(len(y), folds, groups, seed)
    errors: dict[str, float] = {}
    for one in candidates:
        mean, _ = cross_validate(experiments, one, parts, seed=seed)
        errors[f"{one.features} {one.model}"] = float(np.sqrt(np.mean((mean - y) ** 2)))
    best = min(candidates, key=lambda one: errors[f"{one.features} {one.model}"])
    return best, errors


def _target(experiments: Experiments) -> Array:
    if experiments.target is None:
        raise InvalidInputError("The experiments have no measured value.", where="target", hint="Name its column.")
    return experiments.target


def _baseline(experiments: Experiments) -> Array:
    return np.zeros(len(experiments)) if experiments.baseline is None else experiments.baseline


def _residual(experiments: Experiments) -> Array:
    return _target(experiments) - _baseline(experiments)


@dataclass(frozen=True)
class ExperimentModel:
    """A model with the experiments that it learnt from.

    Parameters
    ----------
    errors
        Root mean squared errors of all candidates in the cross-validation that chose this one.
    """

    candidate: Candidate
    experiments: Experiments
    target_name: str
    errors: dict[str, float]
    surrogate: Surrogate
    baseline_name: str | None = None

    @classmethod
    def fit(
        cls, experiments: Experiments, target_name: str, *, features: Sequence[str] = ("A",),
        models: Sequence[str] = MODELS, groups: Sequence[str] | None = None, seed: int = 0,
        baseline_name: str | None = None,
    ) -> ExperimentModel:  # fmt: skip
        """Choose among all features and models, and learn from all experiments.

        Parameters
        ----------
        groups
            A name for each experiment; whole groups are left out in the choice, as is right where the model will be
            asked for a molecule that it has not seen.

        Raises
        ------
        InvalidInputError
            If there are fewer than ten experiments, or a set of features or a model is unknown.
        """
        if len(experiments) < 10:
            raise InvalidInputError(f"{len(experiments)} experiments are too few.", where="table", hint="Give ten.")
        unknown = [name for name in features if name not in FEATURE_SETS]
        if unknown or not features or not models:
            raise InvalidInputError(
                f"There are no features {', '.join(unknown) or '(none given)'}.", where="features",
                hint=f"Known: {', '.join(FEATURE_SETS)}.",
            )  # fmt: skip
        candidates = [Candidate(one, model) for one in features for model in models]
        best, errors = choose(experiments, candidates, groups=groups, seed=seed)
        return cls.of(best, experiments, target_name, errors, seed, baseline_name)

    @classmethod
    def of(
        cls, candidate: Candidate, experiments: Experiments, target_name: str, errors: dict[str, float], seed: int = 0,
        baseline_name: str | None = None,
    ) -> ExperimentModel:  # fmt: skip
        """Learn with one candidate."""
        blocks = candidate.blocks(experiments, above_zero(experiments))
        fitted = _fitted(candidate, blocks, _residual(experiments), seed)
        return cls(candidate, experiments, target_name, errors, fitted, baseline_name)

    def predict(self, experiments: Experiments) -> tuple[Array, Array]:
        """Return mean and standard deviation of one new measurement of experiments, shape (n,) each.

        Raises
        ------
        InvalidInputError
            If their variables or molecules are not those that it learnt from.
        """
        known = self.experiments
        if experiments.names != known.names or set(experiments.molecules) != set(known.molecules):
            raise InvalidInputError(
                f"The model was taught {', '.join([*known.names, *known.molecules])}.", where="experiments",
                hint="Give these columns.",
            )  # fmt: skip
        if (experiments.baseline is None) != (known.baseline is None):
            raise InvalidInputError(
                "The model has learnt what a simulation leaves over." if known.baseline is not None else
                "The model has learnt without a simulation.", where="experiments",
                hint=f"Give the column {self.baseline_name}." if self.baseline_name else "Leave the baseline out.",
            )  # fmt: skip
        said = self.surrogate.predict(self.candidate.blocks(experiments, above_zero(known)))
        return said.mean + _baseline(experiments), np.hypot(said.std, said.noise_std)

    def save(self, folder: Path) -> None:
        """Write `experiments.json` into a folder: the experiments and the choice, from which it is learnt again."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "format": _FORMAT,
            "candidate": asdict(self.candidate),
            "target": self.target_name,
            "errors": self.errors,
            "names": list(self.experiments.names),
            "variables": self.experiments.variables.tolist(),
            "molecules": {column: list(texts) for column, texts in self.experiments.molecules.items()},
            "values": _target(self.experiments).tolist(),
            "baseline": None if self.experiments.baseline is None else self.experiments.baseline.tolist(),
            "baseline_name": self.baseline_name,
        }
        write_atomically(folder / _FILE, json.dumps(content).encode())

    @classmethod
    def load(cls, folder: Path) -> ExperimentModel:
        """Read what `save` wrote.

        Raises
        ------
        InvalidInputError
            If there is no such model.
        """
        path = folder / _FILE
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != _FORMAT:
                raise ValueError("format")
            experiments = Experiments(
                tuple(content["names"]),
                np.array(content["variables"], dtype=float),
                {column: tuple(texts) for column, texts in content["molecules"].items()},
                np.array(content["values"], dtype=float),
                None if content["baseline"] is None else np.array(content["baseline"], dtype=float),
            )
            candidate = Candidate(**content["candidate"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InvalidInputError(
                "There is no readable model of experiments.", where=str(folder),
                hint="Make one: polyloop process fit TABLE -o FOLDER.",
            ) from error  # fmt: skip
        return cls.of(
            candidate, experiments, str(content["target"]), dict(content["errors"]),
            baseline_name=content["baseline_name"],
        )  # fmt: skip
