"""Static dielectric constant from the fluctuations of the cell's dipole moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.chains import Frames, chunks
from polyloop.simulate.md.analysis.statistics import as_series, covariance_of_means, function_of_means
from polyloop.simulate.md.analysis.units import BOLTZMANN, COULOMB

__all__ = ["dielectric_constant", "dipole_series", "static_dielectric_constant"]

Floats = NDArray[np.float64]

# e. Charges of a neutral molecule that were rounded in a file add up to less.
_NEUTRAL = 1e-2


def dipole_series(frames: Frames, charges: Floats, molecule: NDArray[np.int64]) -> Floats:
    """Return the dipole moment of the cell, (f, n, 3) -> (f, 3), e angstrom, from whole unwrapped molecules.

    Raises
    ------
    InvalidInputError
        If a molecule carries a charge: its dipole depends on where it is and grows as it diffuses.
    """
    net = np.bincount(molecule, weights=charges)
    charged = np.flatnonzero(np.abs(net) > _NEUTRAL)
    if len(charged):
        first = int(charged[0])
        raise InvalidInputError(
            f"Molecule {first} has the charge {net[first]:+.3f} e; the dipole fluctuations of a conductor give no "
            "dielectric constant.",
            hint="Leave ions out of the cell.",
        )
    # What rounding left of a net charge would make the dipole depend on the origin.
    neutral = charges - (net / np.bincount(molecule))[molecule]
    return np.concatenate([np.tensordot(piece, neutral, axes=(1, 0)) for piece in chunks(frames)])


def static_dielectric_constant(dipoles: Floats, volumes: Floats, temperature: float) -> Estimate:
    """Return the static relative permittivity of fixed charges under conducting boundary conditions.

    epsilon = 1 + (<M^2> - <M>^2) / (3 epsilon_0 V k T). The variances are lifted by the variance of the means, as their
    expectation over a short correlated series demands. Electronic polarization is not in it: see
    `dielectric_constant`.

    Parameters
    ----------
    dipoles
        (f, 3), e angstrom, in equilibrium at constant temperature; the Coulomb sum by Ewald's method with conducting
        (tin-foil) boundary, as both engines have it.
    volumes
        Of the cell, (f,), angstrom3.

    Notes
    -----
    In a glass most dipoles cannot turn within the run, and this is the constant of what does: that at the frequency of
    1/(length of the run), below the static one. The error bar does not cover this.

    References
    ----------
    doi:10.1080/00268978300102721 (Neumann 1983)
    """
    moments = as_series(np.asarray(dipoles).T, "The dipole moment")
    if moments.shape != (3, len(volumes)):
        raise InvalidInputError(f"Dipoles {moments.T.shape} and volumes ({len(volumes)},) are not of one run.")
    squares = (moments - moments.mean(axis=1, keepdims=True)) ** 2
    variances = squares.mean(axis=1)
    volume = float(np.mean(volumes))
    factor = 4.0 * np.pi * COULOMB / (3.0 * volume * BOLTZMANN * temperature)
    (found,) = function_of_means(
        lambda each: 1.0 + factor * each.sum(keepdims=True),
        variances + np.diag(covariance_of_means(moments)),
        squares - variances[:, None],
    )
    return found.estimate("static_dielectric_constant", "time, with its correlation counted; unrelaxed dipoles not")


def dielectric_constant(static: Estimate, refractive_index: Estimate) -> Estimate:
    """Return epsilon + n_D^2 - 1: the permittivity of fixed charges with the electronic part added.

    References
    ----------
    doi:10.1038/s41524-022-00906-4 (Hayashi et al. 2022, whose dc value it is)
    """
    n = refractive_index.value
    std = float(np.hypot(static.std or 0.0, 2.0 * n * (refractive_index.std or 0.0)))
    std_of = f"permittivity ({static.std_of}) and refractive index ({refractive_index.std_of})"
    return Estimate("dielectric_constant", static.value + n**2 - 1.0, std, std_of, static.n)
