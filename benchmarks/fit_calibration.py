"""Fit the linear calibration `optical_linear@3` of `optics/quick@3` to the acceptance polymers.

    python benchmarks/fit_calibration.py

reads benchmarks/results/optics_accuracy.json and writes benchmarks/optical_linear.json.
"""

from __future__ import annotations

import json

import numpy as np

from calibration import fit_linear, leave_one_out
from machine import parser
from optics_accuracy import RESULTS, ROOT, acceptance
from polyloop.core import write_atomically

COLUMNS = {"refractive_index": "exp_refractive_index", "abbe_number": "exp_abbe_number"}


def main() -> None:
    parser(__doc__).parse_args()
    table = acceptance()
    done = json.loads(RESULTS.read_text())["quick"]
    names = [name for name in table.index if "failure" not in done.get(name, {"failure": 1})]
    rows = []
    for name, column in COLUMNS.items():
        computed = np.array([done[polymer][name][0] for polymer in names])
        measured = table.loc[names, column].to_numpy()
        intercept, slope = fit_linear(computed, measured)
        errors = leave_one_out(computed, measured) - measured
        rows.append(
            {
                "name": "optical_linear@3",
                "protocol": "optics/quick@3",
                "property": name,
                "intercept": round(intercept, 6),
                "slope": round(slope, 6),
                "residual": round(float(np.sqrt(np.mean(errors**2))), 6),
                "fitted_to": names,
            }
        )
    write_atomically(ROOT / "benchmarks/optical_linear.json", json.dumps(rows, indent=1) + "\n")
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
