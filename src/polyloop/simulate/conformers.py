"""Low-energy conformers of one molecule: distance geometry, force field, then GFN2-xTB for the few lowest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

from polyloop.chem import Geometry
from polyloop.core import EvaluationError, FailureCode
from polyloop.core.constants import CALORIE, GAS_CONSTANT_OF_CONFORMERS, HARTREE_IN_KJ_PER_MOL
from polyloop.engines.quantum.registry import tight_binding

__all__ = [
    "ENGINE",
    "Conformer",
    "ConformerSearch",
    "boltzmann_weights",
    "embed",
    "find_conformers",
    "force_field_geometry",
    "lowest_geometry",
    "search_conformers",
]

# Relaxes the conformers; another engine's minima would be another version of every protocol.
ENGINE = "tblite"
_STAGE = "conformers"
_WINDOW = 30.0  # kJ/mol above the lowest force-field energy; wider than the force field's error in conformer energies
_SAME_ENERGY, _SAME_SHAPE = 0.2, 0.01  # kJ/mol; relative difference of the principal moments of the mass distribution
# A random start for each embedding, then ever fewer demands on the geometry: crowded or caged units need them.
_FALL_BACKS: tuple[dict[str, int | bool], ...] = (
    {},
    {"useRandomCoords": True, "maxIterations": 200},
    {"useRandomCoords": True, "maxIterations": 500, "useBasicKnowledge": False, "useExpTorsionAnglePrefs": False},
)


@dataclass(frozen=True)
class Conformer:
    """One relaxed conformer: geometry (GFN2-xTB), energy above the lowest in kJ/mol, and the force-field start."""

    geometry: Geometry
    relative_energy: float
    start: Geometry


@dataclass(frozen=True)
class ConformerSearch:
    """The lowest conformers, and all force-field minima that were found, once for each time they were found.

    `ensemble` has the torsions that distance geometry prefers, which are those of molecules in crystals; its mean
    stands for a chain among its like better than gas-phase Boltzmann weights, which favour folding upon itself.
    """

    lowest: tuple[Conformer, ...]
    ensemble: tuple[Geometry, ...]


def find_conformers(mol: Chem.Mol, seed: int, keep: int = 3, embeddings: int | None = None) -> list[Conformer]:
    """Return up to `keep` different low-energy conformers of `mol`, lowest first: `search_conformers(...).lowest`."""
    return list(search_conformers(mol, seed, keep, embeddings).lowest)


def search_conformers(mol: Chem.Mol, seed: int, keep: int = 3, embeddings: int | None = None) -> ConformerSearch:
    """Search the low-energy conformers of `mol`; the same for the same seed.

    ETKDG makes starts (doi:10.1021/acs.jcim.0c00025), MMFF94 (UFF where it lacks parameters) relaxes and ranks them,
    duplicates go, and GFN2-xTB relaxes the lowest. Stereocentres that the SMILES leaves open are sampled with the
    conformers, as in an atactic chain.

    Parameters
    ----------
    mol
        Closed-shell molecule; hydrogens are added.
    seed
        Seed of the embedding.
    keep
        Most conformers to return.
    embeddings
        Number of starts; by default 8 and 4 more for each rotatable bond, at most 40.

    Raises
    ------
    EvaluationError
        CONFORMER where no start can be made, UNSUPPORTED for radicals, GEOMETRY or SCF where GFN2-xTB fails on all.
    """
    starts, bonds = embed(mol, seed, embeddings)
    energies = _relax_by_force_field(starts)
    chosen = _prune(starts, energies, keep)
    relaxed: list[tuple[float, Geometry, int]] = []
    failure: EvaluationError | None = None
    engine = tight_binding(ENGINE)
    for conformer in chosen:
        try:
            optimized = engine.optimize(Geometry.from_mol(starts, conformer), bonds)
        except EvaluationError as error:
            failure = error
            continue
        relaxed.append((optimized.energy * HARTREE_IN_KJ_PER_MOL, optimized.geometry, conformer))
    if not relaxed:
        if failure is None:
            raise EvaluationError(FailureCode.CONFORMER, _STAGE, "No conformer has a finite force-field energy.")
        raise failure
    relaxed.sort(key=lambda pair: pair[0])
    distinct: list[tuple[float, Geometry, int]] = []
    for energy, geometry, start in relaxed:
        if not any(_same(energy, geometry, *other[:2]) for other in distinct):
            distinct.append((energy, geometry, start))
    within = (index for index, energy in energies.items() if energy - min(energies.values()) <= _WINDOW)
    return ConformerSearch(
        tuple(Conformer(g, energy - distinct[0][0], Geometry.from_mol(starts, i)) for energy, g, i in distinct),
        tuple(Geometry.from_mol(starts, index) for index in within),
    )


def embed(mol: Chem.Mol, seed: int, embeddings: int | None = None) -> tuple[Chem.Mol, frozenset[tuple[int, int]]]:
    """Return `mol` with hydrogens and embedded (not yet relaxed) conformers, and its bonds as pairs of atom indices.

    Raises
    ------
    EvaluationError
        CONFORMER where no 3D structure can be made, UNSUPPORTED for radicals.
    """
    if any(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms()):
        raise EvaluationError(
            FailureCode.UNSUPPORTED, _STAGE, "The repeat unit is a radical; only closed shells are supported."
        )
    full = Chem.AddHs(mol)
    count = embeddings or min(40, 8 + 4 * _rotatable_bonds(mol))
    # RDKit writes its complaints to stderr; what matters of them is in the error below.
    with rdBase.BlockLogs():
        for options in _FALL_BACKS:
            settings = rdDistGeom.ETKDGv3()
            # RDKit multiplies the seed by the conformer's number: 0 would make all of them alike.
            drawn = int(np.random.default_rng(seed).integers(1, 2**24))
            for name, value in {"randomSeed": drawn, "numThreads": 1, **options}.items():
                setattr(settings, name, value)
            if len(rdDistGeom.EmbedMultipleConfs(full, count, settings)) > 0:
                bonds = ((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in full.GetBonds())
                return full, frozenset((min(pair), max(pair)) for pair in bonds)
    raise EvaluationError(
        FailureCode.CONFORMER,
        _STAGE,
        f"Distance geometry found no 3D structure of {Chem.MolToSmiles(mol)}.",
        hint="Check the stereochemistry and the ring strain of the repeat unit, or try another seed.",
    )


def force_field_geometry(mol: Chem.Mol, seed: int) -> Geometry:
    """Return one force-field geometry of `mol`, with hydrogens, in milliseconds; the same for the same seed.

    Raises
    ------
    EvaluationError
        CONFORMER where no 3D structure can be made, UNSUPPORTED for radicals.
    """
    full, _ = embed(mol, seed, embeddings=1)
    if not _relax_by_force_field(full, iterations=200):
        raise EvaluationError(FailureCode.CONFORMER, _STAGE, "The force-field energy is not finite.")
    return Geometry.from_mol(full)


def lowest_geometry(mol: Chem.Mol, seed: int, embeddings: int | None = None) -> tuple[Chem.Mol, Geometry]:
    """Return `mol` with hydrogens, and the force field's lowest conformer relaxed by GFN2-xTB; no other is relaxed.

    Parameters
    ----------
    embeddings
        As in `search_conformers`, which looks further.

    Raises
    ------
    EvaluationError
        CONFORMER, UNSUPPORTED, GEOMETRY or SCF.
    """
    full, bonds = embed(mol, seed, embeddings)
    energies = _relax_by_force_field(full)
    if not energies:
        raise EvaluationError(FailureCode.CONFORMER, _STAGE, "No conformer has a finite force-field energy.")
    start = Geometry.from_mol(full, min(energies, key=lambda place: (energies[place], place)))
    return full, tight_binding(ENGINE).optimize(start, bonds).geometry


def boltzmann_weights(relative_energies: list[float], temperature: float = 298.15) -> NDArray[np.float64]:
    """Return normalised Boltzmann weights of energies in kJ/mol at `temperature` in K, shape (n,)."""
    energies = np.asarray(relative_energies, dtype=np.float64)
    factors = np.exp(-(energies - energies.min()) / (GAS_CONSTANT_OF_CONFORMERS * temperature))
    weights: NDArray[np.float64] = factors / factors.sum()
    return weights


def _rotatable_bonds(mol: Chem.Mol) -> int:
    heavy_ends = (
        _heavy_neighbours(bond.GetBeginAtom()) > 1
        and _heavy_neighbours(bond.GetEndAtom()) > 1
        and bond.GetBondType() == Chem.BondType.SINGLE
        and not bond.IsInRing()
        for bond in mol.GetBonds()
    )
    return sum(heavy_ends)


def _heavy_neighbours(atom: Chem.Atom) -> int:
    # Isotopes of hydrogen may stand in the graph as atoms.
    return sum(near.GetAtomicNum() > 1 for near in atom.GetNeighbors())


def _relax_by_force_field(mol: Chem.Mol, iterations: int = 1000) -> dict[int, float]:
    """Relax every conformer in place; return its energy in kJ/mol."""
    with rdBase.BlockLogs():
        if rdForceFieldHelpers.MMFFHasAllMoleculeParams(mol):
            outcome = rdForceFieldHelpers.MMFFOptimizeMoleculeConfs(mol, numThreads=1, maxIters=iterations)
        else:
            outcome = rdForceFieldHelpers.UFFOptimizeMoleculeConfs(mol, numThreads=1, maxIters=iterations)
    conformers = (conformer.GetId() for conformer in mol.GetConformers())
    pairs = zip(conformers, outcome, strict=True)
    return {conformer: energy * CALORIE for conformer, (_, energy) in pairs if np.isfinite(energy)}


def _prune(mol: Chem.Mol, energies: dict[int, float], keep: int) -> list[int]:
    """Indices of the `keep` lowest conformers that differ in energy or shape."""
    chosen: list[int] = []
    if not energies:
        return chosen
    lowest = min(energies.values())
    for conformer in sorted(energies, key=lambda index: (energies[index], index)):
        geometry = Geometry.from_mol(mol, conformer)
        known = ((energies[other], Geometry.from_mol(mol, other)) for other in chosen)
        if energies[conformer] - lowest > _WINDOW or len(chosen) == keep:
            break
        if not any(_same(energies[conformer], geometry, *other) for other in known):
            chosen.append(conformer)
    return chosen


def _same(energy: float, geometry: Geometry, other_energy: float, other: Geometry) -> bool:
    if abs(energy - other_energy) > _SAME_ENERGY:
        return False
    here, there = _principal_moments(geometry), _principal_moments(other)
    return bool(np.all(np.abs(here - there) <= _SAME_SHAPE * np.maximum(here, there) + 1e-6))


def _principal_moments(geometry: Geometry) -> NDArray[np.float64]:
    """Principal moments of the mass distribution, shape (3,), amu angstrom2."""
    table = Chem.GetPeriodicTable()
    masses = np.array([table.GetAtomicWeight(symbol) for symbol in geometry.symbols])
    centred = geometry.coordinates - masses @ geometry.coordinates / masses.sum()
    moments: NDArray[np.float64] = np.linalg.eigvalsh((masses[:, None] * centred).T @ centred)
    return moments
