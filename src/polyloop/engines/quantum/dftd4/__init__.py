"""DFT-D4: static polarizabilities from coordination numbers and charges, in less than a millisecond."""

from polyloop.engines.quantum.dftd4.polarizability import atomic_polarizabilities, static_polarizability, version

__all__ = ["atomic_polarizabilities", "static_polarizability", "version"]
