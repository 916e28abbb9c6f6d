"""Campaigns whose candidates are written anew for each cycle: a library file, a language model, inverse design."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from polyloop import Campaign
from polyloop.app.cli.main import main
from polyloop.campaign import preparation
from polyloop.campaign.directory import RunDirectory
from polyloop.campaign.generated import generated_source
from polyloop.chem.library import homopolymers
from polyloop.core import ConfigurationError
from polyloop.core.options import Option
from polyloop.design.generated import SOURCES, SourceInputs
from polyloop.design.inverse import ChainSpace, DesignPrior, InverseSource
from polyloop.design.language import LanguageSource, NgramGenerator, save_language
from polyloop.design.library import LibrarySource, PolymerLibrary, build_library, read_stock
from polyloop.features import featurize
from polyloop.store import Store
from tests.conftest import optics

MONOMERS = """smiles,name,price
OCCO,ethylene glycol,2
OCCCO,1%3-propanediol,8
OCCCCO,1%4-butanediol,6
Oc1ccc(O)cc1,hydroquinone,20
O=C(O)CCC(=O)O,succinic acid,3
O=C(O)CCCCC(=O)O,adipic acid,4
O=C(O)c1ccc(C(=O)O)cc1,terephthalic acid,2
C=Cc1ccccc1,styrene,2
C=C(C)C(=O)OC,methyl methacrylate,3
C=CC,propylene,1
C=CF,vinyl fluoride,9
C=CCl,vinyl chloride,1
"""
HEAD = """
[campaign]
name = "written"
seed = 3
batch = 2
cycles = 1

[[objectives]]
property = "refractive_index"
direction = "maximize"
evaluator = "answers"

[[objectives]]
property = "abbe_number"
direction = "maximize"
evaluator = "answers"

[evaluators.answers]
python = "answers:evaluate"

[features]
blocks = ["ecfp"]

[surrogate]
name = "ensemble"
members = 4

[initial]
size = 4
"""
ANSWERS = """
from polyloop.features import featurize
from polyloop.store import Store
from tests.conftest import optics

def evaluate(smiles, seed):
    return dict(zip(("refractive_index", "abbe_number"), optics(smiles)))
"""
# The other sources train or search for seconds.
SLOW = dict.fromkeys(("language", "inverse"), pytest.mark.slow)
POOLS = {
    "library": 'source = "library"\nfile = "library.parquet"\nsize = 30\nrelatives = 0.6\nparents = 3\n',
    "language": 'source = "language"\nmodel = "language"\nsize = 30\nneighbours = 0.4\nparents = 3\n',
    "inverse": 'source = "inverse"\nmonomers = "monomers.csv"\nsize = 30\nparticles = 20\nmoves = 1\n',
}
Write = Callable[..., Path]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the sources draw from, made once."""
    folder = tmp_path_factory.mktemp("sources")
    (folder / "monomers.csv").write_text(MONOMERS.replace("%", "-"))
    library = PolymerLibrary.from_monomers(read_stock(folder / "monomers.csv"), cache=folder / "classified")
    build_library(library, folder / "library.parquet", size=120, seed=0, part=40)
    units = [row.smiles for row in homopolymers()][::3]
    save_language(NgramGenerator.train(units, lengths=False), folder / "language")
    (folder / "answers.py").write_text(ANSWERS)
    return folder


@pytest.fixture
def write(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    # The classified monomers come from a cache in the folder of the run.
    shutil.copytree(tmp_path / "classified", tmp_path / "run" / "monomers")

    def written(source: str, *changes: tuple[str, str]) -> Path:
        text = f"{HEAD}\n[pool]\n{POOLS[source]}"
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "c.toml").write_text(text)
        return tmp_path / "c.toml"

    return written


def picks(campaign: Campaign) -> list[tuple[int, str, float | None]]:
    return [(one.cycle, one.text, one.value("refractive_index")) for one in campaign.state().candidates]


@pytest.mark.parametrize("source", POOLS)
def test_a_campaign_runs_on_each_source_and_says_how_each_pick_is_made(write: Write, source: str) -> None:
    campaign = Campaign.from_file(write(source), "run")
    status = campaign.run()
    assert (status.evaluations, status.failures, status.pool) == (6, 0, 0)
    assert len({text for _, text, _ in picks(campaign)}) == 6
    assert campaign.state().cycles[-1].calibration
    assert main(["campaign", "export", "run", "-o", "records.csv", "--wide"]) == 0
    for table in (Path("records.csv"), Path("run/report/candidates.csv")):
        with table.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        if source == "language":
            assert {row["pool_generator"].split()[0] for row in rows if row.get("status") != "suggested"} == {"ngram"}
            continue
        assert all(row["pool_rule"] and row["pool_monomers"] and float(row["pool_price"]) > 0 for row in rows)
    assert "candidates written by" in (campaign.directory / "report" / "index.html").read_text()


