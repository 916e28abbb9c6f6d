"""The words that all rooms share: properties, requests, records, statuses, errors."""

from polyloop.core.conditions import CONDITIONS, Condition, Conditions
from polyloop.core.curve import Axis, Curve
from polyloop.core.errors import (
    ConfigurationError,
    EvaluationError,
    Failure,
    FailureCode,
    InvalidInputError,
    MissingDependencyError,
    PolyloopError,
    StoreError,
    UnsupportedChemistryError,
)
from polyloop.core.files import file_digest, user_cache, write_atomically
from polyloop.core.optional import require
from polyloop.core.properties import PROPERTIES, Property, add_property, get_property
from polyloop.core.record import Provenance, Record, Request, Status, content_key
from polyloop.core.registry import Registry
from polyloop.core.subject import KINDS, Kind, Subject, parse_subject

__all__ = [
    "CONDITIONS",
    "KINDS",
    "PROPERTIES",
    "Axis",
    "Condition",
    "Conditions",
    "ConfigurationError",
    "Curve",
    "EvaluationError",
    "Failure",
    "FailureCode",
    "InvalidInputError",
    "Kind",
    "MissingDependencyError",
    "PolyloopError",
    "Property",
    "Provenance",
    "Record",
    "Registry",
    "Request",
    "Status",
    "StoreError",
    "Subject",
    "UnsupportedChemistryError",
    "add_property",
    "content_key",
    "file_digest",
    "get_property",
    "parse_subject",
    "require",
    "user_cache",
    "write_atomically",
]
