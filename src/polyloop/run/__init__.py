"""Where and when work runs: executors, limits, retries, cancellation."""

from polyloop.run.models import Task, TaskOutcome
from polyloop.run.processes import SupervisedProcessPool
from polyloop.run.runner import Runner

__all__ = ["Runner", "SupervisedProcessPool", "Task", "TaskOutcome"]
