"""The default surrogate on real polymers: skilful, and as sure as it should be."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from polyloop.core.descriptors import BlockValues
from polyloop.learn import calibrate, make_surrogate
from polyloop.learn.calibration import summarise

FOLDER = Path(os.environ.get("POLYLOOP_DATA", Path(__file__).parents[3] / "shared" / "data")) / "spacier_pool"

pytestmark = [
    pytest.mark.reference,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the public table spacier_pool is absent (set POLYLOOP_DATA)"),
]


@pytest.mark.parametrize(("column", "least_r2"), [("Cp", 0.93), ("density", 0.93), ("refractive_index", 0.90)])
def test_two_hundred_polymers_predict_the_others_with_honest_intervals(column, least_r2):
    # The published study reports R2 of 0.98, 0.97 and 0.96 for this descriptor with four fifths of the table.
    y = pd.read_csv(FOLDER / "y_oracle.csv.gz")[column].to_numpy(dtype=float)
    X = pd.read_csv(FOLDER / "X_pool.csv.gz").to_numpy(dtype=float)
    known = np.random.default_rng(0).permutation(np.flatnonzero(y != -9999))
    seen, unseen = known[:200], known[200:]
    model = make_surrogate().fit({"forcefield": BlockValues(X[seen], "densities")}, y[seen])
    test = summarise(model.predict({"forcefield": BlockValues(X[unseen], "densities")}), y[unseen], "test set")
    assert test.r2 > least_r2
    assert 0.84 < test.coverage_90 < 0.97
    closed = calibrate(model, {"forcefield": BlockValues(X[seen], "densities")}, y[seen])
    # 200 points estimate a coverage of 90 % to two points.
    assert abs(closed.coverage_90 - test.coverage_90) < 0.08
