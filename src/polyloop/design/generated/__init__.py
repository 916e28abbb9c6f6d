"""Sources that write a pool for each batch: from a library file, a language model, or inverse design."""

from polyloop.design.generated.registry import SOURCES
from polyloop.design.generated.source import GeneratedSource, SourceInputs

__all__ = ["SOURCES", "GeneratedSource", "SourceInputs"]
