"""The blocks as scikit-learn transformers."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks

from polyloop.core import InvalidInputError
from polyloop.features import BLOCKS, EcfpCounts, ForceFieldKernelMean, Rdkit2d, transformer_of
from polyloop.features.block import get_block
from polyloop.features.records import RecordBlock

# Every registered block that computes descriptors of polymers, and so each new one by itself.
TRANSFORMERS = [
    transformer_of(name)
    for name in BLOCKS
    if "polymer" in get_block(name).subjects and not isinstance(get_block(name), RecordBlock)
]
POLYMERS = ["*CC(*)c1ccccc1", "*CCO*", "*OCC*"]
CHECKS = [
    estimator_checks.check_no_attributes_set_in_init,
    estimator_checks.check_parameters_default_constructible,
    estimator_checks.check_get_params_invariance,
    estimator_checks.check_set_params,
]


@pytest.mark.parametrize("transformer", TRANSFORMERS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_scikit_learns_own_checks_hold(transformer, check):
    check(transformer.__name__, transformer())


@pytest.mark.parametrize("transformer", TRANSFORMERS)
def test_columns_are_named_and_equal_polymers_have_equal_rows(transformer):
    made = clone(transformer()).fit(POLYMERS)
    values = made.transform(POLYMERS)
    assert values.shape == (3, len(get_block(transformer.block).names()))
    np.testing.assert_array_equal(values[1], values[2])
    frame = made.set_output(transform="pandas").transform(POLYMERS)
    assert list(frame.columns) == list(made.get_feature_names_out()) == list(get_block(transformer.block).names())


def test_they_work_in_a_pipeline_and_in_parallel():
    values = make_pipeline(Rdkit2d(n_jobs=2, batch_size=1), StandardScaler()).fit_transform(POLYMERS)
    assert values.mean() == pytest.approx(0.0, abs=1e-12)


def test_a_column_of_text_is_taken_too():
    column = np.array(POLYMERS, dtype=object).reshape(-1, 1)
    np.testing.assert_array_equal(EcfpCounts().transform(column), EcfpCounts().transform(POLYMERS))


def test_a_bad_polymer_is_named_by_its_index():
    with pytest.raises(InvalidInputError, match="at index 1"):
        EcfpCounts().fit_transform(["*CC*", "CC"])
    with pytest.raises(InvalidInputError, match=r"index 0.*Si"):
        ForceFieldKernelMean().fit_transform(["*O[Si](*)(C)C"])
    values = EcfpCounts(errors="nan").fit_transform(["*CC*", "CC"])
    assert np.isnan(values).all(axis=1).tolist() == [False, True]


def test_an_unknown_way_with_errors_is_refused():
    with pytest.raises(InvalidInputError, match="'raise' or 'nan'"):
        Rdkit2d(errors="ignore").fit(POLYMERS)


def test_each_block_of_polyloop_has_a_transformer_that_can_be_imported_by_name():
    import polyloop.features

    for transformer in TRANSFORMERS:
        assert getattr(polyloop.features, transformer.__name__) is transformer


def test_blocks_of_others_get_a_transformer_and_those_that_read_records_none():
    class OtherCounts(type(get_block("torsions"))):
        name = "other"

    BLOCKS.add("other", OtherCounts)
    try:
        made = transformer_of("other")
        assert made.block == "other" and made().fit_transform(["*CC*"]).shape == (1, 2048)
    finally:
        BLOCKS.remove("other")
    with pytest.raises(InvalidInputError, match="computes no descriptors"):
        transformer_of("qmex")
