"""Formation energies from composition: the network behind the surrogates' interface, and the shipped model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from polyloop.app.cli.main import main
from polyloop.campaign import Campaign
from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.crystal.composition import Composition
from polyloop.crystal.elements import ELECTRONEGATIVITIES
from polyloop.crystal.formation_energy import FormationEnergyModel, element_fractions
from polyloop.crystal.set_attention import SetAttention

pytest.importorskip("mendeleev", reason="needs the extra crystal")

SMALL = {"n_members": 2, "epochs": 12, "width": 16, "depth": 1}


def pauling(composition: Composition) -> float:
    """Return a heat of formation as Pauling made it from electronegativities, in eV/atom: a law to be learnt."""
    (a, share), (b, other) = composition.fractions.items()
    return -4.0 * share * other * (ELECTRONEGATIVITIES[a] - ELECTRONEGATIVITIES[b]) ** 2


@pytest.fixture(scope="module")
def law() -> tuple[list[Composition], np.ndarray]:
    metals, rest = ("Li", "Na", "K", "Mg", "Ca", "Al", "Fe", "Ni", "Zn", "Sr"), ("O", "S", "Cl", "F", "N", "P", "Se")
    compositions = [
        Composition(f"{a}{n}{b}{m}") for a in metals for b in rest for n, m in ((1, 1), (1, 2), (2, 1), (2, 3), (3, 1))
    ]
    return compositions, np.array([pauling(composition) for composition in compositions])


def test_the_network_learns_a_law_and_says_how_far_off_it_is(law: tuple[list[Composition], np.ndarray]) -> None:
    compositions, energies = law
    order = np.random.default_rng(0).permutation(len(energies))
    train, test = order[:200], order[200:]
    model = FormationEnergyModel.train([compositions[row] for row in train], energies[train], "a law", **SMALL)
    said, std = model.predict([compositions[row] for row in test])
    off = np.abs(said - energies[test])
    assert off.mean() < 0.4 * np.abs(energies[test] - energies[train].mean()).mean()
    # Binomial: of 150 errors 68 % within one deviation, give or take four of its standard errors.
    assert 0.5 < (off < std).mean() < 0.86


def test_a_model_is_kept_and_read_without_change_of_more_than_a_milli_electronvolt(
    law: tuple[list[Composition], np.ndarray], tmp_path: Path
) -> None:
    compositions, energies = law
    model = FormationEnergyModel.train(compositions[:60], energies[:60], "a law", **(SMALL | {"epochs": 2}))
    model.write(tmp_path / "model.npz")
    again = FormationEnergyModel.read(tmp_path / "model.npz")
    assert again.source == "a law"
    for one, other in zip(model.predict(compositions[:9]), again.predict(compositions[:9]), strict=True):
        assert one == pytest.approx(other, abs=1e-3)


def test_the_order_of_elements_and_of_rows_changes_nothing(law: tuple[list[Composition], np.ndarray]) -> None:
    compositions, energies = law
    blocks = {"element_fractions": BlockValues(element_fractions(compositions), BlockKind.DENSITIES)}
    surrogate = SetAttention(n_members=2, epochs=1, width=8, depth=1).fit(blocks, energies)
    forward, backward = surrogate.predict(blocks), surrogate.predict({n: b[::-1] for n, b in blocks.items()})
    assert forward.mean == pytest.approx(backward.mean[::-1], abs=1e-5)
    assert forward.noise_std == pytest.approx(backward.noise_std[::-1], abs=1e-5)


def test_the_same_seed_gives_the_same_model(law: tuple[list[Composition], np.ndarray]) -> None:
    compositions, energies = law
    said = [
        FormationEnergyModel.train(compositions[:50], energies[:50], "", **(SMALL | {"epochs": 1})).predict(
            compositions[50:60]
        )[0]
        for _ in range(2)
    ]
    assert (said[0] == said[1]).all()


@pytest.mark.parametrize("energies", [[-1.0], [-1.0, -2.0], [-1.0] * 12], ids=["one", "two", "equal"])
def test_little_or_degenerate_data_gives_finite_predictions(
    law: tuple[list[Composition], np.ndarray], energies: list[float]
) -> None:
    fractions = element_fractions(law[0])
    train, asked = (
        {"element_fractions": BlockValues(part, BlockKind.DENSITIES)}
        for part in (fractions[: len(energies)], fractions)
    )
    surrogate = SetAttention(n_members=2, epochs=2, width=8, depth=1).fit(train, np.array(energies))
    said = surrogate.predict(asked)
    assert np.isfinite([said.mean, said.std, said.noise_std]).all()
    mean, covariance = surrogate.joint(train)
    assert np.isfinite(mean).all() and np.isfinite(covariance).all()
    again = SetAttention(n_members=2, epochs=2, width=8, depth=1).restore(surrogate.state())
    assert (again.predict(asked).mean == said.mean).all() and (again.predict(asked).noise_std == said.noise_std).all()


def test_what_the_network_cannot_read_is_said() -> None:
    with pytest.raises(InvalidInputError, match="fractions of the elements"):
        SetAttention().fit({"other": BlockValues(np.ones((20, 3)), BlockKind.PHYSICAL)}, np.arange(20.0))
    with pytest.raises(InvalidInputError, match="multiple of 4"):
        SetAttention(width=6)


def test_the_shipped_model_knows_common_compounds() -> None:
    # Experimental enthalpies of formation per atom, CRC Handbook: NaCl -2.13, MgO -3.12, Al2O3 -3.47, ZnS -1.07 eV.
    said, std = FormationEnergyModel.shipped().predict([Composition(text) for text in ("NaCl", "MgO", "Al2O3", "ZnS")])
    assert said == pytest.approx([-2.13, -3.12, -3.47, -1.07], abs=0.3)
    assert (std > 0).all()


def test_a_pure_element_has_no_energy_of_formation_and_an_unseen_element_is_named() -> None:
    said, std = FormationEnergyModel.shipped().predict([Composition("Fe")])
    assert (said, std) == (0, 0)
    with pytest.raises(InvalidInputError, match="Og"):
        FormationEnergyModel.shipped().predict([Composition("OgO2")])


def test_the_command_writes_what_scripts_are_promised(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["crystal", "energy", "LiFePO4", "O2Ti", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["formula"] for row in rows] == ["LiFePO4", "TiO2"]
    assert all(row["std"] > 0 and -5 < row["formation_energy"] < 0 for row in rows)
    assert main(["crystal", "energy", "Xx2O3"]) == 1


def test_a_campaign_is_told_what_the_network_reads(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="reads the block 'element_fractions'"):
        Campaign(
            ["formation_energy"],
            [f"Fe{n}O" for n in range(1, 20)],
            kind="composition",
            evaluators=lambda formula, seed: {"formation_energy": -1.0},
            features=["element_statistics"],
            surrogate="set_attention",
            directory=tmp_path / "run",
        )
