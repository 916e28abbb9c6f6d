"""The machine's, the program's and the user's faults: none is kept as a polymer's, and each is said as what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from polyloop.app.cli.main import BUG, main
from polyloop.campaign import Campaign
from polyloop.core import EvaluationError, FailureCode, Request, Status, Subject
from polyloop.evaluation.evaluators import protocol_evaluator
from polyloop.run import Runner, Task
from polyloop.simulate import PROTOCOLS, Protocol, evaluate_request
from polyloop.store import Store
from tests.registered import registered

Write = Callable[..., Path]


def user_function(place: Path, body: str) -> None:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    text = f"import errno, os, sqlite3, subprocess\n\n\ndef evaluate(smiles, seed):\n{lines}"
    (place / "slow_optics.py").write_text(f"{text}    return {{'refractive_index': 1.5, 'abbe_number': 40.0}}\n")


MACHINE = {
    "full disk": ("raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))", FailureCode.DISK, "No space left"),
    "wrapped": (
        "try:\n    raise OSError(errno.EDQUOT, 'Disk quota exceeded')\n"
        "except OSError as error:\n    raise RuntimeError('no output') from error",
        FailureCode.DISK,
        "quota",
    ),
    "hidden": (
        "try:\n    open('/dev/full', 'w', buffering=1).write('x\\n')\n"
        "except OSError:\n    raise ValueError('bad') from None",
        FailureCode.DISK,
        "No space left",
    ),
    "database": ("raise sqlite3.OperationalError('database or disk is full')", FailureCode.DISK, "disk is full"),
    "memory": ("raise OSError(errno.ENOMEM, 'Cannot allocate memory')", FailureCode.SYSTEM, "Cannot allocate"),
    "table of files": ("raise OSError(errno.ENFILE, 'Too many open files in system')", FailureCode.SYSTEM, "in system"),
    "threads": ('raise RuntimeError("can\'t start new thread")', FailureCode.SYSTEM, "new thread"),
    "package": ("import no_such_package", FailureCode.SETUP, "no_such_package"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("body", "code", "said"), MACHINE.values(), ids=MACHINE)
def test_a_fault_of_the_machine_in_a_function_stops_the_campaign_and_is_no_record(
    campaign_file: Write, place: Path, body: str, code: FailureCode, said: str
) -> None:
    flag = place / "mended"
    inner = "".join(f"\n    {line}" for line in body.splitlines())
    user_function(place, f"if not os.path.exists({str(flag)!r}):{inner}")
    campaign = Campaign.from_file(campaign_file(evaluator="function"), place / "run")
    with pytest.raises(EvaluationError, match=said) as caught:
        campaign.run(cycles=0, report=False)
    assert caught.value.failure.code is code
    with campaign.open_store() as store:
        assert store.records() == []
        assert {evaluation.status for evaluation in store.evaluations()} <= {Status.WAITING}
    flag.touch()
    assert campaign.run(cycles=0, report=False).failures == 0, "the same command goes on once it is mended"


def test_a_worker_without_descriptors_harms_no_polymer(campaign_file: Write, place: Path) -> None:
    leak = (
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (128, 4096))\nfor _ in range(40): os.open('/', 0)"
    )
    user_function(place, leak)
    outcome = Campaign.from_file(campaign_file(evaluator="function"), place / "run").run(cycles=0, report=False)
    assert (outcome.evaluations, outcome.failures) == (6, 0)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise KeyboardInterrupt", "raised KeyboardInterrupt"),
        ("raise SystemExit(3)", "raised SystemExit: 3"),
        ("class Own(BaseException): pass\nraise Own('enough')", "raised Own: enough"),
        ("raise ValueError('half a pair \\udce9')", "raised ValueError: half a pair \\udce9"),
    ],
)
def test_whatever_a_function_raises_is_told_as_what_it_is_up_to_the_report(
    campaign_file: Write, place: Path, body: str, said: str
) -> None:
    user_function(place, body)
    campaign = Campaign.from_file(campaign_file(evaluator="function"), place / "run")
    outcome = campaign.run(cycles=0)
    assert (outcome.failures, outcome.failures_by_reason) == (6, {"evaluator": 6})
    with campaign.open_store() as store:
        assert all(said in one.failure.reason for one in store.failures() if one.failure)
    assert (place / "run" / "report").is_dir()


def test_a_mistake_of_our_own_is_no_record_and_the_command_says_what_to_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A real line of ours that raises a KeyError: `Record.from_dict` of what is no record."""
    from polyloop.core import Record

    broken = Status.FAILED
    monkeypatch.setattr(
        "polyloop.evaluation.evaluators.ProtocolEvaluator.call",
        lambda self, request: (Record.from_dict, ({"x": broken},)),
    )
    arguments = ["properties", "*CC*", "--level", "instant", "--store", str(tmp_path / "s.sqlite")]
    assert main(arguments) == BUG
    said = capsys.readouterr().err
    assert "polyloop has a bug: running: KeyError: 'provenance' (core/record.py, line" in said
    assert "Report it" in said
    with Store(tmp_path / "s.sqlite") as store:
        assert [evaluation.status for evaluation in store.evaluations()] == [Status.WAITING]
        assert store.records() == []
    monkeypatch.undo()
    assert main(arguments) == 0


