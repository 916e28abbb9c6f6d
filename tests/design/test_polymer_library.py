"""Libraries of polymers: random access, classes, prices, files that go on after a kill and end in the same bytes."""

import csv
import json
import os
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow.parquet
import pytest

from polyloop import evaluate
from polyloop.app.cli.main import main
from polyloop.chem import Polymer
from polyloop.chem.library import monomers, textbook_polymers
from polyloop.chem.polymerisation import RULES
from polyloop.chem.polymerisation.rule import read_monomer
from polyloop.core import InvalidInputError
from polyloop.core.errors import UnsupportedChemistryError
from polyloop.design.library import PolymerLibrary, StockMonomer, build_library, read_stock, screening, shipped_stock
from polyloop.design.library import build as building
from polyloop.design.library.chain_classes import chain_class, residue_class
from polyloop.design.library.permutation import Permutation
from polyloop.design.library.scores import makeability, price_of_repeat_unit, synthetic_accessibility
from polyloop.design.library.screeners import ModelScreener, ProtocolScreener
from polyloop.design.library.stats import read_columns
from polyloop.learn.property_model import PropertyModel

STOCK = tuple(
    StockMonomer(smiles, name, price)
    for smiles, name, price in (
        ("OCCO", "ethylene glycol", 1.0), ("CC(O)CO", "propylene glycol", 2.0), ("OCCCCO", "butanediol", 2.0),
        ("O=C(O)CCCCC(=O)O", "adipic acid", 2.0), ("O=C(O)c1ccc(C(=O)O)cc1", "terephthalic acid", 1.0),
        ("O=C(Cl)CCCCC(=O)Cl", "adipoyl chloride", 50.0), ("CC(CCC(=O)O)CC(=O)O", "methyladipic acid", 90.0),
        ("NCCCCCCN", "hexamethylenediamine", 3.0), ("Nc1ccc(Oc2ccc(N)cc2)cc1", "oxydianiline", 30.0),
        ("O=C=NCCCCCCN=C=O", "HDI", 5.0), ("Cc1ccc(N=C=O)cc1N=C=O", "TDI", 3.0),
        ("O=C1OC(=O)c2cc3c(cc21)C(=O)OC3=O", "PMDA", 40.0), ("C=C", "ethylene", 1.0), ("C=CC", "propylene", 1.0),
        ("C=Cc1ccccc1", "styrene", 1.5), ("C=CC(=O)OC", "methyl acrylate", 2.0), ("C=CC#N", "acrylonitrile", 2.0),
        ("C=CCl", "vinyl chloride", 1.0), ("C=C(C)C=C", "isoprene", 2.0), ("CC1CO1", "propylene oxide", 1.5),
        ("O=C1CCCCCN1", "caprolactam", 2.0), ("C=COC(C)=O", "vinyl acetate", 1.0), ("SCCS", "ethanedithiol", None),
    )
)  # fmt: skip


@pytest.fixture(scope="module")
def library():
    return PolymerLibrary.from_monomers(STOCK)


def test_every_index_is_a_polymer_and_within_a_rule_another_one(library):
    made = [library[index] for index in range(len(library))]
    assert len(made) > 100
    for name, count in Counter(polymer.rule for polymer in made).items():
        own = {polymer.smiles for polymer in made if polymer.rule == name}
        assert len(own) == count or len(RULES[name].roles) == 2, name
        # Of two monomers the same chain may come twice where one of them opens in two ways: of the four diacids here
        # one does, and its two directions beside a symmetric one are one chain.
        assert len(own) >= (0.6 if name == "diacid chloride and diacid" else 0.9) * count, name
    with pytest.raises(IndexError):
        library[len(library)]


def test_strings_and_classes_are_those_that_the_chain_itself_gives(library):
    rng = np.random.default_rng(0)
    for index in rng.permutation(len(library))[:150]:
        row = library[int(index)]
        polymer = Polymer(row.smiles)
        assert polymer.canonical == row.smiles
        assert polymer.polymer_class is row.polymer_class, row


