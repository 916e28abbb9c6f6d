"""Protocol `optics/quick@3`: refractive indices and Abbe number from linear response on short oligomers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from polyloop.chem import Geometry, Polymer
from polyloop.core import Conditions, EvaluationError, FailureCode
from polyloop.engines.quantum.contract import LevelOfTheory
from polyloop.engines.quantum.registry import electronic_structure, tight_binding
from polyloop.simulate.conformers import ENGINE as GEOMETRIES
from polyloop.simulate.conformers import Conformer, ConformerSearch, boltzmann_weights, search_conformers
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.neutrality import refuse_charge
from polyloop.simulate.optics.density import AmorphousDensity, amorphous_density
from polyloop.simulate.optics.dipole_interaction import interacting_polarizability
from polyloop.simulate.optics.lorentz_lorenz import OpticalInputs, molar_refraction, propagated_std
from polyloop.simulate.optics.oligomers import Caps, Difference, choose_difference
from polyloop.simulate.optics.polarizability_scale import ENGINE, LEVEL, SCALE, PolarizabilityScale

__all__ = [
    "PROPERTIES",
    "WAVELENGTHS",
    "OligomerOptics",
    "check_scope",
    "ensemble_mean",
    "oligomer_optics",
    "quick_optics",
    "solid_optics",
]

PROPERTIES = (
    "refractive_index", "refractive_index_F", "refractive_index_C", "abbe_number", "density", "static_polarizability",
    "polarizability_D", "molar_refraction", "homo", "lumo", "homo_lumo_gap", "dipole_moment", "solvation_energy",
    "van_der_waals_volume",
)  # fmt: skip
# Static, and the C, D and F lines in nm.
WAVELENGTHS = (float("inf"), 656.27, 589.29, 486.13)
LARGEST = 60  # heavy atoms of the larger oligomer; beyond it one evaluation takes hours and gigabytes
_STAGE = "oligomers"


@dataclass(frozen=True)
class ErrorModel:
    """How conformers change a repeat unit's polarizability, and its dispersion F - C.

    From `benchmarks/oligomer_study.py` (see `docs/validation/optics.md`). `slopes`: relative change per relative change
    of the interacting dipoles of `dipole_interaction.py`, from one conformer to another. `conformers`: relative
    standard deviations of polarizability and dispersion, that this correction leaves.
    """

    slopes: tuple[float, float] = (0.69, 1.70)
    conformers: tuple[float, float] = (0.0036, 0.016)


ERRORS = ErrorModel()


@dataclass(frozen=True)
class OligomerOptics:
    """What quantum chemistry says of one oligomer.

    Parameters
    ----------
    polarizabilities
        Isotropic, unscaled, at `WAVELENGTHS`, angstrom3, shape (4,), for the mean over conformers.
    scatter
        Standard deviation of the isotropic polarizability over conformers, angstrom3.
    homo, lumo, dipole_moment
        Of the lowest conformer, at `LEVEL`; eV, eV, debye.
    spread
        Standard deviation over conformers (GFN2-xTB, Boltzmann weights) of HOMO, LUMO, gap, dipole and solvation
        energy.
    solvation_energy
        Boltzmann average, kJ/mol.
    n_conformers
        Conformers behind the average and the spread.
    """

    polarizabilities: NDArray[np.float64]
    scatter: float
    homo: float
    lumo: float
    dipole_moment: float
    solvation_energy: float
    spread: NDArray[np.float64]
    n_conformers: int


def quick_optics(
    polymer: Polymer, seed: int, conditions: Conditions, scale: PolarizabilityScale = SCALE, caps: Caps = "matched"
) -> Estimates:
    """Compute the optical constants of the amorphous polymer, and the electronic properties of its repeat unit.

    The versions of the protocol differ in `scale` and `caps` alone.

    Raises
    ------
    EvaluationError
        With the stage and the reason, when a structure, a self-consistent field or a response cannot be had.
    """
    difference = _checked_difference(polymer, caps)
    # The packing model was fitted to volumes of methyl-capped oligomers.
    density = amorphous_density(polymer, seed)
    larger = _optics_of(difference.larger, seed)
    smaller = _optics_of(difference.smaller, seed)
    raw = (larger.polarizabilities - smaller.polarizabilities) / difference.units
    scatter = float(np.hypot(larger.scatter, smaller.scatter)) / difference.units / float(raw[2])
    unit = smaller if difference.n_smaller else larger
    return Estimates(
        estimates=(*solid_optics(polymer, difference, density, raw, scatter, scale), *_electronic(larger, unit)),
        engines={
            **electronic_structure(ENGINE).versions(),
            **tight_binding(GEOMETRIES).versions(),
            "rdkit": rdBase.rdkitVersion,
        },
        settings={
            "level": LEVEL.to_dict(),
            "polarizability_scale": scale.name,
            "packing": density.model,
            "caps": difference.cap,
            "oligomers": [Chem.MolToSmiles(difference.larger), Chem.MolToSmiles(difference.smaller)],
            "raw_polarizabilities": [round(float(value), 5) for value in raw],
            "conformer_scatter": round(scatter, 5),
        },
    )


def solid_optics(
    polymer: Polymer,
    difference: Difference,
    density: AmorphousDensity,
    raw: NDArray[np.float64],
    scatter: float,
    scale: PolarizabilityScale = SCALE,
) -> list[Estimate]:
    """Return the optical estimates that follow from one unit's unscaled polarizabilities and the density.

    Parameters
    ----------
    raw
        At `WAVELENGTHS`, angstrom3, shape (4,).
    scatter
        Relative standard deviation of the polarizability over conformers.
    """
    inputs = OpticalInputs(scale.apply(raw, polymer.composition.get("H", 0)), density.value, polymer.molar_mass)
    spread = float(inputs.polarizabilities[3] - inputs.polarizabilities[1])
    extrapolation = difference.relative_errors(float(inputs.polarizabilities[2]), spread)
    of_scale = scale.relative_errors(raw, polymer.composition.get("H", 0))
    level = float(np.linalg.norm([scatter, ERRORS.conformers[0], extrapolation[0], of_scale[0]]))
    excess = (ERRORS.slopes[1] / ERRORS.slopes[0] - 1.0) * scatter
    dispersion = float(np.linalg.norm([excess, ERRORS.conformers[1], extrapolation[1], of_scale[1]]))
    n_c, n_d, n_f, abbe = inputs.constants()
    std = propagated_std(inputs, level, dispersion, density.std / density.value)
    static, dynamic = float(inputs.polarizabilities[0]), float(inputs.polarizabilities[2])
    polarizability = "conformers, oligomer extrapolation and polarizability scale, in quadrature"
    all_of_it = "conformers, oligomer extrapolation, polarizability scale and density model, propagated"
    return [
        Estimate("refractive_index", n_d, float(std[1]), all_of_it),
        Estimate("refractive_index_F", n_f, float(std[2]), all_of_it),
        Estimate("refractive_index_C", n_c, float(std[0]), all_of_it),
        Estimate("abbe_number", abbe, float(std[3]), all_of_it),
        Estimate("density", density.value, density.std, f"density model {density.model}, cross-validated"),
        Estimate("static_polarizability", static, static * level, polarizability),
        Estimate("polarizability_D", dynamic, dynamic * level, polarizability),
        Estimate("molar_refraction", molar_refraction(dynamic), molar_refraction(dynamic) * level, polarizability),
        Estimate("van_der_waals_volume", density.van_der_waals_volume, density.volume_std, "conformers"),
    ]


def _electronic(larger: OligomerOptics, unit: OligomerOptics) -> list[Estimate]:
    spread = "conformers of the capped oligomer (GFN2-xTB); the method's own error is not in it"
    count = larger.n_conformers
    return [
        Estimate("homo", larger.homo, float(larger.spread[0]), spread, count),
        Estimate("lumo", larger.lumo, float(larger.spread[1]), spread, count),
        Estimate("homo_lumo_gap", larger.lumo - larger.homo, float(larger.spread[2]), spread, count),
        Estimate("dipole_moment", unit.dipole_moment, float(unit.spread[3]), spread, unit.n_conformers),
        Estimate("solvation_energy", unit.solvation_energy, float(unit.spread[4]), spread, unit.n_conformers),
    ]


def check_scope(polymer: Polymer, caps: Caps = "matched") -> None:
    """Raise the `EvaluationError` that `quick_optics` would raise before it computes anything: SIZE or UNSUPPORTED."""
    _checked_difference(polymer, caps)


def _checked_difference(polymer: Polymer, caps: Caps) -> Difference:
    refuse_charge(polymer, _STAGE)
    difference = choose_difference(polymer, caps=caps)
    heavy = int(difference.larger.GetNumHeavyAtoms())
    if heavy > LARGEST:
        raise EvaluationError(
            FailureCode.SIZE,
            _STAGE,
            f"The capped oligomer has {heavy} heavy atoms; this protocol takes at most {LARGEST}.",
            hint="Use optics/instant@2.",
        )
    return difference


def _optics_of(mol: Chem.Mol, seed: int) -> OligomerOptics:
    return oligomer_optics(Chem.MolToSmiles(mol), seed)


# Ethane or hexafluoroethane, the smaller oligomer of nearly every polymer, is computed once per process.
@lru_cache(maxsize=16)
def oligomer_optics(smiles: str, seed: int, level: LevelOfTheory = LEVEL) -> OligomerOptics:
    """Return the unscaled polarizabilities and the electronic properties of one closed-shell molecule."""
    mol = Chem.MolFromSmiles(smiles)
    search = search_conformers(mol, seed, keep=_conformers_to_keep(mol))
    engine = electronic_structure(ENGINE)
    state = engine.ground_state(search.lowest[0].geometry, level)
    tensors = engine.polarizability(state, WAVELENGTHS)
    polarizabilities, scatter = ensemble_mean(np.trace(tensors, axis1=1, axis2=2) / 3.0, search)
    solvation, spread = _over_conformers(search.lowest)
    return OligomerOptics(
        polarizabilities=polarizabilities,
        scatter=scatter,
        homo=state.homo,
        lumo=state.lumo,
        dipole_moment=state.dipole,
        solvation_energy=solvation,
        spread=spread,
        n_conformers=len(search.lowest),
    )


def ensemble_mean(lowest: NDArray[np.float64], search: ConformerSearch) -> tuple[NDArray[np.float64], float]:
    """Move isotropic polarizabilities of the lowest conformer to the mean of the ensemble.

    Parameters
    ----------
    lowest
        At `WAVELENGTHS`, angstrom3, shape (4,).

    Returns
    -------
    (4,) array of float, float
        The mean, and the standard deviation of alpha_D over the ensemble; angstrom3.
    """
    dipoles = np.array([interacting_polarizability(geometry) for geometry in search.ensemble])
    dipoles = dipoles / interacting_polarizability(search.lowest[0].start) - 1.0
    level, dispersion = (1.0 + slope * float(dipoles.mean()) for slope in ERRORS.slopes)
    static = lowest[0] * level
    return static + (lowest - lowest[0]) * dispersion, float(ERRORS.slopes[0] * dipoles.std() * lowest[2])


def _conformers_to_keep(mol: Chem.Mol) -> int:
    """Fewer for larger molecules, whose relaxation would else cost as much as their response."""
    heavy = mol.GetNumHeavyAtoms()
    return 3 if heavy <= 16 else 2 if heavy <= 30 else 1


def _over_conformers(conformers: tuple[Conformer, ...]) -> tuple[float, NDArray[np.float64]]:
    weights = boltzmann_weights([conformer.relative_energy for conformer in conformers])
    rows = np.array([_tight_binding_row(conformer.geometry) for conformer in conformers])
    mean = weights @ rows
    return float(mean[4]), np.sqrt(weights @ (rows - mean) ** 2)


def _tight_binding_row(geometry: Geometry) -> list[float]:
    engine = tight_binding(GEOMETRIES)
    point, solvation = engine.single_point(geometry), engine.solvation_energy(geometry)
    return [point.homo, point.lumo, point.lumo - point.homo, point.dipole_moment, solvation]