@pytest.fixture
def add_protocol() -> Iterator[Callable[[Protocol], str]]:
    """Register a protocol for one test; returns its id."""
    with ExitStack() as stack:

        def add(protocol: Protocol) -> str:
            stack.enter_context(registered(protocol))
            return protocol.protocol_id

        yield add


@pytest.mark.parametrize("kind", [KeyError, IndexError, AttributeError, TypeError, AssertionError])
def test_a_protocol_whose_code_is_wrong_is_the_programs_fault(
    kind: type[Exception], add_protocol: Callable[[Protocol], str]
) -> None:
    """Raised in polyloop's own lines, as compiled from a file of the package."""
    import polyloop.simulate.optics.instant as ours

    scope: dict[str, object] = {"kind": kind}
    source = "def wrong(polymer, seed, conditions):\n    raise kind('no such thing')\n"
    exec(compile(source, ours.__file__, "exec"), scope)
    wrong = replace(PROTOCOLS["optics/instant@2"], name="optics/wrong", function=scope["wrong"])  # type: ignore[arg-type]
    label = add_protocol(wrong)
    with pytest.raises(kind):
        evaluate_request(Request(Subject("polymer", "*C*"), label))
    function, arguments = protocol_evaluator(label).call(Request(Subject("polymer", "*C*"), label))
    with pytest.raises(EvaluationError, match=r"simulate/optics/instant\.py, line 2") as caught:
        function(*arguments)
    assert caught.value.failure.code is FailureCode.PROGRAM


@pytest.mark.parametrize("kind", [KeyError, IndexError, ValueError, ZeroDivisionError])
def test_what_an_engine_raises_for_a_hard_polymer_is_a_failed_record(
    kind: type[Exception], add_protocol: Callable[[Protocol], str]
) -> None:
    def engine(polymer: object, seed: int, conditions: object) -> None:
        raise kind("no basis set")

    label = add_protocol(replace(PROTOCOLS["optics/instant@2"], name="optics/hard", function=engine))  # type: ignore[arg-type]
    records = evaluate_request(Request(Subject("polymer", "*C*"), label))
    assert {record.failure.code for record in records if record.failure} == {FailureCode.EVALUATOR}


def test_a_mistake_in_a_runners_task_of_somebody_else_is_theirs() -> None:
    with Runner(1) as runner:
        (outcome,) = runner.run([Task("odd", [].pop)])
    assert outcome.failure is not None
    assert outcome.failure.code is FailureCode.EVALUATOR
