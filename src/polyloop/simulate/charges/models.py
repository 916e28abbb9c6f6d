"""The charge methods: each from an oligomer to charges whose segments add up to their formal charges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rdkit.Chem import rdPartialCharges

from polyloop.chem import Geometry
from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.quantum.registry import electronic_structure, tight_binding
from polyloop.simulate.charges.bond_corrections import shipped_corrections
from polyloop.simulate.charges.oligomer import Oligomer
from polyloop.simulate.charges.registry import ChargeMethod
from polyloop.simulate.charges.resp import ChargeSum, Potential, fit_charges, resp_charges
from polyloop.simulate.charges.shells import merz_kollman_points

__all__ = [
    "ESP",
    "FAST",
    "GASTEIGER",
    "LEVEL",
    "RESP",
    "gasteiger_charges",
    "potential_around",
    "segments_made_whole",
    "unit_sums",
]

# The level that RESP was made for; its overpolarisation in the gas phase stands for that of the condensed phase.
# Elements beyond krypton, which 6-31G(d) lacks, take def2-SVP with its effective core potential.
_ELECTRONS, _TIGHT_BINDING = "pyscf", "tblite"
LEVEL = electronic_structure(_ELECTRONS).level("hf", "6-31g(d)", "def2-universal-jkfit")
POINT_DENSITY = 2.0  # points per angstrom2 of each shell
CONFORMERS = 1
# Elements that RDKit has Gasteiger parameters for.
_GASTEIGER = frozenset({"H", "B", "C", "N", "O", "F", "Al", "Si", "P", "S", "Cl", "Br", "I"})
Floats = NDArray[np.float64]


def potential_around(geometry: Geometry, density: float = POINT_DENSITY) -> Potential:
    """Return the Hartree-Fock potential of `geometry` on its Merz-Kollman shells.

    Raises
    ------
    EvaluationError
        ELEMENT, SCF or UNSUPPORTED, as `ground_state` and `merz_kollman_points`.
    """
    points = merz_kollman_points(geometry, density)
    engine = electronic_structure(_ELECTRONS)
    values = engine.electrostatic_potential(engine.ground_state(geometry, LEVEL), points)
    return Potential(geometry.coordinates, points, values, density)


def segments_made_whole(oligomer: Oligomer, charges: Floats) -> Floats:
    """Return charges (n_atoms,) with each segment's excess over its formal charge spread evenly over its atoms."""
    whole = charges.copy()
    for atoms, total in zip(oligomer.segments, oligomer.totals, strict=True):
        whole[atoms] += (total - whole[atoms].sum()) / len(atoms)
    return whole


def gasteiger_charges(oligomer: Oligomer) -> Floats:
    """Return Gasteiger's charges of the oligomer as it is, shape (n_atoms,) (doi:10.1016/0040-4020(80)80168-2).

    Raises
    ------
    EvaluationError
        ELEMENT for an element without parameters.
    """
    try:
        rdPartialCharges.ComputeGasteigerCharges(oligomer.mol, throwOnParamFailure=True)
    except ValueError as error:
        symbols = {atom.GetSymbol() for atom in oligomer.mol.GetAtoms()}
        unknown = ", ".join(sorted(symbols - _GASTEIGER) or sorted(symbols))
        raise EvaluationError(
            FailureCode.ELEMENT, "charges", f"Gasteiger's model has no parameters for {unknown} as bonded here.",
            hint="Use fast or resp charges.",
        ) from error  # fmt: skip
    atoms = (oligomer.mol.GetAtomWithIdx(int(index)) for index in oligomer.order)
    return np.array([atom.GetDoubleProp("_GasteigerCharge") for atom in atoms])


def unit_sums(oligomer: Oligomer) -> list[ChargeSum]:
    """The middle unit has its formal charge, and so has the whole; what its neighbours draw from the caps is free."""
    everything = np.concatenate(oligomer.segments)
    return [ChargeSum(oligomer.middle, oligomer.unit_charge), ChargeSum(everything, sum(oligomer.totals))]


def _resp(oligomer: Oligomer, seed: int) -> Floats:
    potentials = [potential_around(geometry) for geometry in oligomer.conformers(seed, CONFORMERS)]
    bonds = [(int(i), int(j)) for i, j in oligomer.chain.bonds]
    return resp_charges(potentials, oligomer.chain.numbers, bonds, unit_sums(oligomer), classes=oligomer.classes)


def _esp(oligomer: Oligomer, seed: int) -> Floats:
    potentials = [potential_around(geometry) for geometry in oligomer.conformers(seed, CONFORMERS)]
    return fit_charges(potentials, unit_sums(oligomer))


def _gasteiger(oligomer: Oligomer, seed: int) -> Floats:
    del seed  # the bonds alone decide
    return segments_made_whole(oligomer, gasteiger_charges(oligomer))


def _fast(oligomer: Oligomer, seed: int) -> Floats:
    (geometry,) = oligomer.conformers(seed, 1)
    charges = tight_binding(_TIGHT_BINDING).single_point(geometry).charges
    moved = shipped_corrections()(oligomer.chain.numbers, oligomer.chain.bonds)
    return segments_made_whole(oligomer, charges + moved)


RESP = ChargeMethod(
    _resp, "Restrained fit to the Hartree-Fock potential, equivalent atoms alike.", largest=60, takes_minutes=True
)
ESP = ChargeMethod(_esp, "Fit to the Hartree-Fock potential without restraint.", largest=60, takes_minutes=True)
FAST = ChargeMethod(_fast, "GFN2-xTB charges, moved along bonds by fitted amounts.", largest=200)
GASTEIGER = ChargeMethod(_gasteiger, "Electronegativities equalised along the bonds.")
