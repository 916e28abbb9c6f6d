"""Copolymer: several repeat units in every chain, chains of several units mixed, or a polymer with salt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from polyloop.chem.copolymer_form import SALT_DIGITS, checked_salt, checked_units, normal_form
from polyloop.chem.copolymer_text import ARRANGEMENTS, CopolymerText, read_copolymer
from polyloop.chem.depiction import draw_grid
from polyloop.chem.polymer import Polymer
from polyloop.chem.smiles_text import join_pieces, label_stars, piece_of
from polyloop.chem.unit_lists import directed_unit
from polyloop.core.errors import InvalidInputError
from polyloop.core.subject import Subject

__all__ = ["Copolymer"]


@dataclass(frozen=True)
class Copolymer:
    """Repeat units with their shares and arrangement, and salt; kept in canonical form, so that equal ones compare so.

    Parameters
    ----------
    arrangement
        `random`, `alternating` and `block`: all units in every chain, joined head to tail as they are cut. `blend`:
        chains of each unit by itself, mixed. `homopolymer`: one unit, with salt.
    units
        Repeat units as SMILES with two stars. Cut and direction matter in a copolymer, where they say which atoms meet
        the neighbours: `*OCC*` beside others is not `*COC*`, and a lone reversed vinyl unit is joined tail to tail. The
        whole chain read backwards is the same one. In a block copolymer each entry is a block, in order; a list and its
        reverse are one polymer. In a blend, and beside salt alone, the canonical unit of each homopolymer stands.
    fractions
        Shares of the units by number; in a blend, of the polymers by mass. Empty: equal ones. Alternating units have
        equal shares. Kept to four decimals, with the sum 1.
    salt
        Pairs of Na+ and Cl- per repeat unit, the mean over all units of the sample; kept to six decimals.

    Raises
    ------
    InvalidInputError
        For no unit or arrangement, units that all make one polymer, or fractions that are no shares.
    UnsupportedChemistryError
        For a unit that is out of scope, or that is joined by other than single bonds.

    Examples
    --------
    >>> from polyloop.chem.copolymer import Copolymer
    >>> Copolymer.parse("random: 25 % *C(C*)c1ccccc1 + 75 % *C(C*)(C)C(=O)OC").canonical
    'random: 0.75 *CC(C)(C(=O)OC)* + 0.25 *CC(c1ccccc1)*'
    """

    arrangement: str
    units: tuple[str, ...]
    fractions: tuple[float, ...] = ()
    salt: float = 0.0

    def __post_init__(self) -> None:
        if self.arrangement not in ARRANGEMENTS:
            raise InvalidInputError(
                f"There is no arrangement {self.arrangement!r}.", where="arrangement",
                hint=f"Use {', '.join(ARRANGEMENTS)}.",
            )  # fmt: skip
        shared, salt = normal_form(
            self.arrangement, self.units, checked_units(self.arrangement, self.units, self.fractions),
            checked_salt(self.salt),
        )  # fmt: skip
        values = {
            "units": tuple(text for text, _ in shared),
            "fractions": tuple(float(share) for _, share in shared),
            "salt": float(salt),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @classmethod
    def parse(cls, text: str) -> Copolymer:
        """Read what a person writes.

        `random: 0.75 *CC(C)(C(=O)OC)* + 0.25 *CC(*)c1ccccc1`, `alternating: A + B`, `block: A + B + A`, `blend: 70 % A
        + 30 % B`; shares are left out for equal ones. `random by mass: ...` and `block by mass: ...` take shares of
        mass. `with 0.1 NaCl` at the end is salt; `*CCO* with 0.1 NaCl` is one polymer with it.

        Raises
        ------
        InvalidInputError, UnsupportedChemistryError
            As the class; `where` names the unit and the character.
        """
        written = read_copolymer(text)
        for number, unit in enumerate(written.units, start=1):
            try:
                directed_unit(unit.smiles)
            except InvalidInputError as error:
                place = f"{text!r}, unit {number} (from character {unit.place}): {error.where}"
                raise type(error)(error.reason, where=place, hint=error.hint) from None
        try:
            return cls._of(written)
        except InvalidInputError as error:
            raise type(error)(error.reason, where=f"{text!r}, {error.where}", hint=error.hint) from None

    @classmethod
    def _of(cls, written: CopolymerText) -> Copolymer:
        units = tuple(unit.smiles for unit in written.units)
        shares = tuple(unit.share for unit in written.units if unit.share is not None)
        if written.by_mass:
            return cls.by_mass(written.arrangement, units, shares, written.salt)
        return cls(written.arrangement, units, shares, written.salt)

    @classmethod
    def by_mass(
        cls, arrangement: str, units: Sequence[str], fractions: Sequence[float] = (), salt: float = 0.0
    ) -> Copolymer:
        """Make one from shares by mass, as data sheets give them; a blend's are so anyway. Raises as the class."""
        shared = checked_units(arrangement, units, fractions)
        if arrangement == "alternating" and fractions:
            raise InvalidInputError(
                "Units that alternate have equal shares by number, not by mass.", where="fractions",
                hint="Leave the fractions out, or call the copolymer random.",
            )  # fmt: skip
        if arrangement not in ("random", "block"):
            return cls(arrangement, tuple(units), tuple(fractions), salt)
        numbers = [float(share) / Polymer(unit).molar_mass for unit, share in shared]
        return cls(arrangement, tuple(units), tuple(number / sum(numbers) for number in numbers), salt)

    @cached_property
    def canonical(self) -> str:
        """The one text of this copolymer; `parse` reads it back to an equal one."""
        plain = self.arrangement in ("alternating", "homopolymer")
        shares = ("" if plain else f"{_number(share, 4)} " for share in self.fractions)
        units = " + ".join(f"{share}{unit}" for share, unit in zip(shares, self.units, strict=True))
        return f"{self.arrangement}: {units}" + (f" with {_number(self.salt, SALT_DIGITS)} NaCl" if self.salt else "")

    @property
    def subject(self) -> Subject:
        """What records are of: kind `copolymer`, by `canonical`."""
        return Subject("copolymer", self.canonical)

    @cached_property
    def key(self) -> str:
        """sha256 hex digest of the kind and `canonical`."""
        return self.subject.key

    @cached_property
    def polymers(self) -> tuple[Polymer, ...]:
        """The homopolymer of each unit, cut as the unit is."""
        return tuple(Polymer(unit) for unit in self.units)

    @cached_property
    def polymer_class(self) -> str:
        """The PoLyInfo classes of the units' homopolymers, sorted and joined: `polyacrylics + polystyrenes`."""
        return " + ".join(sorted({polymer.polymer_class.value for polymer in self.polymers}))

    @cached_property
    def mole_fractions(self) -> tuple[float, ...]:
        """Share of each unit by number; in a blend these follow from the polymers' shares by mass."""
        if self.arrangement != "blend":
            return self.fractions
        numbers = [share / polymer.molar_mass for share, polymer in zip(self.fractions, self.polymers, strict=True)]
        return tuple(number / sum(numbers) for number in numbers)

    @cached_property
    def mass_fractions(self) -> tuple[float, ...]:
        """Share of each unit by mass, salt left out."""
        masses = [x * polymer.molar_mass for x, polymer in zip(self.mole_fractions, self.polymers, strict=True)]
        return tuple(mass / sum(masses) for mass in masses)

    @cached_property
    def molar_mass(self) -> float:
        """Mean molar mass of a repeat unit in g/mol, salt left out."""
        return sum(x * polymer.molar_mass for x, polymer in zip(self.mole_fractions, self.polymers, strict=True))

    @property
    def elements(self) -> frozenset[str]:
        """Symbols of the elements in units and salt."""
        of_salt = {"Na", "Cl"} if self.salt else set()
        return frozenset(of_salt.union(*(polymer.elements for polymer in self.polymers)))

    @cached_property
    def periodic(self) -> Polymer | None:
        """An alternating copolymer as the linear polymer of all its units in one; None for every other arrangement."""
        if self.arrangement != "alternating":
            return None
        return Polymer(join_pieces([piece_of(label_stars(unit)[0]) for unit in self.units]))

    @cached_property
    def composition_text(self) -> str:
        """What it is made of, in words."""
        parts = [
            f"{_number(100.0 * share, 2)} % {unit}" for share, unit in zip(self.fractions, self.units, strict=True)
        ]
        if self.arrangement == "homopolymer":
            text = self.units[0]
        elif self.arrangement == "alternating":
            text = f"alternating copolymer of {_listed(self.units)}"
        elif self.arrangement == "blend":
            text = f"blend of {_listed(parts)} by mass"
        else:
            text = f"{self.arrangement} copolymer of {_listed(parts)} by number of units"
        salt = f" with {_number(self.salt, SALT_DIGITS)} NaCl per repeat unit" if self.salt else ""
        return text + salt

    @property
    def drawing(self) -> str:
        """All units with their shares, side by side, as SVG."""
        legends = ["" if self.arrangement == "homopolymer" else f"{_number(100.0 * f, 2)} %" for f in self.fractions]
        return draw_grid([polymer.mol for polymer in self.polymers], legends)


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + f" and {parts[-1]}"
