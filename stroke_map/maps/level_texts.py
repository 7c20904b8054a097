"""What a centre's level is called in English, where it is one of the schemes that are known; and what stays Chinese on an English page.

Stroke: the National Health Commission's four grades, in order model, advanced, comprehensive and primary (short for: of prevention and
treatment). Chest pain: the China Chest Pain Center's standard and basic editions, its units and points. What no table knows stays as the registry has it, marked as Chinese for who hears it read.
"""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup

_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_IN_ENGLISH: Final = {
    # who grades
    "国家卒中中心": "National Stroke Center",
    "中国胸痛中心": "China Chest Pain Center",
    "示范级别（虚构）": "Demonstration grade (made up)",
    # stroke
    "国家示范卒中中心": "national model stroke center",
    "示范高级卒中中心": "national model stroke center",
    "高级卒中中心": "advanced stroke center",
    "综合防治卒中中心": "comprehensive stroke center",
    "防治卒中中心": "primary stroke center",
    "三级卒中中心": "tertiary stroke center",
    "二级卒中中心": "secondary stroke center",
    # chest pain
    "高级胸痛中心": "advanced chest pain center",
    "标准版": "standard chest pain center",
    "标准版胸痛中心": "standard chest pain center",
    "基层版": "basic chest pain center",
    "基层版胸痛中心": "basic chest pain center",
    "胸痛救治单元": "chest pain unit",
    "胸痛救治点": "chest pain point",
    # trauma
    "创伤中心一级": "level I trauma center",
    "创伤中心二级": "level II trauma center",
    "创伤中心三级": "level III trauma center",
    # hospitals
    "市级中心": "municipal center",
    "三级甲等": "grade III, class A",
    "三级乙等": "grade III, class B",
    "二级甲等": "grade II, class A",
    "二级乙等": "grade II, class B",
}


def in_words(level: str, lang: str) -> str:
    """A level, or who gives it, in the language of a page as far as it is known."""
    return _IN_ENGLISH.get(level, level) if lang == "en" else level


def foreign(text: str, lang: str) -> Markup:
    """The attribute that tells a screen reader to read Chinese on an English page, to be put into a tag; else nothing."""
    return Markup(' lang="zh-CN"') if lang != "zh" and _HAN.search(text) else Markup()
