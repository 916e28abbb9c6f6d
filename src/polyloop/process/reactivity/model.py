"""Reactivity ratios from the structures of both monomers, with error bars; trained from a table, kept in a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError, write_atomically
from polyloop.process.reactivity.covariance import pair_terms, self_terms
from polyloop.process.reactivity.electrons import ELECTRONIC_COLUMNS
from polyloop.process.reactivity.measurements import Measurement, PairValues, known_pairs, shipped_measurements
from polyloop.process.reactivity.monomers import (
    MonomerDescription,
    describe_monomer,
    electronic_kernel,
    environment_kernel,
    molecule_kernel,
)
from polyloop.process.reactivity.pair_process import PairProcess, fit_weights, outlier_counts
from polyloop.process.reactivity.ratios import ReactivityRatios

__all__ = ["ReactivityModel", "shipped_model"]

Array = NDArray[np.float64]

# The second format has what quantum chemistry says of the monomers.
_FILE, _FORMATS = "reactivity.json", (1, 2)
_SIGNS = (1.0, -1.0)
# The weights of five terms, or nine, are settled by this many pairs, evenly out of all, whose order is that of their
# names; the predictions are made from all.
_FITTED = 700


@dataclass(frozen=True)
class ReactivityModel:
    """Two Gaussian processes over pairs: of log10 r1 r2, and of log10 r1/r2.

    Parameters
    ----------
    known
        The pairs that it learnt from.
    monomers
        Descriptions of theirs.
    counts
        Effective numbers of measurements by symmetry, shape (2, n).
    processes
        By symmetry.
    source
        What it learnt from, in words.
    """

    known: PairValues
    monomers: tuple[MonomerDescription, ...]
    counts: Array
    processes: tuple[PairProcess, PairProcess]
    source: str

    @classmethod
    def fit(
        cls, measurements: Iterable[Measurement] | PairValues, source: str = "table", *, robust: bool = True,
        electrons: bool = False, monomers: Sequence[MonomerDescription] | None = None,
    ) -> ReactivityModel:  # fmt: skip
        """Learn from measurements.

        Parameters
        ----------
        robust
            Whether values that contradict all others count less.
        electrons
            Whether monomers are described by quantum chemistry too, which takes seconds for each that is new.
        monomers
            Descriptions of the known pairs' monomers, where they are at hand.

        Raises
        ------
        InvalidInputError
            If fewer than five pairs are usable.
        UnsupportedChemistryError
            If a monomer has no double bond.
        """
        known = measurements if isinstance(measurements, PairValues) else known_pairs(measurements)
        if len(known.pairs) < 5:
            raise InvalidInputError(
                f"There are {len(known.pairs)} usable pairs.", where="reactivity ratios", hint="Give at least five."
            )
        described = tuple(monomers or (describe_monomer(name, electrons=electrons) for name in known.monomers))
        weights, counts = [], []
        few = np.unique(np.linspace(0, len(known.pairs) - 1, min(len(known.pairs), _FITTED)).astype(int))
        for terms, values, mean in _problems(known, described):
            fitted = fit_weights(terms[:, few[:, None], few], values[few], known.counts[few], mean)
            process = PairProcess.of(terms, values, known.counts, mean, fitted)
            weights.append(fitted)
            counts.append(outlier_counts(process, known.counts) if robust else known.counts)
        return cls.of_weights(known, described, np.array(counts), np.array(weights), source)

    @classmethod
    def of_weights(
        cls, known: PairValues, monomers: tuple[MonomerDescription, ...], counts: Array, weights: Array, source: str
    ) -> ReactivityModel:
        """Condition on known pairs with weights (2, n_terms + 2) that were fitted before."""
        first, second = (
            PairProcess.of(terms, values, own, mean, weight)
            for (terms, values, mean), own, weight in zip(_problems(known, monomers), counts, weights, strict=True)
        )
        return cls(known, monomers, counts, (first, second), source)

    @property
    def knows_electrons(self) -> bool:
        """Whether it reads what quantum chemistry says of monomers."""
        return all(one.electrons is not None for one in self.monomers)

    def predict(self, pairs: Sequence[tuple[str, str]]) -> list[ReactivityRatios]:
        """Return the ratios of pairs of SMILES; the error is that of one new measurement.

        Raises
        ------
        InvalidInputError
            If a SMILES cannot be read, has no double bond, or both monomers of a pair are the same.
        """
        described = {
            smiles: describe_monomer(smiles, electrons=self.knows_electrons) for pair in pairs for smiles in pair
        }
        names = list(described)
        for first, second in pairs:
            if described[first].canonical == described[second].canonical:
                raise InvalidInputError(
                    f"{first} and {second} are the same monomer.", where="reactivity ratios",
                    hint="Both of its ratios are 1.",
                )  # fmt: skip
        index = {name: place for place, name in enumerate(names)}
        asked = np.array([[index[first], index[second]] for first, second in pairs])
        means, variances = self.assess([described[name] for name in names], asked)
        unknown = {smiles for smiles, one in described.items() if one.lacks_electrons}
        details = [
            "; ".join(
                [self.source, *(f"GFN2-xTB failed on {smiles}" for smiles in dict.fromkeys(pair) if smiles in unknown)]
            )
            for pair in pairs
        ]
        return [
            ReactivityRatios.of_logs(mean, covariance, "model", detail)
            for mean, covariance, detail in zip(means, variances, details, strict=True)
        ]

    def assess(self, monomers: Sequence[MonomerDescription], pairs: NDArray[np.int64]) -> tuple[Array, Array]:
        """Return mean (k, 2) and covariance (k, 2, 2) of log10 r1, log10 r2 of one new measurement of pairs (k, 2)."""
        across = _kernels(monomers, self.monomers, self.monomers)
        among = _kernels(monomers, monomers, self.monomers)
        halves = []
        for process, sign in zip(self.processes, _SIGNS, strict=True):
            mean, variance = process.predict(
                pair_terms(across, pairs, self.known.pairs, sign), self_terms(among, pairs, sign)
            )
            halves.append((mean, variance + process.weights[-2] + process.weights[-1]))
        (total, total_variance), (difference, difference_variance) = halves
        means = np.stack([total + difference, total - difference], axis=1) / 2
        own, shared = (total_variance + difference_variance) / 4, (total_variance - difference_variance) / 4
        covariance = np.stack([np.stack([own, shared], -1), np.stack([shared, own], -1)], -1)
        return means, covariance

    def save(self, folder: Path) -> None:
        """Write `reactivity.json` into a folder, which is made if absent."""
        folder.mkdir(parents=True, exist_ok=True)
        content: dict[str, Any] = {
            "format": _FORMATS[self.knows_electrons],
            "source": self.source,
            "monomers": list(self.known.monomers),
            "pairs": self.known.pairs.tolist(),
            "log10_r": self.known.log10_r.tolist(),
            "counts": self.known.counts.tolist(),
            "scatter": self.known.scatter,
            "effective_counts": self.counts.tolist(),
            "weights": [process.weights.tolist() for process in self.processes],
        }
        if self.knows_electrons:
            rows = np.array([one.electrons for one in self.monomers])
            content["electrons"] = [None if np.isnan(row).any() else row.tolist() for row in rows]
        write_atomically(folder / _FILE, json.dumps(content).encode())

    @classmethod
    def load(cls, folder: Path) -> ReactivityModel:
        """Read what `save` wrote.

        Raises
        ------
        InvalidInputError
            If there is no such model.
        """
        path = folder / _FILE
        hint = "Train one: polyloop process reactivity-train TABLE -o FOLDER."
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            known = PairValues(
                tuple(content["monomers"]), np.array(content["pairs"], dtype=np.int64),
                np.array(content["log10_r"]), np.array(content["counts"]), float(content["scatter"]),
            )  # fmt: skip
            weights, counts = np.array(content["weights"]), np.array(content["effective_counts"])
            right = content["format"] in _FORMATS
            unknown = [np.nan] * len(ELECTRONIC_COLUMNS)
            electrons = np.array([row or unknown for row in content.get("electrons", [])], dtype=np.float64)
            if electrons.size and electrons.shape != (len(known.monomers), len(unknown)):
                raise ValueError("electrons of other monomers")
        except FileNotFoundError as error:
            raise InvalidInputError("There is no model of reactivity ratios.", where=str(folder), hint=hint) from error
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInputError("The model cannot be read.", where=str(path), hint=hint) from error
        if not right:
            raise InvalidInputError("The model is of another version.", where=str(path), hint=hint)
        monomers = tuple(describe_monomer(name) for name in known.monomers)
        if electrons.size:
            pairs = zip(monomers, electrons, strict=True)
            monomers = tuple(replace(one, electrons=row) for one, row in pairs)
        return cls.of_weights(known, monomers, counts, weights, str(content["source"]))


def _kernels(
    rows: Sequence[MonomerDescription], columns: Sequence[MonomerDescription], reference: Sequence[MonomerDescription]
) -> list[Array]:
    kernels = [environment_kernel(rows, columns), molecule_kernel(rows, columns, reference)]
    if all(one.electrons is not None for one in reference):
        kernels.append(electronic_kernel(rows, columns, reference))
    return kernels


def _problems(known: PairValues, monomers: Sequence[MonomerDescription]) -> list[tuple[Array, Array, float]]:
    """Return terms, values and prior mean by symmetry. A difference has no mean: its sign is one of order."""
    kernels = _kernels(monomers, monomers, monomers)
    total, difference = known.log10_r.sum(axis=1), known.log10_r[:, 0] - known.log10_r[:, 1]
    return [
        (pair_terms(kernels, known.pairs, known.pairs, 1.0), total, float(total.mean())),
        (pair_terms(kernels, known.pairs, known.pairs, -1.0), difference, 0.0),
    ]


@lru_cache(maxsize=1)
def shipped_model() -> ReactivityModel:
    """Return the model of the pairs that come with polyloop."""
    return ReactivityModel.fit(shipped_measurements(), "the shipped table of well-known pairs")
