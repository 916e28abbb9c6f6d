"""The form of a copolymer's parts: checked, and brought to the one that all equal copolymers have."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from polyloop.chem.polymer import Polymer
from polyloop.chem.shares import exact, normalized, rounded
from polyloop.chem.unit_lists import Shared, directed_unit, least_alternation, least_blocks, least_mixture
from polyloop.core.errors import InvalidInputError, UnsupportedChemistryError

__all__ = ["SALT_DIGITS", "checked_salt", "checked_units", "normal_form"]

SALT_DIGITS = 6
_MOST_SALT = 10  # pairs of ions per repeat unit; more is an ionic crystal with some polymer in it


def normal_form(arrangement: str, units: Sequence[str], shared: Shared, salt: Fraction) -> tuple[Shared, Fraction]:
    """Return units with their shares, and salt, as all equal copolymers have them.

    Parameters
    ----------
    units
        As they were given, to be named in refusals.
    shared, salt
        From `checked_units` and `checked_salt`.

    Raises
    ------
    InvalidInputError
        If the units all make one polymer, or a share or the salt is lost by rounding.
    """
    _refuse_one_polymer(arrangement, units, bool(salt))
    if arrangement in ("blend", "homopolymer"):
        shared, salt = _as_homopolymers(shared, salt)
    shared = _least(arrangement, shared)
    if arrangement != "alternating":
        texts, shares = zip(*shared, strict=True)
        kept = [exact(share) for share in rounded(shares, texts)]
        # Once more: rounding may turn round which of two readings of the same units is the lesser.
        shared = _least(arrangement, list(zip(texts, kept, strict=True)))
    if salt and not round(salt, SALT_DIGITS):
        raise InvalidInputError(
            f"So little salt is 0 to {SALT_DIGITS} decimals, which is what it is kept to.", where="salt",
            hint="Leave it out, or take more.",
        )  # fmt: skip
    return shared, round(salt, SALT_DIGITS)


def checked_units(arrangement: str, units: Sequence[str], fractions: Sequence[float]) -> Shared:
    """Read the units, and pair them with their shares, which add up to 1.

    Raises
    ------
    InvalidInputError, UnsupportedChemistryError
        As `Copolymer`; `where` counts the units from 1.
    """
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


def checked_salt(salt: float) -> Fraction:
    """Return the pairs of ions per repeat unit; raises `InvalidInputError` where they are out of range."""
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
