"""The configuration of a study of models by splits: everything that its numbers follow from."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from polyloop.learn.property_model import default_blocks
from polyloop.learn.validation.splitter import Splitter, make_splitter
from polyloop.learn.validation.study_file import StudyFile

__all__ = ["StudyConfig"]

Options = dict[str, dict[str, Any]]


class StudyConfig(StudyFile):
    """What a study of one column of a table does.

    Parameters
    ----------
    study
        `extrapolation` (models by splits), `scaling` (sizes), or `nested` (choice inside the rows that teach).
    table, target, smiles_column, kind
        Table of values, its columns of values and subjects, and the kind of these.
    models, options
        Registered models, and the options of some of them by name.
    splits, split_options, n_splits
        Registered splitters, their options by name, and how many splits of each; `scaling` and `nested` take one.
    sizes
        Numbers of rows that teach, for `scaling`; empty for 30, 100, 300, ... and all.
    inner, inner_splits
        Splitter inside the rows that teach and how many splits, for `nested`.
    blocks
        Descriptors for all models; empty for those of each model.
    invariant
        Whether the property's invariant is learnt; None chooses inside the rows that teach.
    checked
        Whether intervals are adjusted by rows that are left out, as `polyloop model train` does.
    class_column, time_column
        Columns of classes and times, for `leave_class_out` and `time`; the subjects' own classes and the order of the
        rows without them.
    seed
        Seed of the first split, and of what models draw.
    digest
        Of subjects and values, written by a study.
    """

    study: Literal["extrapolation", "scaling", "nested"]
    table: str
    target: str
    smiles_column: str = "smiles"
    kind: str = "polymer"
    models: tuple[str, ...] = ("gp",)
    options: Options = Field(default_factory=dict)
    splits: tuple[str, ...] = ("random",)
    split_options: Options = Field(default_factory=dict)
    n_splits: int = Field(5, ge=1, le=10_000)
    sizes: tuple[int, ...] = ()
    inner: str = "random"
    inner_splits: int = Field(3, ge=1, le=10_000)
    blocks: tuple[str, ...] = ()
    invariant: bool | None = None
    checked: bool = True
    class_column: str = ""
    time_column: str = ""
    seed: int = Field(0, ge=0)
    digest: str = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for name, given, known in (
            ("options", self.options, self.models),
            ("split_options", self.split_options, (*self.splits, self.inner)),
        ):
            for key in given:
                if key not in known:
                    raise ValueError(f"{name} are given for {key!r}, which takes no part")
        if self.study != "extrapolation" and len(self.splits) != 1:
            raise ValueError(f"a {self.study} study takes one split, not {len(self.splits)}")
        for name in self.models:
            default_blocks(name)
        self.splitters()
        self.inner_splitter()
        return self

    def splitters(self) -> dict[str, Splitter]:
        """Return the splitters by name."""
        given = self.split_options
        return {name: make_splitter(name, self.n_splits, seed=self.seed, **given.get(name, {})) for name in self.splits}

    def inner_splitter(self) -> Splitter:
        """Return the splitter inside the rows that teach."""
        return make_splitter(self.inner, self.inner_splits, seed=self.seed, **self.split_options.get(self.inner, {}))

    @property
    def identity(self) -> dict[str, Any]:
        """What must be the same for runs to belong together; more models, splits, seeds or sizes may join them."""
        free = {"splits", "n_splits", "sizes", "table", "digest", *(() if self.study == "nested" else ("models",))}
        return self.model_dump(mode="json", exclude=free)
