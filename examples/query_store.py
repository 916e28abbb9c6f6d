"""The results database: computed once, found again, queried by property, merged with a table of measured values.

Run it with: python examples/query_store.py
"""

import time
from pathlib import Path

import pandas as pd

from polyloop import Polymer, compute_properties
from polyloop.store import Store

STORE = Path("runs/query_store.sqlite")
UNITS = ["*CC*", "*CC(*)C", "*CC(*)Cl", "*CC(*)c1ccccc1", "*CC(*)(C)C(=O)OC", "*CCO*", "*OC(C)C(*)=O"]


def main() -> None:
    """Fill a store, then ask it."""
    STORE.parent.mkdir(exist_ok=True)
    for attempt in ("first", "second"):
        started = time.monotonic()
        results = compute_properties([Polymer(smiles) for smiles in UNITS], level="instant", store=STORE)
        print(f"{attempt} time: {len(results)} polymers in {time.monotonic() - started:.1f} s")
    with Store(STORE) as store:
        counts = store.counts()
        print("evaluations by protocol:", {protocol: sum(by.values()) for protocol, by in counts.items()})

        # Records of one property within bounds, in its unit.
        high = store.records(properties=["refractive_index"], minimum=1.5)
        for record in sorted(high, key=lambda one: -(one.value or 0.0)):
            print(
                f"{record.request.subject.text:28} {record.value:.4f} ± {record.std:.4f}  {record.request.protocol_id}"
            )

        # One row an evaluation, a column a property: a data frame for everything else.
        frame = pd.DataFrame(store.table())
        print(frame[["smiles", "class", "refractive_index [1]", "density [g/cm3]"]].head())
        print(store.check() or "the database is sound")


if __name__ == "__main__":
    main()
