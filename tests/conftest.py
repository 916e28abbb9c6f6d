"""Shared by the tests of the loop: a small real pool, a table of its values, and campaign files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem import Crippen

from polyloop.core.properties import PROPERTIES
from polyloop.design.pool import Pool
from tests.databases import KINDS, new_postgres

HEADER = """
[campaign]
name = "trial"
seed = {seed}
cycles = {cycles}
batch = {batch}
workers = {workers}

[[objectives]]
property = "refractive_index"
direction = "maximize"
evaluator = "{evaluator}"

[[objectives]]
property = "abbe_number"
direction = "maximize"
evaluator = "{evaluator}"

[evaluators.table]
table = "table.csv"

[evaluators.function]
python = "slow_optics:evaluate"

[pool]
source = "csv"
file = "pool.csv"

[features]
blocks = ["ecfp"]

[surrogate]
name = "{surrogate}"

[initial]
size = 6
"""


@pytest.fixture(autouse=True)
def no_property_left_behind() -> Iterator[None]:
    """Take away the properties that a test has added: the next one, of another file, counts those of polyloop."""
    before = set(PROPERTIES.added)
    yield
    for name in set(PROPERTIES.added) - before:
        PROPERTIES.remove(name)


@pytest.fixture(scope="session")
def units() -> tuple[str, ...]:
    """Forty known homopolymers with at most nine heavy atoms, canonical."""
    return Pool.from_homopolymers(heavy_atoms=(2, 9)).texts[:40]


def optics(smiles: str) -> tuple[float, float]:
    """Refractive index and Abbe number of a kind: smooth in the structure, and at odds with one another."""
    mol = Chem.MolFromSmiles(smiles)
    size = mol.GetNumHeavyAtoms()
    index = 1.3 + 0.05 * Crippen.MolMR(mol) / size
    heavy = sum(atom.GetAtomicNum() > 9 or atom.GetIsAromatic() for atom in mol.GetAtoms())
    return index, 75.0 - 40.0 * heavy / size - 30.0 * (index - 1.3)


def fill_place(place: Path, units: tuple[str, ...]) -> Path:
    """Write a pool, and a table that lacks every seventh value and holds an implausible one, into a folder."""
    (place / "pool.csv").write_text("smiles\n" + "".join(f"{unit}\n" for unit in units))
    lines = ["smiles,refractive_index,abbe_number,abbe_number_std"]
    for row, unit in enumerate(units):
        index, abbe = optics(unit)
        cells = ",," if row % 7 == 3 else f"{9.9 if row == 5 else index},{abbe},0.5"
        lines.append(f"{unit},{cells}")
    (place / "table.csv").write_text("\n".join(lines) + "\n")
    return place


def write_campaign(place: Path, more: str = "", name: str = "c.toml", **values: object) -> Path:
    """Write a campaign file; `values` fill the template, `more` is added at its end."""
    defaults = {"seed": 1, "cycles": 3, "batch": 4, "workers": 1, "evaluator": "table", "surrogate": "ensemble"}
    path = place / name
    path.write_text(HEADER.format(**{**defaults, **values}) + more)
    return path


@pytest.fixture
def place(tmp_path: Path, units: tuple[str, ...]) -> Path:
    """A folder with a pool and a table."""
    return fill_place(tmp_path, units)


@pytest.fixture
def campaign_file(place: Path) -> Callable[..., Path]:
    """`write_campaign` in that folder."""
    return partial(write_campaign, place)


@pytest.fixture(params=KINDS)
def store_table(request: pytest.FixtureRequest) -> Iterator[str]:
    """Text of a campaign file that names a store of each kind; empty for the run's own SQLite file."""
    if request.param == "sqlite":
        yield ""
    else:
        with new_postgres() as url:
            yield f"[store]\nurl = '{url}'\n"
