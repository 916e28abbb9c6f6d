"""What GFN2-xTB says of a monomer and of the chain end that it becomes: polarity and stability, in nine numbers."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from polyloop.core import EvaluationError, content_key, user_cache, write_atomically

if TYPE_CHECKING:
    from rdkit import Chem

__all__ = ["ELECTRONIC_COLUMNS", "electronic_description"]

Array = NDArray[np.float64]

ELECTRONIC_COLUMNS = {
    "homo": "eV",
    "lumo": "eV",
    "dipole_moment": "D",
    "charge_of_attacked_group": "e",
    "charge_of_other_group": "e",
    "bond_order": "1",
    "hydride_removal_energy": "eV",
    "proton_removal_energy": "eV",
    "addition_energy": "eV",
}
"""The numbers, with their units."""

# Another way to compute them is another version.
_VERSION = 1
_SEED, _STARTS = 0, 8


def electronic_description(canonical: str, bond: tuple[int, int]) -> Array:
    """Return the numbers of a monomer (canonical SMILES), shape (9,); NaN throughout where one cannot be computed.

    `bond` are the atoms of the double bond that polymerises, the one that radicals attack first.

    Of the monomer: frontier orbitals, dipole moment, Mulliken charges of the two groups CHn of its double bond, and the
    Wiberg order of the bond. Of the monomer with methane added to it, which is a chain end with a hydrogen in the place
    of the radical: the energies of taking that hydrogen away as H- and as H+ at its geometry, and its energy less the
    monomer's. Half the difference of the first two is, but for a constant, the radical's electronegativity as Mulliken
    defines it (doi:10.1063/1.1749394), for which closed shells alone need be computed. Energies of the atoms taken away
    or added are left in.

    Each molecule is the lowest of eight starts by MMFF94, relaxed by GFN2-xTB (doi:10.1021/acs.jctc.8b01176); it takes
    seconds, and is kept in the user's cache.
    """
    from rdkit import rdBase

    from polyloop.engines.quantum.registry import tight_binding_descriptors

    versions = {"rdkit": rdBase.rdkitVersion, **tight_binding_descriptors("tblite").versions()}
    key = content_key({"monomer": canonical, "version": _VERSION, "engine": versions})
    path = user_cache() / "electrons" / f"{key}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = np.array(json.loads(path.read_text(encoding="utf-8"))["values"], dtype=np.float64)
        if kept.shape == (len(ELECTRONIC_COLUMNS),):
            return kept
    try:
        values = _computed(canonical, bond)
    except EvaluationError:
        values = np.full(len(ELECTRONIC_COLUMNS), np.nan)
    content = {"monomer": canonical, "values": [None if np.isnan(value) else float(value) for value in values]}
    # Who cannot keep it computes it again.
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(content).encode())
    return values


def _computed(canonical: str, bond: tuple[int, int]) -> Array:
    from rdkit import Chem

    from polyloop.chem import Geometry
    from polyloop.core.constants import HARTREE
    from polyloop.engines.quantum.registry import tight_binding_descriptors
    from polyloop.simulate.conformers import lowest_geometry

    mol = Chem.MolFromSmiles(canonical)
    engine = tight_binding_descriptors("tblite")
    full, geometry = lowest_geometry(mol, _SEED, _STARTS)
    monomer = engine.single_point(geometry)
    capped, there = lowest_geometry(_capped(mol, *bond), _SEED, _STARTS)
    closed = engine.single_point(there).energy
    # Hydrogens are as good as each other: none is preferred by the geometry.
    hydrogen = next(near.GetIdx() for near in capped.GetAtomWithIdx(bond[1]).GetNeighbors() if near.GetAtomicNum() == 1)
    kept = [place for place in range(len(there.symbols)) if place != hydrogen]
    symbols, coordinates = tuple(there.symbols[place] for place in kept), there.coordinates[kept]
    cation, anion = (
        engine.single_point(Geometry(symbols, coordinates, there.charge + charge)).energy for charge in (1, -1)
    )
    return np.array([
        monomer.homo, monomer.lumo, monomer.dipole_moment,
        *(_charge_of_group(full, atom, monomer.charges) for atom in bond),
        monomer.bond_orders[bond],
        *(HARTREE * (energy - closed) for energy in (cation, anion)), HARTREE * (closed - monomer.energy),
    ])  # fmt: skip


def _capped(mol: Chem.Mol, attacked: int, other: int) -> Chem.Mol:
    """Return the monomer with methane added: CH3 at the attacked atom, H at the other."""
    from rdkit import Chem

    edited = Chem.RWMol(mol)
    methyl = edited.AddAtom(Chem.Atom(6))
    edited.AddBond(attacked, methyl, Chem.BondType.SINGLE)
    edited.GetBondBetweenAtoms(attacked, other).SetBondType(Chem.BondType.SINGLE)
    for place in (attacked, other):
        atom = edited.GetAtomWithIdx(place)
        atom.SetNoImplicit(False)
        atom.SetNumExplicitHs(0)
        atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    result = edited.GetMol()
    Chem.SanitizeMol(result)
    return result


def _charge_of_group(mol: Chem.Mol, atom: int, charges: Array) -> float:
    hydrogens = [near.GetIdx() for near in mol.GetAtomWithIdx(atom).GetNeighbors() if near.GetAtomicNum() == 1]
    return float(charges[[atom, *hydrogens]].sum())
