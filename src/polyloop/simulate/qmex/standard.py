"""Protocol `qmex/standard@1`: the 22 QMex descriptors with their electronic part by density-functional theory."""

from __future__ import annotations

import numpy as np
from rdkit import Chem, rdBase

from polyloop.chem import Geometry, Molecule, Polymer
from polyloop.core import Conditions
from polyloop.core.constants import AVOGADRO_PER_ANGSTROM3_CM3, HARTREE, HARTREE_IN_KJ_PER_MOL
from polyloop.engines.quantum.contract import LevelOfTheory
from polyloop.engines.quantum.registry import electronic_descriptors, electronic_structure, tight_binding_descriptors
from polyloop.simulate.charges.models import POINT_DENSITY
from polyloop.simulate.charges.resp import ChargeSum, Potential, fit_charges
from polyloop.simulate.charges.shells import merz_kollman_points
from polyloop.simulate.conformers import ENGINE as GEOMETRIES
from polyloop.simulate.estimate import Estimates
from polyloop.simulate.qmex.molecule import described_molecule
from polyloop.simulate.qmex.quick import Described, describe_molecule, estimates_of

__all__ = ["LARGEST", "LEVEL", "check_scope", "describe_by_density_functional", "standard_descriptors"]

ENGINE = "pyscf"
# The published set is B3LYP with diffuse functions too; without these an anion is not described at all.
LEVEL = electronic_structure(ENGINE).level("b3lyp", "6-31+g(d)")
LARGEST = 30  # heavy atoms; beyond it one evaluation takes an hour


def standard_descriptors(subject: Polymer | Molecule, seed: int, conditions: Conditions) -> Estimates:
    """Compute the descriptors of a repeat unit's methyl-capped oligomer, or of a molecule.

    Raises
    ------
    EvaluationError
        With the stage and the reason, where there is no structure or a self-consistent field is not had.
    """
    mol = described_molecule(subject, LARGEST)
    values = describe_by_density_functional(mol, describe_molecule(mol, seed))
    engines = {
        **electronic_structure(ENGINE).versions(),
        **tight_binding_descriptors(GEOMETRIES).versions(),
        "rdkit": rdBase.rdkitVersion,
    }
    return estimates_of(values, mol, engines, {"level": LEVEL.to_dict(), "geometry": "GFN2-xTB", "thermal": "GFN2-xTB"})


def check_scope(subject: Polymer | Molecule) -> None:
    """Raise the `EvaluationError` that `standard_descriptors` would raise before it computes anything."""
    described_molecule(subject, LARGEST)


def describe_by_density_functional(mol: Chem.Mol, quick: Described, level: LevelOfTheory = LEVEL) -> dict[str, float]:
    """Return the descriptors of a molecule from its ground state at the geometry of the quick ones.

    Geometry, vibrations, and all energies of solvation stay those of GFN2-xTB.

    Raises
    ------
    EvaluationError
        SCF, RESPONSE or ELEMENT.
    """
    electrons, descriptors = electronic_structure(ENGINE), electronic_descriptors(ENGINE)
    geometry, full = quick.geometry, Chem.AddHs(mol)
    state = electrons.ground_state(geometry, level)
    ionization, affinity = descriptors.vertical_energies(state)
    points = merz_kollman_points(geometry, POINT_DENSITY)
    potential = Potential(geometry.coordinates, points, electrons.electrostatic_potential(state, points), POINT_DENSITY)
    charges = fit_charges([potential], [ChargeSum(np.arange(len(geometry.symbols)), float(geometry.charge))])
    bonds = np.array([(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in full.GetBonds()])
    orders = descriptors.bond_orders(state)[bonds[:, 0], bonds[:, 1]]
    polarizability = float(np.trace(electrons.polarizability(state, [0.0])[0]) / 3.0)
    volume = descriptors.density_volume(state)
    return {
        **quick.values,
        "homo": state.homo,
        "lumo": state.lumo,
        "ionization_energy": ionization,
        "electron_affinity": affinity,
        "capped_volume": volume * AVOGADRO_PER_ANGSTROM3_CM3,
        "capped_polarizability": polarizability,
        "polarizability_density": polarizability / volume,
        "electronic_extent": descriptors.spatial_extent(state),
        "capped_free_energy": state.energy + quick.thermal,
        "dipole_moment": state.dipole,
        "lowest_charge": float(charges.min()),
        "highest_charge": float(charges.max()),
        "lowest_bond_order": float(orders.min()),
        "highest_bond_order": float(orders.max()),
        **_proton_energies(geometry, state.energy, quick, level),
    }


def _proton_energies(geometry: Geometry, neutral: float, quick: Described, level: LevelOfTheory) -> dict[str, float]:
    """Vertical energies in water in eV: of the gas phase by the level, what the solvent adds by GFN2-xTB."""
    electrons, solvents = electronic_structure(ENGINE), tight_binding_descriptors(GEOMETRIES)

    def in_water(place: Geometry, energy: float) -> float:
        return energy + solvents.solvation_energy(place, "water") / HARTREE_IN_KJ_PER_MOL

    whole = in_water(geometry, neutral)
    more, less = (
        in_water(place, electrons.ground_state(place, level).energy)
        for place in (quick.protons.protonated, quick.protons.deprotonated)
    )
    return {"proton_affinity": (whole - more) * HARTREE, "deprotonation_energy": (less - whole) * HARTREE}
