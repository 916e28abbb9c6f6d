"""Splits: what teaches and what is asked never share a row, and each split asks what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.learn.validation import (
    SPLITTERS,
    ClusterSplit,
    CombinedSplit,
    LeaveClassOut,
    MiddleSplit,
    SimilaritySplit,
    Splitter,
    TimeSplit,
    cluster_labels,
    make_splitter,
)
from polyloop.learn.validation.structure_splits import similarity_of

ROOT = Path(__file__).parents[2]


def table(n: int = 120, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts of four families of rows, values, and the family of each."""
    rng = np.random.default_rng(seed)
    family = np.arange(n) % 4
    counts = rng.poisson(0.3, (n, 32)) + 4 * (np.arange(32) // 8 == family[:, None])
    return counts, rng.normal(size=n) + family, family


@pytest.mark.parametrize("name", list(SPLITTERS))
def test_a_splitter_is_repeatable_and_shares_no_row_between_its_sides(name: str) -> None:
    X, y, family = table()
    first, again = (list(make_splitter(name, 3, seed=7).split(X, y, family)) for _ in range(2))
    assert len(first) == 3
    for (teach, ask), (teach_again, ask_again) in zip(first, again, strict=True):
        np.testing.assert_array_equal(teach, teach_again)
        np.testing.assert_array_equal(ask, ask_again)
        assert len(np.unique(teach)) == len(teach) and len(np.unique(ask)) == len(ask)
        assert not np.intersect1d(teach, ask).size
        assert max(teach.max(), ask.max()) < len(y)


@pytest.mark.parametrize("name", [name for name in SPLITTERS if name != "leave_class_out"])
def test_split_k_of_a_seed_is_the_first_of_the_seed_k_later(name: str) -> None:
    X, y, family = table()
    third = list(make_splitter(name, 3, seed=4).split(X, y, family))[2]
    (alone,) = make_splitter(name, 1, seed=6).split(X, y, family)
    for one, other in zip(third, alone, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", list(SPLITTERS))
def test_scikit_learn_takes_every_splitter(name: str) -> None:
    X, y, family = table()
    splitter = make_splitter(name, 2)
    assert len(cross_val_score(Ridge(), X, y, groups=family, cv=splitter)) == 2
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 10.0]}, cv=splitter).fit(X, y, groups=family)
    assert search.cv_results_["split1_test_score"].shape == (2,)


@pytest.mark.parametrize(("name", "low", "high"), [("lowest", 0, 30), ("middle", 35, 65), ("highest", 70, 100)])
def test_a_part_of_the_range_teaches_and_all_else_is_asked(name: str, low: int, high: int) -> None:
    y = np.random.default_rng(0).permutation(100).astype(float)
    for teach, ask in make_splitter(name, 2).split(y, y):
        assert low <= y[teach].min() and y[teach].max() < high
        assert len(teach) == 25
        assert sorted(y[ask]) == [value for value in range(100) if not low <= value < high]


def test_the_least_similar_rows_are_asked() -> None:
    """Ten rows of a family of their own, among ninety that are alike."""
    rng = np.random.default_rng(0)
    X = rng.poisson(0.2, (100, 20)) + np.where(np.arange(100)[:, None] < 90, np.arange(20) < 10, np.arange(20) >= 10)
    ((_, ask),) = SimilaritySplit(1, test_share=0.1).split(X)
    assert set(ask) == set(range(90, 100))
    similarity = similarity_of(X)
    assert similarity[np.ix_(ask, np.arange(90))].mean() < 0.5 * similarity[:90, :90].mean()


def test_clusters_are_asked_whole_and_found_from_fingerprints() -> None:
    X, y, family = table()
    np.testing.assert_array_equal(cluster_labels(similarity_of(X), 4)[:4][family], cluster_labels(similarity_of(X), 4))
    for teach, ask in ClusterSplit(3, n_clusters=4).split(X, y):
        assert not set(family[teach]) & set(family[ask])
        assert len(set(family[ask])) == 1


