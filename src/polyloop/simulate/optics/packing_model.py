"""The packing model `packing@1`: molar volume of the amorphous solid per van der Waals volume, from the repeat unit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.chem import Polymer

__all__ = ["DESCRIPTORS", "PackingModel", "atom_shares", "descriptors", "packing_model"]

_BY_SYMBOL = {
    "F": "fluorine", "Cl": "heavy_halogen", "Br": "heavy_halogen", "I": "heavy_halogen", "Si": "silicon",
    "P": "phosphorus",
}  # fmt: skip
DESCRIPTORS = (
    "aromatic_backbone", "aromatic_pendant", "alicyclic", "methyl", "branch", "quaternary", "unsaturated", "donor",
    "carbonyl", "ether", "siloxane", "nitrile", "nitrogen", "fluorine", "trifluoromethyl", "heavy_halogen", "sulfide",
    "sulfonyl", "aryl_sulfonyl", "silicon", "phosphorus", "side_chain", "hindered_aromatic", "backbone", "hydrogen",
)  # fmt: skip


def descriptors(polymer: Polymer) -> dict[str, float]:
    """Return the shares of the repeat unit's heavy atoms that are of each kind in `DESCRIPTORS`.

    All depend neither on the cut of the chain nor on how often the unit was repeated. `backbone` is the share of atoms
    on the shortest way along the chain; `hydrogen` is the number of hydrogens per heavy atom.
    """
    protiated = polymer.protiated
    return atom_shares(protiated.mol, protiated.backbone)


def atom_shares(mol: Chem.Mol, path: Sequence[int] = ()) -> dict[str, float]:
    """Return the shares of `DESCRIPTORS` in `mol`, whose chain runs along the atoms in `path` (none in a liquid)."""
    backbone = _with_crossed_rings(mol, set(path))
    counts = dict.fromkeys(DESCRIPTORS, 0.0)
    heavy = [atom for atom in mol.GetAtoms() if atom.GetAtomicNum() > 1]
    for atom in heavy:
        counts["hydrogen"] += atom.GetTotalNumHs(includeNeighbors=True)
        for kind in _kinds(atom, atom.GetIdx() in backbone):
            counts[kind] += 1.0
    counts["backbone"] = float(len(path))
    return {kind: count / len(heavy) for kind, count in counts.items()}


def _with_crossed_rings(mol: Chem.Mol, path: set[int]) -> set[int]:
    """Atoms on the way between the stars, with the whole of each ring system that it crosses."""
    backbone, rings = set(path), [set(ring) for ring in mol.GetRingInfo().AtomRings()]
    while True:
        crossed = [ring for ring in rings if len(ring & backbone) >= 2 and not ring <= backbone]
        if not crossed:
            return backbone
        backbone = backbone.union(*crossed)


def _kinds(atom: Chem.Atom, in_backbone: bool) -> list[str]:
    symbol = atom.GetSymbol()
    kinds = [_BY_SYMBOL[symbol]] if symbol in _BY_SYMBOL else []
    if atom.GetIsAromatic():
        kinds.append("aromatic_backbone" if in_backbone else "aromatic_pendant")
        if in_backbone and _is_hindered(atom):
            kinds.append("hindered_aromatic")
    elif atom.IsInRing():
        kinds.append("alicyclic")
    elif not in_backbone and symbol == "C" and atom.GetHybridization() == Chem.HybridizationType.SP3:
        kinds.append("side_chain")
    if atom.GetTotalNumHs(includeNeighbors=True) and symbol in ("N", "O"):
        kinds.append("donor")
    of_element = {"C": _carbon, "O": _oxygen, "N": _nitrogen, "S": _sulfur}
    return kinds + of_element[symbol](atom) if symbol in of_element else kinds


def _is_hindered(atom: Chem.Atom) -> bool:
    """An aromatic atom that carries a small substituent next to one that carries the chain."""
    outside = [near for near in atom.GetNeighbors() if not near.GetIsAromatic()]
    if not outside or outside[0].GetAtomicNum() in (0, 1) or outside[0].GetDegree() > 1:
        return False
    substituted = (near.GetDegree() == 3 for near in atom.GetNeighbors() if near.GetIsAromatic())
    return any(substituted)


def _carbon(atom: Chem.Atom) -> list[str]:
    kinds = []
    if atom.GetHybridization() == Chem.HybridizationType.SP3:
        if atom.GetDegree() == 1:
            kinds.append("methyl")
        if atom.GetDegree() == 3 and not atom.IsInRing():
            kinds.append("branch")
        if atom.GetDegree() == 4:
            kinds.append("quaternary")
        if sum(near.GetSymbol() == "F" for near in atom.GetNeighbors()) == 3:
            kinds.append("trifluoromethyl")
    orders = {(bond.GetBondTypeAsDouble(), bond.GetOtherAtom(atom).GetSymbol()) for bond in atom.GetBonds()}
    doubles = {(2.0, "C"): "unsaturated", (2.0, "O"): "carbonyl", (3.0, "N"): "nitrile"}
    return kinds + [kind for order, kind in doubles.items() if order in orders]


def _oxygen(atom: Chem.Atom) -> list[str]:
    if atom.GetDegree() != 2 or atom.GetIsAromatic():
        return []
    return ["siloxane"] if any(near.GetSymbol() == "Si" for near in atom.GetNeighbors()) else ["ether"]


def _nitrogen(atom: Chem.Atom) -> list[str]:
    return ["nitrogen"] if atom.GetDegree() > 1 else []


def _sulfur(atom: Chem.Atom) -> list[str]:
    if atom.GetDegree() <= 2:
        return ["sulfide"]
    return ["aryl_sulfonyl" if any(near.GetIsAromatic() for near in atom.GetNeighbors()) else "sulfonyl"]


@dataclass(frozen=True)
class PackingModel:
    """Linear model of (molar volume / van der Waals volume) with a Bayesian error bar.

    Parameters
    ----------
    name
        Its versioned name.
    terms
        Names of the descriptors in use; the first column of `covariance` is the constant.
    coefficients
        Constant first, shape (1 + n_terms,).
    covariance
        Covariance of the coefficients, shape (1 + n_terms, 1 + n_terms).
    residual
        Cross-validated standard deviation of the relative error of one density.
    """

    name: str
    terms: tuple[str, ...]
    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]
    residual: float

    def predict(self, shares: Mapping[str, float]) -> tuple[float, float]:
        """Return the ratio and the relative standard deviation of the density that follows from it."""
        x = np.array([1.0, *(shares[term] for term in self.terms)])
        ratio = float(self.coefficients @ x)
        return ratio, float(np.hypot(self.residual, np.sqrt(x @ self.covariance @ x) / ratio))


@lru_cache(maxsize=1)
def packing_model() -> PackingModel:
    """Return the shipped model, fitted to measured densities by `benchmarks/fit_density.py`."""
    data = json.loads(files("polyloop.simulate.optics").joinpath("packing.json").read_text(encoding="utf-8"))
    return PackingModel(
        data["name"], tuple(data["terms"]), np.array(data["coefficients"]), np.array(data["covariance"]),
        data["residual"],
    )  # fmt: skip
