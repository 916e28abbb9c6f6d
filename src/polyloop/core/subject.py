"""Subject: what a value is of, a kind and its canonical text; and the registry of kinds."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Protocol

from polyloop.core.errors import InvalidInputError
from polyloop.core.notebook import figure
from polyloop.core.registry import Registry

__all__ = [
    "KINDS", "Drawing", "Kind", "Subject", "argument_of", "as_given", "classify", "column_of",
    "features_of", "makeup_of", "parse_subject", "plural_of",
]  # fmt: skip

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,31}$")
# Words that stand beside the kind's name in what a key is made of.
_RESERVED = ("protocol", "conditions", "seed")


@dataclass(frozen=True, order=True)
class Subject:
    """What a value is of: a polymer, a copolymer, a molecule, ...

    Parameters
    ----------
    kind
        Name of a registered kind: `polymer`, `copolymer`, `molecule`, ...
    text
        Canonical text, which the kind makes of what people write; of a polymer the canonical SMILES of its repeat unit.

    Raises
    ------
    InvalidInputError
        If the kind is no name, or the text is empty.

    Examples
    --------
    >>> from polyloop.core import Subject, parse_subject
    >>> parse_subject("polymer", "C(*)C*")
    Subject(kind='polymer', text='*C*')
    """

    kind: str
    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or not _NAME.match(self.kind) or self.kind in _RESERVED:
            raise InvalidInputError(f"{self.kind!r} is no kind of subject.", hint="Write for example 'polymer'.")
        if not isinstance(self.text, str) or not self.text:
            raise InvalidInputError(f"{self.text!r} is no text of a {self.kind}.", where="subject")

    @property
    def key(self) -> str:
        """sha256 of kind and text; of a polymer that of its text alone, as `Polymer.key` has it."""
        content = self.text if self.kind == "polymer" else f"{self.kind}\n{self.text}"
        return hashlib.sha256(content.encode()).hexdigest()

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        drawing = KINDS[self.kind].draw(self.text) if self.kind in KINDS else Drawing()
        return figure(drawing.svg, self.text, drawing.width)


@dataclass(frozen=True)
class Drawing:
    """A picture as SVG, empty where there is none, the width in pixels at which it is meant to be seen, and a note.

    `note` says why there is no picture of what could have one.
    """

    svg: str = ""
    width: int = 300
    note: str = ""


class Kind(Protocol):
    """What a kind of subject can do; an object of this shape is registered in the group `kinds`.

    Parameters
    ----------
    name
        The kind, as `Subject.kind`.
    title
        What one is called in messages and pages, e.g. `repeat unit`.
    column
        Name of the column of tables that holds it, unless said otherwise.
    typed
        What a person may type, in a few words, for help and messages.
    example
        A text that a person may type.

    It may also have `plural`, the word for many (else the name with an s); `features(text)`, what may be counted of
    it, sets of names by a heading such as `functional group`; `argument(text)`, what a function of the user's own
    is handed (else the text); and `parse_canonical(text)`, which is `parse` of a text that is known to be canonical.
    """

    name: str
    title: str
    column: str
    typed: str
    example: str

    def parse(self, text: str) -> Any:
        """Return the kind's own object, with `.subject`, of what a person has written.

        Raises
        ------
        InvalidInputError
            If it is none; the message says what, where and what to do.
        """

    def classify(self, text: str) -> str | None:
        """Return the class of a canonical text, for counts and filters; None where there is none."""

    def draw(self, text: str) -> Drawing:
        """Return a picture of a canonical text; empty where there is none."""


KINDS: Registry[Kind] = Registry(
    "kinds", "kind of subject", ("name", "title", "column", "typed", "example", "parse", "classify", "draw")
)


def plural_of(kind: str) -> str:
    """Return the word for many of a kind: `polymers`."""
    return getattr(KINDS[kind], "plural", f"{kind}s") if kind in KINDS else f"{kind}s"


def features_of(subject: Subject) -> dict[str, frozenset[str]]:
    """Return what can be counted of a subject, sets of names by heading; empty where its kind tells nothing."""
    own = getattr(KINDS[subject.kind], "features", None) if subject.kind in KINDS else None
    return {} if own is None else dict(own(subject.text))


def makeup_of(subject: Subject) -> frozenset[str]:
    """Return the elements of a subject, and `a net charge` where it has one; empty where its kind has no elements.

    Asked of what `parse` returns: its attributes `elements` and `charge`, as far as it has them.
    """
    if subject.kind not in KINDS:
        return frozenset()
    kind = KINDS[subject.kind]
    known = getattr(kind, "parse_canonical", kind.parse)(subject.text)
    charged = {"a net charge"} if getattr(known, "charge", 0) else set()
    return frozenset(getattr(known, "elements", ())) | charged


def argument_of(subject: Subject) -> Any:
    """Return what a user's function is handed of a subject: its canonical text, unless its kind says otherwise."""
    own = getattr(KINDS.find(subject.kind), "argument", None) if subject.kind in KINDS else None
    return subject.text if own is None else own(subject.text)


def parse_subject(kind: str, text: str) -> Subject:
    """Return the subject that a person has written.

    Raises
    ------
    ConfigurationError
        If there is no such kind.
    InvalidInputError
        If the text is none of that kind.
    """
    subject: Subject = KINDS.find(kind).parse(text).subject
    return subject


def classify(subject: Subject) -> str | None:
    """Return the class of a subject; None where its kind knows none, or this polyloop does not know its kind."""
    if subject.kind not in KINDS:
        return None
    try:
        return KINDS.find(subject.kind).classify(subject.text)
    except InvalidInputError:
        return None  # an evaluator of the user's own may know structures that the kind does not


def column_of(kind: str) -> str:
    """Return the header of the column of tables that holds subjects of a kind."""
    return KINDS[kind].column if kind in KINDS else kind


def as_given(parsed: Any) -> str:
    """Return the text of a kind's object as people wrote it, where it keeps that, else its canonical text."""
    return str(getattr(parsed, "smiles", parsed.subject.text))
