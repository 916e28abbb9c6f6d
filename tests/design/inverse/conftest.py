"""A small library whose posterior can be listed, and predictors that cost nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from polyloop.chem import Polymer
from polyloop.design.inverse import ChainSpace, PredictedProperty
from polyloop.design.library import PolymerLibrary, StockMonomer

MONOMERS = (
    ("OCCO", 2.0), ("OCCCO", 8.0), ("OCC(C)O", 5.0), ("OCC(C)CO", 40.0), ("OCCCCO", 6.0), ("Oc1ccc(O)cc1", 20.0),
    ("O=C(O)CCC(=O)O", 3.0), ("O=C(O)CCCCC(=O)O", 4.0), ("O=C(O)c1ccc(C(=O)O)cc1", 2.0), ("O=C(O)CC(C)C(=O)O", None),
    ("C=Cc1ccccc1", 2.0), ("C=C(C)C(=O)OC", 3.0), ("C=CC", 1.0), ("C=CF", 9.0), ("C=CCl", 1.0), ("C=C", 1.0),
)  # fmt: skip


@pytest.fixture(scope="session")
def space() -> ChainSpace:
    stock = [StockMonomer(smiles, smiles, price) for smiles, price in MONOMERS]
    return ChainSpace(PolymerLibrary.from_monomers(stock))


@dataclass(frozen=True)
class CarbonShare:
    """A stand-in for a protocol: the density rises and the refractive index falls with the share of oxygen."""

    asked: list[str] = field(default_factory=list, compare=False)
    predictor_id: str = "carbon share"
    properties: tuple[str, ...] = ("refractive_index", "density")

    def predict(self, text: str) -> dict[str, PredictedProperty] | None:
        self.asked.append(text)
        composition = Polymer.of_canonical(text).composition
        if "Cl" in composition:
            return None
        heavy = sum(count for element, count in composition.items() if element != "H")
        oxygen = composition.get("O", 0) / heavy
        saturation = composition.get("H", 0) / heavy
        return {
            "refractive_index": PredictedProperty(1.75 - 0.12 * saturation, 0.02),
            "density": PredictedProperty(0.9 + 0.8 * oxygen, 0.03),
        }