class CutError(BaseException):
    """Ends a campaign as a kill does: nobody catches it."""


# One of them quickly; the others share all that matters with it but what they write.
@pytest.mark.parametrize(
    "source", [pytest.param(one, marks=pytest.mark.slow) for one in ("inverse", "library", "language")]
)
def test_a_campaign_that_was_cut_goes_on_with_the_picks_of_one_that_was_not(
    write: Write, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(source)
    whole = Campaign.from_file(file, "run")
    whole.run(report=False)
    shutil.copytree("run/monomers", "cut/monomers")
    # Between what is kept of the candidates and what is kept in the store, in the initial design and after it.
    for owner, name, call in ((Store, "save_cycle", 1), (Store, "save_picks", 2), (preparation, "keep_origins", 1)):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, cut_at(getattr(owner, name), call))
            with pytest.raises(CutError):
                Campaign.from_file(file, "cut").run(report=False)
    again = Campaign.from_file(file, "cut")
    assert again.run(report=False).evaluations == 6
    assert picks(again) == picks(whole)
    assert Path("cut/generated.json").read_text() == Path("run/generated.json").read_text()


def cut_at(function: Callable[..., Any], number: int) -> Callable[..., Any]:
    """Return a function that ends everything before its call of that number."""
    calls = iter(range(1, 100))

    def call(*given: Any, **named: Any) -> Any:
        if next(calls) == number:
            raise CutError
        return function(*given, **named)

    return call


def answer(smiles: str, seed: int) -> dict[str, float]:
    return dict(zip(("refractive_index", "abbe_number"), optics(smiles), strict=True))


def objects(source: str, folder: Path) -> Any:
    given: dict[str, Any] = {"blocks": ("ecfp",), "size": 30}
    if source == "library":
        return LibrarySource(folder / "library.parquet", relatives=0.6, parents=3, **given)
    if source == "language":
        units = [row.smiles for row in homopolymers()][::3]
        return LanguageSource(NgramGenerator.train(units, lengths=False), neighbours=0.4, parents=3, **given)
    stock = read_stock(folder / "monomers.csv")
    space = ChainSpace(PolymerLibrary.from_monomers(stock, cache=folder / "classified"))
    return InverseSource(space, DesignPrior(), particles=20, moves=1, **given)


@pytest.mark.parametrize("source", [pytest.param(one, marks=SLOW.get(one, ())) for one in POOLS])
def test_objects_make_the_campaign_that_the_file_makes(write: Write, source: str, tmp_path: Path) -> None:
    of_file = Campaign.from_file(write(source), "run")
    of_file.run(report=False)
    shutil.copytree("run/monomers", "made/monomers")
    of_objects = Campaign(
        ["refractive_index", "abbe_number"], objects(source, tmp_path), evaluators=answer, initial=4, seed=3, batch=2,
        cycles=1, surrogate={"name": "ensemble", "members": 4}, directory="made",
    )  # fmt: skip
    of_objects.run(report=False)
    assert picks(of_objects) == picks(of_file)
    # It goes on from the folder alone, functions aside.
    assert Campaign.from_directory("made").status().evaluations == 6


