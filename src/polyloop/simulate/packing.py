"""The packing model `packing@1`: molar volume of the amorphous solid per van der Waals volume, from the repeat unit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.chem import Polymer

__all__ = ["DESCRIPTORS", "PackingModel", "descriptors", "packing_model"]

_HALOGENS = {"Cl": "heavy_halogen", "Br": "heavy_halogen", "I": "heavy_halogen", "F": "fluorine"}
DESCRIPTORS = (
    "aromatic_backbone", "aromatic_pendant", "alicyclic", "methyl", "branch", "quaternary", "unsaturated", "donor",
    "carbonyl", "ether", "nitrile", "nitrogen", "fluorine", "heavy_halogen", "sulfide", "sulfonyl", "silicon",
    "phosphorus", "side_chain",
)  # fmt: skip


def descriptors(polymer: Polymer) -> dict[str, float]:
    """Return the shares of the repeat unit's heavy atoms that are of each kind in `DESCRIPTORS`.

    Each lies between 0 and 1, and depends neither on the cut of the chain nor on how often the unit was repeated.
    """
    mol = polymer.mol
    stars = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]
    backbone = _backbone_atoms(mol, stars)
    counts = dict.fromkeys(DESCRIPTORS, 0.0)
    heavy = [atom for atom in mol.GetAtoms() if atom.GetAtomicNum() > 1]
    for atom in heavy:
        for kind in _kinds(atom, atom.GetIdx() in backbone):
            counts[kind] += 1.0
    return {kind: count / len(heavy) for kind, count in counts.items()}


def _backbone_atoms(mol: Chem.Mol, stars: list[int]) -> set[int]:
    """Atoms on the shortest way between the stars, with the whole of each ring system that it crosses."""
    backbone = set(Chem.GetShortestPath(mol, stars[0], stars[1]))
    rings = [set(ring) for ring in mol.GetRingInfo().AtomRings()]
    while True:
        crossed = [ring for ring in rings if len(ring & backbone) >= 2 and not ring <= backbone]
        if not crossed:
            return backbone
        backbone = backbone.union(*crossed)


def _kinds(atom: Chem.Atom, in_backbone: bool) -> list[str]:
    symbol = atom.GetSymbol()
    kinds = []
    if atom.GetIsAromatic():
        kinds.append("aromatic_backbone" if in_backbone else "aromatic_pendant")
    elif atom.IsInRing():
        kinds.append("alicyclic")
    elif not in_backbone and symbol == "C" and atom.GetHybridization() == Chem.HybridizationType.SP3:
        kinds.append("side_chain")
    if atom.GetTotalNumHs() and symbol in ("N", "O"):
        kinds.append("donor")
    if symbol in _HALOGENS:
        kinds.append(_HALOGENS[symbol])
    by_symbol = {"C": _carbon, "O": _oxygen, "N": _nitrogen, "S": _sulfur}
    if symbol in by_symbol:
        kinds += by_symbol[symbol](atom)
    elif symbol == "Si":
        kinds.append("silicon")
    elif symbol == "P":
        kinds.append("phosphorus")
    return kinds


def _carbon(atom: Chem.Atom) -> list[str]:
    kinds = []
    if atom.GetHybridization() == Chem.HybridizationType.SP3:
        if atom.GetDegree() == 1:
            kinds.append("methyl")
        if atom.GetDegree() == 3 and not atom.IsInRing():
            kinds.append("branch")
        if atom.GetDegree() == 4:
            kinds.append("quaternary")
    doubled = [b.GetOtherAtom(atom).GetSymbol() for b in atom.GetBonds() if b.GetBondTypeAsDouble() == 2.0]
    if "C" in doubled:
        kinds.append("unsaturated")
    if "O" in doubled:
        kinds.append("carbonyl")
    if any(b.GetBondTypeAsDouble() == 3.0 and b.GetOtherAtom(atom).GetSymbol() == "N" for b in atom.GetBonds()):
        kinds.append("nitrile")
    return kinds


def _oxygen(atom: Chem.Atom) -> list[str]:
    return ["ether"] if atom.GetDegree() == 2 and not atom.GetIsAromatic() else []


def _nitrogen(atom: Chem.Atom) -> list[str]:
    return ["nitrogen"] if atom.GetDegree() > 1 else []


def _sulfur(atom: Chem.Atom) -> list[str]:
    return ["sulfonyl"] if atom.GetDegree() > 2 else ["sulfide"]


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
    data = json.loads(files("polyloop.simulate").joinpath("packing.json").read_text(encoding="utf-8"))
    return PackingModel(
        data["name"], tuple(data["terms"]), np.array(data["coefficients"]), np.array(data["covariance"]),
        data["residual"],
    )  # fmt: skip
