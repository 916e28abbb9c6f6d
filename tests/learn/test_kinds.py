"""Models go by what a block's columns are, never by its name."""

import numpy as np
import pytest
from tests.surrogates import COLUMN_KINDS, COLUMN_SURROGATES, quick_surrogate

from polyloop.chem import Polymer
from polyloop.core import KINDS, InvalidInputError
from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.design import Objective, initial_design, propose
from polyloop.features import BLOCKS, FeatureTable, featurize
from polyloop.features.block import get_block
from polyloop.features.ecfp import EcfpBlock
from polyloop.features.records import RecordBlock
from polyloop.learn import TrainingDomain
from polyloop.learn.kernels import Term, default_terms
from polyloop.learn.surrogate import stack, take

UNITS = [
    "*CC*",
    "*CC(*)C",
    "*CC(*)c1ccccc1",
    "*CC(*)Cl",
    "*CC(*)F",
    "*CCO*",
    "*CC(*)C(=O)OC",
    "*CC(*)(C)C",
    "*COC*",
    "*CC(*)C#N",
    "*CCCC*",
    "*CC(*)OC",
    "*Oc1ccc(*)cc1",
    "*CC(*)O",
    "*CC(C)(*)c1ccccc1",
    "*CCS*",
]
N, V = Objective("refractive_index"), Objective("abbe_number")


class MorganCounts(EcfpBlock):
    """The same fingerprint as another package might ship it."""

    name = "morgan_counts"


@pytest.fixture
def other_name():
    """One file and one line of registration: a block from outside."""
    BLOCKS.add("morgan_counts", MorganCounts)
    yield
    BLOCKS.remove("morgan_counts")


def blocks(kind, values, name="any_name"):
    return {name: BlockValues(values, kind)}


def data(kind, n=40):
    rng = np.random.default_rng(4)
    values = {
        BlockKind.COUNTS: rng.poisson(0.6, (n, 24)),
        BlockKind.BITS: rng.integers(0, 2, (n, 24)),
        BlockKind.CATEGORICAL: np.eye(6, dtype=int)[rng.integers(0, 6, n)],
        BlockKind.PHYSICAL: rng.normal(size=(n, 4)) * [1, 50, 0.1, 1e-9],
        BlockKind.DENSITIES: rng.random((n, 8)),
    }[kind]
    return values, np.column_stack([1.5 + 0.1 * (values[:, 0] + values[:, 1]), 40.0 + values[:, 2]])


@pytest.mark.parametrize("kind", COLUMN_KINDS)
@pytest.mark.parametrize("name", COLUMN_SURROGATES)
def test_a_blocks_name_changes_no_prediction_no_flag_and_no_pick(name, kind):
    values, Y = data(kind)
    answers = []
    for word in ("ecfp", "morgan_counts", "forcefield", "rdkit2d"):
        X = blocks(kind, values, word)
        seen = take(X, slice(0, 25))
        models = [quick_surrogate(name).fit(seen, Y[:25, j]) for j in range(2)]
        predicted = models[0].predict(take(X, slice(25, 40)))
        flags = TrainingDomain().fit(seen, Y[:25, 0]).assess(take(X, slice(25, 40)), predicted)
        first = initial_design(X, 6, rng=np.random.default_rng(0))
        batch = propose(models, X, Y[:25], [N, V], batch=3, rng=np.random.default_rng(0), reference_point=(1.4, 38.0))
        picks = [*first.tolist(), *batch.indices.tolist()]
        answers.append((predicted.mean.tolist(), predicted.std.tolist(), flags.outside.tolist(), picks))
    assert all(answer == answers[0] for answer in answers[1:])


@pytest.mark.parametrize("name", COLUMN_SURROGATES)
def test_the_same_fingerprint_from_outside_predicts_the_same(other_name, name):
    here = {"time_limit": None, "memory_limit": None}
    shipped, outside = (featurize(UNITS, (word,), **here).described() for word in ("ecfp", "morgan_counts"))
    y = np.array([Polymer(unit).molar_mass for unit in UNITS]) / 100
    train, rest = slice(0, 10), slice(10, 16)
    predictions = [
        quick_surrogate(name).fit(take(X, train), y[train]).predict(take(X, rest)) for X in (shipped, outside)
    ]
    np.testing.assert_array_equal(predictions[1].mean, predictions[0].mean)
    np.testing.assert_array_equal(predictions[1].std, predictions[0].std)


def test_each_kind_has_its_kernel():
    X = {kind.value: BlockValues(data(kind)[0], kind) for kind in COLUMN_KINDS}
    occurrences = [Term(word, "minmax") for word in ("bits", "categorical", "counts")]
    quantities = [Term(word, kind) for word in ("densities", "physical") for kind in ("matern52", "linear")]
    assert set(default_terms(X)) == {*occurrences, *quantities}


@pytest.mark.parametrize("name", [name for name in BLOCKS if not isinstance(get_block(name), RecordBlock)])
def test_every_shipped_block_declares_its_kind_and_its_values_are_of_it(name):
    block = get_block(name)
    of_polymers, other = "polymer" in block.subjects, KINDS[block.subjects[0]]
    described = [Polymer(unit) for unit in UNITS[:4]] if of_polymers else [other.parse(other.example)]
    values = np.array([block.evaluate(one) for one in described])
    assert isinstance(block.kind, BlockKind)
    if block.kind.is_occurrence:
        assert (values >= 0).all()
        assert (values == np.rint(values)).all()


def test_the_kind_travels_with_the_data(tmp_path):
    table = featurize(UNITS[:3], ("ecfp", "rdkit2d"), time_limit=None, memory_limit=None)
    table.take([0, 2]).save(tmp_path / "table.npz")
    X = FeatureTable.load(tmp_path / "table.npz").described()
    assert {name: block.kind for name, block in X.items()} == {"ecfp": BlockKind.COUNTS, "rdkit2d": BlockKind.PHYSICAL}
    assert {block.kind for block in stack(take(X, [0]), take(X, [1])).values()} == {"counts", "physical"}


@pytest.mark.parametrize("name", COLUMN_SURROGATES)
def test_an_array_that_does_not_say_its_kind_is_refused(name):
    values, Y = data(BlockKind.COUNTS)
    with pytest.raises(InvalidInputError, match=r"block 'ecfp'.*BlockValues\(array, kind\)"):
        quick_surrogate(name).fit({"ecfp": values}, Y[:, 0])
    with pytest.raises(InvalidInputError, match="what kind"):
        initial_design({"ecfp": values}, 3, rng=np.random.default_rng(0))


def test_an_unknown_kind_is_refused_and_names_the_known():
    with pytest.raises(InvalidInputError, match=r"'count'.*counts, bits, categorical, physical, densities, graph"):
        BlockValues(np.zeros((2, 2)), "count")
