"""What is said of mistakes, in Chinese: by rules that fit what the checks really say."""

import re
from pathlib import Path

import pytest

from stroke_map.registry import chinese, read_sheet
from stroke_map.registry.chinese import message_in_chinese, right_in_chinese

PACKAGE = Path(chinese.__file__).parents[1]
SOURCE = "".join(
    path.read_text(encoding="utf-8")
    for path in [*PACKAGE.glob("registry/*.py"), PACKAGE / "editions" / "placement.py"]
    if path.name != "chinese.py"
)


@pytest.mark.parametrize("english", [*chinese._MESSAGES, *chinese._RIGHT])
def test_every_rule_is_of_a_sentence_that_a_check_says(english):
    pieces = [piece.strip(" ;,") for piece in re.split(r"\{\}|, such as|such as|: |; |, ", english)]
    assert [piece for piece in pieces if piece not in SOURCE] == []


@pytest.mark.parametrize("rules", [chinese._MESSAGES, chinese._RIGHT])
def test_a_rule_fills_in_what_stood_there_and_no_more(rules):
    for english, translated in rules.items():
        blanks = english.count("{}")
        assert {int(number) for number in re.findall(r"\{(\d)\}", translated)} <= set(range(blanks)), english
        said = english.format(*(f"<{number}>" for number in range(blanks)))
        told = (message_in_chinese if rules is chinese._MESSAGES else right_in_chinese)(said)
        assert told == translated.format(*(f"<{number}>" for number in range(blanks))), "another rule comes first"


def test_what_a_sheet_is_told_can_be_said_in_chinese(tmp_path):
    file = tmp_path / "sheet.csv"
    header = "id,name_zh,lat,lon,crs,phone,thrombolysis,thrombectomy_valid_until,thrombectomy,what"
    rows = [
        "h1,甲,29.5,106.5,WGS-84,023-1,yes,,yes,x",
        "h1,乙,106.5,29.5,WGS-84,abc,maybe,31.12.2026,yes,",
        "h 2,,north,106.5,GPS9,,,,,",
        "h3,丙,29.5,206.5,WGS-84,023-1,,2026-02-30,,",
    ]
    file.write_text("\n".join([header, *rows]), encoding="utf-8")
    problems = read_sheet(file).problems
    assert len(problems) > 8
    assert [problem.message for problem in problems if not message_in_chinese(problem.message)] == []
    assert message_in_chinese("thrombectomy without CT") == "有“取栓”而没有“CT”"


def test_what_nobody_has_put_into_chinese_is_said_so():
    assert (
        message_in_chinese("something else") == right_in_chinese("is missing") == message_in_chinese("x" * 2000) == ""
    )
