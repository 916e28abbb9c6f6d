"""Ground states converge for the elements of polymers, or say why not."""

import numpy as np
import pytest

from polyloop.chem import Geometry
from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.core.constants import HARTREE
from polyloop.engines.quantum.pyscf import Level, ground_state
from polyloop.engines.quantum.pyscf import ground_state as _function
from polyloop.engines.quantum.pyscf.ground_state import one_thread
from polyloop.simulate.optics.polarizability_scale import LEVEL
from tests.engines.molecules import SMALL, WATER


@pytest.mark.parametrize("name", SMALL)
def test_every_element_of_polymers_converges_at_the_level_of_the_optics_protocol(name):
    state = ground_state(SMALL[name], LEVEL)
    assert state.energy < 0 and state.homo < 0 < state.lumo - state.homo
    assert state.mean_field.converged


@pytest.mark.parametrize("method", ["hf", "pbe0", "pbe"])
def test_energy_orbitals_and_dipole_equal_those_of_stock_pyscf(method):
    from pyscf import dft, gto, scf

    atoms = list(zip(WATER.symbols, WATER.coordinates.tolist(), strict=True))
    molecule = gto.M(atom=atoms, basis="def2-svp", verbose=0)
    reference = scf.RHF(molecule) if method == "hf" else dft.RKS(molecule, xc=method)
    if method != "hf":
        reference.grids.atom_grid = (75, 302)
    reference = reference.density_fit(auxbasis="def2-universal-jkfit").run()
    state = ground_state(WATER, Level(method, "def2-svp", grid="fine"))
    # 1e-5 hartree for the two grids; without a grid both converge to 1e-8.
    assert state.energy == pytest.approx(reference.e_tot, abs=1e-8 if method == "hf" else 1e-5)
    assert state.homo == pytest.approx(reference.mo_energy[4] * HARTREE, abs=2e-3)
    assert state.lumo == pytest.approx(reference.mo_energy[5] * HARTREE, abs=2e-3)
    assert state.dipole == pytest.approx(np.linalg.norm(reference.dip_moment(verbose=0)), abs=1e-3)


def test_dipole_of_an_ion_does_not_depend_on_where_it_is():
    level = Level("hf", "def2-svp")
    here = Geometry(("O", "H"), np.array([[0.0, 0, 0], [0, 0, 0.96]]), charge=-1)
    there = Geometry(here.symbols, here.coordinates + 5.0, charge=-1)
    assert ground_state(there, level).dipole == pytest.approx(ground_state(here, level).dipole, abs=1e-4)


def test_functions_that_nearly_coincide_do_not_break_the_field():
    # Far closer than bonds, so that the overlap matrix of the diffuse shells is singular to working precision.
    chain = Geometry(("H",) * 12, np.array([[0.0, 0.0, 0.45 * i] for i in range(12)]))
    state = ground_state(chain, Level("hf", "aug-cc-pvdz"))
    assert state.mean_field.mo_coeff.shape[1] < state.mean_field.mol.nao
    assert np.isfinite(state.energy) and state.mean_field.converged


def test_a_field_that_diis_cannot_converge_is_converged_by_the_later_solvers():
    # Stretched lithium fluoride: near-degenerate ionic and covalent states.
    state = ground_state(Geometry(("Li", "F"), np.array([[0.0, 0, 0], [0, 0, 6.0]])), Level("hf", "def2-svp"))
    assert state.mean_field.converged


def test_an_element_beyond_the_basis_sets_is_named():
    with pytest.raises(EvaluationError, match="U") as error:
        ground_state(Geometry(("U", "O", "O"), np.array([[0.0, 0, 0], [0, 0, 1.8], [0, 0, -1.8]])), Level())
    assert error.value.failure.code is FailureCode.ELEMENT


def test_an_odd_number_of_electrons_is_refused():
    with pytest.raises(EvaluationError) as error:
        ground_state(Geometry(("O", "H"), np.array([[0.0, 0, 0], [0, 0, 0.97]])), Level())
    assert error.value.failure.code is FailureCode.UNSUPPORTED


def test_a_field_that_does_not_converge_is_a_failure_with_a_hint(monkeypatch):
    module = __import__(_function.__module__, fromlist=["_converge"])
    monkeypatch.setattr(module, "_ENERGY_TOLERANCE", 0.0)
    monkeypatch.setattr(module, "_GRADIENT_TOLERANCE", 0.0)
    with pytest.raises(EvaluationError, match="did not converge") as error:
        ground_state(WATER, Level("hf", "def2-svp"))
    assert error.value.failure.code is FailureCode.SCF and error.value.failure.hint


@pytest.mark.parametrize("coordinates", [np.zeros((2, 3)), np.full((3, 3), np.nan)])
def test_coordinates_that_do_not_fit_the_atoms_are_refused(coordinates):
    with pytest.raises(InvalidInputError, match="shape"):
        ground_state(Geometry(WATER.symbols, coordinates), Level())


def test_nothing_is_printed(capfd):
    ground_state(WATER, Level("pbe0", "def2-svp"))
    captured = capfd.readouterr()
    assert captured.out == "" and captured.err == ""


def test_the_number_of_threads_is_put_back_also_after_an_error():
    from pyscf import lib

    before = lib.num_threads()
    with pytest.raises(RuntimeError), one_thread():
        assert lib.num_threads() == 1
        raise RuntimeError
    assert lib.num_threads() == before


def test_integrals_that_exceed_the_memory_go_to_disk_with_the_same_result():
    level = Level("hf", "def2-svp")
    small = ground_state(SMALL["methanethiol"], level, max_memory=1.0)
    large = ground_state(SMALL["methanethiol"], level)
    assert not isinstance(small.mean_field.with_df._cderi, np.ndarray)
    small.mean_field.with_df._cderi_to_save.close()
    assert small.energy == pytest.approx(large.energy, abs=1e-8)
