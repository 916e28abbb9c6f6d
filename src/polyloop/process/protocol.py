"""The simulated reactor as a protocol: points of a process are answered by the kinetics, with their error bars."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from polyloop.core import Conditions, InvalidInputError
from polyloop.core.names import did_you_mean
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.protocol import Protocol

if TYPE_CHECKING:
    from polyloop.process.kinetics.simulation import Reaction

__all__ = ["COPOLYMERIZATION", "VARIABLES", "simulate_point"]

# What a point may say; what it leaves out is as here, and None must be said.
VARIABLES: dict[str, Any] = {
    "monomer_1": None,
    "monomer_2": None,
    "feed_1": 0.5,
    "monomer_concentration": 2.0,
    "initiator": "AIBN",
    "initiator_concentration": 0.02,
    "temperature": 70.0,
    "residence_time": 30.0,
    "flow": "plug",
    "tanks": 1,
    "peclet": 100.0,
}
_DEFAULT_MONOMERS = {"monomer_1": "styrene", "monomer_2": "methyl methacrylate"}
_PROPERTIES = ("monomer_conversion", "copolymer_fraction_1", "space_time_yield")
_WORDS = ("monomer_1", "monomer_2", "initiator", "flow")


def simulate_point(point: Any, seed: int, conditions: Conditions) -> Estimates:
    """Compute conversion, composition and throughput of a flow reactor at a point.

    Parameters
    ----------
    point
        A `Point` with some of `VARIABLES`: feed_1 a mole fraction, concentrations in mol/L, temperature in degC,
        residence_time in min. Monomers left out are styrene and methyl methacrylate.

    Raises
    ------
    InvalidInputError
        If a variable is unknown, or a value is none; the message names it.
    """
    import numpy as np

    from polyloop.process.kinetics.simulation import with_errors

    values = _values(point.values)
    reaction = _reaction(values)
    seconds = 60.0 * values["residence_time"]
    masses = np.array([_molar_mass(one.smiles) for one in reaction.monomers])

    def numbers(kinetics: Any) -> Any:
        outlet = reaction.outlet(
            seconds, values["flow"], tanks=int(values["tanks"]), peclet=values["peclet"], kinetics=kinetics
        )
        made = (reaction.charge.monomers - outlet.monomers) @ masses
        return np.array([outlet.conversion, outlet.composition[0], 3600.0 * made / seconds])

    found = with_errors(reaction, numbers)
    return Estimates(
        tuple(
            Estimate(name, float(value), float(std), "the rate coefficients and reactivity ratios")
            for name, value, std in zip(_PROPERTIES, found.value, found.std, strict=True)
        ),
        settings={"reactivity_ratios": reaction.ratios.tolist(), "flow": values["flow"]},
    )


def _values(given: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {**VARIABLES, **_DEFAULT_MONOMERS}
    for name, value in given.items():
        if name not in VARIABLES:
            raise InvalidInputError(
                f"The simulated reactor knows no variable {name!r}.", where="point",
                hint=did_you_mean(name, tuple(VARIABLES)),
            )  # fmt: skip
        if name in _WORDS:
            values[name] = str(value)
        elif isinstance(value, str):
            raise InvalidInputError(f"{name} is a number, not {value!r}.", where="point")
        else:
            values[name] = float(value)
    if not 0 < values["feed_1"] < 1:
        raise InvalidInputError(f"feed_1 is a mole fraction between 0 and 1, not {values['feed_1']:g}.", where="point")
    return values


def _reaction(values: dict[str, Any]) -> Reaction:
    import numpy as np

    from polyloop.process.kinetics.rate_coefficients import find_initiator, find_monomer
    from polyloop.process.kinetics.reactors import Charge
    from polyloop.process.kinetics.simulation import Reaction

    names = (values["monomer_1"], values["monomer_2"])
    monomers = tuple(find_monomer(name) for name in names)
    ratios, stds = _ratios(*(one.smiles for one in monomers))
    total, share = values["monomer_concentration"], values["feed_1"]
    charge = Charge(total * np.array([share, 1.0 - share]), values["initiator_concentration"])
    return Reaction(monomers, charge, find_initiator(values["initiator"]), values["temperature"] + 273.15, ratios, stds)


@lru_cache(maxsize=64)
def _ratios(*smiles: str) -> tuple[Any, Any]:
    from polyloop.process.ratios_of_monomers import ratio_matrix

    ratios, stds, _ = ratio_matrix(smiles)
    return ratios, stds


def _molar_mass(smiles: str) -> float:
    from rdkit.Chem import MolFromSmiles
    from rdkit.Chem.Descriptors import MolWt  # type: ignore[attr-defined]

    return float(MolWt(MolFromSmiles(smiles)))


def check_point(point: Any) -> None:
    """Raise the error that `simulate_point` would raise before it computes anything."""
    _reaction(_values(point.values))


COPOLYMERIZATION = Protocol(
    "process/copolymerization", 1, "instant", _PROPERTIES, "a second on one core",
    "Conversion, composition and throughput of a simulated flow reactor: radical copolymerisation, terminal model.",
    simulate_point, check_point, shared_errors=_PROPERTIES, kinds=("process",), time_limit=600.0, on_request=True,
)  # fmt: skip
