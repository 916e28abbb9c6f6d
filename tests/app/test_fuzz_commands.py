"""Whatever a command line or a file that is read back holds, a command ends with a result or with one clear message."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyloop.app.cli.main import main
from polyloop.campaign import Campaign

NUMBERS = st.one_of(
    st.sampled_from(["nan", "inf", "-inf", "1e400", "-1", "0", "-0.0", "", "1_000", "0x10", "1e300", "1e-320"]),
    st.sampled_from(["2147483648", "9223372036854775807", "9223372036854775808", "9" * 30, "1.5", "298.15"]),
    st.floats().map(str),
    st.integers().map(str),
    st.text(max_size=4),
)
TEXTS = st.one_of(
    st.sampled_from(["", ".", "\udce9", "-", "--", "*", "/dev/null", "nowhere/at/all", "a" * 300, "=1+1", "*CC*"]),
    st.text(st.characters(exclude_characters="\0/~"), max_size=20),  # no file outside the example's folder
)
UNITS = st.one_of(st.sampled_from(["*CC*", "*CC(*)C", "*C*", "*", "[*]C[*]", "*C*.*C*", "*[U]*"]), TEXTS)
STORES = st.one_of(
    st.sampled_from(["s.sqlite", "postgresql://u:p@h:port/d", "postgresql://[::1", "postgres://h:99999999/d"]),
    st.sampled_from(["sqlite://", "sqlite:///", "mysql://x", "://", "http://x", "sqlite:////nowhere/x.sqlite"]),
    TEXTS,
)
# Of workers, chains and replicas, which may be many.
NEVER_MANY = st.sampled_from(["1", "0", "-1", "nan", "x", ""])


def options(**values: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """Some options, each with a value."""
    pairs = [st.tuples(st.just(f"--{name.replace('_', '-')}"), value) for name, value in values.items()]
    return st.lists(st.one_of(pairs), max_size=3).map(lambda chosen: [word for pair in chosen for word in pair])


PROPERTIES = options(
    pressure=NUMBERS, temperature=NUMBERS, seed=NUMBERS, time_limit=NUMBERS, replicas=NEVER_MANY, workers=NEVER_MANY,
    store=STORES, property=TEXTS, protocol=st.one_of(st.just("optics/instant@2"), TEXTS), output=st.just("out.csv"),
    smiles_column=TEXTS,
)  # fmt: skip
BUILD = options(
    density=NUMBERS, seed=NUMBERS, chains=NEVER_MANY, dp=NEVER_MANY, atoms=NEVER_MANY, ions=NEVER_MANY,
    fractions=st.lists(NUMBERS, max_size=3).map(",".join), tacticity=TEXTS, arrangement=TEXTS,
)  # fmt: skip
SMALL_CELL = ("-o", "cell.xyz", "--charges", "none", "--chains", "1", "--dp", "2")
COMMANDS = st.one_of(
    st.builds(lambda unit, more: ["properties", unit, "--level", "instant", *more], UNITS, PROPERTIES),
    st.builds(lambda more: ["properties", "--csv", "table.csv", "--level", "instant", *more], PROPERTIES),
    st.builds(
        lambda unit, more: ["cell", "build", unit, *SMALL_CELL, *more],
        UNITS, BUILD,
    ),
    st.builds(lambda unit: ["canonical", unit], UNITS),
    st.builds(
        lambda source, more: ["campaign", "export", source, "-o", "out.csv", *more], STORES, options(format=TEXTS)
    ),
    st.builds(lambda name, file: [name, file], st.sampled_from(["status", "discover"]), TEXTS),
    st.builds(
        lambda name, file: ["campaign", name, file], st.sampled_from(["report", "retry", "pending", "suggest"]), TEXTS
    ),
    st.builds(lambda file, more: ["campaign", "tell", "run", file, *more], TEXTS, options(column=TEXTS, reason=TEXTS)),
    st.builds(lambda code: ["campaign", "retry", "run", "--code", code], TEXTS),
    st.lists(TEXTS, max_size=3),
)  # fmt: skip
# A bounded number: they are for the mechanism, and run beside all else.
BOUNDED = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@contextlib.contextmanager
def fresh_folder() -> Iterator[Path]:
    """A folder of its own for each example, which the fixtures of pytest do not give."""
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name), pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYLOOP_STORE", str(Path(name) / "default.sqlite"))
        yield Path(name)


def ended_well(*arguments: str) -> str:
    """Run a command; return what it wrote to stderr, after seeing that it did not fail by a mistake of ours."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    assert code in (0, 1), (arguments, err.getvalue())
    if code == 1:
        assert err.getvalue().strip(), "a refusal is said"
    assert "Traceback" not in err.getvalue()
    return err.getvalue()