@pytest.mark.parametrize("source", ["library", "inverse"])
def test_a_laboratory_is_told_how_each_suggestion_is_made(write: Write, source: str) -> None:
    write(source, ('evaluator = "answers"', 'level = "experiment"'))
    assert main(["campaign", "suggest", "c.toml", "-d", "run", "-n", "4", "-o", "a.csv"]) == 0
    with Path("a.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 4 and all(row["rule"] and row["monomers"] and row["price"] for row in rows)
    for row in rows:
        row["refractive_index [1]"], row["abbe_number [1]"] = map(str, optics(row["smiles"]))
    with Path("a.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert main(["campaign", "tell", "run", "a.csv"]) == 0
    # A polymer of one's own, which no rule has made, is learnt from too.
    Path("own.csv").write_text("smiles,refractive_index,abbe_number\n*CC(*)c1ccncc1,1.62,31\n")
    assert main(["campaign", "tell", "run", "own.csv"]) == 0
    assert main(["campaign", "suggest", "c.toml", "-d", "run", "-n", "2", "-o", "b.csv"]) == 0
    with Path("b.csv").open(newline="") as stream:
        more = list(csv.DictReader(stream))
    assert len(more) == 2 and all(row["rule"] and row["refractive_index_predicted [1]"] for row in more)
    assert not {row["smiles"] for row in more} & {row["smiles"] for row in rows}


def test_filters_hold_for_what_is_written(write: Write) -> None:
    campaign = Campaign.from_file(write("inverse", ("size = 30", 'size = 30\nelements = ["C", "O"]')), "run")
    campaign.run(cycles=1, report=False)
    assert not any({"F", "Cl"} & set(one.text.replace("Cl", "F")) for one in campaign.state().candidates)


@pytest.mark.parametrize(
    ("source", "old", "new", "said"),
    [
        ("library", 'source = "library"', 'source = "libary"', "There is no source 'libary'"),
        ("library", 'file = "library.parquet"', 'file = "monomers.csv"', "This is no library"),
        ("library", 'file = "library.parquet"\n', "", "needs a file"),
        ("library", "parents = 3", "particles = 3", "has no option 'particles'"),
        ("library", "relatives = 0.6", "relatives = 1.6", "not between 0 and 1"),
        ("language", 'model = "language"', 'model = "nowhere"', "There is no model"),
        ("language", 'model = "language"', 'model = "language"\nfile = "monomers.csv"', "Name one of them"),
        ("inverse", 'monomers = "monomers.csv"', 'model = "language"', "takes no model"),
        ("inverse", "moves = 1", 'moves = 1\ncost = "price"', "cost is for lists"),
        ("inverse", 'source = "inverse"', 'source = "inverse"\nkind = "molecule"', "writes polymers"),
        ("inverse", 'source = "inverse"\nmonomers = "monomers.csv"', 'source = "homopolymers"', "Unknown key"),
    ],
)
def test_what_cannot_be_is_refused(write: Write, source: str, old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Campaign.from_file(write(source, (old, new)), "run")


class OneOfTwo(LanguageSource):
    """A source of somebody else's: a language model that looks at how few stars there are."""

    options = (*LanguageSource.options, Option("luck", float, 0.5, "How much of it there is.", 0.0, 1.0, "temperature"))

    @classmethod
    def read(cls, inputs: SourceInputs, *, temperature: float = 1.0, **arguments: Any) -> OneOfTwo:
        units = [row.smiles for row in homopolymers()][::3]
        return cls(NgramGenerator.train(units, lengths=False, temperature=0.1 + temperature), **arguments)


def test_a_source_of_somebody_else_is_named_like_ours(write: Write, request: pytest.FixtureRequest) -> None:
    SOURCES.add("one_of_two", OneOfTwo)
    request.addfinalizer(lambda: SOURCES.remove("one_of_two"))
    file = write("language", ('source = "language"', 'source = "one_of_two"\nluck = 0.9'))
    config = Campaign.from_file(file, "run").config
    made = generated_source(config, RunDirectory("run"), lambda texts, freely: featurize(list(texts), ("ecfp",)))
    assert isinstance(made, OneOfTwo) and (made.size, made.parents) == (30, 3)
    assert made.generator.card.settings["temperature"] == pytest.approx(1.0)
    file.write_text(file.read_text().replace("luck = 0.9", "luk = 0.9"))
    with pytest.raises(ConfigurationError, match="has no option 'luk'"):
        Campaign.from_file(file, "run")


@pytest.mark.slow
def test_another_library_under_the_name_of_the_first_is_refused_until_it_is_taken_over(write: Write) -> None:
    file = write("library")
    Campaign.from_file(file, "run").run(cycles=0, report=False)
    library = PolymerLibrary.from_monomers(read_stock(Path("monomers.csv")), cache=Path("classified"))
    build_library(library, Path("other.parquet"), size=100, seed=1)
    shutil.copy("other.parquet", "library.parquet")
    with pytest.raises(ConfigurationError, match="drawn from something else"):
        Campaign.from_file(file, "run").run(report=False)
    change = Campaign.from_file(file, "run").change()
    assert change is not None and change.differences == ("pool: it draws from other files",)
    assert Campaign.from_file(file, "run").run(report=False).evaluations == 6


def test_the_kept_file_reads_back_with_the_options_of_the_source(write: Write) -> None:
    Campaign.from_file(write("inverse"), "run").run(cycles=0, report=False)
    kept = Campaign.from_directory("run").config.pool
    assert kept.options == {"particles": 20, "moves": 1}
    assert json.loads(Path("run/inputs.json").read_text())["pool_digest"]
