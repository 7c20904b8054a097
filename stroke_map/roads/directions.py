"""Steps in words, Chinese and English."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from stroke_map.roads.steps import Step

_UNNAMED: Final = {"zh": "无名道路", "en": "an unnamed road"}
_WORDS: Final[dict[str, tuple[str, str]]] = {
    "depart": ("从{street}出发", "Start on {street}"),
    "continue": ("继续沿{street}直行", "Continue on {street}"),
    "slight left": ("向左前方进入{street}", "Bear left onto {street}"),
    "left": ("左转进入{street}", "Turn left onto {street}"),
    "sharp left": ("向左后方急转进入{street}", "Turn sharp left onto {street}"),
    "slight right": ("向右前方进入{street}", "Bear right onto {street}"),
    "right": ("右转进入{street}", "Turn right onto {street}"),
    "sharp right": ("向右后方急转进入{street}", "Turn sharp right onto {street}"),
    "uturn": ("在{street}掉头", "Make a U-turn on {street}"),
    "roundabout": ("进入环岛，从第 {exit} 个出口驶出", "Enter the roundabout and take exit {exit}"),
    "exit roundabout": ("驶出环岛，进入{street}", "Leave the roundabout onto {street}"),
    "ferry": ("乘渡轮{street}", "Take the ferry {street}"),
    "train": ("乘汽车列车{street}", "Take the car train {street}"),
    "on ramp": ("上匝道{toward_zh}", "Take the ramp{toward_en}"),
    "off ramp": ("从出口驶出{toward_zh}", "Take the exit{toward_en}"),
    "merge": ("汇入{street}", "Merge onto {street}"),
    "arrive": ("到达，在{street}", "Arrive on {street}"),
}


def step_text(step: Step) -> dict[str, str]:
    """`{"zh", "en"}`: what to tell the driver. To be read only: equal steps share it."""
    named = step.name or step.ref
    return _text(step.maneuver, named, step.name_en or named, step.exit, step.destination, step.tunnel)


# Most drives end on the same few streets.
@lru_cache(maxsize=16_384)
def _text(  # noqa: PLR0917 (the parts of a sentence)
    maneuver: str, street_zh: str, street_en: str, exit_: int | None, destination: str, tunnel: bool
) -> dict[str, str]:
    zh, en = _WORDS[maneuver]
    signs = destination.replace(";", "、"), destination.replace(";", ", ")
    toward = {
        "toward_zh": f"，往{signs[0]}方向" if signs[0] else "",
        "toward_en": f" towards {signs[1]}" if signs[1] else "",
    }
    text = {
        "zh": zh.format(street=street_zh or _UNNAMED["zh"], exit=exit_, **toward),
        "en": en.format(street=street_en or _UNNAMED["en"], exit=exit_, **toward),
    }
    if tunnel:
        text = {"zh": f"{text['zh']}（隧道）", "en": f"{text['en']} (tunnel)"}
    return text
