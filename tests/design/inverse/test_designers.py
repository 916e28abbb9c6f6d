"""What all designers keep to, and what the graph edits may not break."""

from __future__ import annotations

import numpy as np
import pytest
from tests.design.inverse.conftest import CarbonShare

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError
from polyloop.design.inverse import (
    DESIGNERS,
    ChainSpace,
    Designer,
    DesignPrior,
    InverseDesigner,
    Oracle,
    PredictionCache,
    make_designer,
    read_target,
)
from polyloop.design.inverse.graph_edits import crossed_units, mutated_unit

TARGETS = [read_target("refractive_index=1.60:1.66"), read_target("density=:1.3")]


@pytest.mark.parametrize("method", sorted(set(DESIGNERS) - {"string-smc"}))
def test_a_designer_spends_its_calls_on_different_polymers_and_repeats_itself(space: ChainSpace, method: str) -> None:
    histories = []
    for _ in range(2):
        oracle = Oracle(TARGETS, [CarbonShare()], calls=15)
        designer = make_designer(method, space, DesignPrior())
        assert isinstance(designer, Designer)
        designer.search(oracle, np.random.default_rng(7))
        histories.append([one.text for one in oracle.history])
    assert histories[0] == histories[1]
    assert len(set(histories[0])) == 15


@pytest.mark.slow
def test_the_posterior_designer_finds_the_best_of_a_space_with_a_third_of_the_calls(space: ChainSpace) -> None:
    everything = Oracle(TARGETS, [CarbonShare()], calls=10_000)
    everything.assess(list(dict.fromkeys(space.polymer(state).smiles for state in space.all_states())))
    best = sorted((one.log_likelihood for one in everything.history), reverse=True)[:5]
    oracle = Oracle(TARGETS, [CarbonShare()], calls=len(everything.history) // 3)
    flat = DesignPrior(makeability=0.0, typical_length=1e9)
    InverseDesigner(space, flat).design(oracle, np.random.default_rng(0))
    found = sorted((one.log_likelihood for one in oracle.history), reverse=True)[:5]
    assert found == pytest.approx(best, abs=0.05)


def test_candidates_come_with_score_route_and_price_each_once(space: ChainSpace) -> None:
    oracle = Oracle(TARGETS, [CarbonShare()], calls=15)
    result = InverseDesigner(space, method="random").design(oracle, np.random.default_rng(0), n=10)
    assert result.calls == 15
    assert len({one.smiles for one in result.candidates}) == 10
    scores = [one.score for one in result.candidates]
    assert scores == sorted(scores, reverse=True)
    for one in result.candidates:
        assert one.rule
        assert one.monomers
        assert set(one.to_dict()) >= {"smiles", "score", "predicted", "monomers", "rule", "price"}


def test_a_designer_ends_when_the_space_is_exhausted(space: ChainSpace) -> None:
    oracle = Oracle(TARGETS, [CarbonShare()], calls=5000)
    make_designer("random", space, DesignPrior(most_price=4.0)).search(oracle, np.random.default_rng(0))
    assert 0 < len(oracle.history) < 5000


def test_routes_of_units_that_no_library_made_are_looked_for(space: ChainSpace) -> None:
    oracle = Oracle(TARGETS, [CarbonShare()], calls=30)
    result = InverseDesigner(space, method="graph-ga").design(oracle, np.random.default_rng(0), n=8)
    routed = [one for one in result.candidates if one.rule]
    assert len(routed) > 0
    assert all(one.monomers for one in routed)


def test_string_sampling_writes_repeat_units(space: ChainSpace) -> None:
    from polyloop.design.inverse.string_sampler import StringDesigner
    from polyloop.design.language import NgramGenerator

    units = [
        "*CC*",
        "*CC(C)*",
        "*CC(c1ccccc1)*",
        "*CCO*",
        "*CC(C)(C(=O)OC)*",
        "*COC(=O)*",
        "*CC(C(=O)OCC)*",
        "*CC(OC)*",
    ]
    generator = NgramGenerator.train(units, lengths=False)
    oracle = Oracle(TARGETS, [CarbonShare()], calls=40)
    StringDesigner(generator).search(oracle, np.random.default_rng(0))
    assert len(oracle.history) > 20
    assert all(Polymer(one.text).canonical == one.text for one in oracle.history)


def test_a_killed_design_goes_on_and_ends_the_same(space: ChainSpace, tmp_path) -> None:
    class KilledError(Exception):
        pass

    def killing(spent: int) -> None:
        if spent == 13:
            raise KilledError

    def run(cache: PredictionCache, progress=lambda spent: None) -> tuple[list, int]:
        predictor = CarbonShare()
        oracle = Oracle(TARGETS, [predictor], calls=20, cache=cache, progress=progress)
        result = InverseDesigner(space).design(oracle, np.random.default_rng(3))
        return [one.to_dict() for one in result.candidates], len(predictor.asked)

    whole, _ = run(PredictionCache())
    with pytest.raises(KilledError):
        run(PredictionCache(tmp_path / "p.sqlite"), killing)
    again, asked = run(PredictionCache(tmp_path / "p.sqlite"))
    assert again == whole
    assert asked == 20 - 13


def test_edits_of_graphs_keep_two_stars() -> None:
    rng = np.random.default_rng(0)
    units = ["*CC(c1ccccc1)*", "*OC(=O)c1ccc(cc1)C(=O)OCC*", "*CCO*", "*NC(=O)CCCC(=O)NCC*"]
    made = [mutated_unit(units[place % 4], rng) for place in range(30)]
    made += [crossed_units(units[place % 4], units[(place + 1) % 4], rng) for place in range(30)]
    texts = [text for text in made if text is not None]
    assert len(texts) > 40
    assert len(set(texts)) > 25
    assert all(Polymer(text).canonical == text for text in texts)


def test_a_method_that_does_not_exist_is_refused(space: ChainSpace) -> None:
    with pytest.raises(InvalidInputError, match="no method"):
        InverseDesigner(space, method="posterio")
