"""A property: how many contacts the hydrophobic beads make."""

from polyloop.core import Property

__all__ = ["CONTACT_NUMBER"]

CONTACT_NUMBER = Property(
    "contact_number", "<m>", "1", 0.0, 50.0,
    "Mean number of pairs of H beads that are neighbours on the lattice and not along the chain.",
    "doi:10.1021/ma00200a030", kinds=("hp_chain",),
)  # fmt: skip
