"""Properties of molecular dynamics as descriptors of others: a block that reads the records of `md/standard@2`."""

from __future__ import annotations

from polyloop.features.records import RecordBlock, RecordColumn

__all__ = ["DynamicsBlock"]


class DynamicsBlock(RecordBlock):
    """Twelve properties of the amorphous cell at 298.15 K, from the records of md/standard@2 (block `dynamics`).

    For properties that are dearer than such a cell. Leave it out where the wanted property is one of its columns.
    """

    name = "dynamics"
    protocol_id = "md/standard@2"
    subjects = ("polymer", "copolymer")
    columns = (
        RecordColumn("density"),
        RecordColumn("refractive_index"),
        RecordColumn("heat_capacity_cp"),
        RecordColumn("heat_capacity_cv"),
        RecordColumn("volume_expansion"),
        RecordColumn("bulk_modulus", logarithm=True),
        RecordColumn("cohesive_energy_density"),
        RecordColumn("fractional_free_volume"),
        RecordColumn("radius_of_gyration", logarithm=True),
        RecordColumn("end_to_end_distance", logarithm=True),
        RecordColumn("nematic_order"),
        RecordColumn("static_dielectric_constant", logarithm=True),
    )
