"""Measure whether an engine's stages conserve energy and sample their ensembles, on liquid decane.

Usage: python benchmarks/ensembles.py ENGINE [--directory runs/ensembles] [--conserve 150] [--compress 200]

Three figures, written to results/ENGINE_ensembles.json: the drift of the total energy at constant energy (2 fs with
rigid bonds to hydrogen, 4 fs with heavy hydrogen besides), the ratio of volume distributions at two pressures against
what statistical mechanics asks for (doi:10.1021/ct300688p), and CPU time per step. Stages go on where they were killed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from rdkit import Chem
from rdkit.Chem import AllChem
from scipy.optimize import minimize

import machine
from polyloop.chem import Cell, Topology
from polyloop.chem.forcefield import gasteiger_charges, type_molecule
from polyloop.engines.dynamics.registry import DYNAMICS_ENGINES
from polyloop.engines.dynamics.stages import Engine, Stage
from polyloop.simulate.md.run.engine_choice import choose_engine
from polyloop.simulate.md.run.sampling import cpu_time

GAS_CONSTANT = 1.987204259e-3  # kcal/(mol K)
ATM_ANGSTROM3 = 1.4584e-5  # kcal/mol
PRESSURES = (1.0, 300.0)
TEMPERATURE = 400.0


def decane(number: int, density: float) -> Cell:
    mol = Chem.AddHs(Chem.MolFromSmiles("C" * 10))
    AllChem.EmbedMolecule(mol, randomSeed=7)
    positions = mol.GetConformer().GetPositions()
    positions = positions - positions.mean(axis=0)
    one = type_molecule(mol).with_charges(np.array(gasteiger_charges(mol)))
    topology = Topology.concatenate([one] * number)
    edge = (topology.masses.sum() * 1.66053906660 / density) ** (1 / 3)
    side = int(np.ceil(number ** (1 / 3)))
    places = np.stack(np.unravel_index(np.arange(number), (side, side, side)), axis=1) * edge / side
    return Cell(topology, (positions + places[:, None]).reshape(-1, 3), np.full(3, edge))


def blocked(values: np.ndarray, estimate, blocks: int = 10) -> float:
    """Return the jackknife standard error of `estimate` over consecutive blocks of rows."""
    parts = np.array_split(np.arange(len(values)), blocks)
    left_out = [estimate(np.delete(values, part, axis=0)) for part in parts]
    return float(np.sqrt((blocks - 1) * np.var(left_out)))


def drift(engine: Engine, cell: Cell, stage: Stage, directory: Path) -> dict:
    began, is_new = cpu_time(), not (directory / "result.npz").exists()
    samples = engine.run(cell, stage, directory).samples
    cpu = cpu_time() - began
    n, kT = cell.topology.n_atoms, GAS_CONSTANT * float(samples["temperature"].mean())
    rows = np.column_stack(
        [samples["time"] / 1000, (samples["potential_energy"] + samples["kinetic_energy"]) / (n * kT)]
    )

    def slope(part: np.ndarray) -> float:
        return float(np.polyfit(*part.T, 1)[0])

    return {
        "timestep_fs": stage.timestep,
        "hydrogen_mass": stage.hydrogen_mass,
        "duration_ps": stage.duration,
        "temperature": float(samples["temperature"].mean()),
        "drift_kT_per_atom_per_ns": slope(rows),
        "standard_error": blocked(rows, slope),
        "fluctuation_kT_per_atom": float(rows[:, 1].std()),
        "cpu_ms_per_step": cpu * stage.timestep / stage.duration if is_new else None,
    }


def volume_ratio(volumes: list[np.ndarray]) -> float:
    """Return the slope of ln P1(V)/P2(V) by maximum likelihood, as a share of what it must be."""
    scale = np.concatenate(volumes).std()
    middle = np.mean([v.mean() for v in volumes])

    def cost(parameters: np.ndarray) -> float:
        low, high = (parameters[0] + parameters[1] * (v - middle) / scale for v in volumes)
        return float(np.logaddexp(0, -low).mean() + np.logaddexp(0, high).mean())

    expected = (PRESSURES[1] - PRESSURES[0]) * ATM_ANGSTROM3 / (GAS_CONSTANT * TEMPERATURE)
    return float(minimize(cost, [0.0, 1.0]).x[1] / scale / expected)


def compressions(engine: Engine, cell: Cell, duration: float, directory: Path) -> dict:
    volumes = []
    for pressure in PRESSURES:
        stage = Stage(
            f"npt {pressure:g} atm", "npt", duration=duration, timestep=4, temperature=(TEMPERATURE,) * 2,
            pressure=(pressure,) * 2, hydrogen_mass=3.0, sample_interval=0.5,
        )  # fmt: skip
        samples = engine.run(cell, stage, directory / f"npt_{pressure:g}", seed=1).samples
        volumes.append(samples["volume"][len(samples["volume"]) // 5 :])
    rows = np.column_stack(volumes)
    return {
        "temperature": TEMPERATURE,
        "pressures_atm": PRESSURES,
        "duration_ps": duration,
        "slope_over_expected": volume_ratio(volumes),
        "standard_error": blocked(rows, lambda part: volume_ratio(list(part.T))),
        "mean_volumes": [float(v.mean()) for v in volumes],
        "correlation_times_ps": [correlation_time(v) * 0.5 for v in volumes],
    }


def correlation_time(values: np.ndarray) -> float:
    """Return the integrated autocorrelation time in samples, summed up to the first negative value."""
    centred = values - values.mean()
    full = np.correlate(centred, centred, "full")[len(values) - 1 :] / (np.arange(len(values), 0, -1) * values.var())
    end = int(np.argmax(full < 0)) or len(full)
    return float(1 + 2 * full[1:end].sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=list(DYNAMICS_ENGINES))
    parser.add_argument("--directory", type=Path, default=Path("runs/ensembles"))
    parser.add_argument("--conserve", type=float, default=150.0, help="ps at constant energy")
    parser.add_argument("--compress", type=float, default=200.0, help="ps at each pressure")
    arguments = parser.parse_args()
    engine, folder = choose_engine(arguments.engine, 1), arguments.directory / arguments.engine
    cell = decane(15, 0.5)
    cell = engine.run(cell, Stage("minimize", "minimize"), folder / "minimize").cell
    warm = Stage("compress", "nvt", duration=20, timestep=2, density=0.7, temperature=(450.0, TEMPERATURE))
    cell = engine.run(cell, warm, folder / "compress").cell
    conservation = []
    for timestep, mass in ((2.0, 1.008), (4.0, 3.0)):
        rest = Stage("rest", "nvt", duration=5, timestep=2, temperature=(TEMPERATURE,) * 2, hydrogen_mass=mass)
        rested = engine.run(cell, rest, folder / f"rest_{timestep:g}").cell
        stage = Stage(
            "nve", "nve", duration=arguments.conserve, timestep=timestep, temperature=(TEMPERATURE,) * 2,
            hydrogen_mass=mass, sample_interval=0.1,
        )  # fmt: skip
        conservation.append(drift(engine, rested, stage, folder / f"nve_{timestep:g}"))
    result = {
        "system": f"{cell.topology.n_molecules} decane molecules, {cell.topology.n_atoms} atoms, one core",
        "engine": f"{engine.name} {engine.version()}",
        "conservation": conservation,
        "volumes": compressions(engine, cell, arguments.compress, folder),
        "machine": machine.describe("numpy"),
    }
    print(machine.write(f"{engine.name}_ensembles", result))


if __name__ == "__main__":
    main()
