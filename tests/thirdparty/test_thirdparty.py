"""Another package adds one of each by a file and an entry point, and a campaign uses them all through the CLI."""

from __future__ import annotations

import csv
import itertools
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from statistics import pstdev

import pytest

PACKAGE = Path(__file__).parent / "package"

CAMPAIGN = """
[campaign]
name = "lattice"
seed = 2
cycles = 2
batch = 3
temperature = 310.0
conditions = { denaturant = 1.5 }

[[objectives]]
property = "contact_number"
direction = "maximize"
level = "instant"

[pool]
kind = "hp_chain"
source = "csv"
file = "chains.csv"

[features]
blocks = ["bead_pairs"]

[surrogate]
name = "bayesian_ridge"
prior_std = 2.0

[acquisition]
name = "thompson"
draws = 2

[initial]
size = 5
"""


def install(target: Path) -> None:
    """Put the package where pip would: its modules, and beside them its entry points as metadata."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    shutil.copytree(PACKAGE / "polyloop_lattice", target / "polyloop_lattice")
    metadata = target / f"polyloop_lattice-{project['version']}.dist-info"
    metadata.mkdir()
    said = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (metadata / "METADATA").write_text(said)
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {place}\n" for name, place in points.items())
        for group, points in project["entry-points"].items()
    ]
    (metadata / "entry_points.txt").write_text("\n".join(groups))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed package, a pool of all distinct chains of seven beads, and a campaign file."""
    folder = tmp_path_factory.mktemp("thirdparty")
    (folder / "site").mkdir()
    install(folder / "site")
    spelled = {"".join(beads) for beads in itertools.product("HP", repeat=7)}
    chains = sorted({max(beads, beads[::-1]) for beads in spelled})
    (folder / "chains.csv").write_text("beads\n" + "\n".join(chains) + "\n")
    (folder / "lattice.toml").write_text(CAMPAIGN)
    return folder


