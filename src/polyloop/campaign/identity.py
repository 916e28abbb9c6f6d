"""What the picks of a campaign depend on, as its folder keeps it, and how that differs from a file of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polyloop.campaign.config.former import FORMER_DEFAULTS
from polyloop.campaign.plan import EvaluationPlan
from polyloop.core import content_key
from polyloop.design.pool import Pool

__all__ = ["differences", "identity_of", "pool_key"]

# What earlier versions held to be part of a campaign, and picks that are kept do not depend on.
_FREED = {("config.campaign", "batch")}


def differences(before: Any, now: Any, path: str = "", *, said: Any = None) -> list[str]:
    """Name the keys whose values differ; a key that was unknown before and that nobody has `said` is none."""
    if isinstance(before, dict) and isinstance(now, dict):
        found = []
        for key in sorted(set(before) | set(now)):
            own = said.get(key) if isinstance(said, dict) else None
            unsaid = (key not in before and own is None) or (
                key not in now and (not before[key] or FORMER_DEFAULTS.get(key) == before[key])
            )
            if (unsaid and path) or (path, key) in _FREED:
                continue
            found += differences(before.get(key), now.get(key), f"{path}{'.' if path else ''}{key}", said=own)
        return found
    if before == now:
        return []
    if path == "config.objectives":
        return [f"objectives were {_in_words(before)}; are {_in_words(now)}"]
    short = path.removeprefix("config.")
    return [f"{short} was {before!r}, is {now!r}" if len(f"{before}{now}") < 200 else short]


def _in_words(objectives: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{one['property']} {one.get('direction') or one.get('range')} by "
        f"{one.get('evaluator') or one.get('protocol') or one.get('level') or 'quick'}"
        for one in objectives
    )


def identity_of(plan: EvaluationPlan, pool: Pool) -> dict[str, Any]:
    """Return everything that the picks depend on, ready for JSON."""
    return {**plan.identity(), "pool": pool_key(pool)}


def pool_key(pool: Pool) -> str:
    """Return the digest of the candidates in their order."""
    return content_key({"pool": list(pool.texts)})
