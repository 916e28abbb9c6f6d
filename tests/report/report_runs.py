"""Real campaigns, each in a folder of its own, for the tests of the report: a table answers at once."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path

from rdkit import Chem
from rdkit.Chem import Crippen

from polyloop.campaign import Campaign
from polyloop.design.pool import Pool

INDEX = '[[objectives]]\nproperty = "refractive_index"\ndirection = "maximize"\nevaluator = "values"\n'
ABBE = '[[objectives]]\nproperty = "abbe_number"\ndirection = "maximize"\nevaluator = "values"\n'
ABBE_RANGE = '[[objectives]]\nproperty = "abbe_number"\nrange = [40.0, 50.0]\nevaluator = "values"\n'
DENSITY = '[[objectives]]\nproperty = "density"\ndirection = "minimize"\nevaluator = "values"\n'
DENSITY_RANGE = '[[objectives]]\nproperty = "density"\nrange = [1.1, 1.2]\nevaluator = "values"\n'

FILE = """
[campaign]
name = "{name}"
seed = 1
cycles = {cycles}
batch = 5
{objectives}
[evaluators.values]
table = "table.csv"

[pool]
source = "csv"
file = "pool.csv"

[features]
blocks = ["ecfp"]

[surrogate]
name = "random_forest"
trees = 10

[initial]
size = {initial}
"""


def optics(smiles: str) -> tuple[float, float, float]:
    """Refractive index, Abbe number and density of a kind; sulfur passes the empirical limit."""
    mol = Chem.MolFromSmiles(smiles)
    size = mol.GetNumHeavyAtoms()
    sulfur = sum(atom.GetAtomicNum() == 16 for atom in mol.GetAtoms()) / size
    aromatic = sum(atom.GetIsAromatic() for atom in mol.GetAtoms()) / size
    index = 1.40 + 0.03 * Crippen.MolMR(mol) / size + 0.5 * sulfur
    return index, 60.0 - 35.0 * aromatic - 20.0 * sulfur, 0.9 + 0.2 * aromatic + 0.5 * sulfur


def write_campaign(
    folder: Path, objectives: str, *, cycles: int = 2, more: str = "", initial: int = 8, values: bool = True
) -> Campaign:
    """Write pool, table and campaign file into `folder`; the table lacks every ninth value and holds wild ones."""
    known = Pool.from_homopolymers(heavy_atoms=(2, 9), elements=["C", "O", "S"]).texts
    units = sorted([unit for unit in known if "S" in unit][:9] + [unit for unit in known if "S" not in unit][:51])
    lines = ["smiles,refractive_index,refractive_index_std,abbe_number,density"]
    for row, unit in enumerate(units):
        index, abbe, density = optics(unit)
        if not values:
            unit = "*" + "C" * (30 + row) + "O*"  # no member of the pool
        cells = ",,," if row % 9 == 4 else f"{9.9 if row % 9 == 5 else index},0.01,{abbe},{density}"
        lines.append(f"{unit},{cells}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    (folder / "pool.csv").write_text("smiles\n" + "".join(f"{unit}\n" for unit in units))
    text = FILE.format(name=folder.name, cycles=cycles, objectives=objectives, initial=initial) + more
    (folder / "campaign.toml").write_text(text)
    return Campaign.from_file(folder / "campaign.toml", folder / "run")


class Page(HTMLParser):
    """An HTML page: its tags must nest, and what it says is kept."""

    VOID = frozenset({"meta", "link", "img", "br", "hr", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source, self.open, self.text, self.tags = text, [], "", []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text += data

    def attributes(self, name: str) -> list[str]:
        return [str(attributes[name]) for _, attributes in self.tags if name in attributes]

    def headings(self) -> str:
        return " | ".join(re.findall(r"<h2>(.*?)</h2>", self.source))


def read_page(folder: Path) -> Page:
    return Page((folder / "index.html").read_text())


def read_table(folder: Path, name: str) -> list[dict[str, str]]:
    text = (folder / f"{name}.csv").read_text()
    rows = list(csv.reader(io.StringIO(text)))
    assert all(len(row) == len(rows[0]) for row in rows)
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
