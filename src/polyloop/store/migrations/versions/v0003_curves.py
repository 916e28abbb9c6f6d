"""0003: curves, records whose value is a function on an axis."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_json = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Add the table curves."""
    op.create_table(
        "curves",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("subject_key", sa.String(64), nullable=False),
        sa.Column("protocol", sa.String(200), nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("conditions", _json, nullable=False),
        sa.Column("unit", sa.String(32), nullable=False),
        sa.Column("axis_name", sa.String(64), nullable=False),
        sa.Column("axis_unit", sa.String(32), nullable=False),
        sa.Column("axis_points", sa.LargeBinary, nullable=False),
        sa.Column("curve_values", sa.LargeBinary, nullable=False),
        sa.Column("curve_std", sa.LargeBinary),
        sa.Column("provenance", _json, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("key", "name", name="pk_curves"),
        sa.ForeignKeyConstraint(["subject_key"], ["subjects.key"], name="fk_curves_subject_key_subjects"),
    )
    op.create_index("ix_curves_subject_key", "curves", ["subject_key"])
    op.create_index("ix_curves_name", "curves", ["name"])
