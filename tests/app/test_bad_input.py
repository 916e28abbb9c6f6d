"""Bad input of every kind exits 1 with a message that names the place and the remedy, and without a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CAMPAIGN = """
[campaign]
name = "trial"
seed = 1
cycles = 2
batch = 2

[[objectives]]
property = "refractive_index"
direction = "maximize"
evaluator = "known"

[[objectives]]
property = "density"
direction = "minimize"
evaluator = "known"

[evaluators.known]
table = "table.csv"

[pool]
source = "csv"
file = "pool.csv"

[features]
blocks = ["ecfp"]

[surrogate]
name = "ensemble"

[acquisition]
name = "ehvi"

[initial]
size = 2
"""
TABLE = "smiles,refractive_index,density\n*CC*,1.49,0.9\n*CC(*)C,1.48,0.88\n*CC(*)c1ccccc1,1.59,1.05\n"
POOL = "smiles\n*CC*\n*CC(*)C\n*CC(*)c1ccccc1\n"

Command = Callable[..., object]


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(CAMPAIGN)
    (tmp_path / "table.csv").write_text(TABLE)
    (tmp_path / "pool.csv").write_text(POOL)
    (tmp_path / "folder").mkdir()
    (tmp_path / "no_store.sqlite").write_text("this is no database, and long enough to be sure of it\n" * 50)
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "header.csv").write_text("smiles\n")
    (tmp_path / "ragged.csv").write_text("smiles,n\n*CC*,1\n*CC(*)C\n")
    (tmp_path / "columns.csv").write_text("polymer,polymer\n*CC*,1\n")
    (tmp_path / "named.csv").write_text("polymer\n*CC*\n")
    (tmp_path / "bad_unit.csv").write_text("smiles\n*CC*\n*CC\n")
    (tmp_path / "two_bad.csv").write_text("smiles\nCC\n*CC*\n*CC\n")
    (tmp_path / "all_bad.csv").write_text("smiles\nCC\n*CC\n")
    (tmp_path / "typo.csv").write_text("smiles,densty\n*CC*,0.9\n")
    (tmp_path / "si.csv").write_text("smiles,density\n*CC*,920\n*CC(*)C,900\n")
    (tmp_path / "latin.csv").write_bytes("smiles,name\n*CC*,Polyäthylen\n".encode("latin-1"))
    (tmp_path / "quote.csv").write_text('smiles,name\n*CC*,"poly\n')
    (tmp_path / "not.csv.gz").write_text("smiles\n*CC*\n")


def assert_refused(ran: object, *words: str) -> None:
    assert ran.code == 1, ran  # type: ignore[attr-defined]
    assert "Traceback" not in ran.err  # type: ignore[attr-defined]
    assert "bug" not in ran.err  # type: ignore[attr-defined]
    assert not ran.out  # type: ignore[attr-defined]
    for word in words:
        assert word in ran.err, ran.err  # type: ignore[attr-defined]


COMMANDS = [
    ("unknown command", ["discovr", "c.toml"], ["discovr", "Did you mean 'discover'"]),
    ("unknown option", ["discover", "c.toml", "--cycels", "3"], ["--cycels", "--cycles"]),
    ("no campaign file named", ["discover"], ["FILE", "polyloop discover -h"]),
    ("no such campaign file", ["discover", "nowhere.toml"], ["nowhere.toml", "Check the path"]),
    ("campaign file is a folder", ["discover", "folder"], ["folder", "readable TOML file"]),
    ("negative cycles", ["discover", "c.toml", "--cycles", "-1"], ["--cycles", "polyloop discover -h"]),
    ("cycles in words", ["discover", "c.toml", "--cycles", "two"], ["--cycles", "integer"]),
    ("no workers", ["discover", "c.toml", "--workers", "0"], ["--workers", "polyloop discover -h"]),
    ("run folder is a file", ["discover", "c.toml", "-d", "pool.csv"], ["pool.csv", "--directory"]),
    ("status of nothing", ["status", "nowhere"], ["nowhere", "polyloop discover FILE"]),
    ("status of another folder", ["status", "folder"], ["folder", "polyloop discover FILE"]),
    ("report of nothing", ["campaign", "report", "folder"], ["folder", "polyloop discover FILE"]),
    ("retry of nothing", ["campaign", "retry", "folder"], ["folder", "polyloop discover FILE"]),
    (
        "export of nothing",
        ["campaign", "export", "nowhere.sqlite", "-o", "x.csv"],
        ["nowhere.sqlite", "Name the folder of a run"],
    ),
    ("export to nowhere", ["campaign", "export", "folder"], ["--output"]),
    ("export in an unknown format", ["campaign", "export", "folder", "-o", "x.xlsx"], ["x.xlsx", "--format"]),
    ("export with a wrong format", ["campaign", "export", "folder", "-o", "x", "--format", "xml"], ["xml", "parquet"]),
    (
        "export of no database",
        ["campaign", "export", "no_store.sqlite", "-o", "x.csv"],
        ["no_store.sqlite", "another file"],
    ),
    ("no repeat unit", ["canonical"], ["SMILES", "--csv"]),
    ("empty repeat unit", ["canonical", ""], ["SMILES number 1"]),
    ("no stars", ["canonical", "CC"], ["SMILES number 1", "'CC'"]),
    ("one star", ["canonical", "*CC"], ["SMILES number 1", "'*CC'"]),
    ("three stars", ["canonical", "*CC(*)C*"], ["SMILES number 1"]),
    ("second unit wrong", ["canonical", "*CC*", "*CC"], ["SMILES number 2", "'*CC'"]),
    ("unparsable text", ["canonical", "*C(C*"], ["SMILES number 1"]),
    ("ring left open", ["canonical", "*CC1CC*"], ["SMILES number 1"]),
    ("too many bonds", ["canonical", "*C(C)(C)(C)C*"], ["SMILES number 1"]),
    ("two pieces", ["canonical", "*CC*.O"], ["SMILES number 1"]),
    ("orders of the stars differ", ["canonical", "*=CC*"], ["SMILES number 1"]),
    ("units and a CSV", ["canonical", "*CC*", "--csv", "pool.csv"], ["SMILES", "not both"]),
    ("no such CSV", ["canonical", "--csv", "nowhere.csv"], ["nowhere.csv", "Check the path"]),
    ("CSV is a folder", ["canonical", "--csv", "folder"], ["folder", "Name a CSV"]),
    ("empty CSV", ["canonical", "--csv", "empty.csv"], ["empty.csv", "at least one row"]),
    ("CSV with a header only", ["canonical", "--csv", "header.csv"], ["header.csv", "at least one row"]),
    ("CSV with a short row", ["canonical", "--csv", "ragged.csv"], ["ragged.csv, line 3", "Quote cells"]),
    ("CSV with a column twice", ["canonical", "--csv", "columns.csv"], ["columns.csv, line 1", "Rename"]),
    ("CSV without the column", ["canonical", "--csv", "named.csv"], ["named.csv, line 1", "The columns are: polymer"]),
    ("CSV with a bad unit", ["canonical", "--csv", "bad_unit.csv"], ["bad_unit.csv, line 3, column smiles"]),
    ("CSV in another encoding", ["canonical", "--csv", "latin.csv"], ["latin.csv", "UTF-8"]),
    ("CSV with an open quote", ["canonical", "--csv", "quote.csv"], ["quote.csv, line 2", "Check the quotes"]),
    ("CSV that is no gzip", ["canonical", "--csv", "not.csv.gz"], ["not.csv.gz", "Compress it again"]),
    ("unknown level", ["properties", "*CC*", "--level", "fast"], ["'fast'", "Known"]),
    ("unknown protocol", ["properties", "*CC*", "--protocol", "optics/quik@1"], ["quik", "optics/quick@3"]),
    ("level and protocol", ["properties", "*CC*", "--level", "quick", "--protocol", "x@1"], ["Give one of them"]),
    ("unknown property", ["properties", "*CC*", "--property", "refractiv"], ["'refractiv'", "refractive_index"]),
    (
        "property that the protocol lacks",
        ["properties", "*CC*", "--protocol", "optics/instant@2", "--property", "abbe_number"],
        ["optics/instant@2", "It yields"],
    ),
    (
        "CSV with two bad units",
        ["canonical", "--csv", "two_bad.csv"],
        ["2 of 3 rows", "line 2, column", "line 4, column"],
    ),
    ("CSV of bad units only", ["canonical", "--csv", "all_bad.csv", "--skip-bad"], ["None of its 2 rows", "line 2"]),
    ("seed beyond any generator", ["properties", "*CC*", "--seed", "9" * 20], ["--seed", "less than or equal to"]),
    ("a billion replicas", ["properties", "*CC*", "--replicas", "1000000000"], ["--replicas", "less than or equal to"]),
    ("a billion workers", ["discover", "c.toml", "--workers", "1000000000"], ["--workers", "less than or equal to"]),
    ("cycles without end", ["discover", "c.toml", "--cycles", "9" * 20], ["--cycles", "less than or equal to"]),
    (
        "a billion chains",
        ["cell", "build", "*CC*", "--chains", "1000000000", "-o", "x.data"],
        ["--chains", "less than or equal to"],
    ),
    (
        "chains that fill no machine",
        ["cell", "build", "*CC*", "--chains", "99999", "-o", "x.data"],
        ["99,999,000 atoms", "fewer"],
    ),
    (
        "a billion ions",
        ["cell", "build", "*CC*", "--ions", "1000000000", "-o", "x.data"],
        ["--ions", "less than or equal to"],
    ),
    ("import without a store", ["store", "import", "table.csv"], ["--store"]),
    ("import of nothing", ["store", "import", "nowhere.csv", "--store", "s.db"], ["nowhere.csv", "Check the path"]),
    (
        "import of what means nothing",
        ["store", "import", "named.csv", "--store", "s.db"],
        ["named.csv", "column of a property"],
    ),
    (
        "import of a typing error",
        ["store", "import", "typo.csv", "--store", "s.db"],
        ["'densty'", "'density'", "--ignore"],
    ),
    ("import in another unit", ["store", "import", "si.csv", "--store", "s.db"], ["2 of 2 values", "density [kg/m3]"]),
    ("negative seed", ["properties", "*CC*", "--seed", "-1"], ["--seed", "polyloop properties -h"]),
    ("no replicas", ["properties", "*CC*", "--replicas", "0"], ["--replicas", "polyloop properties -h"]),
    ("no time", ["properties", "*CC*", "--time-limit", "0"], ["--time-limit", "polyloop properties -h"]),
    ("store in no folder", ["properties", "*CC*", "--store", "no/where/s.db"], ["no/where", "mkdir"]),
    ("store of an unknown kind", ["properties", "*CC*", "--store", "mysql://h/d"], ["mysql", "postgresql"]),
    (
        "store that is no database",
        ["properties", "*CC*", "--store", "no_store.sqlite"],
        ["no_store.sqlite", "another file"],
    ),
    ("unit of a property wrong", ["properties", "CC"], ["SMILES number 1"]),
]


@pytest.mark.parametrize(("arguments", "words"), [case[1:] for case in COMMANDS], ids=[case[0] for case in COMMANDS])
def test_a_bad_command_is_refused(polyloop: Command, arguments: list[str], words: list[str]) -> None:
    assert_refused(polyloop(*arguments), *words)


FILES = [
    ("no TOML", ("[pool]", "[pool"), ["c.toml", "https://toml.io"]),
    ("unquoted text", ('name = "trial"', "name = trial"), ["c.toml", "need quotes"]),
    ("unknown key", ("batch = 2", "bach = 2"), ["c.toml, line 6", "[campaign] bach", "'batch'"]),
    ("unknown table", ("[pool]", "[pools]"), ["c.toml", "pools", "'pool'"]),
    ("key of another table", ("size = 2", "size = 2\ncycles = 3"), ["[initial] cycles", "belongs in [campaign]"]),
    ("key nowhere known", ("size = 2", "size = 2\nzzz = 3"), ["[initial] zzz", "Known: method, size, polymers."]),
    ("name missing", ('name = "trial"\n', ""), ["c.toml, line 2", "'name' is missing"]),
    ("name with a slash", ('"trial"', '"a/b"'), ["line 3", "[campaign] name"]),
    ("seed in words", ("seed = 1", 'seed = "one"'), ["line 4", "seed = 'one'", "integer"]),
    ("seed true", ("seed = 1", "seed = true"), ["line 4", "integer"]),
    ("seed negative", ("seed = 1", "seed = -1"), ["line 4", "greater than or equal to 0"]),
    ("seed a date", ("seed = 1", "seed = 2026-01-01"), ["line 4", "integer"]),
    ("no cycle", ("cycles = 2", "cycles = 0"), ["line 5", "greater than or equal to 1"]),
    ("trees without end", ('"ensemble"', '"random_forest"\ntrees = 99999999999999999999'), ["trees = 9", "100000"]),
    ("batch without end", ("batch = 2", "batch = 1000000000"), ["line 6", "less than or equal to 10000"]),
    ("seed beyond 64 bits", ("seed = 1", "seed = 9223372036854775808"), ["line 4", "less than or equal to"]),
    ("time without end", ("size = 2", "size = 2\n[limits]\ntime_s = 1e300"), ["time_s", "less than or equal to"]),
    ("temperature of the table and none of the campaign", ("cycles = 2", "cycles = 2\ntemperature = 450.0"),
     ["table.csv", "no value of refractive_index at 450 K", "temperature = ..."]),
    ("temperature of a function", ('table = "table.csv"', 'python = "json:loads"\ntemperature = 300.0'),
     ["[evaluators] known.temperature", "is for a table"]),
    ("no batch", ("batch = 2", "batch = 0"), ["line 6", "greater than or equal to 1"]),
    ("batch a fraction", ("batch = 2", "batch = 2.5"), ["line 6", "integer"]),
    ("unknown property", ('"refractive_index"', '"refractive_indx"'), ["number 1 property", "refractive_index"]),
    ("unknown direction", ('"maximize"', '"upwards"'), ["number 1 direction", "'maximize'"]),
    ("no direction", ('direction = "maximize"\n', ""), ["[[objectives]] number 1", "direction, range"]),
    (
        "direction and range",
        ('direction = "maximize"', 'direction = "maximize"\nrange = [1.4, 1.5]'),
        ["number 1 range", "exclude each other", "Keep one of"],
    ),
    ("range reversed", ('direction = "maximize"', "range = [1.6, 1.5]"), ["number 1 range", "Write [low, high]"]),
    ("range of one", ('direction = "maximize"', "range = [1.6]"), ["number 1 range"]),
    ("range not plausible", ('direction = "maximize"', "range = [7.0, 8.0]"), ["number 1 range", "1.2 to 2.6"]),
    ("range of infinity", ('direction = "maximize"', "range = [inf, inf]"), ["number 1 range", "[low, high]"]),
    ("range of no number", ('direction = "maximize"', "range = [nan, 1.5]"), ["number 1 range", "[low, high]"]),
    ("no evaluator", ('evaluator = "known"\n', ""), ["[[objectives]] number 1", "level, protocol, evaluator"]),
    ("unknown evaluator", ('evaluator = "known"', 'evaluator = "knwon"'), ["number 1 evaluator", "'known'"]),
    (
        "level and evaluator",
        ('evaluator = "known"', 'evaluator = "known"\nlevel = "quick"'),
        ["exclude each other", "Keep one of"],
    ),
    ("unknown level", ('evaluator = "known"', 'level = "quik"'), ["number 1 level", "quick"]),
    ("unknown protocol", ('evaluator = "known"', 'protocol = "optics/quick@9"'), ["number 1 protocol", "quick@3"]),
    (
        "protocol without the property",
        ('"refractive_index"\ndirection = "maximize"\nevaluator = "known"',
         '"thermal_conductivity"\ndirection = "maximize"\nprotocol = "optics/quick@3"'),
        ["number 1 protocol", "It yields"],
    ),
    ("objective twice", ('"density"', '"refractive_index"'), ["number 2 property", "Remove one"]),
    ("objectives no list", ('[[objectives]]\nproperty = "density"', '[objective]\nproperty = "density"'),
     ["objective", "'objectives'"]),
    ("evaluator of two kinds", ('table = "table.csv"', 'table = "table.csv"\npython = "a:b"'), ["exclude each other"]),
    ("evaluator of no kind", ('table = "table.csv"', ""), ["[evaluators] known", "table, python"]),
    ("no such table", ('"table.csv"', '"tabel.csv"'), ["line 19", "tabel.csv", "relative to this file"]),
    ("function without a colon", ('table = "table.csv"', 'python = "module"'), ["line 19", "module:function"]),
    ("no such module", ('table = "table.csv"', 'python = "nowhere_to_find:f"'), ["nowhere_to_find", "Install"]),
    ("no such function", ('table = "table.csv"', 'python = "json:no_function"'), ["no_function", "after the colon"]),
    ("no callable", ('table = "table.csv"', 'python = "json:__name__"'), ["json:__name__", "(smiles, seed)"]),
    ("column of no property", ('"table.csv"', '"table.csv"\ncolumns = { n = "n_D" }'), ["line 20", "'n'"]),
    ("column that is not there", ('"table.csv"', '"table.csv"\ncolumns = { density = "rho" }'), ["line 1", "'rho'"]),
    ("table without the property", ('property = "density"', 'property = "abbe_number"'), ["abbe_number", "columns"]),
    ("unknown source", ('"csv"', '"cvs"'), ["[pool] source", "'csv'"]),
    ("pool without a file", ('file = "pool.csv"\n', ""), ["[pool]", "needs a file"]),
    ("no such pool file", ('"pool.csv"', '"poool.csv"'), ["line 23", "poool.csv", "relative to this file"]),
    ("file without csv", ('source = "csv"', 'source = "homopolymers"'), ["[pool] file", "takes no file"]),
    ("virtual without a size", ('source = "csv"\nfile = "pool.csv"', 'source = "virtual"'), ["[pool]", "size = 10000"]),
    ("unknown element", ('"pool.csv"', '"pool.csv"\nelements = ["C", "Xx"]'), ["[pool] elements", "'Xx'"]),
    ("no element", ('"pool.csv"', '"pool.csv"\nelements = []'), ["[pool] elements", "at least 1"]),
    ("sizes reversed", ('"pool.csv"', '"pool.csv"\nheavy_atoms = [9, 3]'), ["[pool] heavy_atoms", "[low, high]"]),
    ("unknown class", ('"pool.csv"', '"pool.csv"\nclasses = ["polystyrens"]'), ["[pool] classes", "polystyrenes"]),
    ("empty pool", ('"pool.csv"', '"header.csv"'), ["header.csv", "at least one row"]),
    ("pool with a bad unit", ('"pool.csv"', '"bad_unit.csv"'), ["bad_unit.csv", "3"]),
    ("pool smaller than the design", ("size = 2", "size = 9"), ["[pool]", "3 candidates", "[initial]"]),
    ("pool filtered away", ('"pool.csv"', '"pool.csv"\nelements = ["Si"]'), ["[pool]", "0 candidates", "filters"]),
    ("unknown block", ('["ecfp"]', '["ecpf"]'), ["[features] blocks", "'ecfp'"]),
    ("block twice", ('["ecfp"]', '["ecfp", "ecfp"]'), ["[features] blocks", "Remove one"]),
    ("no block", ('["ecfp"]', "[]"), ["[features] blocks", "at least 1"]),
    ("unknown surrogate", ('"ensemble"', '"gpp"'), ["[surrogate] name", "'gp'"]),
    ("option of another surrogate", ('"ensemble"', '"ensemble"\ntrees = 9'), ["[surrogate] trees", "random_forest"]),
    ("unknown acquisition", ('"ehvi"', '"ehvy"'), ["[acquisition] name", "'ehvi'"]),
    ("acquisition for one objective", ('"ehvi"', '"ei"'), ["[acquisition] name", "one objective"]),
    ("reference point of one", ('"ehvi"', '"ehvi"\nreference_point = { density = 1 }'), ["refractive_index"]),
    ("reference point in words", ('"ehvi"', '"ehvi"\nreference_point = "low"'), ["Value per objective"]),
    ("unknown design", ("size = 2", 'size = 2\nmethod = "divers"'), ["[initial] method", "'diverse'"]),
    ("design of one", ("size = 2", "size = 1"), ["[initial] size", "greater than or equal to 2"]),
    ("no hours", ("size = 2", "size = 2\n[stop]\nhours = 0"), ["[stop] hours", "greater than 0"]),
    ("store without a scheme", ("size = 2", 'size = 2\n[store]\nurl = "no url"'), ["[store] url", "sqlite:///"]),
    ("store of another kind", ("size = 2", 'size = 2\n[store]\nurl = "oracle://x/y"'), ["[store] url", "postgresql"]),
    ("no time", ("size = 2", "size = 2\n[limits]\ntime_s = 0"), ["[limits] time_s", "greater than 0"]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), [case[1:] for case in FILES], ids=[case[0] for case in FILES])
def test_a_bad_campaign_file_is_refused(
    polyloop: Command, tmp_path: Path, change: tuple[str, str], words: list[str]
) -> None:
    assert change[0] in CAMPAIGN
    (tmp_path / "c.toml").write_text(CAMPAIGN.replace(*change, 1))
    assert_refused(polyloop("discover", "c.toml", "--quiet"), *words)
    assert not list(tmp_path.glob("runs/*/campaign.toml"))


def test_a_bad_number_in_a_table_is_refused_with_its_cell(polyloop: Command, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE.replace("1.48", "1,48").replace("1,48", "one and a half"))
    assert_refused(polyloop("discover", "c.toml"), "table.csv, line 3, column refractive_index", "Leave the cell empty")


def test_the_console_script_refuses_in_the_same_way(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(CAMPAIGN.replace("batch", "bach"))
    command = [sys.executable, "-m", "polyloop.app.cli", "discover", "c.toml"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=dict(os.environ), check=False)
    assert ran.returncode == 1
    assert "c.toml, line 6, [campaign] bach: Unknown key 'bach'. Did you mean 'batch'" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not ran.stdout


FUNCTION = """def predict(smiles, seed):
    return {"refractive_index": 1.5, "density": 1.0}
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def predict(:\n", "mine.py, line 1: SyntaxError"),
        ("import sys\nsys.exit(3)\n", "mine.py, line 2: The module leaves with sys.exit(3)"),
        (f"{FUNCTION}1 / 0\n", "mine.py, line 3: The module raises ZeroDivisionError when it is imported"),
        (f"{FUNCTION}raise BaseException('\\udce9')\n", "mine.py, line 3: The module raises BaseException"),
        ("import nowhere_to_be_found\n", "'nowhere_to_be_found'"),
        ("def predict(smiles): return {}\n", "cannot be called with (smiles, seed)"),
        ("predict = {}\n", "is no function"),
        ("", "has no function 'predict'"),
    ],
)
def test_a_users_function_that_cannot_be_used_is_refused_with_its_place(
    polyloop: Callable[..., Any], tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "mine.py").write_text(text)
    (tmp_path / "pool.csv").write_text("smiles\n*CC*\n*CCO*\n*CC(*)C\n")
    (tmp_path / "c.toml").write_text(CAMPAIGN.replace('table = "table.csv"', 'python = "mine:predict"'))
    ran = polyloop("discover", "c.toml")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: ")
    assert said in ran.err
