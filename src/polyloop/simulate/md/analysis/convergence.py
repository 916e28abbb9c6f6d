"""Equilibrium tests: RadonPy's thresholds as data, and a statistical test of drift, samples and precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.simulate.md.analysis.statistics import (
    as_series,
    detect_equilibration,
    mean_with_error,
    statistical_inefficiency,
)

__all__ = [
    "RADONPY_CRITERIA",
    "Check",
    "Convergence",
    "Criterion",
    "radonpy_test",
    "running_mean_deviation",
    "statistical_test",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Criterion:
    """A threshold for the deviation of a running mean: relative to the mean's magnitude, or absolute in `unit`."""

    column: str
    threshold: float
    unit: str = ""

    @property
    def relative(self) -> bool:
        """Whether the threshold is a fraction of the mean."""
        return not self.unit


# RadonPy 0.2.11, `Analyze.check_eq`, for cells of some 10,000 atoms. The absolute 30 kJ/mol of the box for the van der
# Waals energy is 7.17 kcal/mol. Its 0.1 % of the reciprocal-space energy has no counterpart: our engines do not split
# the Coulomb energy.
RADONPY_CRITERIA = (
    Criterion("total_energy", 0.0005),
    Criterion("kinetic_energy", 0.0005),
    Criterion("bond", 0.001),
    Criterion("angle", 0.001),
    Criterion("dihedral", 0.002),
    Criterion("lennard_jones", 30.0 / 4.184, "kcal/mol"),
    Criterion("density", 0.001),
    Criterion("radius_of_gyration", 0.01),
)


@dataclass(frozen=True)
class Check:
    """One test: the quantity, what was measured and its figure, the threshold, and whether it passed."""

    quantity: str
    measure: str
    figure: float
    threshold: float
    passed: bool

    def __str__(self) -> str:
        sign = "meets" if self.passed else "fails"
        return f"{self.quantity}: {self.measure} {self.figure:.3g} {sign} {self.threshold:.3g}"


@dataclass(frozen=True)
class Convergence:
    """The outcome of an equilibrium test: every figure, kept also where it passed."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)

    def error(self, stage: str, extensions: int) -> EvaluationError:
        """Return the error of a run that is not in equilibrium after `extensions` extensions, with its figures."""
        figures = "; ".join(str(check) for check in self.failures)
        return EvaluationError(
            FailureCode.NOT_EQUILIBRATED,
            stage,
            f"Not in equilibrium after {extensions} extensions. {figures}.",
            hint="Allow more extensions, start from a higher annealing temperature, or build from another seed.",
        )


def running_mean_deviation(series: object, window: int) -> Floats:
    """Return the standard deviation over the last `window` samples of the running mean over `window` samples.

    (..., n) -> (...); the series must hold two windows, or the first means would rest on fewer samples.
    """
    samples = as_series(series)
    if samples.shape[-1] < 2 * window - 1:
        raise InvalidInputError(
            f"{samples.shape[-1]} samples hold no two windows of {window}.", mend="Run longer, or shorten the window."
        )
    tail = samples[..., samples.shape[-1] - (2 * window - 1) :]
    start = np.mean(tail[..., :window], axis=-1)
    # The sum of changes, not of samples: energies are large against their fluctuations.
    change = np.cumsum(tail[..., window:] - tail[..., :-window], axis=-1) / window
    running = np.concatenate([np.zeros((*start.shape, 1)), change], axis=-1)
    deviation: Floats = running.std(axis=-1)
    return deviation


def radonpy_test(
    samples: Mapping[str, Floats], window: int = 2000, criteria: Sequence[Criterion] = RADONPY_CRITERIA
) -> Convergence:
    """Test as RadonPy does: the running mean of each quantity must stand still.

    Parameters
    ----------
    samples
        Columns of a stage, shape (n,), and `radius_of_gyration`, shape (n, chains). `total_energy` is made of the
        potential and kinetic energy where it is not there. Criteria of columns that are not given are left out.
    window
        Samples of the running mean and of the stretch that is tested; RadonPy takes 2 ns for both, at 1 ps.

    Raises
    ------
    InvalidInputError
        If no criterion applies, or there are fewer than two windows of samples.

    References
    ----------
    doi:10.1038/s41524-022-00906-4 (Hayashi et al. 2022)
    """
    columns = dict(samples)
    if "total_energy" not in columns and {"potential_energy", "kinetic_energy"} <= columns.keys():
        columns["total_energy"] = columns["potential_energy"] + columns["kinetic_energy"]
    checks = []
    for criterion in (one for one in criteria if one.column in columns):
        series = as_series(np.atleast_2d(np.asarray(columns[criterion.column]).T), criterion.column)
        mean = np.abs(series[:, -window:].mean(axis=-1))
        deviation = running_mean_deviation(series, window)
        figure = float(np.max(deviation / mean if criterion.relative else deviation))
        measure = f"deviation of the running mean ({'relative' if criterion.relative else criterion.unit})"
        # Written so that a figure that is no number fails.
        checks.append(Check(criterion.column, measure, figure, criterion.threshold, figure <= criterion.threshold))
    if not checks:
        raise InvalidInputError("None of the criteria's columns is there.", mend=f"Given: {', '.join(columns)}.")
    return Convergence(tuple(checks))


def statistical_test(
    samples: Mapping[str, Floats],
    precision: Mapping[str, float] | None = None,
    effective: float = 20.0,
    drift: float = 3.0,
) -> Convergence:
    """Test by the statistics of correlated samples.

    The stationary part of each series must be at least half of it (a steady drift leaves a short tail) and hold
    `effective` effective samples; the change over it by its straight line must be at most `drift` standard errors, with
    the correlation of the residuals counted; where a precision is given, its relative standard error must be at most
    that.

    Parameters
    ----------
    samples
        Series by name, shape (n,).
    precision
        Target of the relative standard error, by name, e.g. {"density": 0.001}.

    References
    ----------
    Stationary part: doi:10.1021/acs.jctc.5b00784 (Chodera 2016)
    """
    targets = dict(precision or {})
    unknown = targets.keys() - samples.keys()
    if unknown or not samples:
        raise InvalidInputError(f"There is no series to test for {', '.join(sorted(unknown)) or 'equilibrium'}.")
    checks = []
    for name, column in samples.items():
        series = as_series(column, name)
        found = detect_equilibration(series)
        kept = series[found.start :]
        share, count = len(kept) / len(series), found.n_effective
        checks.append(Check(name, "stationary share", share, 0.5, share >= 0.5))
        checks.append(Check(name, "effective samples", count, effective, count >= effective))
        z = _drift(kept)
        checks.append(Check(name, "drift in standard errors", z, drift, z <= drift))
        if name in targets:
            mean = mean_with_error(kept)
            relative = mean.std / abs(mean.value) if mean.value else np.inf
            checks.append(Check(name, "relative standard error", relative, targets[name], relative <= targets[name]))
    return Convergence(tuple(checks))


def _drift(series: Floats) -> float:
    """Change over the series by its straight line, in standard errors of correlated residuals."""
    n = len(series)
    time = np.linspace(-0.5, 0.5, n)
    slope = float(time @ series / (time @ time))
    residuals = series - series.mean() - slope * time
    if np.ptp(series) == 0.0:
        return 0.0
    variance = float(residuals.var()) * float(statistical_inefficiency(residuals)) / float(time @ time)
    return abs(slope) / float(np.sqrt(variance)) if variance > 0.0 else np.inf
