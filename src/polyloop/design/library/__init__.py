"""Virtual libraries of polymers from monomers that can be had, with rule, price and makeability of each polymer."""

from polyloop.design.library.build import BuiltLibrary, build_library
from polyloop.design.library.classification import ClassifiedStock, classify_stock
from polyloop.design.library.polymer_library import LibraryPolymer, PolymerLibrary
from polyloop.design.library.source import LibrarySource
from polyloop.design.library.stock import StockMonomer, read_stock, shipped_stock

__all__ = [
    "BuiltLibrary",
    "ClassifiedStock",
    "LibraryPolymer",
    "LibrarySource",
    "PolymerLibrary",
    "StockMonomer",
    "build_library",
    "classify_stock",
    "read_stock",
    "shipped_stock",
]
