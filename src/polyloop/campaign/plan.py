"""EvaluationPlan: a campaign file turned into objectives and evaluators, and the requests that each candidate needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from polyloop.campaign.config.tables import CampaignConfig, ObjectiveTable
from polyloop.campaign.evaluators import evaluators_of, lower_evaluators
from polyloop.campaign.points import PointReader, points_of
from polyloop.campaign.requirements import requirements_of
from polyloop.core import ConfigurationError, Request, Subject
from polyloop.design import Objective
from polyloop.design.acquisition import Constraint
from polyloop.evaluation.evaluators import Evaluator, FunctionEvaluator, ProtocolEvaluator, TableEvaluator
from polyloop.evaluation.function_source import Source
from polyloop.evaluation.laboratory import LaboratoryEvaluator

__all__ = ["EvaluationPlan", "is_answer_of", "make_plan", "objectives_of", "protocol_id_of"]

# What may change between two sittings of a campaign, because no pick depends on it. Paths may too: what the files hold
# is part of the evaluators' identities and of the pool's digest.
_FREE = {
    "campaign": {"cycles", "workers", "batch"},
    "stop": True,
    "limits": True,
    "resources": True,
    "report": True,
    "store": True,
    "features": {"time_limit_s"},
    "pool": {"file": True, "model": True, "monomers": True, "skip_bad": True, "screening": {"model"}},
    "evaluators": {"__all__": {"table", "folder", "skip_bad", "model"}},
}


@dataclass(frozen=True)
class EvaluationPlan:
    """What to ask of whom.

    Parameters
    ----------
    evaluators
        By the name of the objective's property; several objectives may share one.
    lower
        The same of cheaper levels, by level, the cheapest first; empty where there is one level.
    points
        What the points of a space stand for, where a variable is a subject or a condition.
    """

    config: CampaignConfig
    objectives: tuple[Objective, ...]
    evaluators: Mapping[str, Evaluator]
    lower: Mapping[str, Mapping[str, Evaluator]] = field(default_factory=dict)
    points: PointReader | None = None

    def subject(self, text: str) -> Subject:
        """Return a candidate of the campaign's kind by its canonical text."""
        return Subject(self.config.pool.kind, text)

    def requests(self, subject: Subject, level: str = "", seed: int | None = None) -> list[Request]:
        """Return the evaluations that a candidate needs at a level, one per distinct evaluator; "" is the target.

        `seed` is that of the campaign when left out. With another, a repeat, only those whose values scatter are asked.
        """
        campaign = self.config.campaign
        seed = campaign.evaluation_seed if seed is None else seed
        chosen = self.lower[level] if level else self.evaluators
        if seed != campaign.evaluation_seed:
            chosen = {name: who for name, who in chosen.items() if name in who.scattered}
        asked = {protocol_id_of(evaluator, subject): evaluator for evaluator in chosen.values()}
        return [self._request(name, evaluator, subject, seed) for name, evaluator in asked.items()]

    def _request(self, protocol_id: str, evaluator: Evaluator, subject: Subject, seed: int) -> Request:
        """Return what is asked of an evaluator: of a protocol and a laboratory a subject at a state, where points are.

        A table answers for the whole point, and holds at the state of the campaign.
        """
        state, points = self.config.campaign.state, self.points
        if points is not None and not isinstance(evaluator, TableEvaluator):
            state = points.state_of(subject.text)
        request = Request(subject, protocol_id, seed, state)
        is_of_subject = isinstance(evaluator, ProtocolEvaluator | LaboratoryEvaluator)
        return points.of_subject(request) if points is not None and is_of_subject else request

    def computed(self, subject: Subject, level: str = "", seed: int | None = None) -> list[Request]:
        """Return the evaluations of a candidate that a program answers; the laboratory answers the others."""
        return [
            one
            for one in self.requests(subject, level, seed)
            if not isinstance(self.evaluator(one), LaboratoryEvaluator)
        ]

    def seed_of(self, repeat: int) -> int:
        """Return the seed of a candidate's first evaluation (1), second (2), ..."""
        return self.config.campaign.evaluation_seed + repeat - 1

    @property
    def scattered(self) -> tuple[str, ...]:
        """Properties whose values scatter between seeds, so that a mean over repeats is better than one value."""
        return tuple(name for name, who in self.evaluators.items() if name in who.scattered)

    @property
    def measured(self) -> tuple[str, ...]:
        """Properties of objectives that a laboratory measures."""
        return tuple(name for name, who in self.evaluators.items() if isinstance(who, LaboratoryEvaluator))

    @property
    def everybody(self) -> list[Evaluator]:
        """All evaluators, those of the objectives' level first."""
        return [*self.evaluators.values(), *(who for of in self.lower.values() for who in of.values())]

    def evaluator(self, request: Request) -> Evaluator:
        """Return who answers `request`."""
        return next(who for who in self.everybody if protocol_id_of(who, request.subject) == request.protocol_id)

    def asked(self) -> dict[str, str]:
        """Return the identity of the evaluator of each objective's property."""
        return {name: evaluator.protocol_id for name, evaluator in self.evaluators.items()}

    def asked_below(self) -> dict[str, dict[str, str]]:
        """Return the same for each cheaper level."""
        return {level: {name: who.protocol_id for name, who in of.items()} for level, of in self.lower.items()}

    def identity(self, *, without_defaults: bool = False) -> dict[str, Any]:
        """Return everything that the picks depend on, but the pool; ready for JSON.

        `without_defaults` leaves out what the file does not say: by it, a key that a later version has added with a
        default that changes nothing is told from a change.
        """
        config = self.config.model_dump(
            mode="json",
            exclude_none=True,
            exclude=_FREE,  # type: ignore[arg-type]
            exclude_defaults=without_defaults,
        )
        return {"config": config, "evaluators": self.asked()} | ({"levels": self.asked_below()} if self.lower else {})

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """What candidates must meet."""
        return requirements_of(self.config)

    @property
    def tables(self) -> tuple[TableEvaluator, ...]:
        """The tables among the evaluators, each once."""
        found = {who.protocol_id: who for who in self.evaluators.values() if isinstance(who, TableEvaluator)}
        return tuple(found.values())

    def sources(self) -> dict[str, Source]:
        """Return the source of the user's function behind each property that has one."""
        return {name: one.source for name, one in self.evaluators.items() if isinstance(one, FunctionEvaluator)}

    def source_changes(self, before: Mapping[str, Mapping[str, str]]) -> list[str]:
        """Say whose functions are not what they were, and in which files; `before` are the files of `sources`."""
        files = {name: source.changes(before[name]) for name, source in self.sources().items() if name in before}
        return [
            f"the source of the function for {name} has changed ({', '.join(of)})" for name, of in files.items() if of
        ]


