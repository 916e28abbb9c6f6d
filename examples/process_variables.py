"""Conditions of a polymerisation instead of a list of polymers: numbers, choices and a constraint between them.

The reaction here is a small kinetic model, so that the example ends in seconds; put your reactor in its place.
Run it with: python examples/process_variables.py
"""

import json
from math import exp

import numpy as np

from polyloop.core import add_property
from polyloop.design import Objective, default_reference_point
from polyloop.design.sources import Observations
from polyloop.design.space import Categorical, Condition, Continuous, Space, SpaceSource
from polyloop.learn import make_surrogate

SPACE = Space(
    (
        Continuous("temperature", 60, 100, unit="degC"),
        Continuous("time", 1, 10, unit="h", log=True),
        Categorical("solvent", ("toluene", "dioxane", "anisole")),
    ),
    (Condition("temperature * time < 600"),),  # what the plant may be heated
)
add_property("conversion", unit="1", low=0, high=1, definition="Share of the monomer that has reacted.")
add_property("dispersity", unit="1", low=1, high=20, definition="Weight average over number average of molar mass.")
OBJECTIVES = [Objective("conversion", "maximize"), Objective("dispersity", "minimize")]
SPEED = {"toluene": 1.0, "dioxane": 1.4, "anisole": 1.1}


def reactor(text: str) -> tuple[float, float]:
    """Return conversion, and a dispersity that grows with it and with the temperature."""
    point = json.loads(text)
    rate = 0.05 * SPEED[point["solvent"]] * exp(0.05 * (point["temperature"] - 60))
    conversion = 1 - exp(-rate * point["time"])
    return conversion, 1.05 + 0.2 * conversion**2 + 0.004 * (point["temperature"] - 60)


def main() -> None:
    """Try 8 points that fill the space, then 4 at a time where the trade-off may grow."""
    source, rng = SpaceSource(SPACE), np.random.default_rng(0)
    texts = list(source.initial(8, rng=rng))
    values = [reactor(text) for text in texts]
    # Fixed after the first points, so that the hypervolume of all rounds is measured from one corner.
    corner = default_reference_point(np.array(values), OBJECTIVES)
    for _ in range(3):
        Y, blocks = np.array(values), source.encode(texts)
        models = [make_surrogate("product_gp", seed=0).fit(blocks, Y[:, j]) for j in range(2)]
        found = source.propose(
            models, Observations(tuple(texts), Y), OBJECTIVES, batch=4, rng=rng, reference_point=corner
        )
        texts += found.texts
        values += [reactor(text) for text in found.texts]
        print(f"{len(texts)} tried, the last by {found.method}")
    for text, (conversion, dispersity) in sorted(zip(texts, values, strict=True), key=lambda row: -row[1][0])[:5]:
        print(f"conversion {conversion:.2f}  dispersity {dispersity:.2f}  {text}")


if __name__ == "__main__":
    main()
