"""The campaign file is read whole, resolved, written and read again as the same."""

from __future__ import annotations

import contextlib
import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyloop.campaign import CampaignConfig, read_campaign_file, write_campaign_file
from polyloop.campaign.config import tables as config_module
from polyloop.campaign.config.file import MODELS as _MODELS
from polyloop.campaign.config.file import campaign_text
from polyloop.campaign.config.lines import key_lines, line_of
from polyloop.campaign.plan import make_plan, objectives_of
from polyloop.campaign.proposal import acquisition_of
from polyloop.core import PROPERTIES, Conditions, ConfigurationError

Write = Callable[..., Path]
ROOT = Path(__file__).parents[2]

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
NUMBERS = st.floats(-1e6, 1e6)
WORDS = st.text(max_size=30)
CONFIGS = st.fixed_dictionaries(
    {
        "campaign": st.fixed_dictionaries({"name": NAMES, "seed": st.integers(0, 2**31), "cycles": st.integers(1, 99)}),
        "objectives": st.lists(
            st.one_of(
                st.fixed_dictionaries({"property": WORDS, "direction": st.sampled_from(["maximize", "minimize"])}),
                st.fixed_dictionaries({"property": WORDS, "range": st.lists(NUMBERS, min_size=2, max_size=2)}),
            ),
            min_size=1,
            max_size=4,
        ),
        "evaluators": st.dictionaries(NAMES, st.fixed_dictionaries({"python": st.text(max_size=20)}), max_size=2),
        "pool": st.fixed_dictionaries(
            {"source": st.just("homopolymers"), "classes": st.lists(st.text(), min_size=1, max_size=3)}
        ),
        "acquisition": st.fixed_dictionaries(
            {"reference_point": st.dictionaries(st.text(max_size=20), NUMBERS, max_size=3)}
        ),
    }
).map(lambda content: CampaignConfig.model_validate_json(json.dumps(content)))


