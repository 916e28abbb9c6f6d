"""A molecule alone: the sum over its own pairs, against an engine that has it in a box too wide for images."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from polyloop.chem.topology import Cell, Topology
from polyloop.engines.dynamics.openmm import OpenMMEngine
from polyloop.engines.dynamics.stages import Stage
from polyloop.simulate.md.run.estimates import cohesion_of
from polyloop.simulate.md.run.isolated import isolated_energies
from tests.engines.liquids import liquid, molecule


def test_the_energy_of_a_molecule_alone_is_that_of_an_engine_without_cutoff():
    topology, positions = molecule("CCOCC")
    # In 60 angstrom a neutral molecule's images cost some 1e-4 kcal/mol, and the tail correction as little.
    box = np.full(3, 60.0)
    stage = Stage("alone", "nvt", cutoff=25.0)
    terms = OpenMMEngine().energies(Cell(topology, positions, box), stage).terms
    (found,) = isolated_energies(topology, positions)
    assert found == pytest.approx(terms["lennard_jones"] + terms["coulomb"], abs=2e-2)


def test_molecules_do_not_see_each_other():
    one, positions = molecule("CCO")
    two, others = molecule("CCC")
    both = Topology.concatenate([one, two])
    found = isolated_energies(both, np.concatenate([positions, others]))
    np.testing.assert_allclose(found, [*isolated_energies(one, positions), *isolated_energies(two, others)])


class WithoutTerms(OpenMMEngine):
    """An engine that knows the energy as a whole only, as a learnt potential does."""

    capabilities = replace(OpenMMEngine.capabilities, energy_terms=False)


def test_cohesion_is_the_same_from_an_engine_whose_energy_has_no_parts(tmp_path):
    engine = OpenMMEngine("CPU")
    propane = liquid("CCC", 18, 0.45)
    # Without charges and mesh, the energies of cell and molecules apart are exact sums.
    cell = replace(propane, topology=propane.topology.with_charges(np.zeros(propane.topology.n_atoms)))
    cell = engine.run(cell, Stage("minimize", "minimize", nonbonded="short"), tmp_path / "minimize").cell
    stage = Stage(
        "nvt", "nvt", duration=1.0, nonbonded="short", sample_interval=0.1, frame_interval=0.1, new_velocities=True
    )
    result = engine.run(cell, stage, tmp_path / "nvt")
    terms = ("bond", "angle", "dihedral", "improper", "nonbonded")
    whole = {name: column for name, column in result.samples.items() if name not in terms}
    known, unknown = (
        cohesion_of(SimpleNamespace(cell=result.cell, samples=samples, frames=result.frames), each, stage)
        for samples, each in ((result.samples, engine), (whole, WithoutTerms("CPU")))
    )
    assert unknown.value == pytest.approx(known.value, rel=1e-4)
    assert known.value > 50  # MPa: what Lennard-Jones alone binds of the 180 of the full liquid
