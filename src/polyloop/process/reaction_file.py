"""The file of a simulated reaction (TOML): read, checked, and turned into a `Reaction` and how it is run."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.process.kinetics.rate_coefficients import (
    GENERIC_TERMINATION,
    Arrhenius,
    Initiator,
    Monomer,
    find_initiator,
    find_monomer,
)
from polyloop.process.kinetics.rates import GelEffect
from polyloop.process.kinetics.reactors import Charge, Feed
from polyloop.process.kinetics.simulation import Reaction
from polyloop.process.ratios_of_monomers import ratio_matrix
from polyloop.process.reactivity.ratios import ReactivityRatios

__all__ = ["Run", "read_reaction"]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False, frozen=True)


class MonomerTable(_Table):
    """`[[monomers]]`: one monomer, by a name of the table or by its SMILES with its rate."""

    name: str = Field(description="Name, or SMILES.")
    concentration: float = Field(ge=0, description="At the start or at the inlet, mol/L.")
    propagation_factor: float | None = Field(None, gt=0, description="L/(mol s); of the table where left out.")
    propagation_energy: float | None = Field(None, description="kJ/mol.")
    termination_factor: float | None = Field(None, gt=0, description="L/(mol s): radicals vanish at k_t [R]^2.")
    termination_energy: float = Field(0.0, description="kJ/mol.")
    log10_std: float = Field(0.1, ge=0, description="Deviation of log10 of the stated coefficients.")


class InitiatorTable(_Table):
    """`[initiator]`: by a name of the table, or with its decay."""

    name: str = "AIBN"
    concentration: float = Field(ge=0, description="mol/L.")
    decay_factor: float | None = Field(None, gt=0, description="1/s.")
    decay_energy: float | None = Field(None, description="kJ/mol.")
    efficiency: float = Field(0.6, gt=0, le=1)


class FeedTable(_Table):
    """`[reactor.feed]`: what flows into a semi-batch."""

    concentrations: list[float]
    initiator: float = 0.0
    volume: float = Field(gt=0, description="L for each L at the start.")
    duration: float = Field(gt=0, description="min.")


class ReactorTable(_Table):
    """`[reactor]`: how it is run."""

    type: Literal["batch", "semi-batch", "plug", "cstr", "tanks", "dispersion", "laminar"] = "batch"
    time: float = Field(gt=0, description="Of a batch, or mean residence time of a flow, min.")
    temperature: float = Field(description="degC.")
    tanks: int = Field(1, ge=1, le=1000)
    peclet: float = Field(100.0, gt=0)
    gel_effect: Literal["none", "styrene"] = "none"
    feed: FeedTable | None = None


class ReactionFile(_Table):
    """The whole file."""

    monomers: list[MonomerTable] = Field(min_length=1, max_length=10)
    initiator: InitiatorTable
    reactor: ReactorTable
    r: list[float] | None = Field(None, description="r1, r2 of two monomers; measured or predicted where left out.")
    log10_r_std: list[float] | None = None


@dataclass(frozen=True)
class Run:
    """A reaction and how it is run; `sources` say where the reactivity ratios come from."""

    reaction: Reaction
    reactor: ReactorTable
    sources: tuple[ReactivityRatios, ...]

    @property
    def is_flow(self) -> bool:
        """Whether it is a flow in its steady state, not a course in time."""
        return self.reactor.type not in ("batch", "semi-batch")

    @property
    def seconds(self) -> float:
        """Time, or mean residence time, in s."""
        return 60.0 * self.reactor.time


def read_reaction(path: Path) -> Run:
    """Read the file of a reaction.

    Raises
    ------
    ConfigurationError
        If it is no TOML, a key is unknown or missing, or a value is none; `where` names the key.
    InvalidInputError
        If a monomer or an initiator is unknown and its coefficients are not stated.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"It is no TOML: {error}.", where=str(path)) from error
    try:
        file = ReactionFile.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(
            f"{first['msg']}.", where=f"{path}, {key}", hint="See docs/tutorials/processes.md for a whole file."
        ) from error
    return _run(file, str(path))


def _run(file: ReactionFile, where: str) -> Run:
    monomers = tuple(_monomer(row) for row in file.monomers)
    ratios, stds, sources = _ratios(file, monomers, where)
    charge = Charge(np.array([row.concentration for row in file.monomers]), file.initiator.concentration)
    temperature = file.reactor.temperature + 273.15
    feed = None
    if (file.reactor.type == "semi-batch") != (file.reactor.feed is not None):
        raise ConfigurationError(
            "A semi-batch has a feed, and nothing else has one.", where=f"{where}, reactor.feed",
            hint="Say type = 'semi-batch' and [reactor.feed], or neither.",
        )  # fmt: skip
    if file.reactor.feed is not None:
        table = file.reactor.feed
        feed = Feed(Charge(np.array(table.concentrations), table.initiator), table.volume, 60.0 * table.duration)
    gel = GelEffect.styrene(temperature) if file.reactor.gel_effect == "styrene" else None
    reaction = Reaction(monomers, charge, _initiator(file.initiator), temperature, ratios, stds, gel, feed)
    return Run(reaction, file.reactor, sources)


def _monomer(row: MonomerTable) -> Monomer:
    if row.propagation_factor is None:
        found = find_monomer(row.name)
    else:
        rate = Arrhenius(row.propagation_factor, row.propagation_energy or 0.0, row.log10_std, "the file")
        found = Monomer(row.name, row.name, rate, GENERIC_TERMINATION)
    if row.termination_factor is None:
        return found
    termination = Arrhenius(row.termination_factor, row.termination_energy, row.log10_std, "the file")
    return Monomer(found.name, found.smiles, found.propagation, termination, found.combination)


def _initiator(row: InitiatorTable) -> Initiator:
    if row.decay_factor is None:
        return find_initiator(row.name)
    return Initiator(row.name, Arrhenius(row.decay_factor, row.decay_energy or 0.0, 0.1, "the file"), row.efficiency)


def _ratios(
    file: ReactionFile, monomers: tuple[Monomer, ...], where: str
) -> tuple[np.ndarray, np.ndarray, tuple[ReactivityRatios, ...]]:
    n = len(monomers)
    if file.r is None:
        try:
            return ratio_matrix([one.smiles for one in monomers])
        except InvalidInputError as error:
            raise InvalidInputError(
                error.reason, where=f"{where}, r", hint="State r = [r1, r2] of monomers that are no SMILES."
            ) from error
    stds = file.log10_r_std or [0.0, 0.0]
    if n != 2 or len(file.r) != 2 or len(stds) != 2:
        raise ConfigurationError("r and log10_r_std are two numbers, of two monomers.", where=f"{where}, r")
    ratios = np.array([[1.0, file.r[0]], [file.r[1], 1.0]])
    source = ReactivityRatios(file.r[0], file.r[1], stds[0], stds[1], 0.0, "given", "the file")
    return ratios, np.array([[0.0, stds[0]], [stds[1], 0.0]]), (source,)
