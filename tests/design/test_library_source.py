"""A library file as a source: random rows, relatives of the best, never the whole; what inverse design goes by."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from polyloop.core import InvalidInputError
from polyloop.design import Objective
from polyloop.design.inverse.improvement import log_improvement
from polyloop.design.library import LibrarySource, PolymerLibrary, StockMonomer, build_library
from polyloop.design.library.analysis import analyse_selection, draw_groups
from polyloop.design.pool_filter import PoolFilter
from polyloop.design.sources import CandidateSource, Observations

STOCK = [
    StockMonomer(smiles, name, price)
    for smiles, name, price in (
        ("OCCO", "ethylene glycol", 1.0), ("OCCCO", "1,3-propanediol", 4.0), ("OCCCCCCO", "1,6-hexanediol", 9.0),
        ("Oc1ccc(O)cc1", "hydroquinone", 6.0), ("OC(=O)CCC(=O)O", "succinic acid", 3.0),
        ("OC(=O)c1ccc(C(=O)O)cc1", "terephthalic acid", 1.5), ("OC(=O)CCCCC(=O)O", "adipic acid", 2.0),
        ("NCCCCCCN", "hexamethylenediamine", 3.0), ("Nc1ccc(N)cc1", "p-phenylenediamine", 8.0),
    )
]  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> LibrarySource:
    path = tmp_path_factory.mktemp("library") / "library.parquet"
    build_library(PolymerLibrary.from_monomers(STOCK), path, size=90, seed=0, part=20)
    return LibrarySource(path, blocks=("ecfp",), size=20, relatives=0.5, parents=1, time_limit=None)


def test_it_is_a_source_that_knows_how_each_row_is_made(source: LibrarySource) -> None:
    assert isinstance(source, CandidateSource)
    drawn = source.drawn(15, (), np.random.default_rng(0))
    said = source.origins([*drawn, "*C*"])
    assert set(said) == set(drawn) and "*C*" not in said
    assert all(row["rule"] and row["monomers"] and float(row["price"]) > 0 for row in said.values())
    assert source.describe()["rows"] == len(source)


def test_rows_are_drawn_alike_once_each_and_by_the_seed(source: LibrarySource) -> None:
    assert len(set(source.drawn(10**6, (), np.random.default_rng(1)))) == len(source)
    some = source.drawn(10, (), np.random.default_rng(2))
    assert some == source.drawn(10, (), np.random.default_rng(2))
    assert not set(source.drawn(10, some, np.random.default_rng(2))) & set(some)
    counts = Counter(text for seed in range(400) for text in source.drawn(10, (), np.random.default_rng(seed)))
    # 4,000 draws of n rows: their counts scatter by the root of 4,000 / n (1 - 10 / n) about the mean.
    expected = 4000 / len(source)
    assert np.std(list(counts.values())) == pytest.approx(np.sqrt(expected * (1 - 10 / len(source))), rel=0.25)


def test_half_of_a_refreshed_pool_shares_a_monomer_with_the_best(source: LibrarySource) -> None:
    observed = tuple(source.drawn(6, (), np.random.default_rng(3)))
    values = np.arange(6.0)[:, None]
    objective = [Objective("refractive_index", "maximize")]
    pool = source.refreshed([], Observations(observed, values), objective, observed, np.random.default_rng(4))
    best = set(source.origins([observed[-1]])[observed[-1]]["monomers"].split(" + "))
    rows = source.origins(source.drawn(10**6, observed, np.random.default_rng(0)))
    relatives = {text for text, row in rows.items() if best & set(row["monomers"].split(" + "))}
    assert len(pool) == len(set(pool)) == 20 and not set(pool) & set(observed)
    assert len(relatives) >= 5 and len(relatives & set(pool)) >= min(10, len(relatives))


def test_filters_hold_and_what_is_no_library_is_refused(source: LibrarySource, tmp_path: Path) -> None:
    aliphatic = LibrarySource(source.path, accepts=PoolFilter.make(None, (2, 8), None))
    drawn = aliphatic.drawn(50, (), np.random.default_rng(0))
    assert 0 < len(drawn) < len(source)
    assert all(sum(letter.isalpha() for letter in text) <= 8 for text in drawn)
    (tmp_path / "no.parquet").write_text("smiles\n*C*\n")
    with pytest.raises(InvalidInputError, match="This is no library"):
        LibrarySource(tmp_path / "no.parquet")
    with pytest.raises(InvalidInputError, match="from 0 to 1"):
        LibrarySource(source.path, relatives=2.0)


def test_the_likelihood_is_the_probability_of_beating_the_front() -> None:
    mean, std = np.array([[1.6, 1.0], [1.5, 1.3]]), np.array([[0.05, 0.1], [0.02, 0.2]])
    one = [Objective("refractive_index", "maximize")]
    # Probability of improvement over the best of 1.52 and 1.55.
    found = log_improvement(mean[:, :1], std[:, :1], np.array([[1.52], [1.55]]), one)
    assert np.exp(found) == pytest.approx(norm.sf((1.55 - mean[:, 0]) / std[:, 0]))
    two = [Objective("refractive_index", "maximize"), Objective("density", "minimize")]
    front = np.array([[1.55, 1.2], [1.50, 1.1]])
    dominated = np.array([[1.49, 1.3]])
    expected = np.mean(
        [norm.sf((a - mean[:, 0]) / std[:, 0]) * norm.cdf((b - mean[:, 1]) / std[:, 1]) for a, b in front], axis=0
    )
    assert np.exp(log_improvement(mean, std, np.vstack([front, dominated]), two)) == pytest.approx(expected)
    ranged = [Objective("refractive_index", "range", 1.58, 1.62), two[1]]
    inside = norm.cdf((1.62 - mean[:, 0]) / std[:, 0]) - norm.cdf((1.58 - mean[:, 0]) / std[:, 0])
    beats = norm.cdf((1.1 - mean[:, 1]) / std[:, 1])
    assert np.exp(log_improvement(mean, std, front, ranged)) == pytest.approx(inside * beats)


def test_an_analysis_finds_what_was_selected_and_draws_it(source: LibrarySource, tmp_path: Path) -> None:
    everything = source.drawn(10**6, (), np.random.default_rng(0))
    said = source.origins(everything)
    chosen = [text for text in everything if "OCCO" in said[text]["monomers"].split(" + ")]
    lines = [
        f"{text},{row['polymer_class']},{row['rule']},{row['monomers']}" for text in chosen for row in [said[text]]
    ]
    (tmp_path / "front.csv").write_text("smiles,polymer_class,rule,monomers\n" + "\n".join(lines) + "\n")
    found = analyse_selection(tmp_path / "front.csv", source.path)
    first = found[0]
    assert (first.kind, first.name, first.selected, first.count) == ("monomer", "OCCO", 1.0, len(chosen))
    assert first.library == pytest.approx(len(chosen) / len(source)) and first.p_value < 1e-5
    assert all(one.ratio > 1 and 0 <= one.p_value <= 1 for one in found)
    assert {one.kind for one in found} >= {"monomer", "rule", "group"}
    # Of nine monomers no group stands out; what does is drawn.
    assert draw_groups(found) == draw_groups([]) == ""
    assert draw_groups([replace(one, p_value=0.01) for one in found]).count("<svg") == 1
    (tmp_path / "empty.csv").write_text("smiles,polymer_class,rule,monomers\n")
    with pytest.raises(InvalidInputError):
        analyse_selection(tmp_path / "empty.csv", source.path)
