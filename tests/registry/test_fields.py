"""What comes from outside is tidied or refused."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.registry.fields import is_blank, tidy_phone, tidy_text


@given(st.text())
def test_a_tidy_text_stays_as_it_is_and_can_be_printed(text: str) -> None:
    try:
        tidied = tidy_text(text)
    except ValueError:
        assert any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)
        return
    assert tidy_text(tidied) == tidied
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in tidied)
    assert (tidied == "") == is_blank(text)


@pytest.mark.parametrize("text", ["", "  ", "\u202e", " \ufeff \u2066\n"])
def test_what_nobody_can_see_is_blank(text: str) -> None:
    assert is_blank(text)
    assert tidy_text(text) == ""


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        (" 023-6869  0000 ", "023-6869 0000"),
        ("０２３－６８６９００００", "023-68690000"),
        ("(023) 6869.0000 Ext. 12", "(023) 6869.0000 Ext. 12"),
        ("+86 23 6869 0000", "+86 23 6869 0000"),
    ],
)
def test_a_number_that_can_be_dialled(text: str, phone: str) -> None:
    assert tidy_phone(text) == phone


@pytest.mark.parametrize("text", ["", "12", "ask", "120; 110", "120 or 110", "1" * 31, "120转1234567", "٠٢٣"])
def test_what_nobody_can_dial_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no phone number"):
        tidy_phone(text)
