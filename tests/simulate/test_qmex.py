"""The 22 QMex descriptors: thermochemistry, ions, protons and bonds against numbers from elsewhere."""

import numpy as np
import pytest
from rdkit import Chem

from polyloop.chem import Geometry, Molecule, Polymer
from polyloop.core import Conditions, EvaluationError
from polyloop.core.constants import BOHR
from polyloop.core.properties import PROPERTIES
from polyloop.engines.quantum.pyscf_engine import PYSCF
from polyloop.engines.quantum.tblite_engine import TBLITE
from polyloop.features.quantum_descriptors import QMEX_PROPERTIES
from polyloop.simulate import evaluate
from polyloop.simulate.conformers import search_conformers
from polyloop.simulate.qmex.molecule import described_molecule
from polyloop.simulate.qmex.protons import find_proton_sites
from polyloop.simulate.qmex.quick import quick_descriptors
from polyloop.simulate.qmex.standard import standard_descriptors
from polyloop.simulate.qmex.thermochemistry import rotational_constants, thermochemistry
from polyloop.simulate.volume import van_der_waals_volume

# Experimental structure of water: r(OH) 0.9572 angstrom, 104.52 degrees (doi:10.1063/1.1742731).
_HALF = np.deg2rad(104.52 / 2)
WATER = Geometry(
    ("O", "H", "H"),
    np.array([[0, 0, 0], *([s * 0.9572 * np.sin(_HALF), 0.9572 * np.cos(_HALF), 0] for s in (1, -1))], dtype=float),
)


def relaxed(smiles):
    mol = Chem.MolFromSmiles(smiles)
    return Chem.AddHs(mol), search_conformers(mol, 0, keep=1).lowest[0].geometry


def test_rotational_constants_of_water_are_the_measured_ones():
    # 27.88, 14.51, 9.28 cm-1 in the vibrational ground state (Herzberg, Infrared and Raman Spectra, 1945, p. 488).
    np.testing.assert_allclose(rotational_constants(WATER) / 29.9792458, [27.88, 14.51, 9.28], rtol=0.03)


def test_a_linear_molecule_has_one_finite_rotational_constant_twice():
    carbon_dioxide = Geometry(("O", "C", "O"), np.array([[-1.16, 0, 0], [0, 0, 0], [1.16, 0, 0]]))
    # 0.39 cm-1, NIST WebBook, carbon dioxide.
    np.testing.assert_allclose(rotational_constants(carbon_dioxide) / 29.9792458, [0.39, 0.39], rtol=0.01)


def test_entropy_of_water_from_its_partition_function_is_the_tabulated_one():
    """S = R (ln(Q/N) + 1) + E_thermal/T of an ideal gas; 188.84 J/(mol K) by NIST-JANAF, symmetry number 2."""
    geometry = TBLITE.optimize(WATER).geometry
    found = thermochemistry(geometry, TBLITE.hessian(geometry))
    thermal = 3.0  # translation and rotation, in R T; vibrations of water are cold
    entropy = 8.314462618 * (found.log_partition_function * np.log(10) + 1 + thermal - np.log(2))
    assert entropy == pytest.approx(188.84, abs=0.5)
    # Harmonic 3832, 1649, 3943 cm-1 (doi:10.1063/1.1742731); GFN2-xTB is within some per cent.
    np.testing.assert_allclose(np.sort(found.wavenumbers), [1649, 3832, 3943], rtol=0.08)


def test_a_free_energy_holds_the_zero_point_energy():
    found = thermochemistry(WATER, np.diag([0.5] * 9))
    zero_point = 0.5 * found.wavenumbers.sum() * 4.556335e-6  # hartree of a cm-1
    thermal = 0.000944188 * found.log_partition_function * np.log(10)  # k T at 298.15 K in hartree
    assert found.free_energy == pytest.approx(zero_point - thermal, rel=1e-4)


def test_the_hessian_is_the_slope_of_the_gradient():
    matrix = TBLITE.hessian(WATER)
    moved = WATER.coordinates.copy()
    moved[1, 0] += 0.002 * BOHR
    change = TBLITE.single_point(Geometry(WATER.symbols, moved)).gradient - TBLITE.single_point(WATER).gradient
    np.testing.assert_allclose(matrix[3], change.ravel() / 0.002, atol=2e-3)
    np.testing.assert_allclose(matrix, matrix.T)
    # No force where the molecule is shifted as a whole.
    np.testing.assert_allclose(matrix @ np.tile([1.0, 0, 0], 3), 0.0, atol=2e-4)


def test_vertical_energies_of_water_are_those_of_the_xtb_program():
    # `xtb --vipea` of its documentation: ionisation 13.7897 eV, affinity -2.0334 eV.
    ionization, affinity = TBLITE.vertical_energies(WATER)
    assert (ionization, affinity) == (pytest.approx(13.79, abs=0.05), pytest.approx(-2.03, abs=0.1))


def test_the_ionisation_energy_of_water_by_density_functional_theory_is_near_the_measured_one():
    state = PYSCF.ground_state(WATER, PYSCF.level("b3lyp", "6-31+g(d)"))
    ionization, affinity = PYSCF.vertical_energies(state)
    assert ionization == pytest.approx(12.62, abs=0.3)  # NIST WebBook, water
    assert affinity < 0  # water binds no electron


