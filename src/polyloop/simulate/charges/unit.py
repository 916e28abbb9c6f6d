"""Charges of repeat units and of chains: every unit neutral, or of its integer formal charge, at any length."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Chain, ChainUnit, Polymer
from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.simulate.charges.equivalence import equivalence_classes
from polyloop.simulate.charges.oligomer import Oligomer
from polyloop.simulate.charges.registry import CHARGES
from polyloop.simulate.optics.oligomers import reframe

__all__ = ["UnitCharges", "chain_charges", "unit_charges"]

# A neighbour of its own kind on either side matters most to small units and costs least there.
LARGEST_TRIMER = 24  # heavy atoms in three units
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class UnitCharges:
    """Partial charges in e of a repeat unit inside a chain and of the methyl caps (C, H, H, H) at its ends.

    `unit`, shape (m,), adds up to the unit's formal charge; `head_cap` and `tail_cap`, shape (4,), to zero.
    """

    unit: Floats
    head_cap: Floats
    tail_cap: Floats


def unit_charges(unit: ChainUnit, method: str = "resp", seed: int = 0) -> UnitCharges:
    """Return the charges of `unit` inside a chain of its kind, from a short methyl-capped oligomer.

    Small units are the middle one of three, others stand alone between the caps. Results are kept for the life of the
    process.

    Parameters
    ----------
    method
        A name in `CHARGES`.
    seed
        Seed of the conformer search.

    Raises
    ------
    InvalidInputError
        For an unknown method.
    EvaluationError
        SIZE for a unit too large for the method's quantum chemistry; ELEMENT where the method has no
        parameters; CONFORMER, GEOMETRY, SCF or UNSUPPORTED from the engines.
    """
    if method not in CHARGES:
        raise InvalidInputError(f"There is no charge method {method!r}.", where="method",
                                hint=f"Known: {', '.join(CHARGES)}.")  # fmt: skip
    return _unit_charges(unit.polymer.smiles, method, seed)


def chain_charges(chain: Chain, method: str = "resp", seed: int = 0) -> Floats:
    """Return partial charges in e, shape (n_atoms,); each unit adds up to its formal charge and each cap to zero.

    A unit has the same charges wherever it stands: those among neighbours of its own kind, in copolymers too.

    Parameters
    ----------
    method, seed
        As in `unit_charges`.

    Raises
    ------
    InvalidInputError, EvaluationError
        As `unit_charges`.
    """
    kinds = {kind: unit_charges(chain.units[kind], method, seed) for kind in {int(k) for k in chain.sequence}}
    along = [kinds[int(kind)] for kind in chain.sequence]
    return np.concatenate([along[0].head_cap, *(charges.unit for charges in along), along[-1].tail_cap])


@lru_cache(maxsize=4096)
def _unit_charges(smiles: str, method: str, seed: int) -> UnitCharges:
    written = ChainUnit.of(Polymer(smiles))
    framed = ChainUnit.of(reframe(written.polymer)[0])
    oligomer = _oligomer(framed, method)
    charges = CHARGES.find(method).charges(oligomer, seed)
    head_cap, *_, tail_cap = oligomer.segments
    unit = _carried_over(charges[oligomer.middle], framed, written)
    parts = [unit, *(charges[cap] - charges[cap].mean() for cap in (head_cap, tail_cap))]
    for part in parts:
        part.setflags(write=False)
    return UnitCharges(*parts)


def _oligomer(unit: ChainUnit, method: str) -> Oligomer:
    heavy = int((unit.numbers != 1).sum())
    degree = 3 if 3 * heavy <= LARGEST_TRIMER else 1
    largest = CHARGES.find(method).largest
    if not CHARGES.find(method).takes(heavy + 2):
        fitting = [name for name, other in CHARGES.items() if other.takes(heavy + 2)]
        raise EvaluationError(
            FailureCode.SIZE,
            "charges",
            f"The capped unit has {heavy + 2} heavy atoms; {method} charges take at most {largest}.",
            hint=f"Use {' or '.join(fitting)} charges.",
        )
    return Oligomer.of(unit, degree)


def _carried_over(charges: Floats, source: ChainUnit, target: ChainUnit) -> Floats:
    """Charges (m,) for another way of cutting the same chain into units: atoms that are alike in it have the same."""
    numbers = np.concatenate([source.numbers, target.numbers])
    bonds = [(int(i), int(j)) for i, j in (*source.bonds, (source.tail, source.head))]
    bonds += [
        (int(i) + source.n_atoms, int(j) + source.n_atoms) for i, j in (*target.bonds, (target.tail, target.head))
    ]
    classes = equivalence_classes(numbers, bonds)
    count = np.bincount(classes[: source.n_atoms])
    mean = np.bincount(classes[: source.n_atoms], charges) / np.maximum(count, 1)
    return mean[classes[source.n_atoms :]]
