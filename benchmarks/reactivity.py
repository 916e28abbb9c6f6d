"""Reactivity ratios from structure: unseen pairs and unseen monomers of the handbook's table, with their error bars.

Usage: python benchmarks/reactivity.py [--variants ...] [--protocols pairs monomers] [--folds 5]

The table (Polymer Handbook, 4th ed., read by OCR) lists most measurements under both monomers; the same numbers in both
directions are one measurement here. A value is the mean log10 r of a pair's measurements with 0 < r < 50.
`pairs`: five folds of pairs; `monomers`: five folds of monomers, asked are the pairs with at least one monomer of the
fold, and taught those with none. Variants: `chosen` (what `polyloop process reactivity-train` does), `electrons` (the
same with --electrons: half an hour of processor time for the monomers, which the user's cache keeps), `plain` (values
that contradict all others count fully), `whole` (ECFP of the whole molecule instead of environments of the double
bond), `constant` (the mean of what teaches). `shipped`: the table that comes with polyloop, compared with the
handbook's values of the same pairs, and as what teaches the model that is asked for the handbook's other pairs.
Set POLYLOOP_BENCHMARK_CACHE to go on where a run was stopped.
"""

from __future__ import annotations

import argparse
import json
from functools import cache

import numpy as np
from rdkit import Chem
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

import kept
import machine
from polyloop import datasets
from polyloop.process.kinetics.composition import composition_interval, copolymer_composition
from polyloop.process.reactivity.measurements import (
    Measurement,
    PairValues,
    known_pairs,
    read_measurements,
    shipped_measurements,
)
from polyloop.process.reactivity.model import ReactivityModel, shipped_model
from polyloop.process.reactivity.monomers import MonomerDescription, describe_monomer

COLUMNS = {"smiles_1": "Monomer_1_smi", "smiles_2": "Monomer_2_smi"}
FEEDS = np.linspace(0.1, 0.9, 9)
VARIANTS = ("constant", "whole", "plain", "chosen", "electrons")


@cache
def handbook() -> tuple[PairValues, tuple[MonomerDescription, ...]]:
    path = datasets.path("reactivity_ratios", "monomer_react_ratio_smarts.csv.gz")
    known = known_pairs(read_measurements(path, COLUMNS))
    return known, tuple(describe_monomer(name) for name in known.monomers)


def whole(one: MonomerDescription) -> MonomerDescription:
    counts = GetMorganGenerator(radius=2).GetSparseCountFingerprint(Chem.MolFromSmiles(one.canonical))
    return MonomerDescription(one.canonical, dict(counts.GetNonzeroElements()), one.descriptors)


