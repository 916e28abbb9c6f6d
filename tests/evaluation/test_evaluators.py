"""A protocol, a table and a function answer the same requests with the same kind of records."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from polyloop.campaign import read_campaign_file
from polyloop.campaign.evaluators import evaluators_of
from polyloop.campaign.plan import make_plan
from polyloop.chem import Polymer
from polyloop.core import (
    Conditions,
    ConfigurationError,
    FailureCode,
    InvalidInputError,
    Record,
    Request,
    Status,
    Subject,
)
from polyloop.evaluation import evaluators
from polyloop.evaluation.evaluators import Evaluator, FunctionEvaluator, protocol_evaluator
from polyloop.evaluation.functions import load_function
from polyloop.simulate import protocol_for
from polyloop.tables import read_measured

Write = Callable[..., Path]

FUNCTIONS = """
import numpy as np

from polyloop.core import EvaluationError, FailureCode


def good(smiles, seed):
    return {"refractive_index": (1.5 + seed, 0.01), "abbe_number": 40, "density": 1.0}


def partial(smiles, seed):
    return {"refractive_index": 1.5}


def strange(smiles, seed):
    return {"refractive_index": float("nan"), "abbe_number": 9000}


def raises(smiles, seed):
    raise KeyError("no idea")


def refuses(smiles, seed):
    raise EvaluationError(FailureCode.ELEMENT, "basis", "no basis set", hint="leave it out")


def number(smiles, seed):
    return 1.5


def unknown(smiles, seed):
    return {"colour": 3.0}


def bad_std(smiles, seed):
    return {"refractive_index": (1.5, float("nan"))}


def hungry(smiles, seed):
    raise MemoryError


def numpy_numbers(smiles, seed):
    return {"refractive_index": (np.float32(1.5), np.float64(0.25)), "abbe_number": np.array([40])}


def infinite(smiles, seed):
    return {"refractive_index": 1.5, "abbe_number": float("-inf")}


GIVEN = {
    "truth": True, "numpy_truth": np.True_, "text": "1.5", "thousands": "1_000", "complex": 1.5 + 0j, "bytes": b"1.5",
    "several": np.ones(2), "huge": 10**400, "three": (1.5, 0.1, 0.1), "nested": {"value": 1.5},
}


def odd(name):
    return lambda smiles, seed: {"refractive_index": GIVEN[name], "abbe_number": 40}


globals().update({name: odd(name) for name in GIVEN})


def bad_std_text(smiles, seed):
    return {"refractive_index": (1.5, "0.1")}


def numbered(smiles, seed):
    return {1: 1.5}


def interrupts(smiles, seed):
    raise KeyboardInterrupt


def leaves(smiles, seed):
    raise SystemExit(3)


class Own(BaseException):
    def __str__(self):
        raise RuntimeError("no text either")


def own(smiles, seed):
    raise Own


def surrogate(smiles, seed):
    raise ValueError("a name \\udce9 and \\x00")


def hot(smiles, seed, conditions, *, temperature=1.0, pressure=None):
    return {"refractive_index": temperature / 300, "abbe_number": conditions.pressure + pressure}
