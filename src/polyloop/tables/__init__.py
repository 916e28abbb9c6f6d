"""Reading people's tables (CSV, Parquet): columns mapped, units stated, one set of rules for all who read one."""

from polyloop.tables.arguments import parse_argument, parse_arguments
from polyloop.tables.bad_rows import BadRow, list_bad_rows, refuse_bad_rows
from polyloop.tables.columns import NumberColumn, split_header
from polyloop.tables.measured import Measured, MeasuredTable, read_measured, same_state, state_words
from polyloop.tables.subjects import parse_rows, read_subjects
from polyloop.tables.table import Row, Table, read_table
from polyloop.tables.values import ValueRow, ValueTable, read_values

__all__ = [
    "BadRow",
    "Measured",
    "MeasuredTable",
    "NumberColumn",
    "Row",
    "Table",
    "ValueRow",
    "ValueTable",
    "list_bad_rows",
    "parse_argument",
    "parse_arguments",
    "parse_rows",
    "read_measured",
    "read_subjects",
    "read_table",
    "read_values",
    "refuse_bad_rows",
    "same_state",
    "split_header",
    "state_words",
]