@pytest.mark.slow
@given(COMMANDS)
@BOUNDED
def test_no_command_line_ends_in_a_mistake_of_ours(command: list[str]) -> None:
    with fresh_folder() as folder:
        (folder / "table.csv").write_text("smiles\n*CC*\n")
        ended_well(*command)


CAMPAIGN = """
[campaign]
name = "trial"
cycles = 1
batch = 1

[[objectives]]
property = "density"
direction = "maximize"
evaluator = "mine"

[evaluators.mine]
table = "table.csv"

[pool]
source = "csv"
file = "table.csv"

[features]
blocks = ["ecfp"]

[initial]
size = 2
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a campaign that has ended."""
    folder = tmp_path_factory.mktemp("finished")
    units = "*CC*", "*CC(*)C", "*CCO*", "*CC(*)Cl"
    table = "smiles,density\n" + "".join(f"{unit},{1 + row / 10}\n" for row, unit in enumerate(units))
    (folder / "table.csv").write_text(table)
    (folder / "c.toml").write_text(CAMPAIGN)
    Campaign.from_file(folder / "c.toml", folder / "run").run(report=False)
    return folder


def damages(content: bytes) -> st.SearchStrategy[bytes]:
    """Cut short, changed, emptied, or replaced by what is valid for the format but means nothing."""
    cut = st.integers(0, max(len(content) - 1, 0)).map(lambda length: content[:length])
    changed = st.tuples(st.integers(0, max(len(content) - 1, 0)), st.binary(min_size=1, max_size=8)).map(
        lambda pair: content[: pair[0]] + pair[1] + content[pair[0] + len(pair[1]) :]
    )
    other = st.sampled_from([b"", b"\0" * 100, b"{}", b"[]", b"3", b"null", b'{"campaign": 3}', b"\xff\xfe", b'"x"'])
    return st.one_of(cut, changed, other)


FILES = (
    "identity.json", "store.sqlite",
    *(pytest.param(name, marks=pytest.mark.slow) for name in
      ("pool.json", "campaign.toml", "features.sqlite", "../c.toml", "../table.csv")),
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
@settings(BOUNDED, max_examples=12)
def test_a_damaged_file_of_a_run_is_named_and_ends_no_command_in_a_mistake_of_ours(
    finished: Path, name: str, data: st.DataObject
) -> None:
    with fresh_folder() as folder:
        copied(finished, folder)
        path = folder / "run" / name
        if not path.exists():
            pytest.skip(f"a campaign on a table writes no {name}")
        path.write_bytes(data.draw(damages(path.read_bytes())))
        ended_well("status", "run")
        ended_well("campaign", "retry", "run")
        ended_well("campaign", "export", "run", "-o", "out.csv")
        ended_well("discover", "c.toml", "-d", "run", "--quiet", "--no-report")


def copied(source: Path, target: Path) -> None:
    """Copy a small tree; paths in its files then point to the source, which is left as it is."""
    for path in source.rglob("*"):
        place = target / path.relative_to(source)
        if path.is_dir():
            place.mkdir()
        else:
            place.write_bytes(path.read_bytes())


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"campaign": 3, "identity": {}}', '{"campaign": "x"}', "\udce9"])
def test_a_damaged_identity_says_how_to_mend_it(finished: Path, text: str) -> None:
    with fresh_folder() as folder:
        copied(finished, folder)
        (folder / "run" / "identity.json").write_bytes(os.fsencode(text))
        for command in (("status", "run"), ("discover", "c.toml", "-d", "run")):
            said = ended_well(*command)
            assert "identity.json: The file is damaged" in said
            assert "remove it, and discover makes it anew" in said
        (folder / "run" / "identity.json").unlink()
        assert "Error" not in ended_well("discover", "c.toml", "-d", "run", "--no-report", "--quiet")
