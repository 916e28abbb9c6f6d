"""Graph networks: a unit closed on itself stands for the chain, answers repeat, and other models look past graphs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.surrogates import GRAPH_SURROGATES, quick_options, quick_surrogate

from polyloop.chem import Polymer
from polyloop.core import EvaluationError, InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.core.graph_rows import ATOM_FEATURES, BOND_FEATURES, MOST_ATOMS, graph_columns, read_graphs
from polyloop.features import featurize
from polyloop.features.block import default_blocks
from polyloop.features.ring_graph import RingGraphBlock
from polyloop.learn import TrainingDomain
from polyloop.learn.graph_layers import GraphBatch, GraphNetwork
from polyloop.learn.property_model import PropertyModel
from polyloop.learn.state import RestorableSurrogate
from polyloop.learn.surrogate import take

SIDES = ["C", "CC", "CCC", "Cl", "F", "C#N", "OC", "O", "c1ccccc1", "C(=O)OC", "CCCC", "Br", "C(F)(F)F", "N", "SC"]
UNITS = [f"*{backbone}(*){side}" for backbone in ("CC", "CCC", "OCC") for side in SIDES]


@pytest.fixture(scope="module")
def rows() -> dict[str, BlockValues]:
    return featurize(UNITS, ("ring_graph", "ecfp"), time_limit=None, memory_limit=None).described()


def carbon_shares() -> np.ndarray:
    """Share of carbon among the heavy atoms: what a mean over atoms can learn."""
    elements = [[atom.GetAtomicNum() for atom in Polymer(unit).mol.GetAtoms() if atom.GetAtomicNum()] for unit in UNITS]
    return np.array([numbers.count(6) / len(numbers) for numbers in elements])


def test_a_row_is_the_graph_of_one_unit_inside_the_chain() -> None:
    row = RingGraphBlock().evaluate(Polymer("*CC(*)Cl"))
    atoms, bonds, graph = read_graphs(row[None, :])
    assert len(row) == len(graph_columns()) and list(graph) == [0, 0, 0]
    told = [dict(zip(ATOM_FEATURES, atom, strict=True)) for atom in atoms.tolist()]
    assert sorted((atom["element"], atom["neighbours"], atom["hydrogens"]) for atom in told) == [
        (6, 2, 2), (6, 3, 1), (17, 1, 0),
    ]  # fmt: skip
    joins = [dict(zip(BOND_FEATURES, bond, strict=True)) for bond in bonds.tolist()]
    assert [bond["into_next_unit"] for bond in joins].count(1) == 1 and len(joins) == 3
    assert all(bond["twice_order"] == 2 for bond in joins)


def test_spelling_and_cut_do_not_matter_and_what_is_too_large_has_a_reason() -> None:
    table = featurize(["*CC(*)C", "*C(C)C*", "*CC(C)CC(C)*"], ("ring_graph",), time_limit=None, memory_limit=None)
    first, *others = table.blocks["ring_graph"]
    assert all((first == other).all() for other in others)
    with pytest.raises(EvaluationError, match="131 atoms"):
        RingGraphBlock().evaluate(Polymer(f"*CC(*){'C' * (MOST_ATOMS + 1)}"))


@pytest.mark.parametrize("layer", ["convolution", "isomorphism"])
@pytest.mark.parametrize("unit", ["*C*", "*CC(*)c1ccccc1", "*c1ccc(*)s1", "*C(=O)CC=C*"])
def test_one_unit_closed_on_itself_answers_as_a_ring_of_five(layer: str, unit: str) -> None:
    """All units of a ring are alike, so five of them say the same as one, at a fifth of the cost."""
    polymer = Polymer(Polymer(unit).canonical)
    torch.manual_seed(0)
    network = GraphNetwork(layer, 16, 3)
    row = RingGraphBlock().evaluate(polymer)
    batch, ring = GraphBatch(row[None, :]), GraphBatch(ring_of(row, 5)[None, :])
    assert len(ring.atoms) == 5 * len(batch.atoms) and len(ring.bonds) == 5 * len(batch.bonds)
    with torch.no_grad():
        torch.testing.assert_close(network(ring), network(batch), rtol=1e-5, atol=1e-6)


def ring_of(row: np.ndarray, units: int) -> np.ndarray:
    """The explicit ring: unit u is bound to unit u + 1, and the last one to the first."""
    atoms, bonds, _ = read_graphs(row[None, :])
    size = len(atoms)
    joins = []
    for unit in range(units):
        more = bonds.copy()
        more[:, 0] += unit * size
        more[:, 1] = (more[:, 1] + (unit + bonds[:, 5]) * size) % (units * size)
        joins.append(more)
    other = np.zeros(len(graph_columns()), dtype=int)
    other[:2] = units * size, units * len(bonds)
    ringed = np.concatenate(joins)
    other[2 : 2 + units * size * len(ATOM_FEATURES)] = np.tile(atoms, (units, 1)).ravel()
    first = 2 + MOST_ATOMS * len(ATOM_FEATURES)
    other[first : first + ringed.size] = ringed.ravel()
    return other


@pytest.mark.parametrize("name", GRAPH_SURROGATES)
def test_a_graph_network_is_a_surrogate_that_repeats_itself_and_can_be_kept(name: str, rows) -> None:
    y = carbon_shares()
    model = quick_surrogate(name, seed=1).fit(rows, y)
    assert isinstance(model, RestorableSurrogate)
    found, again = model.predict(rows), quick_surrogate(name, seed=1).fit(rows, y).predict(rows)
    np.testing.assert_array_equal(again.mean, found.mean)
    kept = quick_surrogate(name).restore(model.state()).predict(take(rows, [3]))
    np.testing.assert_allclose(kept.mean, found.mean[3], rtol=1e-6)
    assert (quick_surrogate(name, seed=2).fit(rows, y).predict(rows).mean != found.mean).any()
    _, covariance = model.joint(rows)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), found.std, rtol=1e-4)
    assert model.condition(take(rows, [0]), y[:1]).predict(rows).std[0] < found.std[0]
    assert model.sample(rows, 2, np.random.default_rng(0)).shape == (2, len(y))


@pytest.mark.parametrize("name", GRAPH_SURROGATES)
def test_a_graph_network_learns_what_its_graphs_say(name: str, rows) -> None:
    y, asked = carbon_shares(), np.arange(2, len(UNITS), 5)
    rest = np.setdiff1d(np.arange(len(UNITS)), asked)
    model = quick_surrogate(name, epochs=50, width=24).fit(take(rows, rest), y[rest])
    assert np.corrcoef(model.predict(take(rows, asked)).mean, y[asked])[0, 1] > 0.7


@pytest.mark.parametrize("name", GRAPH_SURROGATES)
@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_polymers_are_fine(name: str, count: int, rows) -> None:
    found = quick_surrogate(name).fit(take(rows, slice(count)), carbon_shares()[:count]).predict(rows)
    assert np.isfinite(found.mean).all() and (found.std > 0).all()


def test_models_of_columns_look_past_graphs_and_refuse_graphs_alone(rows) -> None:
    y = carbon_shares()
    for name in ("gp", "ensemble", "kernel_ridge", "interactive"):
        with_graphs = quick_surrogate(name).fit(rows, y).predict(rows).mean
        without = quick_surrogate(name).fit({"ecfp": rows["ecfp"]}, y).predict({"ecfp": rows["ecfp"]}).mean
        np.testing.assert_allclose(with_graphs, without, rtol=1e-9)
        with pytest.raises(InvalidInputError, match="Graphs have no columns"):
            quick_surrogate(name).fit({"ring_graph": rows["ring_graph"]}, y)
    with pytest.raises(InvalidInputError, match="there are 0 here"):
        quick_surrogate("gin").fit({"ecfp": rows["ecfp"]}, y)
    assert "ring_graph" not in default_blocks("polymer"), "asked for by name only"
    only = {"ring_graph": rows["ring_graph"]}
    found = quick_surrogate("gin").fit(only, y).predict(only)
    assert not TrainingDomain().fit(only, y).assess(only, found).flags["far"].any()


def test_a_model_of_a_property_takes_graphs_and_fingerprints_by_itself(tmp_path: Path) -> None:
    model = PropertyModel.train(
        UNITS, carbon_shares(), target="my number", surrogate="gin", options=quick_options("gin")
    )
    assert [tag.partition("@")[0] for tag in model.card.blocks] == ["ring_graph", "ecfp"]
    again = PropertyModel.load(model.save(tmp_path / "kept"))
    assert again.predict(["*CC(*)I"])[0].mean == pytest.approx(model.predict(["*CC(*)I"])[0].mean, rel=1e-6)
