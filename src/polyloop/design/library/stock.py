"""Monomers on hand: SMILES, name and price, from the shipped table or from any table of building blocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rdkit import Chem, rdBase

from polyloop.core import InvalidInputError
from polyloop.tables import read_table

__all__ = ["StockMonomer", "read_stock", "shipped_stock"]

_SMILES = ("smiles", "SMILES", "canonical_smiles")
# Columns of prices, and what makes US$/kg of them.
_PRICES = {"price": 1.0, "price_per_kg": 1.0, "ppg": 1000.0, "price_per_g": 1000.0}
_NAMES = ("name", "IUPACName", "id")


@dataclass(frozen=True)
class StockMonomer:
    """A monomer that can be had: canonical SMILES, name, and price in US$/kg (None if unknown)."""

    smiles: str
    name: str
    price: float | None


def shipped_stock() -> tuple[StockMonomer, ...]:
    """Return the shipped monomers; prices are those of their tiers."""
    from polyloop.chem.library import monomers

    return _distinct((row.smiles, row.name, row.price) for row in monomers())


def read_stock(path: Path) -> tuple[StockMonomer, ...]:
    """Read monomers from a CSV or Parquet with a column `smiles`, and if there are `name` and a price.

    Prices are read from `price` or `price_per_kg` (US$/kg), or from `ppg` or `price_per_g` (US$/g). Of rows with one
    molecule the cheapest stays. Rows that are no molecule are left out.

    Raises
    ------
    InvalidInputError
        If the file cannot be read, or has no column of SMILES.
    """
    table = read_table(path)
    column = next((name for name in _SMILES if name in table.header), None)
    if column is None:
        raise InvalidInputError("There is no column of SMILES.", where=str(path), hint=f"Call it {_SMILES[0]!r}.")
    place = table.position(column)
    price = next((name for name in _PRICES if name in table.header), None)
    title = next((name for name in _NAMES if name in table.header), None)
    at_price = None if price is None else (table.position(price), _PRICES[price])
    at_name = None if title is None else table.position(title)
    rows = (
        (
            row.cells[place].strip(),
            "" if at_name is None else row.cells[at_name],
            None if at_price is None else _number(row.cells[at_price[0]], at_price[1], path, row.line),
        )
        for row in table.rows
    )
    return _distinct(rows)


def _number(cell: str, factor: float, path: Path, line: int) -> float | None:
    if not cell.strip():
        return None
    try:
        return float(cell) * factor
    except ValueError as error:
        raise InvalidInputError(f"The price {cell!r} is no number.", where=f"{path}, line {line}") from error


def _distinct(rows: Iterable[tuple[str, str, float | None]]) -> tuple[StockMonomer, ...]:
    cheapest: dict[str, StockMonomer] = {}
    with rdBase.BlockLogs():
        for text, name, price in rows:
            mol = Chem.MolFromSmiles(text) if text else None
            if mol is None or "*" in text:
                continue
            smiles = Chem.MolToSmiles(mol)
            known = cheapest.get(smiles)
            if known is None or _cost(price) < _cost(known.price):
                cheapest[smiles] = StockMonomer(smiles, name or smiles, price)
    # Sorted, so that a library does not depend on the order of the list.
    return tuple(cheapest[smiles] for smiles in sorted(cheapest))


def _cost(price: float | None) -> float:
    return float("inf") if price is None else price
