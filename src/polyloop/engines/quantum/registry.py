"""Quantum-chemical engines by name, and what each can be asked for."""

from __future__ import annotations

from typing import TypeVar

from polyloop.core import ConfigurationError, Registry
from polyloop.engines.quantum.contract import (
    AtomicPolarizability,
    ElectronicDescriptors,
    ElectronicStructure,
    QuantumEngine,
    TightBinding,
    TightBindingDescriptors,
)

__all__ = [
    "QUANTUM_ENGINES",
    "atomic_polarizability",
    "electronic_descriptors",
    "electronic_structure",
    "tight_binding",
    "tight_binding_descriptors",
]

T = TypeVar("T")
QUANTUM_ENGINES: Registry[QuantumEngine] = Registry(
    "quantum_engines", "quantum-chemical engine", ("name", "package", "versions")
)


def electronic_structure(name: str) -> ElectronicStructure:
    """Return the engine `name`, which gives ground states; raises `ConfigurationError` where it does not."""
    return _offering(name, ElectronicStructure, "ground states")  # type: ignore[type-abstract]


def tight_binding(name: str) -> TightBinding:
    """Return the engine `name`, which relaxes geometries; raises `ConfigurationError` where it does not."""
    return _offering(name, TightBinding, "semi-empirical geometries")  # type: ignore[type-abstract]


def atomic_polarizability(name: str) -> AtomicPolarizability:
    """Return the engine `name`, which gives atoms' polarizabilities; raises `ConfigurationError` where it does not."""
    return _offering(name, AtomicPolarizability, "polarizabilities of atoms")  # type: ignore[type-abstract]


def tight_binding_descriptors(name: str) -> TightBindingDescriptors:
    """Return the engine `name`, which gives ions, Hessians and the like; raises `ConfigurationError` where not."""
    return _offering(name, TightBindingDescriptors, "descriptors by a semi-empirical method")  # type: ignore[type-abstract]


def electronic_descriptors(name: str) -> ElectronicDescriptors:
    """Return the engine `name`, which gives ions, bond orders and the like; raises `ConfigurationError` if not."""
    return _offering(name, ElectronicDescriptors, "descriptors from first principles")  # type: ignore[type-abstract]


def _offering(name: str, contract: type[T], what: str) -> T:
    engine = QUANTUM_ENGINES.find(name)
    if not isinstance(engine, contract):
        able = [other for other, offered in QUANTUM_ENGINES.items() if isinstance(offered, contract)]
        raise ConfigurationError(f"The engine {name!r} gives no {what}.", hint=f"Those that do: {', '.join(able)}.")
    return engine
