"""Passwords are taken out of text, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyloop.core import StoreError
from polyloop.core.text import without_passwords


@given(
    st.text("abcxyz@/:%$!# 0123456789", min_size=1, max_size=12).filter(lambda text: text.strip("0123456789") != ""),
    st.sampled_from(["", ":5432"]),
)
def test_no_password_is_left(password, port):
    marked = f"S3C{password}RET"
    shown = without_passwords(f"Error at postgresql://me:{marked}@host{port}/db: refused")
    assert "S3C" not in shown
    assert "RET" not in shown.partition("@")[0]


@pytest.mark.parametrize(
    "text",
    [
        "sqlite:////home/me@work/results.db",
        "postgresql://host:5432/db: the store has other values by optics/quick@2",
        "postgresql://me@host:5432/db",
        "postgresql://[::1]:5432/db by optics/quick@2",
        "https://example.org/a@b",
        "*CC(*)C by md/standard@2: nothing",
    ],
)
def test_text_without_a_password_is_left_alone(text):
    assert without_passwords(text) == text


@pytest.mark.parametrize("key", ["password", "sslpassword", "PASSWORD"])
def test_a_password_among_the_parameters_is_taken_out_too(key):
    assert without_passwords(f"postgresql://host/db?user=me&{key}=s3cret&x=1") == (
        f"postgresql://host/db?user=me&{key}=***&x=1"
    )


def test_errors_of_polyloop_show_none():
    error = StoreError("mysql://me:s3cret@host is none.", where="a://b:s3cret@c", hint="Try d://e:s3cret@f.")
    for text in (str(error), repr(error), error.reason, error.where, error.hint, *error.args):
        assert "s3cret" not in text
