"""Structures by substitution: protostructures, learnt swaps, the ranking, and the command's contract."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from polyloop.app.cli.main import main
from polyloop.core import InvalidInputError
from polyloop.crystal.composition import Composition
from polyloop.crystal.elements import ELEMENTS
from polyloop.crystal.structures.canonical import read_text
from polyloop.crystal.structures.cif import cif_text, read_cif_file
from polyloop.crystal.structures.structure import CrystalStructure
from polyloop.crystal.structures.symmetry import symmetry_of
from polyloop.crystal.substitution.predict import predict_structures
from polyloop.crystal.substitution.protostructure import protostructure_of
from polyloop.crystal.substitution.ranking import StructureRanking, train_ranking
from polyloop.crystal.substitution.swaps import learn_swaps
from polyloop.crystal.substitution.templates import TemplateStore, assignments

pytest.importorskip("moyopy")

ROCK_SALT = "{a} {a} {a} 60 60 60 | {one} 0 0 0; {two} 0.5 0.5 0.5"
CAESIUM_CHLORIDE = "{a} {a} {a} 90 90 90 | {one} 0 0 0; {two} 0.5 0.5 0.5"
FLUORITE = "{a} {a} {a} 60 60 60 | {one} 0 0 0; {two} 0.25 0.25 0.25; {two} 0.75 0.75 0.75"
HALF_HEUSLER = "{a} {a} {a} 60 60 60 | {one} 0 0 0; {two} 0.25 0.25 0.25; {three} 0.5 0.5 0.5"


def crystal(kind: str, length: float, *elements: str) -> CrystalStructure:
    words = dict(zip(("one", "two", "three"), elements, strict=False))
    return read_text(kind.format(a=length, **words))


def alkali_halides() -> list[tuple[str, CrystalStructure]]:
    """Rock salt of the light alkali metals, caesium chloride of the heavy ones, fluorite of the alkaline earths."""
    light = [(one, two) for one in ("Li", "Na", "K", "Rb") for two in ("F", "Cl", "Br", "I")]
    heavy = [(one, two) for one in ("Cs", "Tl", "Fr") for two in ("Cl", "Br", "I")]
    earths = [(one, two) for one in ("Ca", "Sr", "Ba", "Cd") for two in ("F", "Cl")]
    rows = [(f"salt-{one}{two}", crystal(ROCK_SALT, 4.0, one, two)) for one, two in light]
    rows += [(f"caesium-{one}{two}", crystal(CAESIUM_CHLORIDE, 4.1, one, two)) for one, two in heavy]
    return rows + [(f"fluorite-{one}{two}", crystal(FLUORITE, 4.2, one, two)) for one, two in earths]


# Real entries of databases are rounded: this one (CdIn2O4 of the Materials Project, mp-675464) has a group at the usual
# tolerance whose positions do not fit it.
ROUNDED = CrystalStructure(
    np.array([[6.58383083, 0.0, 0.0], [0.013590745544949717, 6.583816802561719, 0.0],
              [-3.2065681118270186, -3.3842414795265303, 4.648834149604036]]),
    np.array([[0.5, 0.0, 0.0], [0.5, 0.5, 0.5], [0.883572, 0.133572, 0.75], [0.116428, 0.866428, 0.25],
              [0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.248, 0.728852, 0.980852], [0.248, 0.267148, 0.519148],
              [0.729936, 0.734737, 0.995199], [0.239538, 0.734737, 0.504801], [0.760462, 0.265263, 0.495199],
              [0.270064, 0.265263, 0.004801], [0.752, 0.732852, 0.480852], [0.752, 0.271148, 0.019148]]),
    ("Cd",) * 2 + ("In",) * 4 + ("O",) * 8,
)  # fmt: skip


def test_a_structure_whose_symmetry_is_in_doubt_has_that_of_a_finer_tolerance() -> None:
    found = protostructure_of(ROUNDED)
    assert found is not None and found.elements == ("Cd", "In", "O")


@pytest.fixture(scope="module")
def store() -> TemplateStore:
    return TemplateStore.from_structures(alkali_halides(), "made")


@pytest.fixture(scope="module")
def ranking(store: TemplateStore) -> StructureRanking:
    return train_ranking(store, rng=np.random.default_rng(0))


def test_a_choice_of_origin_does_not_make_another_protostructure() -> None:
    salt = crystal(ROCK_SALT, 4.0, "Na", "Cl")
    moved = CrystalStructure(salt.lattice, salt.fractional + 0.5, salt.symbols)
    first, second = protostructure_of(salt), protostructure_of(moved)
    assert first is not None and second is not None
    assert first.number == 225 and first.label((0, 1)) == second.label((0, 1)) == first.label((1, 0))


def test_who_stands_in_the_middle_tells_half_heuslers_apart() -> None:
    """MgAgAs has one element on 4c, of site symmetry -43m with both others around: three structures, not six."""
    found = protostructure_of(crystal(HALF_HEUSLER, 4.4, "Mg", "Ag", "As"))
    assert found is not None and found.number == 216
    labels = {found.label(tuple(order)) for order in assignments((1, 1, 1))}
    assert len(labels) == 3


def test_elements_that_share_structures_are_near_and_others_far(store: TemplateStore) -> None:
    swaps = learn_swaps(store)
    at = {symbol: ELEMENTS.index(symbol) for symbol in ("Na", "K", "Cs", "Cl", "Br")}
    assert swaps[at["Na"], at["K"]] > swaps[at["Na"], at["Cs"]]
    assert swaps[at["Cl"], at["Br"]] > np.log(0.5)
    assert np.array_equal(swaps, swaps.T) and (swaps <= 1e-12).all()


def test_a_composition_that_is_left_out_gets_its_structure_back(
    store: TemplateStore, ranking: StructureRanking
) -> None:
    for formula, group in (("NaBr", 225), ("CsBr", 221), ("SrF2", 225)):
        (best, *_) = predict_structures(Composition(formula), store, ranking, exclude_formula=True)
        assert best.space_group == group, formula
        assert best.template_formula != Composition(formula).canonical
        assert best.structure.composition == Composition(formula)


def test_the_volume_is_that_of_the_elements_and_not_of_the_template() -> None:
    """Volumes that are sums over elements are predicted exactly, but for the ridge."""
    sizes = {"Li": 8.0, "Na": 14.0, "K": 24.0, "Rb": 30.0, "F": 10.0, "Cl": 22.0, "Br": 28.0, "I": 38.0}
    rows = [
        (f"{one}{two}", crystal(ROCK_SALT, 4.0, one, two).scaled(sizes[one] + sizes[two]))
        for one in ("Li", "Na", "K", "Rb") for two in ("F", "Cl", "Br", "I")
    ]  # fmt: skip
    rows += [("CsCl", crystal(CAESIUM_CHLORIDE, 4.1, "Cs", "Cl"))]
    store = TemplateStore.from_structures(rows)
    swaps = learn_swaps(store)
    flat = StructureRanking(swaps, np.zeros(13), np.zeros(13), np.ones(13), 0)
    for guess in predict_structures(Composition("RbI"), store, flat, exclude_formula=True):
        assert guess.structure.volume == pytest.approx(68.0, rel=0.08)


def test_a_ratio_without_template_is_refused_with_what_to_do(store: TemplateStore, ranking: StructureRanking) -> None:
    with pytest.raises(InvalidInputError, match=r"ratio 2:3.*Add structures of this ratio"):
        predict_structures(Composition("Al2O3"), store, ranking)


def test_a_store_and_its_ranking_survive_the_file(
    store: TemplateStore, ranking: StructureRanking, tmp_path: Path
) -> None:
    store.save(tmp_path / "t.npz")
    ranking.save(tmp_path / "r.json")
    again = TemplateStore.load(tmp_path / "t.npz")
    read = StructureRanking.load(tmp_path / "r.json")
    ours, theirs = (
        [(one.template, round(one.probability, 3)) for one in predict_structures(Composition("KI"), *pair)]
        for pair in ((store, ranking), (again, read))
    )
    assert ours == theirs
    (tmp_path / "x.npz").write_text("nothing")
    with pytest.raises(InvalidInputError, match="holds no templates"):
        TemplateStore.load(tmp_path / "x.npz")


def test_the_commands_make_templates_and_write_ranked_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "known"
    folder.mkdir()
    for name, structure in alkali_halides():
        (folder / f"{name}.cif").write_text(cif_text(structure))
    (folder / "bad.cif").write_text("data_bad\n")
    store = tmp_path / "templates.npz"
    assert main(["crystal", "templates", str(folder), "-o", str(store)]) == 0
    assert "Left out: bad.cif" in capsys.readouterr().err
    arguments = ["crystal", "structure", "NaBr", "-n", "2", "--exclude-formula", "--templates", str(store)]
    assert main([*arguments, "-o", str(tmp_path / "out"), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    files = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in files] == ["001_NaBr.cif", "002_NaBr.cif"]
    assert [row["rank"] for row in rows] == [1, 2] and rows[0]["file"] == str(files[0])
    assert symmetry_of(read_cif_file(files[0])).number == rows[0]["space_group"] == 225
    assert main(["crystal", "structure", "NaBr"]) == 1
    assert "polyloop crystal templates" in capsys.readouterr().err