def polyloop(place: Path, *arguments: str, site: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
    paths = [str(place / "site"), *sys.path] if site else sys.path
    return subprocess.run(
        [sys.executable, "-m", "polyloop.app.cli", *arguments],
        cwd=place, capture_output=True, text=True, check=False, timeout=200,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1", **variables},
    )  # fmt: skip


@pytest.fixture(scope="module")
def ran(place: Path) -> Path:
    done = polyloop(place, "discover", "lattice.toml", "--directory", "run", "--quiet")
    assert done.returncode == 0, done.stderr[-3000:]
    return place


@pytest.mark.slow
def test_a_campaign_runs_with_all_parts_of_another_package(ran: Path) -> None:
    done = polyloop(ran, "campaign", "export", "run", "-o", "all.csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((ran / "all.csv").read_text().splitlines()))
    assert len(rows) == 11
    assert {row["kind"] for row in rows} == {"hp_chain"}
    assert {row["protocol"] for row in rows} == {"lattice/enumeration@1"}
    assert {row["denaturant [mol/L]"] for row in rows} == {"1.5"}
    # 2 kT at 298.15 K, less 0.1 of it for each mol/L, at 310 K.
    strengths = [json.loads(row["provenance"])["settings"]["contact_kT"] for row in rows]
    assert strengths == pytest.approx([2 * 298.15 / 310 * 0.85] * 11)
    assert all(row["status"] == "done" and float(row["value"]) >= 0 for row in rows)
    assert len({row["beads"] for row in rows}) == 11


@pytest.mark.slow
def test_the_surrogate_of_another_package_predicts_the_next_picks(ran: Path) -> None:
    assert json.loads(polyloop(ran, "status", "run", "--json").stdout)["evaluations"] == 11
    polyloop(ran, "campaign", "export", "run", "-o", "values.csv")
    values = [float(row["value"]) for row in csv.DictReader((ran / "values.csv").read_text().splitlines())]
    batch = json.loads((ran / "run" / "next.json").read_text())["batch"]
    assert len(batch) == 3
    # `BayesianRidge` alone takes the noise for a tenth of the spread of the values.
    noise = [one["predicted"]["contact_number"]["noise_std"] for one in batch]
    assert noise == pytest.approx([0.1 * pstdev(values)] * 3)


@pytest.mark.slow
def test_the_value_is_that_of_the_enumeration(ran: Path) -> None:
    """Four H beads: of the 36 walks that begin to the right (9 x 4), the two squares bring the ends together."""
    said = polyloop(
        ran, "properties", "HHHH", "--kind", "hp_chain", "--protocol", "lattice/enumeration@1", "--json"
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    (record,) = json.loads(said.stdout)[0]["records"]
    weight = 2 * 2.718281828459045**2  # e^(2 kT / kT) for each of the two
    assert record["value"] == pytest.approx(weight / (7 + weight), rel=1e-9)


@pytest.mark.slow
def test_a_wrong_text_of_the_kind_is_refused_in_its_words(ran: Path) -> None:
    done = polyloop(ran, "properties", "HXH", "--kind", "hp_chain", "--level", "instant")
    assert done.returncode == 1
    assert "is no bead chain" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_report_draws_the_kind(ran: Path) -> None:
    done = polyloop(ran, "campaign", "report", "run")
    assert done.returncode == 0, done.stderr
    page = Path(ran / done.stdout.strip()).read_text()
    assert "contact_number" in page or "contact number" in page
    assert "<circle" in page


@pytest.mark.slow
def test_a_report_of_another_package_is_chosen_by_its_name(ran: Path) -> None:
    done = polyloop(ran, "campaign", "report", "run", "--format", "text", "-o", "words")
    assert done.returncode == 0, done.stderr
    assert (ran / "words" / "best.txt").read_text().startswith("HHHHHHH ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("bayesian_ridge", "bayesian_rigde", "Did you mean 'bayesian_ridge'"),
        ("prior_std = 2.0", "prior_std = 0.0", "is not between 0.001 and 1000"),
        ("draws = 2", "draws = 0", "is not between 1 and 1000"),
        ('blocks = ["bead_pairs"]', 'blocks = ["ecfp"]', "describes no hp_chain"),
        ("denaturant = 1.5", "denaturant = 9.0", "A denaturant of 9 mol/L is none"),
    ],
)
def test_wrong_words_are_refused_with_the_package_s_own_options(ran: Path, old: str, new: str, said: str) -> None:
    assert old in CAMPAIGN
    (ran / "wrong.toml").write_text(CAMPAIGN.replace(old, new))
    done = polyloop(ran, "discover", "wrong.toml", "--directory", "wrong", "--quiet")
    assert done.returncode == 1
    assert said in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_an_engine_of_another_package_runs_molecular_dynamics(place: Path) -> None:
    done = polyloop(
        place, "properties", "*CC*", "--protocol", "lattice/short_melt@1", "--json", "-q", "--store", "md.sqlite",
        POLYLOOP_MD_ENGINE="exact_openmm", POLYLOOP_SCRATCH=str(place / "scratch"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    (density,) = [one for one in json.loads(done.stdout)[0]["records"] if one["property"] == "density"]
    assert list(density["provenance"]["engines"]) == ["exact_openmm"]
    assert 0.3 < density["value"] < 1.5


@pytest.mark.slow
def test_a_charge_method_of_another_package_charges_a_cell(place: Path) -> None:
    done = polyloop(
        place,
        "cell",
        "build",
        "*CC(*)Cl",
        "--chains",
        "2",
        "--atoms",
        "40",
        "--charges",
        "no_charges",
        "-o",
        "cell.gro",
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (place / "cell.gro").is_file()


@pytest.mark.slow
def test_doctor_names_the_engine_of_another_package(place: Path) -> None:
    assert "exact_openmm" in polyloop(place, "doctor").stdout


@pytest.mark.slow
def test_without_the_package_what_is_missing_is_named(ran: Path) -> None:
    done = polyloop(ran, "campaign", "export", "run", "-o", "without.csv", site=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and "There is no property 'contact_number'" in done.stderr
