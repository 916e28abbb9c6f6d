"""Where and when work runs: executors, limits, retries, cancellation, progress."""

from polyloop.run.models import Event, EventKind, Outcome, Task, Try
from polyloop.run.processes import SupervisedProcessPool
from polyloop.run.runner import Runner
from polyloop.run.signals import Stopped, cancel_on_signals

__all__ = [
    "Event",
    "EventKind",
    "Outcome",
    "Runner",
    "Stopped",
    "SupervisedProcessPool",
    "Task",
    "Try",
    "cancel_on_signals",
]
