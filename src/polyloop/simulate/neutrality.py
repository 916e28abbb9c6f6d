"""Charged repeat units are refused by all protocols and the builder alike, until counter-ions are part of a model."""

from __future__ import annotations

from polyloop.chem import Polymer
from polyloop.core import EvaluationError, FailureCode

__all__ = ["charge_refusal", "refuse_charge"]


def refuse_charge(polymer: Polymer, stage: str) -> None:
    """Raise UNSUPPORTED for a repeat unit with a net charge; a zwitterion is neutral."""
    if polymer.charge:
        raise charge_refusal("repeat unit", polymer.charge, stage)


def charge_refusal(what: str, charge: int, stage: str) -> EvaluationError:
    """Return the refusal of something with a net charge in e."""
    return EvaluationError(
        FailureCode.UNSUPPORTED,
        stage,
        f"The {what} carries a net charge of {charge:+d} e; counter-ions are not part of the model.",
        hint="Write it in its neutral form.",
    )
