"""Time the acquisition: closed-form EHVI against a loop over candidates, and a batch from 1.78 million candidates.

Usage: python benchmarks/acquisition.py [--rows 1780000] [--batch 10]

The large pool is the public table's 170-dimensional descriptor, resampled with jitter, in 32-bit floats. Times are
CPU seconds of this process; run with OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 for one core.
"""

from __future__ import annotations

import argparse
import gc
import resource
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd

import machine
import peer
from polyloop import datasets
from polyloop.core.descriptors import BlockValues
from polyloop.design import Objective, default_reference_point, propose
from polyloop.design.acquisition import expected_hypervolume_improvement, free_cells
from polyloop.learn import make_surrogate

PROPERTIES = ("heat_capacity_cp", "refractive_index")


def front(n: int) -> np.ndarray:
    """Return n points on a quarter circle, ascending in the first objective."""
    angle = np.linspace(0.02, np.pi / 2 - 0.02, n)[::-1]
    return np.column_stack([np.cos(angle), np.sin(angle)])


def seconds(function, repeat: int) -> float:
    """Return the least CPU time of `repeat` calls."""
    times = []
    for _ in range(repeat):
        begin = time.process_time()
        function()
        times.append(time.process_time() - begin)
    return min(times)


def closed_form(n: int, n_front: int, n_loop: int = 200) -> dict:
    """Compare the closed form with a loop over candidates, on the same numbers."""
    rng = np.random.default_rng(0)
    mean, std = rng.normal(0.5, 0.4, (n, 2)), rng.uniform(0.05, 0.4, (n, 2))
    points, reference = front(n_front), np.zeros(2)
    ours = seconds(lambda: expected_hypervolume_improvement(mean, std, free_cells(points, reference)), 5)
    loop = seconds(lambda: peer.ehvi_by_loop(mean[:n_loop], std[:n_loop], points, reference), 1) * n / n_loop
    difference = expected_hypervolume_improvement(mean, std, free_cells(points, reference))[
        :n_loop
    ] - peer.ehvi_by_loop(mean[:n_loop], std[:n_loop], points, reference)
    return {
        "candidates": n,
        "front": n_front,
        "closed_form_seconds": ours,
        "loop_seconds": loop,
        "ratio": loop / ours,
        "largest_difference": float(np.abs(difference).max()),
    }


class PeakMemory:
    """Highest resident memory of this process while the block runs, above that at its start, in GB."""

    def __enter__(self) -> PeakMemory:
        gc.collect()
        self.start = self.peak = _resident()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(0.01):
            self.peak = max(self.peak, _resident())

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()
        self.extra_gb = (self.peak - self.start) / 2**30


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def large_pool(rows: int, batch: int) -> dict:
    """Fit two GPs on 200 polymers and pick a greedy batch by EHVI from `rows` synthetic candidates."""
    X = pd.read_csv(datasets.path("spacier_pool", "X_pool.csv.gz")).to_numpy(dtype=np.float32)
    table = pd.read_csv(datasets.path("spacier_pool", "y_oracle.csv.gz"))
    Y = table[["Cp", "refractive_index"]].to_numpy(dtype=float)
    known = np.flatnonzero((Y != -9999).all(axis=1))
    rng = np.random.default_rng(0)
    labelled = rng.choice(known, 200, replace=False)
    pool = np.empty((rows, X.shape[1]), dtype=np.float32)
    jitter = (0.05 * X.std(axis=0)).astype(np.float32)
    for begin in range(0, rows, 65_536):
        chosen = rng.integers(len(X), size=min(65_536, rows - begin))
        noise = rng.standard_normal((len(chosen), X.shape[1]), dtype=np.float32)
        pool[begin : begin + len(chosen)] = np.clip(X[chosen] + jitter * noise, 0, 1)
    objectives = [Objective(name) for name in PROPERTIES]
    observed = {"forcefield": BlockValues(X[labelled], "densities")}
    with PeakMemory() as memory:
        wall, begin = time.perf_counter(), time.process_time()
        models = [make_surrogate().fit(observed, Y[labelled, j]) for j in range(2)]
        fitted = time.process_time()
        proposal = propose(
            models, {"forcefield": BlockValues(pool, "densities")}, Y[labelled], objectives, batch=batch, rng=rng,
            reference_point=default_reference_point(Y[labelled], objectives),
        )  # fmt: skip
        end = time.process_time()
        wall = time.perf_counter() - wall
    return {
        "candidates": rows,
        "labelled": len(labelled),
        "batch": batch,
        "different_picks": len(set(proposal.indices.tolist())),
        "fit_seconds": fitted - begin,
        "propose_seconds": end - fitted,
        "total_seconds": end - begin,
        "wall_seconds": wall,
        "pool_gb": pool.nbytes / 2**30,
        "extra_memory_gb": memory.extra_gb,
        "first_scores": proposal.scores.tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_780_000)
    parser.add_argument("--batch", type=int, default=10)
    arguments = parser.parse_args()
    result = {
        "closed_form": [closed_form(10_000, n) for n in (2, 12, 25, 50)],
        "large_pool": large_pool(arguments.rows, arguments.batch),
        "machine": machine.describe("numpy", "scipy", "scikit-learn", "torch", "gpytorch", "botorch"),
    }
    for row in [*result["closed_form"], result["large_pool"]]:
        print("  ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in row.items()))
    print(machine.write("acquisition", result))


if __name__ == "__main__":
    main()
