"""The tables, once, in a form that SQLite and PostgreSQL both understand."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

__all__ = [
    "REVISION",
    "VERSION_TABLE",
    "attempts",
    "campaign_cycles",
    "campaigns",
    "curves",
    "evaluations",
    "metadata",
    "picks",
    "properties",
    "records",
    "subjects",
    "superseded",
]

# The newest migration. Kept here too, so that opening an up-to-date store need not import alembic (0.2 s).
REVISION = "0003"
VERSION_TABLE = "polyloop_version"

# Times are seconds since 1970 in UTC: SQLite has no time type, and a float means the same in both databases.
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


class _Json(TypeDecorator[Any]):
    """JSON without NaN and infinity, which are no JSON, and are refused when a value is bound."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        json.dumps(value, allow_nan=False)
        return value


subjects = Table(
    "subjects",
    metadata,
    Column("key", String(64), primary_key=True),  # Subject.key
    Column("kind", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("subject_class", String(64)),
    Column("first_seen", Double, nullable=False),
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("key", String(64), primary_key=True),  # Request.key
    Column("subject_key", ForeignKey("subjects.key"), nullable=False, index=True),
    Column("protocol", String(200), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("conditions", _Json, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("losses", Integer, nullable=False),
    Column("owner", Text),
    Column("lease_until", Double),
    Column("failure", _Json),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    Index("ix_evaluations_protocol_status", "protocol", "status"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("evaluation_key", ForeignKey("evaluations.key"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("owner", Text, nullable=False),
    Column("started", Double, nullable=False),
    Column("ended", Double),
    Column("outcome", String(16), nullable=False),
    Column("failure", _Json),
    Column("log", Text, nullable=False),
    Column("host", String(200), nullable=False),
    Column("wall_time", Double, nullable=False),
)

records = Table(
    "records",
    metadata,
    Column("evaluation_key", ForeignKey("evaluations.key"), primary_key=True),
    Column("property", String(64), primary_key=True),
    Column("value", Double),
    Column("std", Double),
    Column("n", Integer, nullable=False),
    Column("std_of", Text, nullable=False),
    Column("unit", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("failure", _Json),
    Column("provenance", _Json, nullable=False),
    Column("created", Double, nullable=False),
    Index("ix_records_property_value", "property", "value"),
)

# Functions on an axis, such as spectra. Numbers are float64, little-endian, one after the other.
curves = Table(
    "curves",
    metadata,
    Column("key", String(64), primary_key=True),  # Request.key
    Column("name", String(64), primary_key=True),
    Column("subject_key", ForeignKey("subjects.key"), nullable=False, index=True),
    Column("protocol", String(200), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("conditions", _Json, nullable=False),
    Column("unit", String(32), nullable=False),
    Column("axis_name", String(64), nullable=False),
    Column("axis_unit", String(32), nullable=False),
    Column("axis_points", LargeBinary, nullable=False),
    Column("curve_values", LargeBinary, nullable=False),
    Column("curve_std", LargeBinary),
    Column("provenance", _Json, nullable=False),
    Column("created", Double, nullable=False),
    Index("ix_curves_name", "name"),
)

# Values that were corrected later, as they were before: what a laboratory has said once is never lost.
superseded = Table(
    "superseded",
    metadata,
    Column("evaluation_key", ForeignKey("evaluations.key"), primary_key=True),
    Column("property", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("value", Double),
    Column("std", Double),
    Column("n", Integer, nullable=False),
    Column("std_of", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("failure", _Json),
    Column("provenance", _Json, nullable=False),
    Column("created", Double, nullable=False),
    Column("replaced", Double, nullable=False),
    Column("reason", Text, nullable=False),
)

# Properties that users have added, so that whoever opens the store knows their units and ranges.
properties = Table(
    "properties",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("definition", _Json, nullable=False),
    Column("created", Double, nullable=False),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("config", _Json, nullable=False),
    Column("state", String(32), nullable=False),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
)

picks = Table(
    "picks",
    metadata,
    Column("campaign", String(200), primary_key=True),
    Column("cycle", Integer, primary_key=True, autoincrement=False),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("evaluation_key", ForeignKey("evaluations.key"), nullable=False, index=True),
    Column("acquisition", Double),
    Column("predicted", _Json, nullable=False),
    Column("created", Double, nullable=False),
    ForeignKeyConstraint(["campaign"], ["campaigns.id"]),
)

campaign_cycles = Table(
    "campaign_cycles",
    metadata,
    Column("campaign", ForeignKey("campaigns.id"), primary_key=True),
    Column("cycle", Integer, primary_key=True, autoincrement=False),
    Column("metrics", _Json, nullable=False),
    Column("updated", Double, nullable=False),
)
