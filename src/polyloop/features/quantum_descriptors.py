"""The 22 descriptors of the QMex set, as blocks that read the records of the two protocols that compute them."""

from __future__ import annotations

from polyloop.features.records import RecordBlock, RecordColumn

__all__ = ["QMEX", "QMEX_PROPERTIES", "QmexBlock", "QmexStandardBlock"]


# doi:10.1038/s41524-023-01194-2, in the order of its published tables.
QMEX = (
    RecordColumn("capped_molar_mass", "mw"),
    RecordColumn("electrons_per_atom", "Ne/Na"),
    RecordColumn("homo", "homo"),
    RecordColumn("lumo", "lumo"),
    RecordColumn("ionization_energy", "Eiv"),
    RecordColumn("electron_affinity", "Eav"),
    RecordColumn("capped_volume", "Vm"),
    RecordColumn("capped_polarizability", "alpha"),
    RecordColumn("polarizability_density", "alpha/Vm"),
    RecordColumn("electronic_extent", "log10(R2)", logarithm=True),
    RecordColumn("capped_free_energy", "G"),
    RecordColumn("log_partition_function", "log10(Q)"),
    RecordColumn("rotational_constant", "log10(RA)", logarithm=True),
    RecordColumn("dipole_moment", "mu"),
    RecordColumn("lowest_charge", "min(esp)"),
    RecordColumn("highest_charge", "max(esp)"),
    RecordColumn("lowest_bond_order", "min(mbo)"),
    RecordColumn("highest_bond_order", "max(mbo)"),
    RecordColumn("solvation_energy", "dEw"),
    RecordColumn("solvation_energy_octanol", "dEo"),
    RecordColumn("proton_affinity", "dEacid"),
    RecordColumn("deprotonation_energy", "dEbase"),
)
QMEX_PROPERTIES = tuple(row.name for row in QMEX)


class QmexBlock(RecordBlock):
    """The 22 QMex descriptors of the capped oligomer by GFN2-xTB, from the records of qmex/quick@1 (block `qmex`)."""

    name = "qmex"
    protocol_id = "qmex/quick@1"
    columns = QMEX


class QmexStandardBlock(RecordBlock):
    """The same by density-functional theory, from the records of qmex/standard@1 (block `qmex_standard`)."""

    name = "qmex_standard"
    protocol_id = "qmex/standard@1"
    columns = QMEX
