"""From a wish to relaxed crystals: proposals, guesses and relaxations in one folder that goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from polyloop.app.cli.main import main
from polyloop.core import InvalidInputError
from polyloop.crystal.composition import Composition
from polyloop.crystal.design import CrystalDesign, CrystalDesigner
from polyloop.crystal.formation_energy import FormationEnergyModel
from polyloop.crystal.generation import CompositionWish, MutationGenerator
from polyloop.crystal.hull import PhaseTable
from polyloop.crystal.structure_prediction import StructurePredictor
from polyloop.crystal.structures.canonical import read_text
from polyloop.crystal.substitution.ranking import train_ranking
from polyloop.crystal.substitution.templates import TemplateStore, ratio_of

pytest.importorskip("moyopy")
pytest.importorskip("chgnet", reason="needs the extra crystal")

SALT, CUBE = (
    "{a} {a} {a} 60 60 60 | {one} 0 0 0; {two} 0.5 0.5 0.5",
    "{a} {a} {a} 90 90 90 | {one} 0 0 0; {two} 0.5 0.5 0.5",
)
WISH = CompositionWish(-2.0, elements=(2, 2), allowed=("Li", "Na", "K", "Rb", "F", "Cl", "Br", "I"))


@pytest.fixture(scope="module")
def designer() -> CrystalDesigner:
    halogens = ("F", "Cl", "Br", "I")
    known = [(f"salt-{a}{b}", read_text(SALT.format(a=4.0, one=a, two=b))) for a in ("Li", "Na", "K") for b in halogens]
    known += [(f"cube-Cs{b}", read_text(CUBE.format(a=4.1, one="Cs", two=b))) for b in halogens[1:]]
    store = TemplateStore.from_structures(known, "made")
    compositions = [structure.composition for _, structure in known]
    model = FormationEnergyModel.shipped()
    energies, _ = model.predict(compositions)
    generator = MutationGenerator(compositions, energies, np.ones(len(known), dtype=int))
    # Experimental heats of formation, eV/atom: CRC Handbook.
    phases = PhaseTable(["NaCl", "KBr", "RbCl", "LiBr"], [-2.13, -2.04, -2.26, -1.82])
    return CrystalDesigner(
        generator,
        model,
        StructurePredictor(store, train_ranking(store, rng=np.random.default_rng(0))),
        phases,
        guesses=1,
        symmetry_guesses=0,
    )


@pytest.mark.slow
def test_designs_are_relaxed_ranked_and_computed_once(designer: CrystalDesigner, tmp_path: Path) -> None:
    told: list[str] = []
    found = designer.design(WISH, 2, tmp_path, progress=lambda done, one: told.append(one.formula))
    assert len(found) == 2
    distances = [one.distance(-2.0) for one in found]
    assert distances == sorted(distances)
    for one in found:
        assert one.formation_energy == pytest.approx(one.predicted, abs=0.3)
        assert one.std is not None and one.std > 0
        assert one.cif is not None and (tmp_path / "designs" / one.cif).exists()
        assert one.hull_distance is not None
    # As if the process had been killed before the last was written: the others are not computed again.
    last = tmp_path / "designs" / f"{told[-1]}.json"
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "designs").glob("*.json") if path != last}
    last.unlink()
    again = designer.design(WISH, 2, tmp_path)
    assert [one.formula for one in again] == [one.formula for one in found]
    assert [one.formation_energy for one in again] == pytest.approx([one.formation_energy for one in found], abs=1e-4)
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())


@pytest.mark.slow
def test_a_composition_without_a_template_is_guessed_by_symmetry_if_asked_for(designer: CrystalDesigner) -> None:
    """The store has rock salts and cubes only, so nothing of the ratio 1:2."""
    asked = replace(designer, symmetry_guesses=2)
    assert {one.method for one in asked._guesses(Composition("KCl"))} == {"substitution"}
    guesses = asked._guesses(Composition("K2O"))
    assert 0 < len(guesses) <= 2 and all(one.method in ("drawn", "rearranged orbits") for one in guesses)
    assert {ratio_of(one.composition) for one in designer._proposals(WISH, 3, 0, None)} == {(1, 1)}


def test_a_folder_of_another_wish_is_refused(designer: CrystalDesigner, tmp_path: Path) -> None:
    (tmp_path / "wish.json").write_text("{}")
    with pytest.raises(InvalidInputError, match="another wish"):
        designer.design(WISH, 1, tmp_path)


def test_what_is_far_above_the_hull_or_off_the_wish_comes_later() -> None:
    near = CrystalDesign("A", -2.0, -2.0, 0.01, 0.0)
    off = CrystalDesign("B", -2.0, -1.7, 0.01, 0.0)
    high = CrystalDesign("C", -2.0, -2.0, 0.01, 0.3)
    assert near.distance(-2.0) == 0.0
    assert (off.distance(-2.0), high.distance(-2.0)) == pytest.approx((2.0, 3.0))
    assert high.distance(None) == pytest.approx(3.0)
    assert CrystalDesign("D", -2.0).distance(-2.0) == float("inf")


def test_the_command_refuses_what_it_cannot_design_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wanted, words in (("band_gap=2", "not for 'band_gap'"), ("formation_energy=low", "no number")):
        assert main(["crystal", "design", "--property", wanted, "-o", str(tmp_path)]) == 1
        assert words in capsys.readouterr().err
    command = ["crystal", "design", "--property", "formation_energy=-2", "-o", str(tmp_path / "new")]
    assert main(command) == 1
    assert "no templates" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_designs_with_templates_of_ones_own(
    designer: CrystalDesigner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from polyloop.crystal.substitution.files import ranking_path

    designer.predictor.store.save(tmp_path / "templates.npz")
    designer.predictor.ranking.save(ranking_path(tmp_path / "templates.npz"))
    command = ["crystal", "design", "--property", "formation_energy=-2", "--elements", "Li,Na,K,Rb,Cl,Br,I",
               "--most", "2", "-n", "1", "--guesses", "1", "--symmetry-guesses", "0", "--known",
               "--templates", str(tmp_path / "templates.npz"), "-o", str(tmp_path / "designs"), "--json"]  # fmt: skip
    assert main(command) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert set(Composition(row["formula"]).elements) <= {"Li", "Na", "K", "Rb", "Cl", "Br", "I"}
    assert row["formation_energy"] == pytest.approx(-2.0, abs=0.5)
