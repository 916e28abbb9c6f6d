"""CSV and Parquet: what is written can be read back, and a wrong table is refused with its place and the remedy."""

import csv
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyloop.core import (
    PROPERTIES,
    Conditions,
    Failure,
    InvalidInputError,
    Record,
    Request,
    Status,
    StoreError,
    Subject,
)
from polyloop.core.csv_text import plain_cell
from polyloop.store import Store
from polyloop.store.exports import write_csv, write_parquet
from polyloop.store.imports import read_records
from tests.store.conftest import ETHYLENE, PROPYLENE, SCF, STYRENE, answer, ask

FINITE = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@st.composite
def records_of_one(draw: st.DrawFn, polymer: str) -> list[Record]:
    conditions = Conditions(draw(st.floats(1, 1000)), draw(st.floats(1e-3, 1e3)))
    request = Request(Subject("polymer", polymer), "experiment/table@1", draw(st.integers(0, 2**40)), conditions)
    found = []
    for name in draw(st.lists(st.sampled_from(sorted(PROPERTIES)), min_size=1, max_size=4, unique=True)):
        if draw(st.integers(0, 4)) == 0:
            found.append(Record.failed(request, name, Failure(SCF.code, draw(TEXT), draw(TEXT))))
        else:
            std = draw(st.none() | st.floats(0, 1e3))
            found.append(
                Record.of_value(request, name, draw(FINITE), std=std, n=draw(st.integers(1, 9)), std_of=draw(TEXT))
            )
    return found


@st.composite
def tables(draw: st.DrawFn) -> list[Record]:
    polymers = draw(st.lists(st.sampled_from([ETHYLENE, STYRENE, PROPYLENE]), min_size=1, unique=True))
    return [record for polymer in polymers for record in draw(records_of_one(polymer))]


