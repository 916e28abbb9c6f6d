"""The Q-e scheme of Alfrey and Price: reactivity ratios from two numbers of each monomer."""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib.resources import files

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.process.reactivity.monomers import canonical_monomer
from polyloop.process.reactivity.ratios import ReactivityRatios

__all__ = ["Q_E_REFERENCE", "q_e_ratios", "q_e_values"]

# Rounded values of Greenley, Polymer Handbook, 4th ed. (1999), II/309, ISBN 0-471-16628-6.
Q_E_REFERENCE = "Q and e of Greenley, Polymer Handbook, 4th ed. (1999), II/309"
# Root of the mean squared difference of log10 r to the shipped measured pairs, see docs/validation/reactivity.md.
_LOG10_STD = 0.76


@lru_cache(maxsize=1)
def q_e_values() -> dict[str, tuple[float, float]]:
    """Return Q and e by canonical SMILES."""
    text = files("polyloop.process").joinpath("tables", "q_e.csv").read_text(encoding="utf-8")
    return {
        canonical_monomer(row["smiles"]): (float(row["Q"]), float(row["e"]))
        for row in csv.DictReader(text.splitlines())
    }


def q_e_ratios(first: str, second: str) -> ReactivityRatios:
    """Return r1 = Q1/Q2 exp(-e1 (e1 - e2)) and r2 likewise.

    Raises
    ------
    InvalidInputError
        If a monomer is not in the table.

    References
    ----------
    Alfrey & Price (1947), doi:10.1002/pol.1947.120020112.
    """
    values = []
    for smiles in (first, second):
        known = q_e_values().get(canonical_monomer(smiles))
        if known is None:
            raise InvalidInputError(
                f"Q and e of {smiles} are not in the table.", where="reactivity ratios",
                hint="Leave out --method q-e: the model predicts the ratios from the structure.",
            )  # fmt: skip
        values.append(known)
    (q1, e1), (q2, e2) = values
    ratio = np.log10(q1 / q2)
    logs = (ratio - e1 * (e1 - e2) / np.log(10.0), -ratio - e2 * (e2 - e1) / np.log(10.0))
    return ReactivityRatios.of_logs(logs, np.eye(2) * _LOG10_STD**2, "q-e", Q_E_REFERENCE)
