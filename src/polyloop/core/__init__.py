"""The words that all rooms share: properties, requests, records, statuses, errors."""

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
from polyloop.core.files import write_atomically
from polyloop.core.optional import require
from polyloop.core.properties import PROPERTIES, Property, get_property
from polyloop.core.record import Conditions, Provenance, Record, Request, Status, content_key

__all__ = [
    "PROPERTIES",
    "Conditions",
    "ConfigurationError",
    "EvaluationError",
    "Failure",
    "FailureCode",
    "InvalidInputError",
    "MissingDependencyError",
    "PolyloopError",
    "Property",
    "Provenance",
    "Record",
    "Request",
    "Status",
    "StoreError",
    "UnsupportedChemistryError",
    "content_key",
    "get_property",
    "require",
    "write_atomically",
]