def from_long(row: dict) -> Record:
    """Rebuild a record from its row of the long form, by the columns' meaning alone."""
    return Record.from_dict(
        {
            "kind": row["kind"],
            "subject": row["smiles"],
            "property": row["property"],
            "value": float(row["value"]) if row["value"] not in ("", None) else None,
            "std": float(row["std"]) if row["std"] not in ("", None) else None,
            "n": int(row["n"]),
            "std_of": row["std_of"],
            "conditions": {"temperature": float(row["temperature [K]"]), "pressure": float(row["pressure [atm]"])},
            "protocol_id": row["protocol"],
            "seed": int(row["seed"]),
            "status": row["status"],
            "failure": json.loads(row["failure"]) if row["failure"] else None,
            "provenance": json.loads(row["provenance"]),
        }
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_the_long_form_holds_the_whole_record(found):
    pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    from pyarrow import parquet

    with tempfile.TemporaryDirectory() as folder:
        write_csv(Path(folder) / "table.csv", found, {}, "long")
        with (Path(folder) / "table.csv").open(newline="") as stream:
            rows = [{name: plain_cell(cell) for name, cell in row.items()} for row in csv.DictReader(stream)]
            assert [from_long(row) for row in rows] == found
        write_parquet(Path(folder) / "table.parquet", found, {}, "long")
        rows = parquet.read_table(Path(folder) / "table.parquet").to_pylist()
        assert [from_long(row) for row in rows] == found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_the_wide_form_can_be_imported_again(found):
    with tempfile.TemporaryDirectory() as folder:
        write_csv(Path(folder) / "table.csv", found, {}, "wide")
        again = read_records(
            Path(folder) / "table.csv", "experiment/table@1", seed=0, conditions=Conditions(), ignore=()
        ).records

    def content(rows):
        return {
            (row.key, row.property, row.value, row.std, row.status) for row in rows if row.status is not Status.FAILED
        }

    assert content(again) == content(found)


def test_a_store_exports_what_was_asked_for(store, tmp_path):
    store.add([*answer(ask()), *answer(ask(STYRENE), 1.05), Record.of_value(ask(), "refractive_index", 1.5)])
    assert store.export_csv(tmp_path / "wide.csv") == 2
    assert store.export_csv(tmp_path / "long.csv", "long", properties=["density"]) == 2
    header = (tmp_path / "wide.csv").read_text().splitlines()[0]
    assert header == (
        "smiles,kind,class,protocol,seed,temperature [K],pressure [atm],status,refractive_index [1],"
        "refractive_index_std [1],density [g/cm3],density_std [g/cm3],unphysical,failed,key"
    )
    pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    assert store.export_parquet(tmp_path / "wide.parquet", "wide") == 2


def test_an_empty_store_exports_a_header(store, tmp_path):
    assert store.export_csv(tmp_path / "long.csv", "long") == 0
    assert (
        (tmp_path / "long.csv")
        .read_text()
        .startswith("smiles,kind,class,protocol,seed,temperature [K],pressure [atm],property,value,std,unit")
    )


def test_a_place_that_cannot_be_written_is_named(store, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        store.export_csv(tmp_path / "file" / "table.csv")


def test_an_unknown_layout_is_refused(store, tmp_path):
    with pytest.raises(StoreError, match="Use wide or long"):
        store.export_csv(tmp_path / "table.csv", "tall")


def test_measured_data_become_records(store, tmp_path):
    table = tmp_path / "lab.csv"
    table.write_text(
        "\ufeffsmiles,density [g/cm3],density_std,refractive_index,comment,temperature [K]\n"
        "*CC*,0.92,0.01,1.51,bought,\n"
        "\n"
        "*CC(*)c1ccccc1,,,1.59,made,310\n"
        "*CC(*)C,,,,lost,\n"
        "*CC(*)Cl,44,,,odd,\n",
        encoding="utf-8",
    )
    summary = store.import_table(table, "experiment/lab@1", ignore=["comment"])
    assert (summary.added, summary.known, summary.records) == (3, 0, 4)
    assert (summary.unphysical, summary.empty_rows) == (1, 1)
    (density,) = store.records(subjects=[Subject("polymer", ETHYLENE)], properties=["density"])
    assert (density.value, density.std, density.request.protocol_id) == (0.92, 0.01, "experiment/lab@1")
    assert density.provenance.settings == {"source": "lab.csv, line 2"}
    (warm,) = store.records(subjects=[Subject("polymer", STYRENE)])
    assert warm.request.conditions == Conditions(310.0, 1.0)
    assert store.import_table(table, "experiment/lab@1", ignore=["comment"]).known == 3


def test_spellings_of_one_polymer_are_one(store, tmp_path):
    from polyloop.chem import Polymer

    (tmp_path / "lab.csv").write_text("smiles,density\n[*]CC([*])c1ccccc1,1.05\n")
    store.import_table(tmp_path / "lab.csv")
    assert [record.request.subject.text for record in store.records()] == [Polymer(STYRENE).canonical]


def test_repeated_measurements_are_told_apart_by_a_seed(store, tmp_path):
    (tmp_path / "lab.csv").write_text("smiles,density,seed\n*CC*,0.92,0\n*CC*,0.93,1\n")
    assert store.import_table(tmp_path / "lab.csv").added == 2


def test_other_values_for_the_same_protocol_are_refused_with_the_way_out(store, tmp_path):
    (tmp_path / "lab.csv").write_text("smiles,density\n*CC*,0.92\n")
    store.import_table(tmp_path / "lab.csv")
    (tmp_path / "lab.csv").write_text("smiles,density\n*CC*,0.93\n")
    with pytest.raises(StoreError, match=r"experiment/table@2"):
        store.import_table(tmp_path / "lab.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "table is empty"),
        ("density\n0.9\n", "no column 'smiles'"),
        ("smiles\n*CC*\n", "no column of a property"),
        ("smiles,densty\n*CC*,0.9\n", r"line 1, column 2: There is no property 'densty'. Did you mean 'density'"),
        ("smiles,zzz\n*CC*,0.9\n", r"ignore=\['zzz'\]"),
        ("smiles,density [K]\n*CC*,900\n", "column density .K.: density: 'K' is no unit .* g/cm3.*Known: g/cm3, kg/m3"),
        ("smiles,temperature [m],density\n*CC*,25,0.9\n", "temperature: 'm' is no unit .* K"),
        ("smiles,density,density [kg/m3]\n*CC*,0.9,900\n", "Two columns hold 'density'"),
        ("smiles,polymer,density\n*CC*,*CC*,0.9\n", "Two columns hold 'polymer'"),
        ("smiles,density,homo_std\n*CC*,0.9,0.1\n", "homo_std has no column homo"),
        ("smiles,density\n*CC*,0.9\n*CC*\n", "line 3: The row has 1 cells and the header 2"),
        ("smiles,density\n*CC*,high\n", "line 2, column density.*'high' is no number"),
        ('smiles,density\n*CC*,"1,050"\n', "may be 1.050 or 1050.*decimal points"),
        (
            'smiles,density\n*CC*,"0,9"\n*CC(*)C,0.9\n',
            "decimal comma, and '0.9' .line 3, column density. a decimal point",
        ),
        ("smiles,density\n*CC*,inf\n", "line 2, column density.*'inf' is no number.*must be finite"),
        ("smiles,density,density_std\n*CC*,0.9,-1\n", "column density_std.*The standard deviation -1 is negative"),
        ("smiles,density,density_std\n*CC*,,0.1\n", "a std but no value"),
        ("smiles,density,seed\n*CC*,0.9,one\n", "column seed.*'one' is no whole number"),
        ("smiles,density\nCC,0.9\n", "line 2, column smiles"),
        ("smiles,density\n*CC(*,0.9\n", "line 2, column smiles"),
        ("smiles,density\n*CC*,0.9\n[*]CC[*],0.9\n", "line 3, column smiles.*The polymer .* is the one of line 2"),
        ('smiles,density\n"*CC*,0.9\n', "no valid CSV"),
    ],
)
def test_a_wrong_table_is_refused_with_its_place_and_leaves_the_store_alone(store, tmp_path, text, message):
    (tmp_path / "lab.csv").write_text(text)
    with pytest.raises(InvalidInputError, match=message) as caught:
        store.import_table(tmp_path / "lab.csv")
    assert str(tmp_path / "lab.csv") in str(caught.value)
    assert store.records() == []


def test_a_file_that_is_not_there_or_not_text_is_refused(store, tmp_path):
    with pytest.raises(InvalidInputError, match="no such file"):
        store.import_table(tmp_path / "no.csv")
    (tmp_path / "lab.csv").write_bytes(b"smiles,density\n*CC*,0.9\xff\n")
    with pytest.raises(InvalidInputError, match="no UTF-8"):
        store.import_table(tmp_path / "lab.csv")


def test_a_protocol_name_is_checked(store, tmp_path):
    (tmp_path / "lab.csv").write_text("smiles,density\n*CC*,0.9\n")
    with pytest.raises(InvalidInputError, match="no protocol name"):
        store.import_table(tmp_path / "lab.csv", "my lab")


def test_everything_survives_a_trip_through_another_store(store, tmp_path):
    store.add([*answer(ask(), 0.9, std=0.1), *answer(ask(STYRENE), 1.05)])
    store.export_csv(tmp_path / "table.csv")
    with Store(tmp_path / "other.db") as other:
        other.import_table(tmp_path / "table.csv", "optics/quick@1")
        assert [(row.key, row.value, row.std) for row in other.records()] == [
            (row.key, row.value, row.std) for row in store.records()
        ]
