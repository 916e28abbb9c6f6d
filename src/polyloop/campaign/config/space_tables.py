"""The tables of a campaign file that describe a space: its variables, and the constraints between them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, PrivateAttr

from polyloop.campaign.config.model import FileTable

__all__ = ["ConstraintTable", "VariableTable"]


class VariableTable(FileTable):
    """`[variables.NAME]`: one variable of a space, for `source = "space"`."""

    type: Literal["continuous", "integer", "ordinal", "categorical", "molecular", "subject"] = Field(
        description="A number of a range, a whole number, ordered numbers, words, molecules as a choice (of a solvent, "
        "say), or what is evaluated: a polymer, a copolymer, a molecule."
    )
    low: float | None = Field(None, description="Least value, of a range.")
    high: float | None = Field(None, description="Greatest value, of a range.")
    unit: str = Field(
        "", max_length=32, description="Unit of the numbers, for people; of a condition it is converted from."
    )
    condition: bool | str = Field(
        False,
        description="Whether it is the condition of its name, e.g. temperature, at which a point is evaluated; or the "
        "name of that condition.",
    )
    step: float | None = Field(None, gt=0, description="Distance of the values that can be set, of continuous ones.")
    log: bool = Field(False, description="Whether equal factors count as equal distances, of continuous ones.")
    values: list[float | str] | dict[str, str] | None = Field(
        None,
        min_length=2,
        description="What may be chosen, in order if ordinal; of subjects a list of texts, or texts by name.",
    )
    kind: str = Field("polymer", description="Kind of the subjects: polymer, copolymer, molecule, ...")
    file: Path | None = Field(
        None, description="Or a CSV or Parquet file of subjects, read as that of a pool: names in a column name."
    )
    smiles_column: str | None = Field(
        None, description="Column of the file that holds them; smiles, or that of their kind, when left out."
    )
    skip_bad: bool = Field(False, description="Leave out rows of the file that hold none.")
    # Of a file that was read, or of a run that has kept its campaign file; parsing thousands anew takes minutes.
    _has_canonical_values: bool = PrivateAttr(False)

    @property
    def has_canonical_values(self) -> bool:
        """Whether the values are known to be canonical texts by label."""
        return self._has_canonical_values

    def with_canonical_values(self, values: dict[str, str]) -> VariableTable:
        """Return the table with canonical texts by label in the place of file and values."""
        changed = {"values": values, "file": None, "smiles_column": None, "skip_bad": False}
        table = self.model_copy(update=changed)
        table._has_canonical_values = True
        return table

    molecules: dict[str, str] | None = Field(
        None, min_length=2, description="SMILES by the label that tables use, of molecular ones."
    )
    descriptors: dict[str, list[float]] | None = Field(
        None, description="Numbers of your own by label, of molecular ones, beside those of the structure."
    )


class ConstraintTable(FileTable):
    """`[[constraints]]`: what points of a space must keep."""

    condition: str | None = Field(None, description="Arithmetic on variables, e.g. 'temperature * time < 4000'.")
    sum: dict[str, float] | None = Field(None, description="Or coefficients by variable, whose sum has a bound.")
    at_most: float | None = Field(None, description="Upper bound of the sum.")
    at_least: float | None = Field(None, description="Lower bound of the sum.")
    equals: float | None = Field(None, description="Or what the sum must be.")
