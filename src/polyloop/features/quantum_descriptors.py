"""The 22 descriptors of the QMex set: which property each is, and what becomes of it in a column."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["QMEX", "QMEX_PROPERTIES", "QmexDescriptor"]


@dataclass(frozen=True)
class QmexDescriptor:
    """One descriptor.

    Parameters
    ----------
    name
        polyloop's property that it is.
    symbol
        What the published table calls it.
    logarithm
        Whether the column is the decimal logarithm of the property.
    """

    name: str
    symbol: str
    logarithm: bool = False

    @property
    def column(self) -> str:
        """Name of the column."""
        return f"log10_{self.name}" if self.logarithm else self.name


# doi:10.1038/s41524-023-01194-2, in the order of its published tables.
QMEX = (
    QmexDescriptor("capped_molar_mass", "mw"),
    QmexDescriptor("electrons_per_atom", "Ne/Na"),
    QmexDescriptor("homo", "homo"),
    QmexDescriptor("lumo", "lumo"),
    QmexDescriptor("ionization_energy", "Eiv"),
    QmexDescriptor("electron_affinity", "Eav"),
    QmexDescriptor("capped_volume", "Vm"),
    QmexDescriptor("capped_polarizability", "alpha"),
    QmexDescriptor("polarizability_density", "alpha/Vm"),
    QmexDescriptor("electronic_extent", "log10(R2)", logarithm=True),
    QmexDescriptor("capped_free_energy", "G"),
    QmexDescriptor("log_partition_function", "log10(Q)"),
    QmexDescriptor("rotational_constant", "log10(RA)", logarithm=True),
    QmexDescriptor("dipole_moment", "mu"),
    QmexDescriptor("lowest_charge", "min(esp)"),
    QmexDescriptor("highest_charge", "max(esp)"),
    QmexDescriptor("lowest_bond_order", "min(mbo)"),
    QmexDescriptor("highest_bond_order", "max(mbo)"),
    QmexDescriptor("solvation_energy", "dEw"),
    QmexDescriptor("solvation_energy_octanol", "dEo"),
    QmexDescriptor("proton_affinity", "dEacid"),
    QmexDescriptor("deprotonation_energy", "dEbase"),
)
QMEX_PROPERTIES = tuple(row.name for row in QMEX)