def test_the_rules_of_a_row_make_its_polymer_of_its_monomers(library):
    rng = np.random.default_rng(1)
    for index in rng.permutation(len(library))[:60]:
        row = library[int(index)]
        rule = RULES[row.rule]
        given = row.monomers if len(row.monomers) == len(rule.roles) else row.monomers * len(rule.roles)
        assert row.smiles in {made.smiles for made in rule.products(given)}, row


def test_of_monomers_that_leave_the_same_residue_the_cheapest_is_taken(library):
    used = {m for recipe in library.recipes if recipe.rule.name == "diacid and diol" for e in recipe.entries[0]
            for m in [library.stock.stock[e.monomer].name]}  # fmt: skip
    assert "adipic acid" in used
    assert "adipoyl chloride" not in used


def test_a_sample_is_the_seeds_and_holds_no_polymer_twice(library):
    first = [row.smiles for row in library.sample(200, np.random.default_rng(3))]
    assert first == [row.smiles for row in library.sample(200, np.random.default_rng(3))]
    assert len(set(first)) == len(first)
    assert first != [row.smiles for row in library.sample(200, np.random.default_rng(3), balanced=False)]


@pytest.mark.parametrize("size", [1, 2, 3, 17, 64, 1000])
def test_a_permutation_gives_every_index_once(size):
    order = Permutation(size, "seed")
    assert sorted(order[i] for i in range(size)) == list(range(size))
    if size == 1000:
        assert [order[i] for i in range(20)] != [Permutation(size, "other")[i] for i in range(20)]
    with pytest.raises(IndexError):
        order[size]


def test_a_price_counts_what_the_monomers_weigh():
    """PET: 166.13 g/mol of acid at 1 and 62.07 of glycol at 2 US$/kg for 192.17 g/mol of repeat unit."""
    assert price_of_repeat_unit([1.0, 2.0], [166.13, 62.07], 192.17) == pytest.approx((166.13 + 2 * 62.07) / 192.17)
    assert price_of_repeat_unit([1.0, None], [166.13, 62.07], 192.17) is None


def test_cheap_easy_textbook_polymers_are_the_most_makeable():
    diacid, click = RULES["diacid and diol"], RULES["diazide and dialkyne"]
    assert makeability(diacid, 2.0, 1.5) > makeability(diacid, 2000.0, 1.5) > makeability(click, 2000.0, 6.0) > 0
    assert makeability(diacid, None, 1.5) < makeability(diacid, 2.0, 1.5) <= 1.0
    # Ertl and Schuffenhauer: aspirin-like molecules about 1 to 2, natural products above 5.
    assert synthetic_accessibility(read_monomer("C=Cc1ccccc1")) < 2.0