@given(config=CONFIGS)
def test_a_written_file_reads_back_the_same(config: CampaignConfig, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "campaign.toml"
    write_campaign_file(config, path)
    again = read_campaign_file(path, check=False)
    # The folder of a function is that of the file, unless it is said.
    folders = {name: table.model_copy(update={"folder": None}) for name, table in again.evaluators.items()}
    assert again.model_copy(update={"evaluators": folders}) == config


def test_paths_are_relative_to_the_file(campaign_file: Write, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = campaign_file("[store]\nurl = 'sqlite:///results/all.sqlite'\n")
    monkeypatch.chdir("/")
    config = read_campaign_file(file)
    assert config.pool.file == place / "pool.csv"
    assert config.evaluators["table"].table == place / "table.csv"
    assert config.evaluators["function"].folder == place
    assert config.store.url == f"sqlite:///{place}/results/all.sqlite"


def test_the_resolved_text_spells_out_every_default(campaign_file: Write) -> None:
    text = campaign_text(read_campaign_file(campaign_file()))
    for line in ("evaluation_seed = 0", "stall_tolerance = 0.001", "retries = 1", 'method = "diverse"'):
        assert line in text


def test_several_errors_name_the_first_and_count_the_rest(campaign_file: Write) -> None:
    file = campaign_file()
    file.write_text(file.read_text().replace("seed = 1", "sed = 1").replace("cycles = 3", "cycles = 0"))
    with pytest.raises(ConfigurationError, match=r"'sed'.*1 more"):
        read_campaign_file(file)


@pytest.mark.parametrize(
    ("objectives", "expected"),
    [
        ('direction = "maximize"', "ei"),
        ("range = [1.5, 1.6]", "pi"),
    ],
)
def test_the_acquisition_suits_one_objective(campaign_file: Write, objectives: str, expected: str) -> None:
    file = campaign_file()
    first, _, rest = file.read_text().split("[[objectives]]")
    one = f'[[objectives]]\nproperty = "refractive_index"\n{objectives}\nevaluator = "table"\n[evaluators'
    file.write_text(first + one + rest.split("[evaluators", 1)[1])
    assert acquisition_of(read_campaign_file(file)) == expected


@pytest.mark.parametrize(
    ("given_range", "closed"), [("[1.5, inf]", (1.5, 2.6)), ("[-inf, 1.5]", (1.2, 1.5)), ("[-inf, inf]", (1.2, 2.6))]
)
def test_an_open_end_of_a_range_is_the_end_of_what_is_plausible(
    campaign_file: Write, tmp_path: Path, given_range: str, closed: tuple[float, float]
) -> None:
    file = campaign_file()
    file.write_text(file.read_text().replace('direction = "maximize"', f"range = {given_range}", 1))
    config = read_campaign_file(file)
    assert objectives_of(config)[0].ends == closed
    write_campaign_file(config, tmp_path / "again.toml")
    assert read_campaign_file(tmp_path / "again.toml").objectives == config.objectives


def test_the_acquisition_suits_two_objectives(campaign_file: Write) -> None:
    file = campaign_file()
    assert acquisition_of(read_campaign_file(file)) == "ehvi"
    file.write_text(file.read_text().replace('direction = "maximize"', "range = [1.5, 1.6]", 1))
    assert acquisition_of(read_campaign_file(file)) == "ehvi"


@pytest.mark.parametrize("more", [("density",), ("density", "homo")])
def test_the_acquisition_of_many_objectives_is_the_cheap_one(campaign_file: Write, more: tuple[str, ...]) -> None:
    file = campaign_file()
    tables = "".join(
        f'[[objectives]]\nproperty = "{name}"\ndirection = "maximize"\nevaluator = "table"\n' for name in more
    )
    file.write_text(file.read_text().replace("[evaluators.table]", tables + "[evaluators.table]", 1))
    assert acquisition_of(read_campaign_file(file)) == "ehvi"


def test_directions_may_be_spelled_either_way(campaign_file: Write) -> None:
    file = campaign_file()
    file.write_text(file.read_text().replace("maximize", "minimise", 1).replace("maximize", "maximise"))
    assert [each.direction for each in objectives_of(read_campaign_file(file))] == ["minimize", "maximize"]


@pytest.mark.parametrize("name", ["demo.toml", "density.toml", "optical.toml", "replay.toml"])
def test_the_examples_are_valid(name: str) -> None:
    read_campaign_file(ROOT / "examples" / name)


def test_requests_carry_the_conditions_of_the_campaign() -> None:
    plan = make_plan(read_campaign_file(ROOT / "examples" / "density.toml"))
    assert [request.conditions for request in plan.requests(plan.subject("*CC*"))] == [Conditions(300.0, 1.0)]


def test_conditions_that_a_protocol_does_not_know_are_refused(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "optical.toml").read_text()
    file = tmp_path / "hot.toml"
    file.write_text(text.replace("workers = 2", "temperature = 350.0"))
    with pytest.raises(ConfigurationError, match=r"line 9.*temperature.*optics/quick@3.*298.15 K"):
        read_campaign_file(file)


def test_lines_of_keys_are_found_in_any_layout() -> None:
    text = (
        '# note\na = 1\n\n[t]\n"odd key" = [\n  1,\n  2,\n]\nb.c = """\nnot = a key\n"""\n'
        "\n[[l]]\nx = 1\n[[l]]\nx = { y = 2 }\n"
    )
    lines = key_lines(text)
    assert lines[("a",)] == 2
    assert lines[("t", "odd key")] == 5
    assert lines[("t", "b", "c")] == 9
    assert lines[("l", 0, "x")] == 14
    assert lines[("l", 1, "x", "y")] == 16
    assert ("t", "not") not in lines
    assert line_of(("l", 1, "z"), lines) == 15
    assert line_of(("nowhere",), lines) is None


def test_every_key_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "campaign_file.md").read_text()
    tables = [
        value for value in vars(config_module).values() if isinstance(value, type) and value.__name__.endswith("Table")
    ]
    assert len(tables) >= 12
    for table in tables:
        if table.__name__ == "FileTable":
            continue
        section = next(part for part in page.split("\n## ") if part.startswith((table.__doc__ or "").split(":")[0]))
        for key, field in table.model_fields.items():
            assert f"| `{key}` |" in section, f"{key} of {table.__name__} is not in the reference"
            assert field.description in section, f"the reference says something else of {key}"


# Anything at all in a file


BASE = """
[campaign]
name = "t"
[[objectives]]
property = "density"
direction = "maximize"
evaluator = "a"
[evaluators.a]
python = "json:loads"
[properties.p]
unit = "K"
low = 0.0
high = 1.0
[pool]
source = "homopolymers"
[pool.screening]
keep = 5
[features]
[surrogate]
[acquisition]
[initial]
[stop]
[store]
[limits]
[resources]
[report]
"""
NAMED = {"evaluators": "a", "properties": "p", "variables": "v"}
LISTS = ("objectives", "requirements", "constraints")
KEYS = sorted({key for model in _MODELS.values() for key in model.model_fields} | set(_MODELS) | {"", "odd key", "ä.b"})
VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(10**30), 10**30),
        st.floats(),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        st.sampled_from(["gp", "csv", "maximize", "quick", "sqlite:///x", "a:b", "*CC*", "table.csv", "/", "\0", "~x"]),
        st.datetimes(),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=4,
)


