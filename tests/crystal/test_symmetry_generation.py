"""Generation by symmetry: Wyckoff positions by group theory, distributions of elements, and what is drawn."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from polyloop.app.cli.main import main
from polyloop.core import InvalidInputError
from polyloop.crystal.composition import Composition
from polyloop.crystal.structure_prediction import StructurePredictor
from polyloop.crystal.structures.canonical import read_text
from polyloop.crystal.structures.cif import read_cif_file
from polyloop.crystal.structures.symmetry import dataset_of, symmetry_of
from polyloop.crystal.substitution.ranking import train_ranking
from polyloop.crystal.substitution.templates import TemplateStore
from polyloop.crystal.symmetry_generation.distances import learn_distances, nearest_by_pair
from polyloop.crystal.symmetry_generation.distribution import distributions, orbit_sets
from polyloop.crystal.symmetry_generation.drawing import CLOSEST, cell_of, cell_variables, draw_structure
from polyloop.crystal.symmetry_generation.frequencies import PositionSet, count_positions
from polyloop.crystal.symmetry_generation.predict import predict_by_symmetry
from polyloop.crystal.symmetry_generation.rearrangement import orbit_sets_of
from polyloop.crystal.symmetry_generation.wyckoff import space_group

pytest.importorskip("moyopy")

GROUPS = range(1, 231)
PEROVSKITE = "{a} {a} {a} 90 90 90 | {one} 0 0 0; {two} 0.5 0.5 0.5; {x} 0.5 0.5 0; {x} 0.5 0 0.5; {x} 0 0.5 0.5"
FLUORITE = "{a} {a} {a} 60 60 60 | {one} 0 0 0; {x} 0.25 0.25 0.25; {x} 0.75 0.75 0.75"
SALT = "{a} {a} {a} 60 60 60 | {one} 0 0 0; {x} 0.5 0.5 0.5"


def test_there_are_1731_wyckoff_positions_in_the_230_groups() -> None:
    """The total of International Tables A: Stroke 1999, and the documentation of the Bilbao server, give 1731."""
    assert sum(len(space_group(number).positions) for number in GROUPS) == 1731


def test_orders_and_centrings_are_those_of_international_tables() -> None:
    """General positions of International Tables A: P1 1, Pnma 8, R-3m 36 (hexagonal cell), Fm-3m 192, Ia-3d 96."""
    for number, order, centring in ((1, 1, 1), (62, 8, 1), (166, 36, 3), (225, 192, 4), (230, 96, 2)):
        group = space_group(number)
        general = list(group.positions.values())[-1]
        assert (general.multiplicity, group.centring) == (order, centring)
        assert len(group.rotations) == order and general.free == (0, 1, 2)


def test_known_positions_of_fm_3m_and_pnma() -> None:
    """Multiplicities of International Tables A for groups 225 and 62."""
    fm3m = {letter: one.multiplicity for letter, one in space_group(225).positions.items()}
    assert fm3m == dict(zip("abcdefghijkl", (4, 4, 8, 24, 24, 32, 48, 48, 48, 96, 96, 192), strict=True))
    pnma = space_group(62).positions
    assert {letter: one.multiplicity for letter, one in pnma.items()} == {"a": 4, "b": 4, "c": 4, "d": 8}
    assert pnma["c"].free == (0, 2) and pnma["c"].coordinates == "x,1/4,z"


def test_points_of_an_orbit_times_their_site_symmetry_are_the_group() -> None:
    """The theorem of orbits and stabilisers, for all 1731; and the site symmetry fixes no more than the position."""
    point = np.array([0.1371, 0.2957, 0.3843])
    for number in GROUPS:
        group = space_group(number)
        for position in group.positions.values():
            first = position.rotations[0] @ point + position.translations[0]
            images = group.rotations @ first + group.translations - first
            fixed = np.abs(images - np.round(images)).max(axis=1) < 1e-6
            assert position.multiplicity * fixed.sum() == len(group.rotations), (number, position.letter)
            # The mean of the site symmetry projects on what it leaves alone: as many dimensions as are free.
            assert round(np.trace(group.rotations[fixed].mean(axis=0))) == len(position.free), (number, position.letter)
            orbit = position.orbit(point)
            away = orbit[:, None] - orbit[None]
            far = np.abs(away - np.round(away)).max(axis=2) + np.eye(len(orbit))
            assert far.min() > 1e-4, (number, position.letter)


def test_no_two_positions_without_freedom_are_one() -> None:
    for number in GROUPS:
        points = [one.orbit(np.zeros(3)) for one in space_group(number).positions.values() if not one.free]
        every = np.concatenate(points) if points else np.empty((0, 3))
        assert len(np.unique(np.round(every * 24).astype(int) % 24, axis=0)) == len(every), number


@pytest.mark.parametrize("number", [2, 14, 62, 139, 148, 194, 200])
def test_a_crystal_drawn_in_a_group_has_it_and_its_letters(number: int) -> None:
    """By moyopy, from a crystal with two elements on the general position and one on the first: its own program."""
    group = space_group(number)
    rng = np.random.default_rng(number)
    general = list(group.positions.values())[-1]
    shape = rng.normal(size=cell_variables(number))
    lattice = cell_of(number, 60.0 * (2 * general.multiplicity + 8), shape)
    occupied = [(8, general), (9, general), (11, next(iter(group.positions.values())))]
    from polyloop.crystal.structures.structure import CrystalStructure

    for _ in range(50):
        sites = np.concatenate([position.orbit(rng.random(3)) for _, position in occupied])
        kinds = np.repeat([kind for kind, _ in occupied], [position.multiplicity for _, position in occupied])
        symbols = tuple({8: "O", 9: "F", 11: "Na"}[int(kind)] for kind in kinds)
        try:
            structure = CrystalStructure(lattice, sites, symbols)
        except InvalidInputError:
            continue  # two atoms on one another: the general position is drawn blindly here
        found = symmetry_of(structure, 1e-3)
        assert found.number == number
        assert found.wyckoff_letters.count(general.letter) == 2 * general.multiplicity
        return
    pytest.fail("no crystal was drawn")


def test_ways_to_give_orbits_are_all_there_and_each_once() -> None:
    """Against trying all: sets of (2, 1), (3, 2) and (1, 4) orbits and atoms, for amounts 4, 6 and 2."""
    sets, wanted = [(2, 1), (3, 2), (1, 4)], [4, 6, 2]
    found = list(distributions(sets, wanted, 1000))
    rows = [
        [row for row in product(range(count + 1), repeat=3) if sum(row) == count] for count, _ in sets
    ]  # fmt: skip
    every = [
        way
        for way in product(*rows)
        if all(sum(way[k][e] * sets[k][1] for k in range(3)) == wanted[e] for e in range(3))
    ]
    assert sorted(found) == sorted(every) and len(set(found)) == len(found)
    assert list(distributions([(1, 2)], [1, 1], 10)) == []


def perovskites() -> TemplateStore:
    """Perovskites, fluorites and rock salts of real elements; lengths such that volumes go with the elements."""
    rows = [
        (f"p-{one}{two}", read_text(PEROVSKITE.format(a=4.0, one=one, two=two, x=x)))
        for one, two, x in (
            ("Ca", "Ti", "O"),
            ("Sr", "Ti", "O"),
            ("Ba", "Zr", "O"),
            ("K", "Mg", "F"),
            ("Na", "Mg", "F"),
        )
    ]
    rows += [(f"f-{one}", read_text(FLUORITE.format(a=3.9, one=one, x=x))) for one, x in (("Ca", "F"), ("Zr", "O"))]
    return TemplateStore.from_structures(
        [*rows, *((f"s-{one}{x}", read_text(SALT.format(a=3.3, one=one, x=x))) for one, x in
                  (("Mg", "O"), ("Ca", "O"), ("Na", "F"), ("K", "F"), ("Sr", "O"), ("Ba", "O")))], "made"
    )  # fmt: skip


@pytest.fixture(scope="module")
def predictor() -> StructurePredictor:
    store = perovskites()
    return StructurePredictor(store, train_ranking(store, rng=np.random.default_rng(0)), seed=3)


def test_where_no_orbits_can_be_parted_guesses_are_drawn(predictor: StructurePredictor) -> None:
    """CaTiO2F has no template of its ratio, and O of the cubic perovskite stands on one orbit of three atoms."""
    composition = Composition("CaTiO2F")
    assert not predictor.has_template(composition)
    guesses = predictor.predict(composition, most=2)
    assert guesses and [one.rank for one in guesses] == list(range(1, len(guesses) + 1))
    for one in guesses:
        assert one.method == "drawn" and one.template is None
        assert one.structure.composition == composition


def test_two_elements_may_share_what_was_one_elements_place(predictor: StructurePredictor) -> None:
    """A perovskite becomes Ca2O3 with Ca on both places of the cations, still in Pm-3m."""
    guesses = predictor.predict(Composition("Ca2O3"), most=3)
    assert guesses[0].method == "rearranged orbits" and guesses[0].space_group == 221
    assert guesses[0].template_formula in ("CaTiO3", "SrTiO3", "BaZrO3")


def test_what_is_drawn_has_its_group_or_a_supergroup_and_room(predictor: StructurePredictor) -> None:
    from polyloop.crystal.symmetry_generation.wyckoff import SpaceGroup

    def order(group: SpaceGroup) -> float:
        return len(group.rotations) / group.centring

    rng = np.random.default_rng(1)
    drawn = predict_by_symmetry(
        Composition("MgAl2O4"), predictor.store, predictor.ranking.swaps, predictor.symmetry, rng, most=4, most_atoms=7
    )
    assert drawn
    low = predictor.symmetry.distances.low
    for one in drawn:
        found = dataset_of(one.structure, 1e-3)
        assert order(space_group(found.number)) % order(space_group(one.space_group)) == 0
        kinds = one.structure.numbers - 1
        for pair, distance in nearest_by_pair(one.structure.lattice, one.structure.fractional, kinds).items():
            assert distance >= CLOSEST * low[pair] - 1e-6


def test_positions_are_drawn_in_proportion_to_how_often_they_occur() -> None:
    """MgO in a store of rock salts: all drawn sets multiply out to the amounts, and Fm-3m with a and b comes first."""
    store = perovskites()
    frequencies = count_positions(store, orbit_sets_of(store))
    rng = np.random.default_rng(0)
    drawn = [one for _ in range(300) if (one := frequencies.draw(Composition("MgO"), rng)) is not None]
    for one in drawn:
        group = space_group(one.number)
        sizes = [sum(group.positions[letter].multiplicity for letter in letters) for letters in one.letters]
        assert sizes[0] == sizes[1] > 0
        alone = [letter for letters in one.letters for letter in letters if not group.positions[letter].free]
        assert len(alone) == len(set(alone))
    salts = sum(one.number == 225 and sorted(one.letters) == [("a",), ("b",)] for one in drawn)
    assert salts > 0.2 * len(drawn)


def test_a_drawn_lattice_has_its_system_and_volume() -> None:
    rng = np.random.default_rng(0)
    for number in (1, 5, 20, 100, 150, 200):
        lattice = cell_of(number, 120.0, rng.normal(size=cell_variables(number)))
        assert abs(np.linalg.det(lattice)) == pytest.approx(120.0)
        metric = lattice @ lattice.T
        for rotation in space_group(number).rotations:
            # Coordinates x' = W x leave lengths alone if W' G W = G.
            assert np.allclose(rotation.T @ metric @ rotation, metric, atol=1e-8), number


def test_atoms_that_have_no_room_are_not_drawn(predictor: StructurePredictor) -> None:
    tight = PositionSet(221, (("a",), ("b",)), ("Ba", "O"), 0.0)
    rng = np.random.default_rng(0)
    distances = learn_distances(predictor.store, rng=rng)
    assert draw_structure(tight, np.full(118, 3.0), distances, rng) is None
    assert draw_structure(tight, np.full(118, 30.0), distances, rng) is not None


def test_orbits_of_a_protostructure_are_counted_with_their_sizes() -> None:
    (perovskite, *_) = perovskites().templates
    sets = {one.element: (one.count, one.size) for one in orbit_sets(perovskite.protostructure)}
    assert sets == {"Ca": (1, 1), "Ti": (1, 1), "O": (1, 3)}


def test_the_same_seed_draws_the_same_and_a_word_is_said_where_nothing_can(predictor: StructurePredictor) -> None:
    ours, again = (
        [one.structure.canonical for one in predictor.predict(Composition("CaTiO2F"), most=3)] for _ in range(2)
    )
    assert ours == again
    with pytest.raises(InvalidInputError, match="no method 'symetry'"):
        predictor.predict(Composition("NaCl"), method="symetry")
    with pytest.raises(InvalidInputError, match="No template has elements in the ratio"):
        predictor.predict(Composition("MgAl2O4"), method="substitution")
    with pytest.raises(InvalidInputError, match="has 60 atoms"):
        predictor.predict(Composition("Ca29O31"), method="symmetry")


def test_the_command_fills_up_by_symmetry(
    predictor: StructurePredictor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from polyloop.crystal.substitution.files import ranking_path

    predictor.store.save(tmp_path / "t.npz")
    predictor.ranking.save(ranking_path(tmp_path / "t.npz"))
    command = ["crystal", "structure", "KCaF3", "-n", "3", "--templates", str(tmp_path / "t.npz")]
    assert main([*command, "-o", str(tmp_path / "out"), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["rank"] for row in rows] == [1, 2, 3] and rows[0]["method"] == "substitution"
    assert rows[-1]["method"] != "substitution"
    files = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in files] == [f"{rank:03d}_KCaF3.cif" for rank in (1, 2, 3)]
    assert read_cif_file(files[2]).composition == Composition("KCaF3")
    assert main([*command, "--method", "substitution", "--json"]) == 0
    assert {row["method"] for row in json.loads(capsys.readouterr().out)} == {"substitution"}