def test_a_build_that_was_killed_goes_on_and_ends_in_the_same_bytes(library, tmp_path):
    whole = build_library(library, tmp_path / "whole.parquet", size=120, seed=1, part=25)

    class KilledError(Exception):
        pass

    def kill(done, total):
        if done > 60:
            raise KilledError

    with pytest.raises(KilledError):
        build_library(library, tmp_path / "other.parquet", size=120, seed=1, part=25, progress=kill)
    assert not (tmp_path / "other.parquet").exists()
    # A part that was being written when the process died is written anew.
    (tmp_path / "other.parquet.parts" / "part-00009.writing").write_bytes(b"half")
    again = build_library(library, tmp_path / "other.parquet", size=120, seed=1, part=25)
    assert again == whole
    assert (tmp_path / "other.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert not (tmp_path / "other.parquet.parts").exists()


def test_parts_of_another_build_are_not_taken(library, tmp_path, monkeypatch):
    monkeypatch.setattr(building, "_join", lambda folder, path: "")
    build_library(library, tmp_path / "x.parquet", size=50, seed=1, part=20)
    with pytest.raises(InvalidInputError, match="parts of another build"):
        build_library(library, tmp_path / "x.parquet", size=50, seed=2, part=20)


def test_no_class_exceeds_a_quarter_and_each_chain_stands_once(library, tmp_path):
    built = build_library(library, tmp_path / "x.parquet", size=80, seed=0)
    assert max(built.classes.values()) <= 20
    assert sum(built.classes.values()) == built.rows
    smiles = read_columns(tmp_path / "x.parquet", ("smiles",))["smiles"].to_pylist()
    assert len(set(smiles)) == len(smiles) == built.rows


def test_a_library_of_nothing_is_refused(tmp_path):
    empty = PolymerLibrary.from_monomers([StockMonomer("CC", "ethane", 1.0)])
    with pytest.raises(InvalidInputError, match="make no polymer"):
        build_library(empty, tmp_path / "x.parquet", size=1, seed=0)


def test_classified_monomers_are_read_back_from_the_cache(tmp_path, monkeypatch):
    first = PolymerLibrary.from_monomers(STOCK[:5], cache=tmp_path)
    monkeypatch.setattr("polyloop.design.library.classification._classified", lambda *_: pytest.fail("made again"))
    again = PolymerLibrary.from_monomers(STOCK[:5], cache=tmp_path)
    assert [again[i] for i in range(len(again))] == [first[i] for i in range(len(first))]


def test_a_cache_that_is_damaged_or_cannot_be_written_does_no_harm(tmp_path):
    first = PolymerLibrary.from_monomers(STOCK[:3], cache=tmp_path / "monomers")
    (file,) = (tmp_path / "monomers").iterdir()
    file.write_text(file.read_text()[:100])
    again = PolymerLibrary.from_monomers(STOCK[:3], cache=tmp_path / "monomers")
    below_a_file = PolymerLibrary.from_monomers(STOCK[:3], cache=file / "monomers")
    assert list(again.sample(5, np.random.default_rng(0))) == list(first.sample(5, np.random.default_rng(0)))
    assert len(below_a_file) == len(first)
    assert json.loads(file.read_text())["entries"]


def test_a_table_of_building_blocks_is_read_with_its_prices(tmp_path):
    path = tmp_path / "blocks.csv"
    path.write_text("smiles,ppg\nOCCO,2\nC(CO)O,1\nnothing,1\n*CC*,1\nCCO,\n")
    assert read_stock(path) == (StockMonomer("CCO", "CCO", None), StockMonomer("OCCO", "OCCO", 1000.0))
    path.write_text("molecule\nOCCO\n")
    with pytest.raises(InvalidInputError, match="no column of SMILES"):
        read_stock(path)
    path.write_text("smiles,price\nOCCO,cheap\n")
    with pytest.raises(InvalidInputError, match="'cheap' is no number"):
        read_stock(path)


def test_the_shipped_monomers_are_six_hundred_and_have_prices():
    stock = shipped_stock()
    assert len(stock) == len(monomers()) >= 600
    assert all(monomer.price is not None for monomer in stock)
    assert {row.tier for row in monomers()} == {1, 2, 3, 4}


def test_there_are_64_textbook_polymers_of_all_classes_of_shipped_monomers():
    rows = textbook_polymers()
    assert len(rows) >= 64
    assert len({Polymer(row.repeat_unit).polymer_class for row in rows}) == 21
    assert len({Polymer(row.repeat_unit).key for row in rows}) == len(rows)


def test_the_command_line_builds_counts_and_finds_monomers(tmp_path, capsys):
    path = tmp_path / "monomers.csv"
    path.write_text("smiles,price\n" + "\n".join(f"{m.smiles},{m.price or ''}" for m in STOCK) + "\n")
    library, cache = tmp_path / "library.parquet", tmp_path / "cache"
    words = ["library", "build", "-o", str(library), "--size", "100", "--monomers", str(path), "--cache", str(cache)]
    assert main(words) == 0
    assert "sha256" in capsys.readouterr().out
    real = tmp_path / "real.csv"
    real.write_text("smiles\n*CC(*)c1ccccc1\n*CC(*)C\n*[Si](C)(C)O*\n")
    assert main(["library", "stats", str(library), "--against", str(real), "--json"]) == 0
    assert '"polymers": 100' in capsys.readouterr().out
    assert main(["library", "monomers", "*CC(*)c1ccccc1"]) == 0
    assert "C=Cc1ccccc1" in capsys.readouterr().out
    assert main(["library", "rules", "--class", "polyimides", "--json"]) == 0
    assert "dianhydride and diamine" in capsys.readouterr().out
    assert main(["library", "rules", "--class", "polyimids"]) == 1
    assert main(["library", "stats", str(real)]) == 1
    assert "This is no library" in capsys.readouterr().err


@pytest.fixture(scope="module")
def models(library, tmp_path_factory):
    path = tmp_path_factory.mktemp("taught") / "x.parquet"
    build_library(library, path, size=60, seed=5)
    texts = read_columns(path, ("smiles",))["smiles"].to_pylist()
    taught = {"length": [len(t) for t in texts], "oxygens": [t.count("O") for t in texts]}
    return ModelScreener(
        tuple(
            PropertyModel.train(texts, values, target=target, surrogate="pls", blocks=("ecfp",))
            for target, values in taught.items()
        ),
        at_once=7,
    )


@pytest.fixture
def screened_file(library, tmp_path):
    """90 polymers, and one row that is none."""
    path = tmp_path / "x.parquet"
    build_library(library, path, size=90, seed=0)
    table = read_columns(path, ("smiles", "polymer_class", "rule", "monomers", "price", "makeability"))
    rows = table.to_pylist()
    rows.insert(40, rows[0] | {"smiles": "*C1C*"})
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, table.schema), path)
    return path


