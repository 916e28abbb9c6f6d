"""Protocol `qmex/quick@1`: the 22 QMex descriptors by GFN2-xTB, with its relatives for ions and polarizabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from polyloop.chem import Geometry, Molecule, Polymer
from polyloop.core import Conditions
from polyloop.core.constants import AVOGADRO_PER_ANGSTROM3_CM3, HARTREE
from polyloop.engines.quantum.contract import TightBindingDescriptors
from polyloop.engines.quantum.registry import atomic_polarizability, tight_binding_descriptors
from polyloop.simulate.charges.bond_corrections import shipped_corrections
from polyloop.simulate.conformers import ENGINE, search_conformers
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.qmex.molecule import described_molecule
from polyloop.simulate.qmex.protons import ProtonSites, find_proton_sites
from polyloop.simulate.qmex.thermochemistry import LOWEST_WAVENUMBER, rotational_constants, thermochemistry
from polyloop.simulate.volume import van_der_waals_volume

__all__ = ["LARGEST", "Described", "check_scope", "describe_molecule", "estimates_of", "quick_descriptors"]

LARGEST = 60  # heavy atoms; beyond it the Hessian takes minutes
_POLARIZABILITIES = "dftd4"
_CONFORMERS = 1

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Described:
    """The descriptors of one molecule by name of the property, and what a better method needs to compute them anew."""

    values: dict[str, float]
    geometry: Geometry
    protons: ProtonSites
    thermal: float
    """Thermal free energy in hartree."""


def quick_descriptors(subject: Polymer | Molecule, seed: int, conditions: Conditions) -> Estimates:
    """Compute the descriptors of a repeat unit's methyl-capped oligomer, or of a molecule.

    Raises
    ------
    EvaluationError
        With the stage and the reason, where there is no structure or a self-consistent field is not had.
    """
    mol = described_molecule(subject, LARGEST)
    described = describe_molecule(mol, seed)
    engines = {
        **tight_binding_descriptors(ENGINE).versions(),
        **atomic_polarizability(_POLARIZABILITIES).versions(),
        "rdkit": rdBase.rdkitVersion,
    }
    return estimates_of(described.values, mol, engines, {"method": "GFN2-xTB", "ions": "IPEA1-xTB"})


def check_scope(subject: Polymer | Molecule) -> None:
    """Raise the `EvaluationError` that `quick_descriptors` would raise before it computes anything."""
    described_molecule(subject, LARGEST)


def estimates_of(
    values: dict[str, float], mol: Chem.Mol, engines: dict[str, str], settings: dict[str, Any]
) -> Estimates:
    """Return the descriptors as estimates, with what says how they were computed."""
    return Estimates(
        estimates=tuple(Estimate(name, value, None, "none: one conformer") for name, value in values.items()),
        engines=engines,
        settings={
            **settings,
            "molecule": Chem.MolToSmiles(mol),
            "solvation": "GFN2-xTB with ALPB",
            "lowest_wavenumber": LOWEST_WAVENUMBER,
        },
    )


def describe_molecule(mol: Chem.Mol, seed: int) -> Described:
    """Return the descriptors of a closed-shell molecule in its conformer of lowest energy.

    Parameters
    ----------
    mol
        Without explicit hydrogens.

    Raises
    ------
    EvaluationError
        CONFORMER, GEOMETRY, SCF, ELEMENT or UNSUPPORTED.
    """
    engine = tight_binding_descriptors(ENGINE)
    geometry = search_conformers(mol, seed, keep=_CONFORMERS).lowest[0].geometry
    full = Chem.AddHs(mol)
    point = engine.single_point(geometry)
    thermal = thermochemistry(geometry, engine.hessian(geometry))
    ionization, affinity = engine.vertical_energies(geometry)
    volume = van_der_waals_volume(geometry)
    polarizability = float(atomic_polarizability(_POLARIZABILITIES).atomic_polarizabilities(geometry).sum())
    protons = find_proton_sites(full, geometry, engine)
    bonds = np.array([(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in full.GetBonds()])
    numbers = np.array([atom.GetAtomicNum() for atom in full.GetAtoms()])
    charges = point.charges + shipped_corrections()(numbers, bonds)
    orders = point.bond_orders[bonds[:, 0], bonds[:, 1]]
    values = {
        **_composition(mol, numbers),
        "homo": point.homo,
        "lumo": point.lumo,
        "ionization_energy": ionization,
        "electron_affinity": affinity,
        "capped_volume": volume * AVOGADRO_PER_ANGSTROM3_CM3,
        "capped_polarizability": polarizability,
        "polarizability_density": polarizability / volume,
        "electronic_extent": _extent(geometry, numbers, point.charges),
        "capped_free_energy": point.energy + thermal.free_energy,
        "log_partition_function": thermal.log_partition_function,
        "rotational_constant": float(rotational_constants(geometry)[0]),
        "dipole_moment": point.dipole_moment,
        "lowest_charge": float(charges.min()),
        "highest_charge": float(charges.max()),
        "lowest_bond_order": float(orders.min()),
        "highest_bond_order": float(orders.max()),
        "solvation_energy": engine.solvation_energy(geometry, "water"),
        "solvation_energy_octanol": engine.solvation_energy(geometry, "octanol"),
        **_proton_energies(geometry, protons, engine),
    }
    return Described(values, geometry, protons, thermal.free_energy)


def _composition(mol: Chem.Mol, numbers: NDArray[np.int64]) -> dict[str, float]:
    from rdkit.Chem.Descriptors import MolWt  # type: ignore[attr-defined]

    return {"capped_molar_mass": float(MolWt(mol)), "electrons_per_atom": float(numbers.mean())}


def _extent(geometry: Geometry, numbers: NDArray[np.int64], charges: Floats) -> float:
    """Sum over electrons of r2 about the centre of nuclear charge, with every atom's electrons at its nucleus."""
    centre = numbers @ geometry.coordinates / numbers.sum()
    return float((numbers - charges) @ ((geometry.coordinates - centre) ** 2).sum(axis=1))


def _proton_energies(geometry: Geometry, protons: ProtonSites, engine: TightBindingDescriptors) -> dict[str, float]:
    neutral = engine.single_point(geometry, "water").energy
    bare = engine.proton_energy
    return {
        "proton_affinity": (neutral + bare - protons.protonated_energy) * HARTREE,
        "deprotonation_energy": (protons.deprotonated_energy + bare - neutral) * HARTREE,
    }