def test_a_combined_shift_asks_other_clusters_and_other_values_at_once() -> None:
    X, y, family = table(200)
    inside = np.sort(MiddleSplit(share=0.5).inside(y))
    for teach, ask in CombinedSplit(3, n_clusters=4).split(X, y):
        assert not set(family[teach]) & set(family[ask])
        assert np.isin(teach, inside).all() and not np.isin(ask, inside).any()


def test_classes_are_left_out_one_by_one_the_largest_first() -> None:
    groups = np.array(["b"] * 5 + ["a"] * 3 + ["c"] * 2)
    X = np.zeros((10, 1))
    splitter = LeaveClassOut(9)
    assert splitter.get_n_splits(X, None, groups) == 3
    assert [set(groups[ask]) for _, ask in splitter.split(X, None, groups)] == [{"b"}, {"a"}, {"c"}]


def test_no_time_stands_on_both_sides_and_the_past_teaches() -> None:
    dates = np.array(["2026-03-01", "2026-01-01", "2026-02-01", "2026-02-01", "2026-04-01", "2026-01-05"] * 5)
    ((teach, ask),) = TimeSplit(1, test_share=0.3, kept=1.0).split(dates, groups=dates)
    assert max(dates[teach]) < min(dates[ask])
    assert len(teach) + len(ask) == 30
    ((teach, ask),) = TimeSplit(1, test_share=0.2, kept=1.0).split(range(10))
    assert set(ask) == {8, 9}


def test_fingerprints_may_stand_beside_x_or_among_its_blocks() -> None:
    X, y, _ = table()
    plain = list(ClusterSplit(2).split(X, y))
    beside = list(ClusterSplit(2, fingerprints=X).split(-X.astype(float), y))
    blocks = {"ecfp": BlockValues(X, "counts"), "x": BlockValues(-X.astype(float), "physical")}
    for one, other, third in zip(plain, beside, ClusterSplit(2).split(blocks, y), strict=True):
        np.testing.assert_array_equal(one[1], other[1])
        np.testing.assert_array_equal(one[1], third[1])


@pytest.mark.parametrize(
    ("split", "words"),
    [
        (lambda X, y: make_splitter("lowest").split(X), "needs y"),
        (lambda X, y: make_splitter("lowest").split(X, np.where(y > 0, y, np.nan)), "is not finite"),
        (lambda X, y: make_splitter("leave_class_out").split(X, y), "needs the class"),
        (lambda X, y: make_splitter("leave_class_out").split(X, y, np.zeros(len(y))), "one class"),
        (lambda X, y: make_splitter("random").split(X, y, np.zeros(3)), "120 rows and 3 of groups"),
        (lambda X, y: make_splitter("time").split(X, y, np.zeros(len(y))), "0 be asked"),
        (lambda X, y: make_splitter("clusters").split(-X, y), "negative"),
        (lambda X, y: make_splitter("clusters").split({"x": BlockValues(X, "physical")}, y), "fingerprints"),
        (lambda X, y: make_splitter("combined", part="upper").split(X, y), "no part 'upper'"),
        (lambda X, y: make_splitter("random", test_share=1.5).split(X, y), "not between"),
        (lambda X, y: make_splitter("random", 0).split(X, y), "0 splits"),
    ],
)
def test_what_cannot_be_split_is_refused_with_a_reason(split, words: str) -> None:
    X, y, _ = table()
    with pytest.raises(InvalidInputError, match=words):
        list(split(X, y))


def test_an_unknown_name_or_option_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no splitter 'rando'"):
        make_splitter("rando")
    with pytest.raises(InvalidInputError, match="no option 'size'"):
        make_splitter("random", size=0.2)


def test_a_splitter_of_another_package_is_one_class_and_one_name() -> None:
    class EverySecond(Splitter):
        """Every second row is asked."""

        def _prepare(self, X, y, groups, n):
            return lambda rng, k: (np.arange(k % 2, n, 2), np.arange((k + 1) % 2, n, 2))

    SPLITTERS.add("every_second", EverySecond)
    try:
        assert [ask[0] for _, ask in make_splitter("every_second", 2).split(range(6))] == [1, 0]
    finally:
        SPLITTERS.remove("every_second")
    assert "MiddleSplit(n_splits=2" in repr(MiddleSplit(2))
