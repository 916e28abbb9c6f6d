"""Kinetics of copolymerisation against polykin, closed forms, and a published composition curve.

Usage: python benchmarks/kinetics.py

polykin 0.8 (MIT) is an independent implementation of the terminal and penultimate models, of drift, and of residence
times. Closed forms: dead-end polymerisation (Tobolsky 1958, doi:10.1021/ja01556a047), the stirred tank, and Meyer and
Lowry's drift (1965, doi:10.1002/pol.1965.100030811). Differences are the largest over the grids. The published curve is
butyl acrylate and styrene at 110 degC (Kostanski & Hamielec 1992, doi:10.1016/0032-3861(92)90659-K; six points as
quoted in polykin's documentation), asked with the shipped ratios and with those of the shipped model that has not seen
the pair; nothing is fitted.
"""

from __future__ import annotations

import json

import numpy as np
from polykin import copolymerization, reactors

import machine
from polyloop.process.kinetics.composition import (
    PenultimateRatios,
    copolymer_composition,
    mean_propagation,
    penultimate_composition,
    terminal_composition,
)
from polyloop.process.kinetics.drift import composition_drift
from polyloop.process.kinetics.rates import Kinetics
from polyloop.process.kinetics.reactors import Charge, batch, flow_reactor
from polyloop.process.kinetics.residence_time import residence_time_density
from polyloop.process.reactivity.lookup import reactivity_ratios
from polyloop.process.reactivity.measurements import shipped_measurements
from polyloop.process.reactivity.model import ReactivityModel
from polyloop.process.reactivity.monomers import canonical_monomer

FEED = np.linspace(0.02, 0.98, 49)
PAIRS = [(0.52, 0.46), (0.04, 0.41), (55.0, 0.015), (0.01, 0.01), (4.0, 0.2), (1.0, 1.0)]
BA_STYRENE = {
    "f1": [0.186, 0.299, 0.527, 0.600, 0.700, 0.798],
    "F1": [0.196, 0.279, 0.415, 0.473, 0.542, 0.634],
}


def against_polykin() -> dict[str, float]:
    x, time = np.linspace(0.0, 0.95, 20), np.linspace(0.02, 8.0, 200)
    penultimate = PenultimateRatios(r11=0.2, r21=0.5, r22=0.4, r12=0.9, s1=0.3, s2=2.0)
    theirs = copolymerization.PenultimateModel(r11=0.2, r12=0.9, r21=0.5, r22=0.4, s1=0.3, s2=2.0)
    r = np.array([[1.0, 0.5, 3.0], [2.3, 1.0, 0.4], [0.9, 1.5, 1.0]])
    f = np.array([0.5, 0.3, 0.2])

    def largest(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
        return float(max(np.abs(np.ravel(a) - np.ravel(b)).max() for a, b in pairs))

    return {
        "terminal composition": largest(
            [(copolymer_composition(FEED, *p), copolymerization.inst_copolymer_binary(FEED, *p)) for p in PAIRS]
        ),
        "penultimate composition": largest([(penultimate_composition(FEED, penultimate), theirs.F1(FEED))]),
        "three monomers": largest([(terminal_composition(f, r), copolymerization.inst_copolymer_multi(f, r))]),
        "mean k_p, relative": largest(
            [(mean_propagation(FEED, *p, 342.0, 820.0) / copolymerization.kp_average_binary(FEED, *p, 342.0, 820.0),
              np.ones_like(FEED)) for p in PAIRS]
        ),
        "drift": largest(
            [(composition_drift(0.3, p, x).monomer,
              copolymerization.monomer_drift_binary(np.array([0.3]), x, *p, atol=1e-11, rtol=1e-11)) for p in PAIRS]
        ),
        "residence times": largest(
            [(residence_time_density("cstr", time, 1.3), np.array([reactors.E_cstr(t, 1.3) for t in time])),
             (residence_time_density("tanks", time, 1.3, tanks=5),
              np.array([reactors.E_tanks_series(t, 1.3, 5) for t in time])),
             (residence_time_density("laminar", time, 1.3), np.array([reactors.E_laminar_flow(t, 1.3) for t in time]))]
        ),
    }  # fmt: skip


def against_closed_forms() -> dict[str, float]:
    one = np.ones(1)
    k = Kinetics(500.0 * one, np.ones((1, 1)), 1e8 * one, one, 1e-4, 0.6)
    time, charge = np.linspace(0.0, 6e4, 61), Charge(8.0 * one, 0.05)
    exact = 1 - np.exp(-1000.0 * np.sqrt(2 * 0.6 * 0.05 / 1e4) * (1 - np.exp(-1e-4 * time / 2)))
    tau = 3600.0
    left = 0.05 / (1 + 1e-4 * tau)
    monomer = 8.0 / (1 + tau * 500.0 * np.sqrt(2 * 0.6 * 1e-4 * left / 1e8))
    r1, r2, f0, x = 0.52, 0.46, 0.2, np.linspace(0, 0.9, 91)
    f = composition_drift(f0, (r1, r2), x).monomer
    g, d = (1 - r1 * r2) / ((1 - r1) * (1 - r2)), (1 - r2) / (2 - r1 - r2)
    powers = (f / f0) ** (r2 / (1 - r2)) * ((1 - f) / (1 - f0)) ** (r1 / (1 - r1))
    return {
        "dead-end conversion": float(np.abs(batch(k, charge, time).conversion - exact).max()),
        "stirred tank, monomer in mol/L": float(abs(flow_reactor(k, charge, tau, "cstr").monomers[0] - monomer)),
        "Meyer-Lowry conversion": float(np.abs(1 - powers * ((f0 - d) / (f - d)) ** g - x).max()),
    }


def against_a_curve() -> dict[str, dict[str, float]]:
    acrylate, styrene = canonical_monomer("C=CC(=O)OCCCC"), canonical_monomer("C=Cc1ccccc1")
    pair = {acrylate, styrene}
    unseen = ReactivityModel.fit([one for one in shipped_measurements() if {one.first, one.second} != pair])
    said = {
        "measured": reactivity_ratios(acrylate, styrene),
        "model without the pair": unseen.predict([(acrylate, styrene)])[0],
    }
    f1, composition = (np.array(BA_STYRENE[name]) for name in ("f1", "F1"))
    result = {}
    for name, found in said.items():
        _, low, high = found.composition(f1)
        error = copolymer_composition(f1, found.r1, found.r2) - composition
        result[name] = {
            "r1": found.r1,
            "r2": found.r2,
            "rms_error_of_F1": float(np.sqrt(np.mean(error**2))),
            "inside_95": float(((composition >= low) & (composition <= high)).mean()),
        }
    return result


def main() -> None:
    machine.parser(__doc__).parse_args()
    result = {
        "polykin": against_polykin(),
        "closed_forms": against_closed_forms(),
        "butyl_acrylate_styrene_110C": against_a_curve(),
        "machine": machine.describe("numpy", "scipy", "polykin"),
    }
    print(json.dumps(result, indent=1))
    machine.write("kinetics", result)


if __name__ == "__main__":
    main()
