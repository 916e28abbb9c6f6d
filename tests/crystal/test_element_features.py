"""Numbers of the elements and their statistics over a composition."""

from __future__ import annotations

import numpy as np
import pytest

from polyloop.core import EvaluationError
from polyloop.crystal.composition import Composition
from polyloop.crystal.element_features import element_features, valence_electrons
from polyloop.crystal.element_statistics import ElementStatisticsBlock
from polyloop.crystal.oxidation import charges_balance

pytest.importorskip("mendeleev", reason="needs the extra crystal")


def column(name: str) -> np.ndarray:
    table = element_features()
    return table.values[:, table.names.index(name)]


def test_every_element_has_every_number_and_most_of_them_are_known() -> None:
    table = element_features()
    assert table.values.shape == (103, len(table.names)) == (103, len(table.units))
    assert np.isfinite(table.values).all()
    # Hydrogen to lead.
    assert table.known[:82].mean() > 0.95


def test_numbers_are_those_of_handbooks() -> None:
    # CRC Handbook of Chemistry and Physics: iron's first ionisation energy, Pauling's electronegativity, density.
    assert column("ionisation_energy")[25] == pytest.approx(7.9025, abs=1e-3)
    assert column("electronegativity_pauling")[25] == 1.83
    assert np.exp(column("density_log")[25]) == pytest.approx(7.87, abs=0.01)


def test_a_gap_is_filled_from_neighbours() -> None:
    table = element_features()
    place = table.names.index("electronegativity_pauling")
    assert not table.known[17, place]  # argon
    halogens_and_noble = table.values[[8, 16, 34, 35, 53], place]
    assert halogens_and_noble.min() < table.values[17, place] < halogens_and_noble.max()


@pytest.mark.parametrize(
    ("configuration", "counts"),
    [
        ("1s", (1, 0, 0, 0)),
        ("[Ar] 3d6 4s2", (2, 0, 6, 0)),
        ("[Ar] 3d10 4s2", (2, 0, 10, 0)),
        ("[Ar] 3d10 4s2 4p2", (2, 2, 0, 0)),
        ("[Xe] 4f14 5d2 6s2", (2, 0, 2, 0)),
        ("[Xe] 4f7 6s2", (2, 0, 0, 7)),
    ],
)
def test_closed_inner_shells_are_core(configuration: str, counts: tuple[int, ...]) -> None:
    assert valence_electrons(configuration) == counts


def test_the_statistics_of_a_composition_weigh_by_its_fractions() -> None:
    block = ElementStatisticsBlock()
    row = dict(zip(block.names(), block.evaluate(Composition("Fe2O3")), strict=True))
    numbers = np.array([26, 26, 8, 8, 8])
    assert row["atomic_number_mean"] == pytest.approx(numbers.mean())
    assert row["atomic_number_deviation"] == pytest.approx(numbers.std())
    assert (row["atomic_number_lowest"], row["atomic_number_highest"]) == (8, 26)
    assert len(block.units()) == len(row)


def test_an_element_of_which_too_little_is_known_is_named() -> None:
    with pytest.raises(EvaluationError, match="Og"):
        ElementStatisticsBlock().evaluate(Composition("OgO2"))


def test_charges_of_salts_balance_and_those_of_what_cannot_be_do_not() -> None:
    assert all(charges_balance(Composition(text)) for text in ("NaCl", "Al2O3", "LiFePO4", "CaTiO3", "SiO2"))
    assert not any(charges_balance(Composition(text)) for text in ("NaCl2", "Na2F", "Fe3O4"))
