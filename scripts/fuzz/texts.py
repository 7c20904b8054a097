"""Texts and bytes as somebody writes who means harm, or whose file was damaged on the way."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

WORDS: Final = (
    "", " ", "\x00", "\n", "\r\n", "\t", ",", ";", '"', "'", "''", "\\", "/", "..", "%", "@", "#", "=", "-", "+", "0", "-0", "1",
    "1.5", "1,5", "1e308", "1e999", "-1e999", "NaN", "inf", "0x10", "1_000", "99999999999999999999", "２０２６", "九", "½", "Ⅷ",
    "24/7", "Mo-Fr 08:00-18:00", "Mo-Su", "08:00-08:00", "25:00", "24:00-48:00", "PH off", "SH", "easter", "week 1-53/2", "sunrise-sunset",
    "Jan 31-Feb 30", "2026 Feb 29", "|| \"ask\"", "Mo[1,-1]", "24小时", "周一至周五", "2026-02-30", "2026年13月1日", "46387", "20261231",
    "9999-12-31", "0001-01-01", "2026-05-01T20:30:00+08:00", "2026-05-01T24:00:00Z", "2026-05-01 20:30:00 08:00", "是", "否", "未知", "√", "×",
    "yes", "no", "unknown", "GCJ-02", "BD-09", "WGS84", "高德", "WGS-84", "no_left_turn @ (Mo-Fr 07:00-09:00)", "no_u_turn @ (weight>7.5 AND 08:00-10:00)",
    "50 mph", "RU:urban", "none", "walk", "3'6\"", "2.5 m", "3500 kg", "PT1H30M", "1 h 30 min", "destination;delivery", "50;30", "-1",
    "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "${alert(1)}", "{{7*7}}", "\u202eevil\u202c", "\u2066", "\ufeff", "\ufffe", "e\u0301", "\ud800",
    "'; drop table hospitals; --", "../../etc/passwd", "&lt;", "\u2028", "\x1b[31m", "023-6869 0000 转 8", "h1:30; h2", "x" * 600,
)  # fmt: skip
#: What does not stand in a file's text: half of a character is no UTF-8.
_WHOLE: Final = tuple(word for word in WORDS if "\ud800" not in word)

words = st.sampled_from(WORDS)
whole_words = st.sampled_from(_WHOLE)


def texts_of(known: st.SearchStrategy[str], unknown: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Known words, several of them together, or any characters."""
    return known | st.lists(known | unknown, min_size=1, max_size=6).map("".join) | unknown


texts = texts_of(words, st.text(st.characters(), max_size=40))
#: Those that can be written into a file.
whole_texts = texts_of(whole_words, st.text(st.characters(codec="utf-8"), max_size=40))
#: What XML can hold besides.
xml_texts = whole_texts.map(
    lambda text: "".join(
        c for c in text if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
    )
)
numbers = st.sampled_from(
    [0, -0.0, 1e308, -1e308, 2**63, -(2**63) - 1, 10**400, 90.0000001, 180, -180, 29.5574, 106.577]
) | (st.floats() | st.integers())
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=12,
)

_EDITS: Final = ("flip", "cut", "insert", "repeat", "swap", "zero")


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """A file in which some bytes are not what they were, or that ends too early."""
    data = bytearray(draw(whole))
    for edit in draw(st.lists(st.sampled_from(_EDITS), max_size=6)):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        length = draw(st.integers(1, 64))
        if edit == "cut":
            del data[at : at + length if draw(st.booleans()) else None]
        elif edit == "insert":
            data[at:at] = draw(st.binary(max_size=64) | whole_words.map(str.encode))
        elif edit == "repeat":
            data[at:at] = data[at : at + length] * draw(st.integers(1, 50))
        elif edit == "zero":
            data[at : at + length] = bytes(len(data[at : at + length]))
        elif data:
            data[at] = data[at] ^ (1 << draw(st.integers(0, 7))) if edit == "flip" else draw(st.integers(0, 255))
    return bytes(data)
