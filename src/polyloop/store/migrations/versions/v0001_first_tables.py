"""0001: the first tables. Frozen: a later change of the tables is a migration of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_json = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Create polymers, evaluations, attempts, records, campaigns, picks and campaign_cycles."""
    _evaluations()
    _campaigns()


def _evaluations() -> None:
    op.create_table(
        "polymers",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("smiles", sa.Text, nullable=False),
        sa.Column("polymer_class", sa.String(64)),
        sa.Column("first_seen", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_polymers"),
    )
    op.create_table(
        "evaluations",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("polymer_key", sa.String(64), nullable=False),
        sa.Column("protocol", sa.String(200), nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("conditions", _json, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("losses", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("lease_until", sa.Double),
        sa.Column("failure", _json),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("updated", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_evaluations"),
        sa.ForeignKeyConstraint(["polymer_key"], ["polymers.key"], name="fk_evaluations_polymer_key_polymers"),
    )
    op.create_index("ix_evaluations_polymer_key", "evaluations", ["polymer_key"])
    op.create_index("ix_evaluations_protocol_status", "evaluations", ["protocol", "status"])
    op.create_table(
        "attempts",
        sa.Column("evaluation_key", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("ended", sa.Double),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("failure", _json),
        sa.Column("log", sa.Text, nullable=False),
        sa.Column("host", sa.String(200), nullable=False),
        sa.Column("wall_time", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("evaluation_key", "number", name="pk_attempts"),
        sa.ForeignKeyConstraint(["evaluation_key"], ["evaluations.key"], name="fk_attempts_evaluation_key_evaluations"),
    )
    op.create_table(
        "records",
        sa.Column("evaluation_key", sa.String(64), nullable=False),
        sa.Column("property", sa.String(64), nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("std", sa.Double),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("std_of", sa.Text, nullable=False),
        sa.Column("unit", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("failure", _json),
        sa.Column("provenance", _json, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("evaluation_key", "property", name="pk_records"),
        sa.ForeignKeyConstraint(["evaluation_key"], ["evaluations.key"], name="fk_records_evaluation_key_evaluations"),
    )
    op.create_index("ix_records_property_value", "records", ["property", "value"])


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("config", _json, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("updated", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
    )
    op.create_table(
        "picks",
        sa.Column("campaign", sa.String(200), nullable=False),
        sa.Column("cycle", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("rank", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("polymer", sa.Text, nullable=False),
        sa.Column("evaluation_key", sa.String(64), nullable=False),
        sa.Column("acquisition", sa.Double),
        sa.Column("predicted", _json, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("campaign", "cycle", "rank", name="pk_picks"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name="fk_picks_campaign_campaigns"),
        sa.ForeignKeyConstraint(["evaluation_key"], ["evaluations.key"], name="fk_picks_evaluation_key_evaluations"),
    )
    op.create_index("ix_picks_evaluation_key", "picks", ["evaluation_key"])
    op.create_table(
        "campaign_cycles",
        sa.Column("campaign", sa.String(200), nullable=False),
        sa.Column("cycle", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("metrics", _json, nullable=False),
        sa.Column("updated", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("campaign", "cycle", name="pk_campaign_cycles"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name="fk_campaign_cycles_campaign_campaigns"),
    )
