"""Ask and tell: the campaign suggests, a laboratory measures, and tells what it found, also late, wrong or not at all.

Run it with: python examples/laboratory.py
"""

import csv
from pathlib import Path

import pandas as pd

from polyloop import Campaign, Polymer

KNOWN = Path(__file__).parent / "known_polymers.csv"
TABLE, RESULTS = Path("runs/laboratory_asked.csv"), Path("runs/laboratory_results.csv")
COLUMN = "glass_transition_temperature [K]"


def measure(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Stand in for the laboratory: look the values up, and fail to make polymers with large units."""
    with KNOWN.open(newline="") as stream:
        known = {Polymer(row["smiles"]).canonical: row[COLUMN] for row in csv.DictReader(stream)}
    for row in rows:
        value = known.get(row["smiles"]) if len(row["smiles"]) < 40 else None
        row |= {COLUMN: value} if value else {"status": "could not be made", "note": "it gelled"}
    return rows


def main() -> None:
    """Go round three times."""
    campaign = Campaign(
        ["glass_transition_temperature"],
        pd.read_csv(KNOWN)[["name", "smiles"]],
        evaluators="experiment",
        features=["ecfp"],
        initial=6,
        batch=4,
        directory="runs/laboratory",
    )
    TABLE.parent.mkdir(exist_ok=True)
    for cycle in range(3):
        asked = campaign.suggest(path=TABLE)  # a CSV for the bench, with empty columns for the results
        with TABLE.open(newline="") as stream:
            rows = measure(list(csv.DictReader(stream)))
        with RESULTS.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        entered = campaign.tell(RESULTS)
        print(f"round {cycle + 1}: {len(asked)} asked, {entered.new} told, {len(campaign.pending())} still awaited")
    print(
        "best:",
        *[f"{best.text} {best.values['glass_transition_temperature']:.0f} K" for best in campaign.status().best],
    )


if __name__ == "__main__":
    main()
