"""OpenMM and LAMMPS: the same system has the same energy, term by term, and the same forces."""

from dataclasses import replace

import numpy as np
import pytest

from polyloop.engines.lammps import LammpsEngine
from polyloop.engines.openmm import OpenMMEngine
from polyloop.engines.stages import ENERGY_TERMS, Stage
from tests.engines.liquids import liquid

FULL = Stage("full", "minimise", cutoff=8.0)
SHORT = replace(FULL, name="short", nonbonded="short")


@pytest.fixture(scope="module", params=["CC(=O)Nc1ccccc1", "COC(=O)CC#N", "CS(=O)(=O)CCl"])
def both(request):
    """A cell of 300 to 400 atoms, polar, shaken, in more than two cut-offs; what OpenMM says of it, and LAMMPS."""
    n_atoms = {"CC(=O)Nc1ccccc1": 19, "COC(=O)CC#N": 12, "CS(=O)(=O)CCl": 10}[request.param]
    cell = liquid(request.param, 320 // n_atoms, 0.6)
    moved = cell.positions + np.random.default_rng(1).normal(scale=0.03, size=cell.positions.shape)
    cell = replace(cell, positions=moved - 5.0)
    assert 300 < cell.topology.n_atoms < 400 and cell.box.min() > 2 * FULL.cutoff
    return cell, OpenMMEngine("Reference").energies(cell, FULL), LammpsEngine().energies(cell, FULL)


def tail(cell, is_counted):
    """Lennard-Jones energy beyond the cut-off at uniform density, with the mean over the pairs that are counted."""
    topology, edge = cell.topology, FULL.cutoff
    sigma = (topology.sigma[:, None] + topology.sigma) / 2
    epsilon = np.sqrt(topology.epsilon[:, None] * topology.epsilon)
    integral = 4 * epsilon * (sigma**12 / (9 * edge**9) - sigma**6 / (3 * edge**3))
    return 2 * np.pi * topology.n_atoms**2 / cell.volume * integral[is_counted].mean()


def test_every_energy_term_agrees(both):
    cell, one, other = both
    for term in ENERGY_TERMS:
        # Only the amide has impropers.
        assert abs(one.terms[term]) > 0.05 or (term == "improper" and len(cell.topology.impropers) == 0)
        if term != "lennard_jones":
            assert other.terms[term] == pytest.approx(one.terms[term], rel=1e-5), term
    # The tails differ by 1 / n: OpenMM takes the mean over pairs i <= j, LAMMPS over all i and j.
    every = np.ones((cell.topology.n_atoms,) * 2, dtype=bool)
    cut = one.terms["lennard_jones"] - tail(cell, np.triu(every))
    assert other.terms["lennard_jones"] - tail(cell, every) == pytest.approx(cut, rel=1e-6)


def test_every_force_agrees(both):
    _, one, other = both
    size = np.sqrt((one.forces**2).sum(axis=1)).mean()
    assert np.abs(one.forces - other.forces).max() < 1e-4 * size


def test_short_interactions_agree(both):
    cell = both[0]
    one, other = OpenMMEngine("Reference").energies(cell, SHORT), LammpsEngine().energies(cell, SHORT)
    assert other.terms["coulomb"] == one.terms["coulomb"] == 0
    assert other.terms["lennard_jones"] == pytest.approx(one.terms["lennard_jones"], rel=1e-9)
    assert other.forces == pytest.approx(one.forces, abs=1e-8 * np.abs(one.forces).max())
