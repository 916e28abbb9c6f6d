"""Strain: energies of a small molecule without charges, by MMFF94 where it has parameters, else by UFF."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdForceFieldHelpers

__all__ = ["Strain", "pair_energies"]

Floats = NDArray[np.float64]

_MINIMIZER_STEPS = 200
# A single bond between two sp carbons, which MMFF94's table lacks (its rule gives 1.54): 1.38 angstrom in diacetylene
# (doi:10.1246/bcsj.44.386), held by a stiffness in kcal/mol/angstrom2 that leaves the rest of the field no say.
_SP_BOND, _STIFF = 1.38, 20000.0
_SP_PAIR = Chem.MolFromSmarts("[CX2;^1]-!@[CX2;^1]")


class Strain:
    """The force field of one molecule with explicit hydrogens and conformers; energies in kcal/mol.

    Charges are left out: in a melt they are screened by everything around, and a lone piece would fold on itself.
    MMFF94: doi:10.1002/(SICI)1096-987X(199604)17:5/6<490::AID-JCC1>3.0.CO;2-P; UFF: doi:10.1021/ja00051a040.
    """

    def __init__(self, mol: Chem.Mol) -> None:
        self._mol = mol
        self._mmff = rdForceFieldHelpers.MMFFGetMoleculeProperties(mol)
        self._uff = self._mmff is None and rdForceFieldHelpers.UFFHasAllMoleculeParams(mol)

    def minimize(self, conformer: int) -> float:
        """Relax a conformer in place; return its energy (0 for a molecule that neither force field knows)."""
        if self._mmff is not None:
            self._mmff.SetMMFFEleTerm(False)
            field = rdForceFieldHelpers.MMFFGetMoleculeForceField(self._mol, self._mmff, confId=conformer)
            for first, second in self._mol.GetSubstructMatches(_SP_PAIR):
                field.MMFFAddDistanceConstraint(first, second, False, _SP_BOND, _SP_BOND, _STIFF)
        elif self._uff:
            field = rdForceFieldHelpers.UFFGetMoleculeForceField(self._mol, confId=conformer)
        else:
            return 0.0
        field.Minimize(maxIts=_MINIMIZER_STEPS)
        return float(field.CalcEnergy())

    def torsion_profile(self, shapes: Floats) -> Floats:
        """Return the torsion terms' energy of shapes, shape (k, n, 3) in angstrom; zeros where MMFF94 has none."""
        properties = rdForceFieldHelpers.MMFFGetMoleculeProperties(self._mol)
        if properties is None:
            return np.zeros(len(shapes))
        for term in ("Bond", "Angle", "StretchBend", "Oop", "VdW", "Ele"):
            getattr(properties, f"SetMMFF{term}Term")(False)
        field = rdForceFieldHelpers.MMFFGetMoleculeForceField(self._mol, properties)
        return np.array([field.CalcEnergy(shape.ravel().tolist()) for shape in shapes])

    def van_der_waals(self, count: int) -> tuple[Floats, Floats]:
        """Return minimum distances (angstrom) and well depths between two like atoms, for the first `count` atoms."""
        if self._mmff is not None:
            pairs = [self._mmff.GetMMFFVdWParams(i, i)[2:] for i in range(count)]
        elif self._uff:
            pairs = [rdForceFieldHelpers.GetUFFVdWParams(self._mol, i, i) for i in range(count)]
        else:
            table = Chem.GetPeriodicTable()
            pairs = [(2 * table.GetRvdw(self._mol.GetAtomWithIdx(i).GetAtomicNum()), 0.05) for i in range(count)]
        radius, well = np.array(pairs, dtype=np.float64).T
        return radius, well


def pair_energies(distances: Floats, radius: Floats, well: Floats) -> Floats:
    """Return MMFF94's buffered 14-7 van der Waals energy in kcal/mol; the arguments broadcast."""
    ratio = np.maximum(distances, 0.1) / radius
    energies: Floats = well * _seventh(1.07 / (ratio + 0.07)) * (1.12 / (_seventh(ratio) + 0.12) - 2.0)
    return energies


def _seventh(x: Floats) -> Floats:
    # Ten times faster than the general power.
    cube = x * x * x
    return cube * cube * x
