"""A first campaign from Python: a table of known polymers answers, so it takes seconds.

Which of 122 known polymers combine a high refractive index with a high glass transition? The campaign sees 10 of them
and asks for 5 more in each of 3 cycles. Run it with: python examples/first_campaign.py
"""

from pathlib import Path

import pandas as pd

from polyloop import Campaign

KNOWN = Path(__file__).parent / "known_polymers.csv"


def main() -> None:
    """Run the campaign, and compare what it found with the table."""
    table = pd.read_csv(KNOWN)
    campaign = Campaign(
        ["refractive_index", "glass_transition_temperature"],
        table[["name", "smiles"]],
        evaluators=table,
        features=["ecfp"],
        initial=10,
        cycles=3,
        batch=5,
        seed=1,
        directory="runs/first_campaign",
    )
    status = campaign.run(report=False)
    print(f"{status.evaluations} of {status.pool} polymers asked for, {status.failures} without both values")
    for best in status.best:
        print(
            f"{best.text:45} {best.values['refractive_index']:.3f} {best.values['glass_transition_temperature']:.0f} K"
        )
    print("Report:", campaign.report())


# Worker processes import this file; without the guard each would start the campaign again.
if __name__ == "__main__":
    main()
