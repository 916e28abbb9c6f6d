"""Hold the self-diffusion of four chains, as md/diffusion measures it, against walks whose diffusion is known.

Usage: python benchmarks/chain_diffusion.py [--runs 1000]

Fractional Brownian walks (exact, by circulant embedding; doi:10.1093/biomet/74.1.95) of four chains, 1,000 frames,
whose common centre stands still as dynamics keeps it. Figures go to results/chain_diffusion.json.
"""

from __future__ import annotations

import argparse

import numpy as np

import machine
from polyloop.simulate.md.analysis import centre_diffusion

CHAINS, FRAMES = 4, 1000
EXPONENTS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


def walks(rng: np.random.Generator, exponent: float) -> np.ndarray:
    """Steps of 1 along each axis; squared displacements grow as t^exponent; (FRAMES, CHAINS, 3)."""
    lags = np.arange(FRAMES + 1.0)
    correlation = 0.5 * (np.abs(lags - 1) ** exponent - 2 * lags**exponent + (lags + 1) ** exponent)
    spectrum = np.fft.fft(np.concatenate([correlation, correlation[-2:0:-1]])).real
    size = len(spectrum)
    noise = rng.standard_normal((size, CHAINS, 3)) + 1j * rng.standard_normal((size, CHAINS, 3))
    amplitudes = np.sqrt(np.maximum(spectrum, 0.0) / size)[:, None, None]
    positions = np.fft.fft(amplitudes * noise, axis=0).real[:FRAMES].cumsum(axis=0)
    return positions - positions.mean(axis=1, keepdims=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    masses, molecule, times = np.ones(CHAINS), np.arange(CHAINS), np.arange(float(FRAMES))
    rows = []
    for exponent in EXPONENTS:
        found = [centre_diffusion(walks(rng, exponent), masses, molecule, times) for _ in range(arguments.runs)]
        values, stds = (np.array([getattr(f.coefficient, part) for f in found]) for part in ("value", "std"))
        rows.append(
            {
                "exponent": exponent,
                "mean_over_free_walk": values.mean() / 0.5e-8,
                "relative_scatter": values.std() / values.mean(),
                "relative_std_stated": stds.mean() / values.mean(),
                "within_one_std_of_the_mean": np.mean(np.abs(values - values.mean()) < stds),
                "accepted_as_diffusive": np.mean([f.is_diffusive for f in found]),
                "exponent_scatter": np.std([f.exponent.value for f in found]),
            }
        )
        print(" ".join(f"{name} {value:.3g}" for name, value in rows[-1].items()))
    result = {
        "walks": f"{CHAINS} chains, {FRAMES} frames, {arguments.runs} runs each",
        "rows": [{name: round(float(value), 4) for name, value in row.items()} for row in rows],
        "machine": machine.describe("numpy"),
    }
    print(f"see {machine.write('chain_diffusion', result)}")


if __name__ == "__main__":
    main()
