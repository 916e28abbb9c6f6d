"""Compositions go through the same loop, store and tables as polymers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from polyloop import Campaign
from polyloop.crystal.composition import Composition
from polyloop.crystal.elements import ELEMENTS
from polyloop.crystal.formation_energy import FormationEnergyModel
from polyloop.features.mixtures import describe_subjects
from polyloop.store import Store

EXAMPLES = Path(__file__).parents[2] / "examples"
FORMULAS = [
    f"{a}{i}{b}{j}"
    for a in ("Li", "Na", "Mg", "Ca", "Al")
    for b in ("O", "S", "Cl", "N")
    for i in (1, 2)
    for j in (1, 3)
]


def oxidised(formula: str, seed: int) -> dict[str, float]:
    """The share of oxygen, a quantity whose best candidate is known."""
    return {"oxygen": Composition(formula).fractions.get("O", 0.0)}


@pytest.mark.slow
def test_a_campaign_over_compositions_finds_the_best_and_keeps_each_once(tmp_path: Path) -> None:
    campaign = Campaign(
        ["oxygen"], FORMULAS, kind="composition", evaluators=oxidised, features=["element_fractions"],
        properties={"oxygen": {"unit": "1", "low": -0.1, "high": 1.1, "kinds": ["composition"]}},
        initial=5, seed=1, cycles=3, batch=4, directory=tmp_path,
    )  # fmt: skip
    campaign.run(report=False)
    found = campaign.status().best[0]
    assert found.values["oxygen"] == pytest.approx(0.75) and "O3" in found.text
    with Store(tmp_path / "store.sqlite") as store:
        texts = [record.request.subject.text for record in store.records()]
    assert len(texts) == len(set(texts)) == 5 + 3 * 4
    assert all(Composition(text).canonical == text for text in texts)


def test_the_shares_of_elements_sum_to_one_and_stand_in_their_columns() -> None:
    table = describe_subjects("composition", ["Fe2O3", "O3Fe2", "nonsense"], ["element_fractions"])
    rows = table.blocks["element_fractions"]
    assert rows[0, ELEMENTS.index("Fe")] == pytest.approx(0.4) and np.nansum(rows[0]) == pytest.approx(1.0)
    assert np.array_equal(rows[0], rows[1]) and list(table.failures) == [2]


@pytest.mark.slow
def test_the_example_finds_the_strongest_bound_halide_by_the_model_of_energies(tmp_path: Path) -> None:
    """The best of all 120 by the same model is among the 28 that are asked."""
    pool = Path(EXAMPLES / "lithium_halides.csv").read_text().split()[1:]
    energies, _ = FormationEnergyModel.shipped().predict([Composition(formula) for formula in pool])
    campaign = Campaign.from_file(EXAMPLES / "compositions.toml", directory=tmp_path)
    campaign.run(report=False)
    best = campaign.status().best[0]
    assert best.values["formation_energy"] == pytest.approx(float(energies.min()), abs=1e-4)
    with Store(tmp_path / "store.sqlite") as store:
        records = list(store.records())
    assert len(records) == 28
    assert all(record.std > 0 and record.request.protocol_id == "crystal/composition@1" for record in records)
