"""What is said of a sheet's mistakes, in Chinese: for those who correct them on a screen. The checks themselves speak English, once.

Each rule is the English sentence, with `{}` where something of the sheet stands, and the Chinese one, with `{0}`, `{1}` for what stood there.
"""

from __future__ import annotations

import re
from typing import Final

from stroke_map.registry.centres import CAPABILITY_NAMES, CENTRES

_LONGEST: Final = 1000  # a sentence of ours with a cell or two in it

_MESSAGES: Final[dict[str, str]] = {
    "is missing": "未填写",
    "is unknown": "看不懂这个内容",
    "is no date": "不是日期",
    "is a day no calendar has": "日历上没有这一天",
    "is no number": "不是数字",
    "is too large a number": "数字太大",
    "is no whole number": "不是整数",
    "is no coordinate system": "不是坐标系",
    "is no phone number": "不是电话号码",
    "is out of range, -{} to {} degrees": "超出范围（-{0} 至 {1} 度）",
    "is out of range": "超出范围",
    "hours that cannot be read": "看不懂这个时间",
    "hours of over {} characters cannot be read": "时间超过 {0} 个字符，无法读取",
    "holidays ({}) are not known here: they count as ordinary days": "不识别节假日（{0}），按平日计",
    "a text of {} characters; at most {}": "文字有 {0} 个字符，最多 {1} 个",
    "a text of {} characters": "文字有 {0} 个字符，太长",
    "a text with control characters": "文字中有控制字符",
    "an id has 1 to 64 letters, digits, '_', '-' or '.', and starts with a letter or digit": "编号由 1 至 64 个字母、数字、_、- 或 . 组成，以字母或数字开头",
    "latitude and longitude look swapped": "纬度和经度好像颠倒了",
    "lies outside the region ({}, {})": "位于本地区之外（{0}, {1}）",
    "is the id of row {} too": "与第 {0} 行的编号相同",
    "names {}, which no row has": "{0} 不在表中",
    "names the hospital itself": "指向医院自身",
    "names one hospital twice": "同一家医院写了两次",
    "is missing beside what is said of it": "有说明却没有级别",
    "is missing beside the figures": "有数据却没有年份",
    "is a formula": "是公式",
    "is an error of the spreadsheet": "是表格软件的错误值",
    "is missing beside a level": "有级别却没有评定体系",
    "is before {}": "早于 {0}",
    "is the name of {} too, so nobody could tell the two apart": "与 {0} 同名，无法区分",
    "this site is {} m from {} ({})": "距 {1}（{2}）只有 {0} 米",
    "nothing is said of {}, which {} needs": "没有填写“{1}”所需的“{0}”",
    "{} without 24/7 hours: outside them answers say to telephone first": "“{0}”不是全天开放：其余时间的回答会提示先打电话",
    "{} without {}": "有“{0}”而没有“{1}”",
    "{}, and nothing is said of {}": "有“{0}”，但没有填写“{1}”",
    "the accreditation begins on {}, after the edition: answers list it as unknown (class 4)": "资质从 {0} 开始，晚于本版有效期：回答中列为未知（第 4 类）",
    "the accreditation ran out on {}, before the edition begins on {}: answers then list it {}as unknown (class 4) from there on": "资质已于 {0} 到期，早于本版开始（{1}）：之后在回答中列为未知（第 4 类）",
    "the accreditation runs out on {}, inside the edition: answers then list it {}as unknown (class 4) from there on": "资质在本版有效期内（{0}）到期：之后在回答中降级，直至列为未知（第 4 类）",
    "the level as {}: the accreditation ran out on {}, before the edition begins on {}; it is still shown": "“{0}”级别已于 {1} 到期，早于本版开始（{2}）；仍会显示",
    "the level as {}: the accreditation runs out on {}, inside the edition; it is still shown": "“{0}”级别在本版有效期内（{1}）到期；仍会显示",
    "{} ({}) is not said to do anything that is not done here": "{0}（{1}）并没有本院不能做的项目",
    "is no district of this region": "不是本地区的区县",
    "the {} hospitals that are given as {} fit the map clearly better as {}: {}": "标为 {1} 的 {0} 家医院，按 {2} 明显更符合地图",
    "as {} this is {} m from where {} ({}) is known to be, as {} {} m": "按 {0} 距 {2}（{3}）的已知位置 {1} 米，按 {4} 只有 {5} 米",
    "no road that can be driven to is within {} m of the entrance{}": "入口 {0} 米内没有可驶达的道路",
    "the entrance is {} m from any road{}": "入口距最近的道路 {0} 米",
    "no way leads to the road {} m from the entrance, and the next is {} m away{}": "入口旁 {0} 米的道路无法驶达，下一条在 {1} 米外",
    "is {} on the sheet {}, {}": "在工作表 {1} 的 {2} 中是 {0}",
    "is no id of the sheet {}": "工作表 {0} 中没有这个编号",
    "the column is unknown and was left out": "不认识这一列，已略去",
    "the column is there twice": "这一列出现了两次",
    "the column is there twice, as {} too": "这一列出现了两次（另见 {0}）",
    "the column is missing": "缺少这一列",
    "the row begins with # and was left out": "这一行以 # 开头，已略去",
    "the row has {} cells, the header {}": "这一行有 {0} 格，表头有 {1} 格",
    "stands below no header and was left out": "上方没有表头，已略去",
    "the sheet lists no hospitals and was left out": "这个工作表没有医院，已略去",
    "the sheet lists no hospital": "表中没有医院",
    "the sheet is hidden, and was left out": "工作表是隐藏的，已略去",
    "over {} problems; reading stopped here": "问题超过 {0} 个，读到这里为止",
    "over {} rows": "超过 {0} 行",
    "{} columns": "有 {0} 列",
    "a cell of over {} characters": "单元格超过 {0} 个字符",
    "a row that is not CSV: {}": "这一行不是 CSV 格式",
    "the text is not {}, which it looks like most": "文字编码无法识别（最像 {0}）",
    "the file is over {} MB": "文件超过 {0} MB",
    "the workbook is encrypted": "工作簿有密码",
    "this is a workbook of Excel 97-2003": "这是 Excel 97-2003 工作簿",
    "the workbook is damaged: {}": "工作簿已损坏",
    "the workbook has links to other files; they are not followed": "工作簿链接了其他文件，不会读取",
    "the workbook has macros": "工作簿含有宏",
    "the workbook has {} sheets": "工作簿有 {0} 个工作表",
    "this is a binary workbook (.xlsb)": "这是二进制工作簿（.xlsb）",
    "the file is encrypted": "文件已加密",
    "the file is a zip archive, but no Excel workbook": "这是压缩包，不是 Excel 工作簿",
    "the file unpacks to over {} MB": "文件解压后超过 {0} MB",
    "{} unpacks to over {}": "文件解压后过大",
}
_RIGHT: Final[dict[str, str]] = {
    "year-month-day, such as {}": "年-月-日，如 {0}",
    "a number, such as {}": "数字，如 {0}",
    "a number from {} to {}": "{0} 至 {1} 的数字",
    "decimal degrees, such as {}": "十进制度数，如 {0}",
    "an id such as {}": "编号，如 {0}",
    "a line of plain text, such as {}": "一行文字，如 {0}",
    "24/7, or opening hours such as {}": "24/7，或营业时间，如 {0}",
    "such as {}": "如 {0}",
    "one such as {}": "整数，如 {0}",
    "hours by weekday, or 24/7": "按星期写的时间，或 24/7",
    "the value: copy, then paste values only": "数值：复制后“只粘贴值”",
    "the value": "数值",
    "only printable ones": "只用可见字符",
    "any of {}, with ; between": "{0} 中的若干个，用 ; 隔开",
    "an id no other row has": "别的行没有用过的编号",
    "the id of another row": "另一行的编号",
    "the id of another hospital, or a blank cell": "另一家医院的编号，或留空",
    "the id of a hospital": "医院编号",
    "an id that is there": "表中已有的编号",
    "each hospital once": "每家医院只写一次",
    "each column once": "每列只出现一次",
    "the level, or all its cells blank": "填写级别，或全部留空",
    "who gives the level, such as {}": "评定体系，如 {0}",
    "{} or later": "{0} 或更晚",
    "a day up to {}, or blank": "{0} 或更早，或留空",
    "a place inside the region, within {}": "本地区内的位置：{0}",
    "the same, or blank": "相同内容，或留空",
    "one row per hospital": "一行一家医院",
    "one row for each site; sites of one organisation each with its own campus": "一个院区一行；同一医院的各院区分别写明院区名",
    "sites over {} m apart, or one row for both": "相距 {0} 米以上，或合为一行",
    "yes or no at every hospital": "每家医院填写“是”或“否”",
    "{} yes, or {} no": "{0} 为“是”，或 {1} 为“否”",
    "partners that can do more": "能做更多项目的转诊医院",
    "entrance_lat and entrance_lon beside a road": "路边的急诊入口坐标",
    "within {} km, or blank": "{0} 公里以内，或留空",
    "a column of the template, or none": "模板中的列，或删去",
    "a column id beside others": "有编号列和其他列",
    "a header above it, or blank": "上方有表头，或留空",
    "a row without it": "不以 # 开头的行",
    "a sheet that is shown, or none": "取消隐藏，或删去",
    "another sheet": "换一份表",
    "at most {}": "最多 {0}",
    "a text of a line or two": "一两行文字",
    "the values themselves": "直接填写内容",
    "the workbook saved without a password": "去掉密码后保存",
    "the workbook saved as .xlsx": "另存为 .xlsx",
    "an .xlsx workbook without password and macros": "没有密码和宏的 .xlsx 工作簿",
}


def message_in_chinese(text: str) -> str:
    """What is wrong, in Chinese; "" where nobody has put it into Chinese."""
    return _said(_MESSAGE_RULES, text)


def right_in_chinese(text: str) -> str:
    """What would be right, in Chinese; "" where nobody has put it into Chinese."""
    return _said(_RIGHT_RULES, text)


_Rules = list[tuple[re.Pattern[str], str]]


def _rules(sentences: dict[str, str]) -> _Rules:
    patterns = ("(.*?)".join(map(re.escape, english.split("{}"))) for english in sentences)
    return [(re.compile(one, re.DOTALL), chinese) for one, chinese in zip(patterns, sentences.values(), strict=True)]


_MESSAGE_RULES: Final = _rules(_MESSAGES)
_RIGHT_RULES: Final = _rules(_RIGHT)
_NAMES: Final = {name.name_en: name.name_zh for name in (*CAPABILITY_NAMES.values(), *CENTRES.values())}


def _said(rules: _Rules, text: str) -> str:
    if len(text) > _LONGEST:
        return ""
    for pattern, chinese in rules:
        if found := pattern.fullmatch(text):
            return chinese.format(*(_NAMES.get(part, part) for part in found.groups()))
    return ""
