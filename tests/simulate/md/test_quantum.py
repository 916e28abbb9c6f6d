"""Quantum correction of heat capacities against sums over the modes of harmonic crystals."""

import numpy as np
import pytest
from scipy import constants

from polyloop.core import InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.quantum import (
    harmonic_weight,
    quantum_correction,
    quantum_heat_capacities,
    vibrational_spectrum,
)
from polyloop.simulate.md.analysis.statistics import Mean

TEMPERATURE = 300.0


def crystal(rng, wavenumbers, masses, frames=3000, interval=0.002, origin=40.0):
    """Independent oscillators along each axis, one wavenumber (1/cm) each, (n, 3), with classical equipartition."""
    angular = 2 * np.pi * wavenumbers * 100 * constants.c * 1e-12  # 1/ps
    thermal = constants.k * TEMPERATURE * constants.N_A * 1e3 * 1e-4  # g/mol (angstrom/ps)2
    energy = thermal * rng.exponential(size=wavenumbers.shape)
    amplitude = np.sqrt(2 * energy / masses[:, None]) / angular
    time = np.arange(frames)[:, None, None] * interval
    phase = rng.uniform(0, 2 * np.pi, wavenumbers.shape)
    return (origin + amplitude * np.cos(angular * time + phase)).astype(np.float32)


def test_an_oscillator_is_classical_when_slow_and_frozen_when_fast():
    kt = constants.k * TEMPERATURE / (constants.h * constants.c * 100)  # 208.5 1/cm
    weight = harmonic_weight(np.array([0.0, 1.0, kt, 3000.0, 1e6]), TEMPERATURE)
    assert weight[:2] == pytest.approx([1.0, 1.0], abs=1e-5)
    assert weight[2] == pytest.approx(np.e / (np.e - 1) ** 2)  # 0.9207, Einstein's function at theta = T
    assert weight[3] < 1.5e-4
    assert weight[4] < 1e-200


def test_the_deficit_of_a_harmonic_crystal_is_the_sum_over_its_modes():
    rng = np.random.default_rng(1)
    masses = rng.choice([1.008, 12.011, 15.999], 400)
    wavenumbers = rng.choice([120.0, 450.0, 900.0, 1400.0, 3000.0], (400, 3))
    spectrum = vibrational_spectrum(crystal(rng, wavenumbers, masses), 0.002, masses)
    found = quantum_correction(spectrum, TEMPERATURE, 1200, masses.sum())
    truth = constants.R / (masses.sum() * 1e-3) * np.sum(harmonic_weight(wavenumbers, TEMPERATURE) - 1)
    # Each mode's energy is drawn once, so the weights of 1,200 modes scatter by some 2 %.
    assert found.value == pytest.approx(truth, rel=0.02)
    assert found.std < 0.02 * abs(truth)


def test_high_modes_keep_their_weight_although_differences_damp_them():
    rng = np.random.default_rng(2)
    wavenumbers = np.tile([[200.0, 1500.0, 3000.0]], (600, 1))
    masses = np.full(600, 12.011)
    spectrum = vibrational_spectrum(crystal(rng, wavenumbers, masses), 0.002, masses)
    mean = spectrum.density.mean(axis=0)
    shares = [mean[np.abs(spectrum.wavenumbers - centre) < 100].sum() for centre in (200, 1500, 3000)]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.03)


def test_atoms_in_pieces_give_the_same_spectrum(monkeypatch):
    rng = np.random.default_rng(3)
    masses = np.full(20, 12.011)
    frames = crystal(rng, np.full((20, 3), 500.0), masses, frames=700)
    whole = vibrational_spectrum(frames, 0.002, masses).density
    monkeypatch.setattr("polyloop.simulate.md.analysis.quantum._CHUNK", 3 * 700 * 6)
    assert vibrational_spectrum(frames, 0.002, masses).density == pytest.approx(whole)


def test_heat_capacities_are_lowered_and_say_so():
    classical = {f"classical_{name}": Estimate(f"classical_{name}", 2987.0, 30.0, "time", 50)
                 for name in ("heat_capacity_cp", "heat_capacity_cv")}  # fmt: skip
    found = quantum_heat_capacities(classical, Mean(-1500.0, 40.0, 8.0))
    assert found["heat_capacity_cp"] == Estimate(
        "heat_capacity_cp", 1487.0, 50.0, "time; harmonic quantum correction (1PT) over segments", 50
    )


def test_frames_that_miss_the_fast_modes_are_refused():
    with pytest.raises(InvalidInputError, match="10 fs apart miss the fastest"):
        vibrational_spectrum(np.zeros((3000, 2, 3)), 0.01, np.ones(2))
    with pytest.raises(InvalidInputError, match="too few for 8 segments"):
        vibrational_spectrum(np.zeros((100, 2, 3)), 0.002, np.ones(2))
