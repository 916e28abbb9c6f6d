"""A molecule alone: the sum over its own pairs, against an engine that has it in a box too wide for images."""

import numpy as np
import pytest

from polyloop.chem.topology import Cell, Topology
from polyloop.engines.dynamics.openmm import OpenMMEngine
from polyloop.engines.dynamics.stages import Stage
from polyloop.simulate.md.run.isolated import isolated_energies
from tests.engines.liquids import molecule


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