def folds(protocol: str, n: int = 5, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    known, _ = handbook()
    rng = np.random.default_rng(seed)
    if protocol == "pairs":
        part = rng.permutation(len(known.pairs)) % n
        return [(np.flatnonzero(part != k), np.flatnonzero(part == k)) for k in range(n)]
    part = rng.permutation(len(known.monomers)) % n
    held = [(part[known.pairs] == k).any(axis=1) for k in range(n)]
    return [(np.flatnonzero(~out), np.flatnonzero(out)) for out in held]


def answers(protocol: str, variant: str, fold: int) -> dict:
    """Return what the model says of the fold's pairs, with which monomers it has seen."""
    known, described = handbook()
    teach, ask = folds(protocol)[fold]
    seen = np.isin(known.pairs[ask], np.unique(known.pairs[teach])).sum(axis=1)
    if variant == "constant":
        logs = known.log10_r[teach]
        means = np.full((len(ask), 2), logs.mean())
        covariances = np.tile(np.eye(2) * logs.var(), (len(ask), 1, 1))
    else:
        monomers = [whole(one) for one in described] if variant == "whole" else list(described)
        if variant == "electrons":
            monomers = [describe_monomer(one.canonical, electrons=True) for one in described]
        places = {one.canonical: one for one in monomers}
        taught = known.subset(teach)
        model = ReactivityModel.fit(
            taught, robust=variant != "plain", monomers=[places[name] for name in taught.monomers]
        )
        means, covariances = model.assess(monomers, known.pairs[ask])
    return {"ask": ask.tolist(), "seen": seen.tolist(), "mean": means.tolist(), "cov": covariances.tolist()}


def figures(said: list[dict]) -> dict:
    known, _ = handbook()
    ask = np.concatenate([one["ask"] for one in said])
    seen = np.concatenate([one["seen"] for one in said])
    mean, covariance = (np.concatenate([np.array(one[name]) for one in said]) for name in ("mean", "cov"))
    groups = {"all": seen >= 0, "both seen": seen == 2, "one seen": seen == 1, "none seen": seen == 0}
    return {
        name: scores(known.log10_r[ask[which]], mean[which], covariance[which])
        for name, which in groups.items()
        if which.sum() >= 20
    }


def scores(truth: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> dict:
    std = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    error = truth - mean
    F = [copolymer_composition(FEEDS, *10.0**row) for row in truth]
    G = [copolymer_composition(FEEDS, *10.0**row) for row in mean]
    inside, width = [], []
    for exact, row, matrix in zip(F, mean, covariance, strict=True):
        _, low, high = composition_interval(FEEDS, tuple(row), matrix)
        inside.append(((exact >= low) & (exact <= high)).mean())
        width.append((high - low).mean())
    away = np.abs(np.array(F) - np.array(G))
    alternating = (truth.sum(axis=1) < 0) == (mean.sum(axis=1) < 0)
    return {
        "pairs": len(truth),
        "rmse": float(np.sqrt((error**2).mean())),
        "mae": float(np.abs(error).mean()),
        "r2": float(1 - (error**2).mean() / truth.var()),
        "composition_error": float(away.mean()),
        "composition_error_median": float(np.median(away)),
        "coverage_68": float((np.abs(error) < std).mean()),
        "coverage_95": float((np.abs(error) < 1.96 * std).mean()),
        "composition_coverage_95": float(np.mean(inside)),
        "composition_width_95": float(np.mean(width)),
        "sign_of_log_r1_r2_right": float(alternating.mean()),
    }


def shipped() -> dict:
    """Compare the shipped table with the handbook's, and ask the shipped model for pairs that it has not seen."""
    known, described = handbook()
    own = {(one.first, one.second): one for one in shipped_measurements()}
    own |= {(b, a): Measurement(b, a, one.r2, one.r1) for (a, b), one in list(own.items())}
    names = [tuple(known.monomers[i] for i in pair) for pair in known.pairs]
    shared = np.array([pair in own for pair in names])
    difference = np.array([
        np.log10([own[pair].r1, own[pair].r2]) - logs
        for pair, logs in zip(names, known.log10_r, strict=True) if pair in own
    ])  # fmt: skip
    mean, covariance = shipped_model().assess(described, known.pairs[~shared])
    return {
        "shared_pairs": int(shared.sum()),
        "log10_r_rms_difference": float(np.sqrt((difference**2).mean())),
        "log10_r_median_difference": float(np.median(np.abs(difference))),
        "other_pairs": scores(known.log10_r[~shared], mean, covariance),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=VARIANTS)
    parser.add_argument("--protocols", nargs="+", default=["pairs", "monomers"], choices=["pairs", "monomers"])
    parser.add_argument("--folds", type=int, default=5)
    arguments = parser.parse_args()
    place = machine.RESULTS / "reactivity.json"
    result = json.loads(place.read_text()) if place.exists() else {}
    known, _ = handbook()
    result["table"] = {
        "pairs": len(known.pairs),
        "monomers": len(known.monomers),
        "measurements": int(known.counts.sum()),
        "scatter_of_measurements": known.scatter,
        "spread_of_log10_r": float(known.log10_r.std()),
    }
    result["shipped"] = shipped()
    for variant in arguments.variants:
        for protocol in arguments.protocols:
            said = [
                kept.kept(f"reactivity 1 {protocol} {variant} {k}", lambda k=k: answers(protocol, variant, k))  # noqa: B023
                for k in range(arguments.folds)
            ]
            result.setdefault(protocol, {})[variant] = {**figures(said), "folds": arguments.folds}
            print(protocol, variant, json.dumps(result[protocol][variant]), flush=True)
            result["machine"] = machine.describe("numpy", "scipy", "rdkit")
            machine.write("reactivity", result)


if __name__ == "__main__":
    main()