def protocol_id_of(evaluator: Evaluator, subject: Subject) -> str:
    """Return NAME@VERSION of an evaluator's answers on a subject; a table's depends on the subject's rows."""
    return evaluator.protocol_id_of(subject.text) if isinstance(evaluator, TableEvaluator) else evaluator.protocol_id


def is_answer_of(protocol: str, identity: str) -> bool:
    """Tell whether a request's protocol is an evaluator's identity, or that of a table with the digest of some rows."""
    if protocol == identity:
        return True
    name, _, version = identity.rpartition("@")
    return name.startswith("table/") and bool(re.fullmatch(rf"{re.escape(name)}\.[0-9a-f]{{16}}@{version}", protocol))


def make_plan(config: CampaignConfig, functions: Mapping[str, Callable[..., Any]] | None = None) -> EvaluationPlan:
    """Make objectives and evaluators of a campaign file; `functions` are evaluators given as objects, by name.

    Raises
    ------
    ConfigurationError, InvalidInputError
        If a table cannot be read, a function cannot be imported, or repeats are wanted of what does not scatter.
    """
    plan = EvaluationPlan(
        config, objectives_of(config), evaluators_of(config, functions), lower_evaluators(config), points_of(config)
    )
    if config.acquisition.repeats and not set(plan.scattered) & {one.property for one in plan.objectives}:
        raise ConfigurationError(
            "Nothing would be learned by repeating: no function of an objective depends on its seed.",
            where="[acquisition] repeats",
            hint="Leave repeats out.",
        )
    return plan


def objectives_of(config: CampaignConfig) -> tuple[Objective, ...]:
    """Return the objectives of a campaign file."""
    return tuple(_objective(objective) for objective in config.objectives)


def _objective(table: ObjectiveTable) -> Objective:
    if table.range is not None:
        return Objective(table.property, "range", *table.range)
    direction: Literal["maximize", "minimize"] = "minimize" if str(table.direction).startswith("min") else "maximize"
    return Objective(table.property, direction)