def test_unrestricted_energies_are_those_of_pyscfs_own_fitting():
    from pyscf import df, dft

    state = PYSCF.ground_state(WATER, PYSCF.level("b3lyp", "def2-svp"))
    known = state.mean_field
    ion = known.mol.copy()
    ion.charge, ion.spin = 1, 1
    ion.build(False, False)
    stock = dft.UKS(ion, xc="b3lyp").density_fit(with_df=df.DF(ion, known.with_df.auxbasis))
    stock.grids, stock.verbose = known.grids, 0
    expected = (stock.kernel() - state.energy) * 27.211386245988
    assert PYSCF.vertical_energies(state)[0] == pytest.approx(expected, abs=1e-4)


def test_bond_orders_extent_and_volume_are_as_expected():
    mol, geometry = relaxed("C=C")
    state = PYSCF.ground_state(geometry, PYSCF.level("hf", "def2-svp"))
    orders = PYSCF.bond_orders(state)
    assert orders[0, 1] == pytest.approx(2.0, abs=0.1)
    np.testing.assert_allclose(orders, orders.T, atol=1e-8)
    # <r2> falls short of that of point electrons at the nuclei by no more than the atoms' own extents add.
    charges = np.array([atom.GetAtomicNum() for atom in mol.GetAtoms()])
    centre = charges @ geometry.coordinates / charges.sum()
    points = charges @ ((geometry.coordinates - centre) ** 2).sum(axis=1)
    assert points < PYSCF.spatial_extent(state) < points + 16 * 1.0
    # The 0.001 contour lies outside Bondi's spheres, and not by much.
    assert 1.1 < PYSCF.density_volume(state) / van_der_waals_volume(geometry) < 1.6
    assert PYSCF.density_volume(state, 0.002) < PYSCF.density_volume(state)


@pytest.mark.parametrize(
    ("smiles", "base", "acid"),
    [("CC(N)=O", 3, "N"), ("CN", 1, "N"), ("CC(=O)O", 2, "O")],
    ids=["acetamide", "methylamine", "acetic acid"],
)
def test_protons_go_where_chemistry_has_them(smiles, base, acid):
    """Amides and acids are protonated at the carbonyl, amines at nitrogen; protons leave from N or O."""
    mol, geometry = relaxed(smiles)
    sites = find_proton_sites(mol, geometry, TBLITE)
    assert sites.site == base
    gone = len(geometry.symbols) - len(sites.deprotonated.symbols)
    assert gone == 1 and sites.protonated.charge == 1 and sites.deprotonated.charge == -1
    # The hydrogen that left was nearest to the acidic element: it has a hydrogen fewer than before.
    assert _hydrogens(geometry, acid) - _hydrogens(sites.deprotonated, acid) == 1


def _hydrogens(geometry, element):
    hydrogens = geometry.coordinates[[s == "H" for s in geometry.symbols]]
    others = geometry.coordinates[[s == element for s in geometry.symbols]]
    return int((np.linalg.norm(hydrogens[:, None] - others[None], axis=2) < 1.2).sum())


def test_the_molecule_is_cut_where_caps_disturb_least_and_never_too_short():
    assert described_molecule(Polymer("*C*"), 60).GetNumHeavyAtoms() == 6
    one, other = (Polymer(smiles).standardized() for smiles in ("*CCO*", "*OCC*"))
    assert Chem.MolToSmiles(described_molecule(one, 60)) == Chem.MolToSmiles(described_molecule(other, 60))
    with pytest.raises(EvaluationError, match="at most 10"):
        described_molecule(Polymer("*CC(*)c1ccc2ccccc2c1"), 10)


def test_quick_yields_all_descriptors_of_a_polymer_plausibly():
    records = evaluate("*CO*", "qmex/quick@1")
    assert [record.property for record in records] == list(QMEX_PROPERTIES)
    assert {record.status for record in records} == {"done"}
    values = {record.property: record.value for record in records}
    assert values["capped_molar_mass"] == pytest.approx(
        90.122, abs=1e-3
    )  # dimethoxymethane with one unit more, C4H10O2
    assert values["homo"] < values["lumo"] and values["highest_charge"] > 0 > values["lowest_charge"]


@pytest.mark.slow
def test_standard_yields_all_descriptors_of_a_molecule_near_the_published_ones():
    """Ethylene glycol against the table of the published surrogate model (github.com/shimakawa-hvg/QMex-ILR)."""
    found = {one.property: one.value for one in standard_descriptors(Molecule("OCCO"), 0, Conditions()).estimates}
    assert set(found) == set(QMEX_PROPERTIES)
    assert found["homo"] == pytest.approx(-7.63, abs=0.6)
    assert found["capped_polarizability"] == pytest.approx(39.56 * BOHR**3, rel=0.15)
    assert found["log_partition_function"] == pytest.approx(12.65, abs=0.5)
    assert found["dipole_moment"] == pytest.approx(1.92, abs=1.0)
    assert all(PROPERTIES[name].is_plausible(value) for name, value in found.items())


def test_quick_takes_molecules():
    found = {one.property: one.value for one in quick_descriptors(Molecule("OCCO"), 0, Conditions()).estimates}
    assert found["log_partition_function"] == pytest.approx(12.65, abs=0.5)
    # Measured: -9.3 kcal/mol, in the benchmark table of github.com/shimakawa-hvg/QMex-ILR.
    assert found["solvation_energy"] == pytest.approx(-9.3 * 4.184, abs=10)
