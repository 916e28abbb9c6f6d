"""A model that says how far to trust it: held-out errors, calibration, and a flag outside of what it was trained on.

Run it with: python examples/honest_model.py
"""

from pathlib import Path

import numpy as np

from polyloop.features import featurize
from polyloop.learn import TrainingDomain, calibrate, make_surrogate
from polyloop.learn.surrogate import take
from polyloop.tables import read_values

KNOWN = Path(__file__).parent / "known_polymers.csv"
NEW = {"polystyrene, chlorinated": "*CC(*)c1ccc(Cl)cc1", "a polyborane": "*B(*)c1c(F)c(F)c(F)c(F)c1F"}


def main() -> None:
    """Fit glass transitions, test the model on what it has not seen, and predict two polymers."""
    known = read_values(KNOWN)
    name = "glass_transition_temperature"
    rows = [row for row in known.rows if row.subject is not None and name in row.values]
    features = featurize([row.subject.text for row in rows] + list(NEW.values()), ["ecfp", "rdkit2d"])
    y = np.array([row.values[name][0] for row in rows])
    blocks, new = take(features.described(), slice(len(y))), take(features.described(), slice(len(y), None))

    model = make_surrogate("gp", seed=0).fit(blocks, y)
    held_out = calibrate(model, blocks, y, rng=np.random.default_rng(0)).to_dict()
    print(f"{len(y)} glass transitions, {y.min():.0f} to {y.max():.0f} K; each predicted by a model without it:")
    print({word: round(value, 2) if isinstance(value, float) else value for word, value in held_out.items()})

    prediction = model.predict(new)
    outside = TrainingDomain().fit(blocks, y).assess(new, prediction).outside
    for row, title in enumerate(NEW):
        trust = "outside of what it was trained on" if outside[row] else "within its domain"
        print(f"{title:26} {prediction.mean[row]:.0f} ± {prediction.predictive_std[row]:.0f} K, {trust}")


if __name__ == "__main__":
    main()
