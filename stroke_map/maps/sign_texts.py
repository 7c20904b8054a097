"""What to look for: the signs of a stroke and of a heart attack, in both languages.

Stroke 1-2-0: J. Zhao, R. Liu, "Stroke 1-2-0: a rapid response programme for stroke in China", Lancet Neurology 16 (2017) 27-28.
BE FAST: S. Aroor, R. Singh, L. B. Goldstein, "BE-FAST", Stroke 48 (2017) 479-481.
1·20: the heart attack day of the China Chest Pain Centers: call 120 in time, and the golden 120 minutes.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Sign(NamedTuple):
    """One sign: the letter or digit it is remembered by, its drawing in `templates/signs.html`, and its text in `SIGN_TEXTS`."""

    letter: str
    drawing: str
    text: str


STROKE_120: Final = (
    Sign("1", "face", "sign_face_120"),
    Sign("2", "arms", "sign_arms_120"),
    Sign("0", "speech", "sign_speech_120"),
)
BE_FAST: Final = (
    Sign("B", "balance", "sign_balance"),
    Sign("E", "eyes", "sign_eyes"),
    Sign("F", "face", "sign_face"),
    Sign("A", "arms", "sign_arms"),
    Sign("S", "speech", "sign_speech"),
    Sign("T", "clock", "sign_time"),
)
CHEST_PAIN: Final = (
    Sign("", "chest", "sign_chest"),
    Sign("", "spread", "sign_spread"),
    Sign("", "sweat", "sign_sweat"),
)
#: By condition and language: what is remembered there comes first; the rest unfolds. Each with the text of its heading.
SIGNS: Final[dict[str, dict[str, tuple[tuple[str, tuple[Sign, ...]], ...]]]] = {
    "stroke": {
        "zh": (("signs_120", STROKE_120), ("signs_be_fast", BE_FAST)),
        "en": (("signs_be_fast", BE_FAST), ("signs_120", STROKE_120)),
    },
    "chest_pain": {"zh": (("signs_chest_pain", CHEST_PAIN),), "en": (("signs_chest_pain", CHEST_PAIN),)},
}

SIGN_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "signs_120": ("中风 120", "Stroke 1-2-0"),
    "signs_be_fast": ("BE FAST（六个征象）", "BE FAST"),
    "signs_chest_pain": ("这样的胸痛要打 120", "Call 120 for chest pain like this"),
    "signs_when_stroke": (
        "突然出现任何一项，立即打 120，并记下几点开始。自己好转了也要打。",
        "Any one of these, suddenly: call 120 at once and note the time it began. Also if it passes.",
    ),
    "signs_when_chest_pain": (
        "休息几分钟不缓解，或带有其中一项：立即打 120。坐下或躺下，不要走动。",
        "If rest does not end it within minutes, or with any of these: call 120 at once. Sit or lie down, do not walk.",
    ),
    "signs_remember_stroke": (
        "不要等，不要自行喂药喂水。",
        "Do not wait. Give nothing to eat, drink or swallow.",
    ),
    "signs_remember_chest_pain": (
        "1·20：第一个“120”是及时拨打 120，第二个“120”是黄金救治 120 分钟。",
        "1·20: call 120 in time; the first 120 minutes are golden.",
    ),
    "sign_face_120": ("看一张脸：不对称、口角歪", "1 face: uneven, mouth droops"),
    "sign_arms_120": ("查两只胳膊：一侧抬不起", "2 arms: one is weak"),
    "sign_speech_120": ("聆听语言：说不清、听不懂", "0 (hear) speech: slurred or strange"),
    "sign_balance": ("平衡：站不稳、走路偏", "Balance lost"),
    "sign_eyes": ("眼睛：看不清、看不见", "Eyes: sight lost"),
    "sign_face": ("面部：口角歪斜", "Face droops"),
    "sign_arms": ("手臂：一侧无力", "Arm weak"),
    "sign_speech": ("语言：说不清楚", "Speech slurred"),
    "sign_time": ("时间：马上打 120", "Time to call 120"),
    "sign_chest": ("胸口压榨、憋闷、紧缩", "Pressure or tightness in the chest"),
    "sign_spread": ("痛到手臂、下颌、后背", "Into arm, jaw or back"),
    "sign_sweat": ("出冷汗、气短、恶心", "Cold sweat, short of breath, sick"),
}  # fmt: skip
