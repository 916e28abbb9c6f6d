"""Optics of copolymers and blends from those of their units' homopolymers, by additive molar refraction and volume.

The rule: per mole of repeat units, R_mix = sum x_i R_i and V_mix = sum x_i V_i, where x_i is the mole fraction of unit
i, R_i its molar refraction, V_i = M_i / rho_i its molar volume as a homopolymer; the index follows from both by the
Lorentz-Lorenz equation, n_mix = sqrt((V + 2 R) / (V - R)) (doi:10.1002/andp.18802450406,
doi:10.1002/andp.18802470905). Of the rules in use for mixtures it is the one that keeps polarizabilities additive
(doi:10.1016/j.jaerosci.2008.06.006). It knows nothing of sequence: random,
alternating, block and blend of one composition get one value. Two polymers that part into domains as large as a
wavelength have no one index; the value is then that of the same units mixed.

The error bar: models of polarizability, dispersion and density err alike on chains that are alike, and a copolymer is
no independent pair of samples. Each kind of error is therefore taken as fully shared between the units, so that their
relative standard deviations add up linearly, weighted by what each unit contributes; the kinds are independent and add
up in quadrature. This is the upper end: were the units' errors independent, a half and half copolymer's bar would be
0.7 of it. The rule's own error is left out, being small beside the density model's (docs/validation/copolymers.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Copolymer, Polymer
from polyloop.core import Conditions, EvaluationError, FailureCode
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.optics.lorentz_lorenz import OpticalInputs, molar_refraction, propagated_std, refractive_index
from polyloop.simulate.optics.quick import quick_optics

__all__ = [
    "INSTANT_PROPERTIES",
    "QUICK_PROPERTIES",
    "UnitOptics",
    "check_scope",
    "copolymer_optics",
    "mix_optics",
    "unit_optics",
]

# Of each protocol of the units, what has a meaning for a mixture of them; extensive ones are means per repeat unit.
QUICK_PROPERTIES = (
    "refractive_index", "refractive_index_F", "refractive_index_C", "abbe_number", "density", "static_polarizability",
    "polarizability_D", "molar_refraction", "van_der_waals_volume",
)  # fmt: skip
INSTANT_PROPERTIES = ("refractive_index", "density", "static_polarizability", "molar_refraction")
_STAGE = "mixing"
_STEP = 1e-2  # of a standard deviation, for the central differences: linear, and far above rounding


@dataclass(frozen=True)
class UnitOptics:
    """What a mixture takes of one unit's homopolymer.

    Parameters
    ----------
    inputs
        Polarizabilities at rest and at the C, D and F lines, (4,), or at rest and at the D line, (2,), in angstrom3;
        density; molar mass.
    level, dispersion, packing
        Relative standard deviations of the polarizability, of its dispersion, and of the density.
    van_der_waals_volume, volume_std
        cm3/mol; None where the protocol does not say.
    """

    inputs: OpticalInputs
    level: float
    dispersion: float
    packing: float
    van_der_waals_volume: float | None = None
    volume_std: float | None = None

    def varied(self, level: float, dispersion: float, packing: float) -> OpticalInputs:
        """Return `inputs` moved by so many standard deviations of each kind of error."""
        return self.inputs.varied(level * self.level, dispersion * self.dispersion, packing * self.packing)


def copolymer_optics(
    copolymer: Copolymer,
    seed: int,
    conditions: Conditions,
    of_unit: Callable[[Polymer, int, Conditions], Estimates] = quick_optics,
) -> Estimates:
    """Compute the optical constants of an amorphous copolymer or blend from its units' homopolymers.

    Parameters
    ----------
    of_unit
        The protocol of the units, `quick_optics` or `instant_optics`; called with each homopolymer's canonical unit,
        and so with what is stored of it already, by a caller who looks there first.

    Raises
    ------
    EvaluationError
        UNSUPPORTED with salt; whatever `of_unit` raises for a unit, with the unit named.
    """
    _refuse_salt(copolymer)
    units, parts = [], []
    engines: dict[str, str] = {}
    for polymer, share in zip(copolymer.polymers, copolymer.mole_fractions, strict=True):
        try:
            outcome = of_unit(polymer.standardized(), seed, conditions)
        except EvaluationError as error:
            raise _naming(polymer, error) from error
        units.append(unit_optics(polymer, {estimate.property: estimate for estimate in outcome.estimates}))
        parts.append({"unit": polymer.smiles, "mole_fraction": round(share, 6), **outcome.settings})
        engines.update(outcome.engines)
    return Estimates(
        estimates=tuple(mix_optics(units, copolymer.mole_fractions)),
        engines=engines,
        settings={"mixing": "additive molar refraction and volume, units' errors shared", "units": parts},
    )


def check_scope(copolymer: Copolymer, check_unit: Callable[[Polymer], None]) -> None:
    """Raise the `EvaluationError` that `copolymer_optics` would raise before it computes anything."""
    _refuse_salt(copolymer)
    for polymer in copolymer.polymers:
        try:
            check_unit(polymer.standardized())
        except EvaluationError as error:
            raise _naming(polymer, error) from error


def unit_optics(polymer: Polymer, estimates: Mapping[str, Estimate]) -> UnitOptics:
    """Return what a mixture takes of a unit from its homopolymer's estimates.

    Polarizabilities at the C and F lines come back from the indices; the error of the dispersion, which no property
    states by itself, from the Abbe number's, less what level and density put into that.

    Parameters
    ----------
    polymer
        The unit as the copolymer cuts it; the estimates are of `polymer.standardized()`, which may be a part of it.
    estimates
        By property: those of `optics/quick` or of `optics/instant`.
    """
    canonical = polymer.standardized()
    repeats = round(polymer.heavy_atoms / canonical.heavy_atoms)
    density = estimates["density"]
    static = estimates["static_polarizability"]
    level = _relative(static)
    packing = _relative(density)
    volume = estimates.get("van_der_waals_volume")
    lines = ["refractive_index"]
    if "abbe_number" in estimates:
        lines = ["refractive_index_C", "refractive_index", "refractive_index_F"]
    dynamic = [_polarizability(estimates[line].value, density.value, canonical.molar_mass) for line in lines]
    inputs = OpticalInputs(
        repeats * np.array([static.value, *dynamic]), density.value, repeats * canonical.molar_mass
    )  # fmt: skip
    dispersion = 0.0
    if "abbe_number" in estimates:
        slopes = [float(propagated_std(inputs, *axis)[3]) for axis in np.eye(3)]
        of_others = (slopes[0] * level) ** 2 + (slopes[2] * packing) ** 2
        dispersion = float(np.sqrt(max((estimates["abbe_number"].std or 0.0) ** 2 - of_others, 0.0)) / slopes[1])
    return UnitOptics(
        inputs, level, dispersion, packing,
        repeats * volume.value if volume else None, repeats * (volume.std or 0.0) if volume else None,
    )  # fmt: skip


def mix_optics(units: Sequence[UnitOptics], mole_fractions: Sequence[float]) -> list[Estimate]:
    """Mix units by additive molar refraction and volume; see the module for the rule and the error bars.

    Parameters
    ----------
    units
        Of one protocol: all with three lines, or all with one.
    mole_fractions
        Their shares by number, of any sum, shape (n,).

    Returns
    -------
    list of Estimate
        `QUICK_PROPERTIES` from three lines, `INSTANT_PROPERTIES` from one.
    """
    shares = np.asarray(mole_fractions, dtype=np.float64)
    shares = shares / shares.sum()
    mixed = _mixed([unit.inputs for unit in units], shares)
    values = _values(mixed)
    slopes = []
    for axis in np.eye(3) * _STEP:
        up, down = (_values(_mixed([unit.varied(*(sign * axis)) for unit in units], shares)) for sign in (1, -1))
        slopes.append((up - down) / (2.0 * _STEP))
    std = np.linalg.norm(slopes, axis=0)
    # As the units' own protocols state it: the level alone.
    std[1:3] = np.abs(slopes[0][1:3])
    if len(mixed.polarizabilities) == 2:
        return _one_line(values, std)
    estimates = _three_lines(values, std)
    volumes = [(unit.van_der_waals_volume, unit.volume_std) for unit in units]
    return [*estimates, *_mean_volume(volumes, shares)]


def _mixed(inputs: Sequence[OpticalInputs], shares: NDArray[np.float64]) -> OpticalInputs:
    mass = float(shares @ [one.molar_mass for one in inputs])
    volume = float(shares @ [one.molar_mass / one.density for one in inputs])
    return OpticalInputs(shares @ np.array([one.polarizabilities for one in inputs]), mass / volume, mass)


def _values(mixed: OpticalInputs) -> NDArray[np.float64]:
    """Density, static polarizability and that at the D line, then the constants of three lines or the index of one."""
    alpha = mixed.polarizabilities
    if len(alpha) == 2:
        index = refractive_index(float(alpha[1]), mixed.density, mixed.molar_mass)
        return np.array([mixed.density, alpha[0], alpha[1], index])
    return np.array([mixed.density, alpha[0], alpha[2], *mixed.constants()])


_OF_ALL = "the units' polarizability and density models, each error shared by all units"
_OF_DENSITY = "the units' density model, its error shared by all units"
_OF_POLARIZABILITY = "the units' polarizability model, its error shared by all units"


def _one_line(values: NDArray[np.float64], std: NDArray[np.float64]) -> list[Estimate]:
    refraction = molar_refraction(1.0)
    return [
        Estimate("refractive_index", float(values[3]), float(std[3]), _OF_ALL),
        Estimate("density", float(values[0]), float(std[0]), _OF_DENSITY),
        Estimate("static_polarizability", float(values[1]), float(std[1]), _OF_POLARIZABILITY),
        Estimate("molar_refraction", refraction * float(values[2]), refraction * float(std[2]), _OF_POLARIZABILITY),
    ]


def _three_lines(values: NDArray[np.float64], std: NDArray[np.float64]) -> list[Estimate]:
    density, static, dynamic, n_c, n_d, n_f, abbe = zip(values.tolist(), std.tolist(), strict=True)
    refraction = molar_refraction(1.0)
    return [
        Estimate("refractive_index", *n_d, _OF_ALL),
        Estimate("refractive_index_F", *n_f, _OF_ALL),
        Estimate("refractive_index_C", *n_c, _OF_ALL),
        Estimate("abbe_number", *abbe, _OF_ALL),
        Estimate("density", *density, _OF_DENSITY),
        Estimate("static_polarizability", *static, _OF_POLARIZABILITY),
        Estimate("polarizability_D", *dynamic, _OF_POLARIZABILITY),
        Estimate("molar_refraction", refraction * dynamic[0], refraction * dynamic[1], _OF_POLARIZABILITY),
    ]


def _mean_volume(volumes: Sequence[tuple[float | None, float | None]], shares: NDArray[np.float64]) -> list[Estimate]:
    known = [(value, std) for value, std in volumes if value is not None and std is not None]
    if len(known) < len(volumes):
        return []
    values, stds = np.array(known).T
    # Conformers of different molecules scatter by chance, unlike a model that errs.
    std = float(np.linalg.norm(shares * stds))
    return [Estimate("van_der_waals_volume", float(shares @ values), std, "conformers of the units")]


def _relative(estimate: Estimate) -> float:
    return (estimate.std or 0.0) / estimate.value


def _polarizability(index: float, density: float, molar_mass: float) -> float:
    """The Lorentz-Lorenz equation, solved for the polarizability volume in angstrom3."""
    return (index**2 - 1.0) / (index**2 + 2.0) * molar_mass / density / molar_refraction(1.0)


def _refuse_salt(copolymer: Copolymer) -> None:
    if copolymer.salt:
        raise EvaluationError(
            FailureCode.UNSUPPORTED, _STAGE, "The mixing rule has no polarizability and volume of dissolved ions.",
            hint="Leave the salt out.",
        )  # fmt: skip


def _naming(polymer: Polymer, error: EvaluationError) -> EvaluationError:
    """The same failure, with the unit named in its reason."""
    failure = error.failure
    return EvaluationError(
        failure.code, failure.stage, f"Unit {polymer.smiles}: {failure.reason}", hint=failure.hint,
        retryable=failure.retryable,
    )  # fmt: skip