def table_of(content: dict[str, Any], table: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Return the keys of a table, empty where the file has none, the table that holds it, and its name there."""
    *outer, name = table.split(".")
    above = content
    for word in outer:
        above = above[word]
    if name in LISTS:
        return above.setdefault(name, [{}])[0], above, name
    held = above.setdefault(name, {})
    return held.setdefault(NAMED[name], {}) if name in NAMED else held, above, name


@pytest.fixture(autouse=True, scope="module")
def no_property_stays() -> Iterator[None]:
    """A file that is read registers its properties for the process; those of this module are forgotten."""
    before = set(PROPERTIES.added)
    yield
    for name in set(PROPERTIES.added) - before:
        PROPERTIES.remove(name)


def test_the_file_that_is_tampered_with_below_is_valid(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(BASE)
    assert read_campaign_file(tmp_path / "c.toml").campaign.name == "t"


@settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.too_slow])
@given(table=st.sampled_from(sorted(_MODELS)), key=st.sampled_from(KEYS), value=VALUES, data=st.data())
def test_any_value_of_any_key_is_taken_or_refused_with_its_place(
    table: str, key: str, value: object, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = tomllib.loads(BASE)
    place, above, name = table_of(content, table)
    if data.draw(st.integers(0, 9)):
        place[key] = value
    else:
        above[name] = value
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(tomli_w.dumps(content))
    try:
        read_campaign_file(path)
    except ConfigurationError as error:
        assert str(path) in str(error)


@settings(deadline=None, max_examples=250)
@given(start=st.integers(0, len(BASE)), cut=st.integers(0, 30), more=st.text(max_size=12))
def test_any_text_is_taken_or_refused(
    start: int, cut: int, more: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "text.toml"
    path.write_text(BASE[:start] + more + BASE[start + cut :], encoding="utf-8", errors="surrogatepass")
    with contextlib.suppress(ConfigurationError):
        read_campaign_file(path)


def test_every_whole_number_of_a_campaign_file_has_a_bound(tmp_path: Path) -> None:
    path, bounded = tmp_path / "c.toml", 0
    for table, model in _MODELS.items():
        for key, field in model.model_fields.items():
            if field.annotation not in (int, int | None):
                continue
            content = tomllib.loads(BASE)
            place, _, _ = table_of(content, table)
            place[key] = 99999999999999999999
            path.write_text(tomli_w.dumps(content))
            with pytest.raises(ConfigurationError, match=rf"{key} = 9+: Input should be less than or equal to"):
                read_campaign_file(path)
            bounded += 1
    assert bounded >= 12