def points_of(found):
    places = [found.header.index(name) for name in ("length", "oxygens")]
    return {tuple(row[place] for place in places) for row in found.rows}


@pytest.mark.slow
def test_screening_keeps_what_no_other_polymer_beats(screened_file, models):
    texts = read_columns(screened_file, ("smiles",))["smiles"].to_pylist()
    predicted = list(zip(*(model.predict(texts) for model in models.models), strict=True))
    points = {(a.mean, b.mean) for a, b in predicted if a.in_domain and b.in_domain}
    best = {p for p in points if not any(q[0] <= p[0] and q[1] >= p[1] and q != p for q in points)}
    found = screening.screen_library(screened_file, models, minimize=("length",), workers=2)
    assert found.screened == 91
    assert found.outside == sum(not (a.in_domain and b.in_domain) for a, b in predicted) >= 1
    assert sorted(points_of(found)) == [pytest.approx(point) for point in sorted(best)]
    assert screening.screen_library(screened_file, models, limit=10).screened == 10


@pytest.mark.slow
def test_a_screening_that_was_killed_goes_on(screened_file, models, tmp_path, monkeypatch):
    monkeypatch.setattr(screening, "_KEEP_EVERY_S", 0.0)
    kept, told = tmp_path / "front.csv.part", []

    def interrupt(done, total):
        told.append(done)
        if done >= 30:
            raise KeyboardInterrupt

    whole = screening.screen_library(screened_file, models, minimize=("length",))
    with pytest.raises(KeyboardInterrupt):
        screening.screen_library(screened_file, models, minimize=("length",), kept=kept, progress=interrupt)
    assert told[-1] == 35
    told.clear()
    again = screening.screen_library(
        screened_file, models, minimize=("length",), kept=kept, progress=lambda done, total: told.append(done)
    )
    assert told[0] == 35 + 7  # five chunks were kept
    assert again == whole
    assert not kept.exists()
    kept.write_text("half a fi")
    assert screening.screen_library(screened_file, models, minimize=("length",), kept=kept) == whole


@dataclass(frozen=True)
class Deadly:
    """A screener whose process dies of one polymer."""

    of: str
    at_once: int = 7
    targets: tuple[str, ...] = ("length",)
    identity: str = "deadly"

    def ask(self, texts):
        if self.of in texts:
            os._exit(1)
        return [[len(text), 0.1] for text in texts]


@pytest.mark.slow
def test_a_polymer_that_ends_its_process_ends_no_screening(screened_file):
    texts = read_columns(screened_file, ("smiles",))["smiles"].to_pylist()
    found = screening.screen_library(screened_file, Deadly(max(texts, key=len)), workers=2)
    assert (found.screened, found.outside) == (91, 1)
    longest = max(len(text) for text in texts if text != max(texts, key=len))
    assert {row[-2] for row in found.rows} == {longest}


