"""Campaigns whose models learn what the invariants of properties leave."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from polyloop import Campaign, Polymer
from polyloop.chem.bond_volume import bond_counting_volume
from polyloop.core import ConfigurationError


def heavy(smiles: str, seed: int) -> dict[str, float]:
    """A density of constant packing, so that all that varies is mass over volume."""
    polymer = Polymer(smiles)
    return {"density": 0.63 * polymer.molar_mass / bond_counting_volume(polymer) / 0.602214}


def make(place: Path, units: tuple[str, ...], **surrogate: Any) -> Campaign:
    return Campaign(
        ["density"], list(units), evaluators=heavy, features=["ecfp", "backbone"], initial=5, seed=1, cycles=2, batch=3,
        surrogate={"name": "gp", **surrogate}, directory=place,
    )  # fmt: skip


@pytest.mark.slow
def test_a_campaign_with_invariants_predicts_beyond_what_it_knows(tmp_path: Path, units: tuple[str, ...]) -> None:
    """Of a density that is its invariant times known factors the first picks' predictions are already right."""
    errors = {}
    for word, invariants in (("with", True), ("without", False)):
        campaign = make(tmp_path / word, units, invariants=invariants)
        campaign.run(report=False)
        later = [one for one in campaign.state().candidates if one.cycle]
        errors[word] = sum(abs((one.value("density") or 0) - one.predicted["density"]["mean"]) for one in later)
        assert all(one.predicted["density"]["std"] > 0 for one in later)
    assert errors["with"] < 0.2 * errors["without"]
    densities = [heavy(unit, 0)["density"] for unit in units]
    assert make(tmp_path / "with", units, invariants=True).status().best[0].values["density"] == max(densities)


def settled(place: Path) -> object:
    return tomllib.loads((place / "campaign.toml").read_text())["surrogate"].get("invariants")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "surrogate", "expected"),
    [((), {}, True), (("*[Ge](*)(C)C",), {}, False), ((), {"name": "pls"}, False), ((), {"invariants": False}, False)],
)
def test_a_new_campaign_learns_invariants_where_that_loses_no_candidate(
    tmp_path: Path, units: tuple[str, ...], more: tuple[str, ...], surrogate: dict[str, Any], expected: bool
) -> None:
    campaign = make(tmp_path, (*units, *more), **surrogate)
    campaign.run(cycles=0, report=False)
    assert settled(tmp_path) is expected
    # What was settled holds, also where the file says nothing, and a changed pool would settle it otherwise.
    make(tmp_path, (*units, *more), **surrogate).run(cycles=0, report=False)
    assert settled(tmp_path) is expected


@pytest.mark.slow
def test_a_campaign_that_began_before_there_were_invariants_goes_on_without(
    tmp_path: Path, units: tuple[str, ...]
) -> None:
    make(tmp_path, units, invariants=False).run(cycles=0, report=False)
    identity = json.loads((tmp_path / "identity.json").read_text())
    del identity["identity"]["config"]["surrogate"]["invariants"]
    (tmp_path / "identity.json").write_text(json.dumps(identity))
    kept = (tmp_path / "campaign.toml").read_text()
    (tmp_path / "campaign.toml").write_text(kept.replace("invariants = false\n", ""))
    make(tmp_path, units).run(cycles=1, report=False)
    assert settled(tmp_path) is None


@pytest.mark.slow
def test_it_goes_on_as_if_it_had_never_stopped(tmp_path: Path, units: tuple[str, ...]) -> None:
    def picks(campaign: Campaign) -> list[str]:
        return [one.text for one in campaign.state().candidates]

    whole, parts = make(tmp_path / "whole", units, invariants=True), make(tmp_path / "parts", units, invariants=True)
    whole.run(report=False)
    for cycles in (0, 1, 2):
        parts.run(cycles=cycles, report=False)
    assert picks(parts) == picks(whole)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"levels": {"costs": {"instant": 1.0, "quick": 9.0}}}, r"\[levels\]"),
        (
            {"objectives": [{"property": "abbe_number", "direction": "maximize", "level": "quick"}]},
            "No invariant is known",
        ),
        ({"kind": "molecule", "candidates": ["CCO", "CCC", "CCN"]}, "known of a molecule"),
    ],
)
def test_where_invariants_cannot_be_is_said(tmp_path: Path, units: tuple[str, ...], change: dict, said: str) -> None:
    settings: dict[str, Any] = {
        "objectives": [{"property": "refractive_index", "direction": "maximize", "level": "quick"}],
        "candidates": list(units), "surrogate": {"name": "gp", "invariants": True}, "directory": tmp_path / "run",
        **change,
    }  # fmt: skip
    if "kind" in change:
        settings |= {"objectives": ["density"], "evaluators": heavy, "features": ["ecfp"]}
    with pytest.raises(ConfigurationError, match=said):
        Campaign(settings.pop("objectives"), settings.pop("candidates"), **settings)
