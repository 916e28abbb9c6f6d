"""A campaign over a pool of molecules, described as a whole."""

from __future__ import annotations

from pathlib import Path

from rdkit import Chem
from rdkit.Chem import Crippen

from polyloop.campaign import Campaign
from polyloop.chem.library import monomers

FILE = """
[campaign]
name = "monomers"
seed = 1
batch = 3
cycles = 3

[[objectives]]
property = "octanol_water"
direction = "maximize"
evaluator = "crippen"

[properties.octanol_water]
unit = "1"
low = -20
high = 30
kinds = ["molecule"]

[evaluators.crippen]
python = "crippen:evaluate"

[pool]
kind = "molecule"
source = "csv"
file = "molecules.csv"

[features]
blocks = ["ecfp", "rdkit2d"]

[initial]
size = 8
"""
FUNCTION = """
from rdkit import Chem
from rdkit.Chem import Crippen


def evaluate(smiles, seed):
    return {"octanol_water": Crippen.MolLogP(Chem.MolFromSmiles(smiles))}
"""


def test_a_campaign_over_molecules_finds_the_most_lipophilic(tmp_path: Path) -> None:
    listed = [row.smiles for row in monomers()][:80]
    (tmp_path / "molecules.csv").write_text("molecule\n" + "\n".join(listed) + "\n")
    (tmp_path / "crippen.py").write_text(FUNCTION)
    (tmp_path / "c.toml").write_text(FILE)
    campaign = Campaign.from_file(tmp_path / "c.toml", tmp_path / "run")
    status = campaign.run()
    assert (status.evaluations, status.failures) == (17, 0)
    values = sorted((Crippen.MolLogP(Chem.MolFromSmiles(smiles)) for smiles in listed), reverse=True)
    assert status.best[0].values["octanol_water"] >= values[2]
    assert "<svg" in (tmp_path / "run" / "report" / "index.html").read_text()
