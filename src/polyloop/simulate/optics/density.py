"""Density of the amorphous solid: van der Waals volume of the repeat unit times the packing model's ratio."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rdkit import Chem

from polyloop.chem import Geometry, Polymer
from polyloop.core.constants import AVOGADRO_PER_ANGSTROM3_CM3
from polyloop.simulate.conformers import force_field_geometry
from polyloop.simulate.optics.oligomers import Difference, choose_difference
from polyloop.simulate.optics.packing_model import descriptors, packing_model
from polyloop.simulate.volume import van_der_waals_volume

__all__ = ["AmorphousDensity", "amorphous_density", "oligomer_geometries", "repeat_unit_volume"]

# A relaxed force-field conformer gives the van der Waals volume of a unit to this relative standard deviation: the
# scatter over ten conformers each of hexane, sec-butylbenzene and a 22-atom methacrylate.
VOLUME_SCATTER = 0.004


@dataclass(frozen=True)
class AmorphousDensity:
    """Density in g/cm3, and the van der Waals volume in cm3/mol that it came from, each with its standard deviation.

    `model` is the packing model's versioned name.
    """

    value: float
    std: float
    van_der_waals_volume: float
    volume_std: float
    model: str


def amorphous_density(polymer: Polymer, seed: int = 0, difference: Difference | None = None) -> AmorphousDensity:
    """Return the density of the amorphous solid at 298 K and 1 atm by the model `packing@1`.

    Parameters
    ----------
    difference
        The oligomers that stand for the repeat unit, where the caller has chosen them already.

    Raises
    ------
    EvaluationError
        CONFORMER where no structure can be made, ELEMENT without a van der Waals radius.

    References
    ----------
    Packing of amorphous polymers: doi:10.1016/0032-3950(70)90345-X (Slonimskii, Askadskii and Kitaigorodskii 1970)
    """
    volume = repeat_unit_volume(difference or choose_difference(polymer), seed)
    model = packing_model()
    ratio, relative_std = model.predict(descriptors(polymer))
    density = polymer.molar_mass / (volume * ratio)
    return AmorphousDensity(density, density * relative_std, volume, volume * VOLUME_SCATTER, model.name)


def repeat_unit_volume(difference: Difference, seed: int = 0) -> float:
    """Return the van der Waals volume of one repeat unit in cm3/mol, by the difference of two oligomers."""
    larger, smaller = oligomer_geometries(difference, seed)
    volume = van_der_waals_volume(larger) - van_der_waals_volume(smaller)
    return volume / difference.units * AVOGADRO_PER_ANGSTROM3_CM3


def oligomer_geometries(difference: Difference, seed: int = 0) -> tuple[Geometry, Geometry]:
    """Return one force-field geometry of the larger and of the smaller oligomer."""
    return _geometry(Chem.MolToSmiles(difference.larger), seed), _geometry(Chem.MolToSmiles(difference.smaller), seed)


# Ethane is the smaller oligomer of nearly every polymer; the last few others serve protocols that share a polymer.
@lru_cache(maxsize=64)
def _geometry(smiles: str, seed: int) -> Geometry:
    return force_field_geometry(Chem.MolFromSmiles(smiles), seed)
