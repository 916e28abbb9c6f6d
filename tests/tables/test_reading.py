"""A table is read the same whoever wrote it: separators, marks, line ends, decimal signs; what is open is refused."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyloop.core import InvalidInputError
from polyloop.tables import read_table
from polyloop.tables.files import read_bytes
from polyloop.tables.numbers import decimal_sign, is_no_value, parse_number, parse_whole_number

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12).map(str.strip)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.tuples(
        st.lists(st.text("abcdef", min_size=1, max_size=6), min_size=width, max_size=width, unique=True),
        st.lists(st.lists(CELLS, min_size=width, max_size=width).filter(any), min_size=1, max_size=6),
    )
)


def write(folder: Path, data: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    table=TABLES,
    separator=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    mark=st.booleans(),
    zipped=st.booleans(),
)
def test_any_cells_survive_any_way_to_write_them(table, separator, end, mark, zipped, tmp_path_factory):
    header, rows = table
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([header, *rows])
    data = (b"\xef\xbb\xbf" if mark else b"") + text.getvalue().encode()
    folder = tmp_path_factory.getbasetemp()
    path = folder / ("any.csv.gz" if zipped else "any.csv")
    path.write_bytes(gzip.compress(data) if zipped else data)
    read = read_table(path)
    assert list(read.header) == header
    assert [list(row.cells) for row in read.rows] == rows
    assert read.separator == separator


@settings(deadline=None, max_examples=200)
@given(data=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_bytes_give_anything_but_a_table_or_an_error_of_ours(data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "bytes.csv"
    path.write_bytes(data)
    try:
        table = read_table(path)
    except InvalidInputError as error:
        assert str(path) in str(error)
        assert error.hint
    else:
        assert all(len(row.cells) == len(table.header) for row in table.rows)


@settings(deadline=None, max_examples=40)
@given(rows=st.lists(st.tuples(st.floats(allow_infinity=False, allow_nan=False), CELLS), min_size=1, max_size=5))
def test_parquet_reads_like_a_csv_and_keeps_every_digit(rows, tmp_path_factory):
    arrow = pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    from pyarrow import parquet

    path = tmp_path_factory.getbasetemp() / "t.parquet"
    parquet.write_table(arrow.table({"x": [row[0] for row in rows], "note": [row[1] for row in rows]}), path)
    read = read_table(path)
    assert [parse_number(row.cells[0]) for row in read.rows] == [row[0] for row in rows]
    assert [row.cells[1] for row in read.rows] == [row[1] for row in rows]


def test_what_parquet_lacks_is_an_empty_cell(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    from pyarrow import parquet

    parquet.write_table(arrow.table({"x": [1.5, None, float("nan")], "n": [1, 2, 3]}), tmp_path / "t.parquet")
    assert [row.cells[0] for row in read_table(tmp_path / "t.parquet").rows] == ["1.5", "", ""]
    with pytest.raises(InvalidInputError, match="no readable Parquet"):
        read_table(write(tmp_path, "smiles\n*CC*\n", "no.parquet"))


def test_the_separator_is_the_one_that_the_rows_agree_on(tmp_path):
    assert read_table(write(tmp_path, "smiles;density, dry;T_g\n*CC*;0,9;195\n*CO*;1,4;200\n")).separator == ";"
    assert read_table(write(tmp_path, "smiles,name;id\n*CC*,a;b\n*CC*,c\n")).separator == ","
    assert read_table(write(tmp_path, "smiles\tn\n*CC*\t1,5\n")).separator == "\t"
    assert read_table(write(tmp_path, "smiles\n*CC*\n")).header == ("smiles",)


def test_two_separators_that_fit_equally_well_are_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="commas and semicolons"):
        read_table(write(tmp_path, "smiles;density,note\n*CC*;0,9\n"))


def test_empty_columns_at_the_right_are_none_and_columns_without_a_name_are_kept(tmp_path):
    table = read_table(write(tmp_path, ",smiles,density,,\n0,*CC*,0.9,,\n1,*CO*,1.4,,\n"))
    assert table.header == ("column 1", "smiles", "density")
    assert [row.cells for row in table.rows] == [("0", "*CC*", "0.9"), ("1", "*CO*", "1.4")]
    table = read_table(write(tmp_path, "smiles,density,\n*CC*,0.9,seen twice\n*CO*,1.4,\n"))
    assert table.header == ("smiles", "density", "column 3")


def test_rows_of_another_width_are_bad_rows_with_their_lines(tmp_path):
    table = read_table(write(tmp_path, 'a,b\n1,2\n"x\ny",2\n1\n\n1,2,3\n1,2,\n'))
    assert [row.line for row in table.rows] == [2, 3, 8]
    assert [bad.line for bad in table.bad_rows] == [5, 7]
    assert table.total == 5


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\n \n\n", "empty"),
        (b"smiles,n\n", "no rows"),
        (b"a,a\n1,2\n", "'a' stands there twice"),
        (b'a,b\n"1,2\n', "line 2.*no valid CSV.*quotes"),
        ("a,b\n1,ä\n".encode("latin-1"), "no UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"a\n" + b"x" * 200_000, "field larger than field limit"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, data, words):
    with pytest.raises(InvalidInputError, match=words):
        read_table(write(tmp_path, data))


def test_places_that_hold_no_file_are_refused(tmp_path):
    for path in (tmp_path / "no.csv", tmp_path, Path("/dev/full") / "x", tmp_path / "a\0b"):
        with pytest.raises(InvalidInputError):
            read_table(path)


def test_a_table_is_read_up_to_a_limit(tmp_path):
    path = write(tmp_path, gzip.compress(b"smiles\n" + b"*CC*\n" * 1000), "t.csv.gz")
    assert len(read_bytes(path, 5007)) == 5007
    with pytest.raises(InvalidInputError, match="larger than 0 MiB once it is unpacked"):
        read_bytes(path, 5006)


BOMB = """
import gzip, resource, sys
from pathlib import Path
from polyloop.core import InvalidInputError
from polyloop.tables import read_table
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_table(Path(sys.argv[1]))
except InvalidInputError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize("filling", [b"\0", b"\n", b"x,y\n"])
def test_a_gzip_bomb_ends_soon_and_takes_bounded_memory(tmp_path, filling):
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(b"smiles,n\n")
        for _ in range(300):
            stream.write(filling * (2**20 // len(filling)))
    ran = subprocess.run([sys.executable, "-c", BOMB, path], capture_output=True, text=True, check=True, timeout=120)
    words, kilobytes = ran.stdout.splitlines()
    assert "larger than 256 MiB" in words
    assert int(kilobytes) < 700_000


# Numbers


@pytest.mark.parametrize("cell", ["1", "-1.5", "+2", ".5", "5.", "1e-8", "1E5", " 3 ", "\N{MINUS SIGN}7.25", "00.1"])
def test_a_number_is_read(cell):
    assert parse_number(cell) == float(cell.strip().replace("\N{MINUS SIGN}", "-"))


@pytest.mark.parametrize(
    "cell",
    ["True", "1_000", "inf", "-Infinity", "1e400", "-1e400", "1e-400", "0x10", "1,5", "1 000", "1.2.3", "1'000", "high",
     "12 K", "1/2", "١٢", "１", "1e", "e5", "--1", "1.5f", "$1"],
)  # fmt: skip
def test_what_is_no_number_is_refused_with_a_mend(cell):
    with pytest.raises(InvalidInputError) as caught:
        parse_number(cell)
    assert repr(cell) in str(caught.value)
    assert caught.value.hint


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_that_python_writes_is_read_as_it_is(value):
    assert parse_number(repr(value)) == value
    assert parse_number(repr(value).replace(".", ","), ",") == value


@given(st.text(max_size=12))
def test_any_cell_is_a_finite_number_or_refused(cell):
    with contextlib.suppress(InvalidInputError):
        assert abs(parse_number(cell)) <= sys.float_info.max


@pytest.mark.parametrize("cell", ["", " ", "nan", "NaN", "NA", "N/A", "null", "None", "#N/A"])
def test_what_data_frames_write_for_no_value_is_none(cell):
    assert is_no_value(cell)


@pytest.mark.parametrize("cell", ["1.0", "1e3", "9" * 19, "", "one"])
def test_a_whole_number_has_digits_only(cell):
    with pytest.raises(InvalidInputError, match="no whole number"):
        parse_whole_number(cell)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("a;b\n1,5;2\n", ","),
        ("a;b\n1,512;1,490\n", ","),
        ("a;b\n1.5;2\n", "."),
        ('a,b\n"1,5",2\n', ","),
        ('a,b\n"0,512","1,490"\n', ","),
        ("a\tb\n1,5\t1,234\n", ","),
        ('a,b\n"1,5",2.5\n3.5,4.5\n', "."),
        ("a,b\n1,2\n", "."),
    ],
)
def test_a_comma_is_a_decimal_sign_where_it_can_only_be_one(tmp_path, text, sign):
    assert decimal_sign(read_table(write(tmp_path, text)), [0, 1]) == sign


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('a,b\n"1,512",2\n', "'1,512' may be 1.512 or 1512"),
        ("a\tb\n1,512\t3,100\n", "may be 1.512 or 1512"),
        ("a;b\n1,5;2.5\n", r"line 2, column a: '1,5' has a decimal comma, and '2.5' \(line 2, column b\)"),
    ],
)
def test_a_comma_that_may_be_either_is_refused(tmp_path, text, words):
    with pytest.raises(InvalidInputError, match=words):
        decimal_sign(read_table(write(tmp_path, text)), [0, 1])
