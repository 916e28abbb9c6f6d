"""Copolymer: several repeat units in every chain, chains of several units mixed, or a polymer with salt."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from polyloop.chem.copolymer_text import ARRANGEMENTS, CopolymerText, read_copolymer
from polyloop.chem.depiction import draw_grid
from polyloop.chem.polymer import Polymer
from polyloop.chem.shares import exact, normalized, rounded
from polyloop.chem.smiles_text import join_pieces, label_stars, piece_of
from polyloop.chem.unit_lists import Shared, directed_unit, least_alternation, least_blocks, least_mixture
from polyloop.core.errors import InvalidInputError, UnsupportedChemistryError

__all__ = ["Copolymer"]

_MOST_SALT = 10  # pairs of ions per repeat unit; more is an ionic crystal with some polymer in it
_SALT_DIGITS = 6


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
        salt = _checked_salt(self.salt)
        shared = _checked_units(self.arrangement, self.units, self.fractions)
        _refuse_one_polymer(self.arrangement, self.units, bool(salt))
        if self.arrangement in ("blend", "homopolymer"):
            shared, salt = _as_homopolymers(shared, salt)
        shared = _least(self.arrangement, shared)
        if self.arrangement != "alternating":
            texts, shares = zip(*shared, strict=True)
            kept = [exact(share) for share in rounded(shares, texts)]
            # Once more: rounding may turn round which of two readings of the same units is the lesser.
            shared = _least(self.arrangement, [(text, share) for (text, _), share in zip(shared, kept, strict=True)])
        salt = round(salt, _SALT_DIGITS)
        if self.salt and not salt:
            raise InvalidInputError(
                f"So little salt is 0 to {_SALT_DIGITS} decimals, which is what it is kept to.", where="salt",
                hint="Leave it out, or take more.",
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
        shared = _checked_units(arrangement, units, fractions)
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
        return f"{self.arrangement}: {units}" + (f" with {_number(self.salt, _SALT_DIGITS)} NaCl" if self.salt else "")

    @cached_property
    def key(self) -> str:
        """sha256 hex digest of `canonical`."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

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
        salt = f" with {_number(self.salt, _SALT_DIGITS)} NaCl per repeat unit" if self.salt else ""
        return text + salt

    @property
    def drawing(self) -> str:
        """All units with their shares, side by side, as SVG."""
        legends = ["" if self.arrangement == "homopolymer" else f"{_number(100.0 * f, 2)} %" for f in self.fractions]
        return draw_grid([polymer.mol for polymer in self.polymers], legends)


def _checked_units(arrangement: str, units: Sequence[str], fractions: Sequence[float]) -> Shared:
    if not units:
        raise InvalidInputError("There is no repeat unit.", where="units", hint="Give two or more.")
    for number, unit in enumerate(units, start=1):
        try:
            order = directed_unit(unit).joint_order
        except InvalidInputError as error:
            raise type(error)(error.reason, where=f"unit {number}, {error.where}", hint=error.hint) from None
        if order != 1 and arrangement not in ("blend", "homopolymer"):
            raise UnsupportedChemistryError(
                "Units of a copolymer are joined by single bonds, this one has its stars on multiple ones.",
                where=f"unit {number}, {unit!r}", hint="Cut it at single bonds, e.g. *C=C* for *=CC=*.",
            )  # fmt: skip
    if fractions and len(fractions) != len(units):
        raise InvalidInputError(
            f"{len(units)} repeat units have as many fractions, not {len(fractions)}.", where="fractions",
            hint="Give each unit one, or none for equal ones.",
        )  # fmt: skip
    equal = [Fraction(1, len(units))] * len(units)
    shares = list(normalized([exact(value) for value in fractions])) if fractions else equal
    if arrangement == "alternating" and len(set(shares)) > 1:
        raise InvalidInputError(
            "Units that alternate have equal shares.", where="fractions",
            hint="Leave the fractions out, or call the copolymer random.",
        )  # fmt: skip
    return list(zip(units, shares, strict=True))


def _checked_salt(salt: float) -> Fraction:
    if not 0 <= salt <= _MOST_SALT:
        raise InvalidInputError(
            f"Salt is 0 to {_MOST_SALT} pairs of ions per repeat unit, not {salt:g}.", where="salt",
            hint="Write e.g. 0.1, or 10 %, for one pair in ten units.",
        )  # fmt: skip
    return exact(salt)


def _as_homopolymers(shared: Shared, salt: Fraction) -> tuple[Shared, Fraction]:
    """Put each unit's canonical one in its place, and salt in pairs per that."""
    canonical = [(directed_unit(text).homopolymer, share) for text, share in shared]
    merged: dict[str, Fraction] = {}
    for text, share in canonical:
        merged[text] = merged.get(text, Fraction(0)) + share
    repeats = [_repeats(text, unit) for (text, _), (unit, _) in zip(shared, canonical, strict=True)]
    if salt and set(repeats) == {repeats[0]}:
        salt /= repeats[0]
    elif salt:
        # Units per gram, before and after; masses are not exact, but this is done once, on the way to canonical units.
        masses = [exact(Polymer(unit).molar_mass) for unit, _ in canonical]
        after = sum(share / mass for (_, share), mass in zip(canonical, masses, strict=True))
        before = sum(
            share / (mass * n) for (_, share), mass, n in zip(canonical, masses, repeats, strict=True)
        )  # fmt: skip
        salt *= Fraction(before) / Fraction(after)
    return list(merged.items()), salt


def _repeats(text: str, canonical: str) -> int:
    """How many canonical units a unit as written holds."""
    return 1 if text == canonical else round(Polymer(text).heavy_atoms / Polymer(canonical).heavy_atoms)


def _refuse_one_polymer(arrangement: str, units: Sequence[str], salted: bool) -> None:
    polymers = sorted({directed_unit(text).homopolymer for text in units})
    if arrangement == "homopolymer" and len(units) > 1:
        raise InvalidInputError(
            f"A homopolymer has one repeat unit, not {len(units)}.", where="units", hint="Say how they are arranged."
        )
    if len(polymers) > 1 or (arrangement == "homopolymer" and salted):
        return
    what = "All units make one and the same polymer" if len(units) > 1 else "There is one polymer only"
    plain = f"as a homopolymer with salt, '{polymers[0]} with ...'" if salted else f"as the polymer {polymers[0]}"
    mixed = arrangement != "blend" and len({directed_unit(text).forward for text in units}) > 1
    more = " Units of both directions or senses in one chain cannot be given." if mixed else ""
    raise InvalidInputError(f"{what}, {polymers[0]}.", where="units", hint=f"Write it {plain}.{more}")


def _least(arrangement: str, shared: Shared) -> Shared:
    if arrangement == "random":
        return least_mixture(shared)
    if arrangement == "block":
        return least_blocks(shared)
    if arrangement == "alternating":
        units = least_alternation([text for text, _ in shared])
        return [(text, Fraction(1, len(units))) for text in units]
    return sorted(shared)


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + f" and {parts[-1]}"