def test_a_protocol_screens_too(screened_file, capsys, tmp_path):
    out = tmp_path / "front.csv"
    asked = ["--protocol", "optics/instant@2", "--target", "refractive_index", "--target", "density"]
    assert main(["library", "screen", str(screened_file), *asked, "--limit", "3", "-o", str(out)]) == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    first = evaluate(rows[0]["smiles"], "optics/instant@2")
    told = {record.property: record.value for record in first}
    assert float(rows[0]["refractive_index [1]"]) == pytest.approx(told["refractive_index"])
    assert float(rows[0]["density [g/cm3]"]) == pytest.approx(told["density"])
    assert float(rows[0]["price [US$/kg]"]) > 0
    assert main(["library", "screen", str(screened_file), *asked[:2], "--target", "gap", "-o", str(out)]) == 1
    assert "yields no 'gap'" in capsys.readouterr().err
    quick = ["--protocol", "optics/quick@3", "--target", "refractive_index"]
    assert main(["library", "screen", str(screened_file), *quick, "-o", str(out)]) == 1
    assert "screens no library" in capsys.readouterr().err
    assert main(["library", "screen", str(screened_file), "-o", str(out)]) == 1
    assert "asks trained models, or a protocol" in capsys.readouterr().err


def test_a_row_that_is_no_polymer_has_no_word_of_a_protocol():
    one, none = ProtocolScreener("optics/instant@2", ("density",)).ask(["*CC*", "*C1C*"])
    assert none is None and one[0] > 0.5


def test_screening_refuses_what_it_cannot_do(screened_file, models, tmp_path):
    with pytest.raises(InvalidInputError, match="told twice"):
        screening.screen_library(screened_file, ModelScreener(models.models * 2))
    with pytest.raises(InvalidInputError, match="'mass' is no target"):
        screening.screen_library(screened_file, models, minimize=("mass",))
    (tmp_path / "none.parquet").write_text("smiles\n*CC*\n")
    with pytest.raises(InvalidInputError, match="This is no library"):
        screening.screen_library(tmp_path / "none.parquet", models)
    with pytest.raises(InvalidInputError, match="This is no library"):
        screening.screen_library(tmp_path / "absent.parquet", models)


def test_an_ester_is_no_ketone_that_activates_a_halide():
    role = RULES["bisphenol and activated dihaloketone"].roles[0]
    assert role.fault(read_monomer("CC(=O)c1ccc(F)cc1F")) is None
    assert role.fault(read_monomer("COC(=O)c1ccc(F)cc1F")) == "it bears no activated aryl halide"


@pytest.mark.parametrize(
    ("rule", "monomers"),
    [
        ("diacrylate and dithiol", ("C=CC(=O)NCCNC(=O)C=C", "SCCS")),
        ("diacrylate and dithiol", ("C=CC(=O)OCCOC(=O)C=C", "SCCS")),
        ("diacrylate and diamine", ("C=CC(=O)NCCNC(=O)C=C", "NCCN")),
        # The ketone, or the sulfone, hangs beside the main chain; the examples' stands in it.
        ("bisphenol and activated dihaloketone", ("CC(=O)c1ccc(F)cc1F", "OCCO")),
        ("bisphenol and activated dihalosulfone", ("CS(=O)(=O)c1ccc(F)cc1F", "OCCO")),
    ],
)
def test_no_group_of_the_example_s_monomers_counts_for_others(rule: str, monomers: tuple[str, ...]) -> None:
    made = RULES[rule]
    pair = zip(made.roles, monomers, strict=True)
    residues = [role.residues(read_monomer(monomer))[0] for role, monomer in pair]
    one, other = (residue_class(made, place, residue) for place, residue in enumerate(residues))
    smiles = made.products(monomers)[0].smiles
    assert chain_class(one, other, smiles) == Polymer(smiles).polymer_class


@pytest.mark.slow
def test_the_class_of_every_rule_is_that_of_the_chain():
    made = PolymerLibrary.from_monomers(shipped_stock())
    rng, wrong, count = np.random.default_rng(0), [], 0
    for recipe in made.recipes:
        for index in rng.permutation(len(recipe))[:10]:
            try:
                one = made.polymer(recipe.rule, recipe[int(index)])
            except UnsupportedChemistryError:
                continue
            count += 1
            if Polymer(one.smiles).polymer_class != one.polymer_class:
                wrong.append((recipe.rule.name, one.smiles, one.polymer_class))
    assert wrong == []
    assert count > 1000