"""


def ask(evaluator: Evaluator, polymer: str = "*CC*", seed: int = 0) -> dict[str, Record]:
    function, arguments = evaluator.call(Request(Subject("polymer", polymer), evaluator.protocol_id, seed))
    return {record.property: record for record in function(*arguments)}


@pytest.fixture
def function_evaluator(place: Path) -> Callable[[str], FunctionEvaluator]:
    (place / "user_functions.py").write_text(FUNCTIONS)

    def make(name: str) -> FunctionEvaluator:
        return FunctionEvaluator(
            f"python/user_functions.{name}@1",
            ("refractive_index", "abbe_number"),
            f"user_functions:{name}",
            str(place),
        )

    return make


def test_a_function_gives_values_with_or_without_an_error_bar(
    function_evaluator: Callable[[str], FunctionEvaluator],
) -> None:
    records = ask(function_evaluator("good"))
    assert (records["refractive_index"].value, records["refractive_index"].std) == (1.5, 0.01)
    assert (records["abbe_number"].value, records["abbe_number"].std) == (40.0, None)
    assert records["density"].value == 1.0, "what it gives beyond its promise is kept"
    assert ask(function_evaluator("good"), seed=1)["refractive_index"].value == 2.5


def test_a_property_without_a_value_fails_alone(function_evaluator: Callable[[str], FunctionEvaluator]) -> None:
    records = ask(function_evaluator("partial"))
    assert records["refractive_index"].status is Status.DONE
    assert "no value for abbe_number" in records["abbe_number"].failure.reason  # type: ignore[union-attr]


def test_an_implausible_value_is_unphysical_and_one_that_is_not_finite_a_failure_with_its_reason(
    function_evaluator: Callable[[str], FunctionEvaluator],
) -> None:
    records = ask(function_evaluator("strange"))
    assert records["abbe_number"].status is Status.UNPHYSICAL
    assert "gave nan for refractive_index" in records["refractive_index"].failure.reason  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "code", "reason"),
    [
        ("raises", FailureCode.EVALUATOR, "KeyError: 'no idea'"),
        ("refuses", FailureCode.ELEMENT, "no basis set"),
        ("number", FailureCode.EVALUATOR, "dict of property to value, not float"),
        ("unknown", FailureCode.EVALUATOR, "There is no property 'colour'"),
        ("bad_std", FailureCode.EVALUATOR, "standard deviation of refractive_index"),
        ("bad_std_text", FailureCode.EVALUATOR, "the standard deviation of refractive_index must be a number, not str"),
        ("numbered", FailureCode.EVALUATOR, "1 is no name of a property"),
        ("truth", FailureCode.EVALUATOR, "must be a number, not bool True"),
        ("numpy_truth", FailureCode.EVALUATOR, "must be a number, not bool True"),
        ("text", FailureCode.EVALUATOR, "must be a number, not str '1.5'"),
        ("thousands", FailureCode.EVALUATOR, "must be a number, not str '1_000'"),
        ("complex", FailureCode.EVALUATOR, "must be a number, not complex"),
        ("bytes", FailureCode.EVALUATOR, "must be a number, not bytes"),
        ("several", FailureCode.EVALUATOR, "must be one number, not ndarray of several"),
        ("huge", FailureCode.EVALUATOR, "too large for a number"),
        ("three", FailureCode.EVALUATOR, "must be a number, not tuple"),
        ("nested", FailureCode.EVALUATOR, "must be a number, not dict"),
        ("interrupts", FailureCode.EVALUATOR, "raised KeyboardInterrupt"),
        ("leaves", FailureCode.EVALUATOR, "raised SystemExit: 3"),
        ("own", FailureCode.EVALUATOR, "raised Own: (its text cannot be read: RuntimeError)"),
        ("surrogate", FailureCode.EVALUATOR, "raised ValueError: a name \\udce9 and \\x00"),
    ],
)
def test_what_a_function_does_wrong_becomes_a_failure(
    function_evaluator: Callable[[str], FunctionEvaluator], name: str, code: FailureCode, reason: str
) -> None:
    records = ask(function_evaluator(name))
    assert records.keys() == {"refractive_index", "abbe_number"}
    for record in records.values():
        assert record.failure is not None
        assert record.failure.code is code
        assert reason in record.failure.reason


def test_numpys_scalars_and_arrays_of_one_element_are_numbers(
    function_evaluator: Callable[[str], FunctionEvaluator],
) -> None:
    records = ask(function_evaluator("numpy_numbers"))
    assert (records["refractive_index"].value, records["refractive_index"].std) == (1.5, 0.25)
    assert (records["abbe_number"].value, records["abbe_number"].status) == (40.0, Status.DONE)


def test_a_value_that_is_not_finite_fails_alone(function_evaluator: Callable[[str], FunctionEvaluator]) -> None:
    records = ask(function_evaluator("infinite"))
    assert records["refractive_index"].status is Status.DONE
    assert "gave -inf for abbe_number, which is no finite number" in records["abbe_number"].failure.reason  # type: ignore[union-attr]


def test_a_function_is_handed_the_conditions_that_it_takes(
    function_evaluator: Callable[[str], FunctionEvaluator],
) -> None:
    evaluator = function_evaluator("hot")
    function, arguments = evaluator.call(
        Request(Subject("polymer", "*CC*"), evaluator.protocol_id, 0, Conditions(450.0, 20.0))
    )
    assert [record.value for record in function(*arguments)] == [1.5, 40.0]


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        ("smiles, seed", "not told the temperature 450 K and the pressure 3 atm of the samples"),
        ("smiles, seed, **options", "not told the temperature 450 K and the pressure 3 atm"),
        ("smiles, seed, temperature", "not told the pressure 3 atm of the samples"),
        ("smiles, seed, conditions", ""),
        ("smiles, seed, *, pressure, temperature=300.0", ""),
    ],
)
def test_a_function_that_would_not_know_the_conditions_is_refused_at_the_start(
    campaign_file: Write, place: Path, signature: str, said: str
) -> None:
    (place / "slow_optics.py").write_text(f"def evaluate({signature}): return {{}}\n")
    file = campaign_file(evaluator="function")
    file.write_text(file.read_text().replace("cycles = 3", "cycles = 3\ntemperature = 450.0\npressure = 3.0"))
    config = read_campaign_file(file)
    if said:
        with pytest.raises(ConfigurationError, match=said):
            evaluators_of(config)
    else:
        assert evaluators_of(config)


def test_a_function_that_does_not_take_a_seed_is_refused_at_the_start(campaign_file: Write, place: Path) -> None:
    (place / "slow_optics.py").write_text("def evaluate(smiles): return {}\n")
    with pytest.raises(ConfigurationError, match=r"cannot be called with \(smiles, seed\): too many positional"):
        evaluators_of(read_campaign_file(campaign_file(evaluator="function")))


def test_want_of_memory_is_left_to_the_runner(function_evaluator: Callable[[str], FunctionEvaluator]) -> None:
    with pytest.raises(MemoryError):
        ask(function_evaluator("hungry"))


def test_a_version_of_a_function_is_part_of_its_identity(campaign_file: Write, place: Path) -> None:
    (place / "slow_optics.py").write_text("def evaluate(smiles, seed): return {}\n")
    file = campaign_file(evaluator="function")
    first = evaluators_of(read_campaign_file(file))["abbe_number"]
    file.write_text(file.read_text().replace('"slow_optics:evaluate"', '"slow_optics:evaluate"\nversion = 2'))
    second = evaluators_of(read_campaign_file(file))["abbe_number"]
    assert re.fullmatch(r"python/slow_optics\.evaluate\.[0-9a-f]{16}@1", first.protocol_id)
    assert second.protocol_id == f"{first.protocol_id.removesuffix('@1')}@2"
    assert first.properties == ("refractive_index", "abbe_number")


def test_an_installed_package_offers_an_evaluator_by_entry_point(
    campaign_file: Write,
    function_evaluator: Callable[[str], FunctionEvaluator],
    monkeypatch: pytest.MonkeyPatch,
    place: Path,
) -> None:
    point = EntryPoint("lab", "user_functions: good", evaluators.ENTRY_POINT_GROUP)
    monkeypatch.setattr(evaluators, "entry_points", lambda group, name="lab": [point] if name == "lab" else [])
    monkeypatch.syspath_prepend(place)
    found = evaluators_of(read_campaign_file(campaign_file(evaluator="lab")))["refractive_index"]
    assert re.fullmatch(r"evaluator/lab\.[0-9a-f]{16}@1", found.protocol_id)
    assert ask(found)["refractive_index"].value == 1.5


def test_a_module_that_lacks_a_module_of_its_own_names_that(place: Path) -> None:
    (place / "needy.py").write_text("import not_installed_anywhere\n")
    with pytest.raises(ConfigurationError, match="'not_installed_anywhere'"):
        load_function("needy:f", str(place))


def test_a_table_answers_with_its_values_and_fails_where_it_has_none(
    campaign_file: Write, units: tuple[str, ...]
) -> None:
    table = evaluators_of(read_campaign_file(campaign_file()))["abbe_number"]
    record = ask(table, units[0])["abbe_number"]
    assert (record.std, record.n, record.std_of) == (0.5, 1, "as given by the table")
    missing = ask(table, units[3])["refractive_index"]
    assert missing.failure is not None
    assert missing.failure.code is FailureCode.NOT_IN_TABLE
    assert ask(table, "*CCCCCCCCCCCCCC(F)*")["abbe_number"].failure is not None


def test_the_identity_of_an_answer_is_that_of_the_polymers_own_rows(
    campaign_file: Write, place: Path, units: tuple[str, ...]
) -> None:
    file = campaign_file()

    def identities() -> list[str]:
        plan = make_plan(read_campaign_file(file))
        return [plan.requests(plan.subject(unit))[0].protocol_id for unit in units[:3]]

    first = identities()
    assert len(set(first)) == 3
    lines = (place / "table.csv").read_text().splitlines()
    lines[2] = lines[2].rsplit(",", 1)[0] + ",0.7"
    (place / "table.csv").write_text("\r\n".join([*lines, "*CCS*,1.6,30,1"]) + "\r\n")
    second = identities()
    assert [one == other for one, other in zip(first, second, strict=True)] == [True, False, True]


def test_rows_of_the_same_polymer_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    text = "unit,n_D,density\n*CC*,1.50,0.9\n*CCCC*,1.52,-9999\n*CC(*)C,,0.85\n"
    path.write_bytes(gzip.compress(text.encode()))
    table = read_measured(path, "unit", {"refractive_index": "n_D"}, [-9999])
    ethylene = table.at(Polymer("*CC*").canonical)
    # Mean and sample standard deviation of 1.50 and 1.52.
    assert ethylene["refractive_index"].value == pytest.approx(1.51)
    assert ethylene["refractive_index"].std == pytest.approx(0.0141421356)
    assert ethylene["refractive_index"].n == 2
    assert ethylene["density"].n == 1
    assert table.properties == ("refractive_index", "density")


def test_a_table_without_a_property_says_how_to_name_one(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("smiles,n_D\n*CC*,1.5\n")
    with pytest.raises(InvalidInputError, match="columns = "):
        read_measured(tmp_path / "t.csv")


STATES = "smiles,refractive_index,abbe_number,temperature [degC]\n"


def write_states(place: Path, units: tuple[str, ...], *celsius: float) -> None:
    rows = [f"{unit},{1.5 + t / 1000},{40 + t / 10},{t}\n" for unit in units[:-1] for t in celsius]
    (place / "table.csv").write_text(STATES + "".join(rows) + f"{units[-1]},1.5,40,{celsius[0]}\n")


def at(file: Path, *, kelvin: float, more: str = "") -> Path:
    file.write_text(
        file.read_text()
        .replace("cycles = 3", f"cycles = 3\ntemperature = {kelvin}")
        .replace('"table.csv"', f'"table.csv"\n{more}')
    )
    return file


def test_a_table_answers_with_what_holds_at_the_conditions_of_the_campaign(
    campaign_file: Write, place: Path, units: tuple[str, ...]
) -> None:
    write_states(place, units, 20.0, 80.0)
    evaluator = evaluators_of(read_campaign_file(at(campaign_file(), kelvin=353.15)))["abbe_number"]
    warm = Conditions(353.15)
    function, arguments = evaluator.call(Request(Subject("polymer", units[0]), evaluator.protocol_id, 0, warm))
    found = {record.property: record for record in function(*arguments)}
    assert (found["abbe_number"].value, found["abbe_number"].n) == (48.0, 1)
    assert found["abbe_number"].request.conditions == warm
    function, arguments = evaluator.call(Request(Subject("polymer", units[-1]), evaluator.protocol_id, 0, warm))
    failure = function(*arguments)[0].failure
    assert failure is not None
    assert failure.code is FailureCode.NOT_IN_TABLE
    assert "at 353.15 K and 1 atm, only at 293.15 K and 1 atm" in failure.reason


def test_a_table_that_says_nothing_of_temperature_is_refused_at_another_one(campaign_file: Write) -> None:
    with pytest.raises(
        ConfigurationError, match=r"no value of refractive_index at 450 K.*298.15 K.*nothing else is"
    ) as e:
        evaluators_of(read_campaign_file(at(campaign_file(), kelvin=450.0)))
    assert "temperature [K]" in e.value.hint
    stated = at(campaign_file(), kelvin=450.0, more="temperature = 450.0")
    assert evaluators_of(read_campaign_file(stated))


def test_a_table_without_a_row_at_the_temperature_of_the_campaign_names_those_that_it_has(
    campaign_file: Write, place: Path, units: tuple[str, ...]
) -> None:
    write_states(place, units, 20.0, 80.0)
    with pytest.raises(ConfigurationError, match=r"at 298.15 K.*293.15 K and 1 atm \(40\), 353.15 K and 1 atm \(39\)"):
        evaluators_of(read_campaign_file(campaign_file()))


def test_a_protocol_answers_by_itself() -> None:
    record = ask(protocol_evaluator("optics/instant@2"), "*CC(*)c1ccccc1")["refractive_index"]
    assert record.status is Status.DONE
    assert record.request.protocol_id == "optics/instant@2"


def test_protocols_are_found_by_level_or_name() -> None:
    assert protocol_for("refractive_index", level="instant").protocol_id == "optics/instant@2"
    assert protocol_for("abbe_number", protocol="optics/quick@3").protocol_id == "optics/quick@3"
    with pytest.raises(InvalidInputError, match="does not yield"):
        protocol_for("abbe_number", protocol="optics/instant@2")
    with pytest.raises(InvalidInputError, match="no protocol"):
        protocol_for("abbe_number", protocol="optics/nothing@1")
