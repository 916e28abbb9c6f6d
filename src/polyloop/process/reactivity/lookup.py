"""The reactivity ratios of a pair: measured ones first, then what a model says of the structures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.process.reactivity.measurements import Measurement, known_pairs, shipped_measurements
from polyloop.process.reactivity.model import ReactivityModel, shipped_model
from polyloop.process.reactivity.monomers import canonical_monomer, describe_monomer
from polyloop.process.reactivity.q_e import q_e_ratios
from polyloop.process.reactivity.ratios import ReactivityRatios

__all__ = ["METHODS", "measured_ratios", "reactivity_ratios"]

METHODS = ("auto", "measured", "q-e", "model")


def measured_ratios(first: str, second: str, measurements: Sequence[Measurement]) -> ReactivityRatios | None:
    """Return the mean of a pair's measurements; None where there is none.

    The error is the scatter between laboratories over the root of their number.
    """
    pair = (canonical_monomer(first), canonical_monomer(second))
    own = [one for one in measurements if {one.first, one.second} == set(pair) and one.is_usable]
    if not own:
        return None
    known = known_pairs(own)
    (logs,), (n,) = known.log10_r, known.counts
    # Of one pair alone the scatter is badly known; that of the whole table holds.
    variance = known_pairs(measurements).scatter ** 2 / n
    details = "; ".join(dict.fromkeys(one.reference for one in own if one.reference)) or "the table given"
    found = ReactivityRatios.of_logs(logs, np.eye(2) * variance, "measured", details, int(n))
    return found if known.monomers[known.pairs[0, 0]] == pair[0] else found.exchanged


def reactivity_ratios(
    first: str,
    second: str,
    *,
    method: str = "auto",
    measurements: Sequence[Measurement] | None = None,
    model: ReactivityModel | None = None,
) -> ReactivityRatios:
    """Return the reactivity ratios of two monomers by SMILES.

    Parameters
    ----------
    method
        auto: measured ones, else the model. Or one of measured, q-e, model.
    measurements
        One's own, which come before the shipped ones.
    model
        One that was trained; the shipped one where left out.

    Raises
    ------
    InvalidInputError
        If a SMILES is no monomer, both are the same, or the method knows nothing of them.

    Examples
    --------
    >>> from polyloop.process.reactivity.lookup import reactivity_ratios
    >>> found = reactivity_ratios("C=Cc1ccccc1", "COC(=O)C(C)=C")
    >>> found.source, round(found.r1, 2), round(found.r2, 2)
    ('measured', 0.52, 0.46)
    """
    if method not in METHODS:
        raise InvalidInputError(f"There is no method {method!r}.", where="method", hint=f"Known: {', '.join(METHODS)}.")
    if describe_monomer(first).canonical == describe_monomer(second).canonical:
        raise InvalidInputError(
            f"{first} and {second} are the same monomer.", where="reactivity ratios", hint="Both of its ratios are 1."
        )
    if method == "q-e":
        return q_e_ratios(first, second)
    if method in ("auto", "measured"):
        for table in (measurements or (), shipped_measurements()):
            found = measured_ratios(first, second, table) if table else None
            if found is not None:
                return found
        if method == "measured":
            raise InvalidInputError(
                f"No measurement of {first} with {second} is known.", where="reactivity ratios",
                hint="Give a table of your own, or leave out --method measured.",
            )  # fmt: skip
    return (model or shipped_model()).predict([(first, second)])[0]
