"""0002: subjects of any kind instead of polymers, values that were corrected, properties that users add."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_json = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Rename polymers to subjects, give each its kind, and add the tables superseded and properties."""
    op.rename_table("polymers", "subjects")
    # SQLite renames a column in place, and with it every index and constraint that names it.
    op.alter_column("subjects", "smiles", new_column_name="text")
    op.alter_column("subjects", "polymer_class", new_column_name="subject_class")
    op.alter_column("evaluations", "polymer_key", new_column_name="subject_key")
    op.add_column("subjects", sa.Column("kind", sa.String(32), nullable=False, server_default="polymer"))
    op.drop_index("ix_evaluations_polymer_key", "evaluations")
    op.create_index("ix_evaluations_subject_key", "evaluations", ["subject_key"])
    op.drop_column("picks", "polymer")
    _new_tables()


def _new_tables() -> None:
    op.create_table(
        "superseded",
        sa.Column("evaluation_key", sa.String(64), nullable=False),
        sa.Column("property", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("value", sa.Double),
        sa.Column("std", sa.Double),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("std_of", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("failure", _json),
        sa.Column("provenance", _json, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("replaced", sa.Double, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("evaluation_key", "property", "number", name="pk_superseded"),
        sa.ForeignKeyConstraint(
            ["evaluation_key"], ["evaluations.key"], name="fk_superseded_evaluation_key_evaluations"
        ),
    )
    op.create_table(
        "properties",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("definition", _json, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_properties"),
    )
