"""Whether a sample is equilibrated and precise enough, by the criteria of a recipe, with the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.simulate.md.analysis.statistics import detect_equilibration, mean_with_error
from polyloop.simulate.md.protocols.recipes import Criterion

__all__ = ["Check", "Verdict", "judge"]

Floats = NDArray[np.float64]
# A drift within so many of its standard errors is noise; with two or three quantities, a false alarm in some 1 of 200.
_SIGNIFICANT = 3.0
_MOST_LEFT_OUT = 0.5


@dataclass(frozen=True)
class Check:
    """One criterion with its figures, in the unit of the series.

    Parameters
    ----------
    drift, allowed_drift
        Change over the sample by its straight line, and what is taken for none.
    target
        Standard error to be reached; None where there is no target.
    """

    quantity: str
    mean: float
    standard_error: float
    drift: float
    allowed_drift: float
    target: float | None

    @property
    def is_stationary(self) -> bool:
        """Whether the drift is within what is allowed."""
        return abs(self.drift) <= self.allowed_drift

    @property
    def is_precise(self) -> bool:
        """Whether the standard error meets its target."""
        return self.target is None or self.standard_error <= self.target

    def sentence(self) -> str:
        """Say what was found, with its figures."""
        text = (
            f"{self.quantity} {self.mean:.5g} +- {self.standard_error:.2g}, "
            f"drift {self.drift:+.2g} (allowed {self.allowed_drift:.2g})"
        )
        return text if self.target is None else f"{text}, target of the error {self.target:.2g}"


@dataclass(frozen=True)
class Verdict:
    """What became of the criteria.

    Parameters
    ----------
    start
        Fraction of the sample that was left out as not yet in equilibrium.
    """

    start: float
    checks: tuple[Check, ...]

    @property
    def is_equilibrated(self) -> bool:
        """Whether nothing drifts."""
        return all(check.is_stationary for check in self.checks)

    @property
    def is_precise(self) -> bool:
        """Whether every target of the standard error is met."""
        return all(check.is_precise for check in self.checks)

    def reason(self) -> str:
        """Say why it is not equilibrated, with all figures."""
        return "; ".join(check.sentence() for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {"left_out": round(self.start, 4), "checks": [asdict(check) for check in self.checks]}


def judge(criteria: Sequence[Criterion], series: Mapping[str, Floats], units: Mapping[str, float]) -> Verdict:
    """Judge a sample.

    Parameters
    ----------
    series
        Series of each criterion's quantity, shape (n_samples,) of its own; `density` is always among them, since the
        density says where equilibrium begins.
    units
        What limits of a quantity are multiples of; the series' mean where it is not named.

    Raises
    ------
    InvalidInputError
        For a series of fewer than ten samples or with numbers that are not finite.
    """
    density = series["density"]
    # Of a slow drift, only the very end would be left; whether it matters is for its limit to say.
    start = min(detect_equilibration(density).start / len(density), _MOST_LEFT_OUT)
    checks = []
    for criterion in criteria:
        kept = series[criterion.quantity][int(start * len(series[criterion.quantity])) :]
        overall, (drift, drift_error) = mean_with_error(kept), _drift(kept)
        unit = units.get(criterion.quantity, abs(overall.value))
        allowed = max(criterion.drift * unit, _SIGNIFICANT * drift_error)
        target = None if criterion.standard_error is None else criterion.standard_error * unit
        checks.append(Check(criterion.quantity, overall.value, overall.std, drift, allowed, target))
    return Verdict(start, tuple(checks))


def _drift(series: Floats) -> tuple[float, float]:
    """Change over the series by its straight line, and its standard error with the residuals' correlation counted."""
    time = np.linspace(-0.5, 0.5, len(series))
    slope = float(time @ series / (time @ time))
    # The slope of n samples over unit time is sqrt(n / sum(time^2)) times as uncertain as their mean.
    spread = float(np.sqrt(len(series) / (time @ time)))
    return slope, spread * mean_with_error(series - slope * time).std
