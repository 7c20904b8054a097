"""The words of the crew's page, in both languages."""

from __future__ import annotations

from typing import Final

from stroke_map.web.hospital_texts import MOMENT
from stroke_map.web.patient_texts import PATIENT

CREW: Final[dict[str, tuple[str, str]]] = {
    **PATIENT,
    **MOMENT,
    "title_case": ("本次任务", "This case"),
    "title_no_case": ("链接无效", "This link leads nowhere"),
    "no_case_words": (
        "任务已结束，或链接已过期、写错。需要的话请调度再发一个。",
        "The case is closed, or the link has run out or is wrong. Ask the dispatcher for a new one if you need it.",
    ),
    "to": ("送往", "To"),
    "no_hospital": (
        "名单里没有这家医院，请打电话给调度。",
        "This hospital is not in the list: telephone the dispatcher.",
    ),
    "call_hospital": ("医院电话", "Hospital"),
    "drive_by": ("导航", "Navigate with"),
    "provider_amap": ("高德", "Amap"),
    "provider_baidu": ("百度", "Baidu"),
    "provider_tencent": ("腾讯", "Tencent"),
    "provider_apple": ("苹果", "Apple"),
    "arrives": ("到达", "Arrives"),
    "arrives_in": ("还有", "In"),
    "late_by": ("应已到", "Late by"),
    "changed_to": ("目的地已改：{0}", "The destination has changed: {0}"),
    "seen_it": ("知道了", "Seen"),
    "hospital_knows": ("医院", "The hospital"),
    "not_alerted": ("调度还没有通知医院", "The dispatcher has not alerted the hospital yet"),
    "team_knows": ("✓ {0} 已收到", "✓ {0} knows"),
    "team_active": ("✓✓ {0} 已启动", "✓✓ {0} is activated"),
    "team_silent": ("… {0} 未确认", "… {0} has not answered"),
    "diverted": (
        "医院不能接收：{0}。请等调度的新目的地。",
        "The hospital cannot take the patient: {0}. The dispatcher will give you another.",
    ),
    "cancelled": ("通知已取消：{0}。请问调度。", "The alert was cancelled: {0}. Ask the dispatcher."),
    "tell": ("要交代的", "What to tell"),
    "place": ("共享位置", "Share the position"),
    "place_words": (
        "每 10 秒把这部手机的位置发给服务器，只用来算到达时间，不保存；任务结束就停。",
        "Sends where this telephone is every 10 seconds, to reckon the arrival and for nothing else; it is not kept, and stops when the case ends.",
    ),
    "place_start": ("同意，开始共享", "Agree and share"),
    "place_stop": ("停止共享", "Stop sharing"),
    "place_asking": ("正在等待定位……", "Waiting for the position ..."),
    "place_sent": ("正在共享；{0} 已发送", "Sharing; sent at {0}"),
    "place_denied": (
        "手机没有允许定位。请在浏览器设置里允许，再按一次。",
        "The browser may not see the position. Allow it in its settings, and press again.",
    ),
    "place_nowhere": ("现在定不了位；有信号后自动继续。", "There is no position now; it goes on when there is."),
    "place_insecure": (
        "只有 https 的链接才能共享位置，请告诉调度。",
        "A position can be shared by an https link alone: tell the dispatcher.",
    ),
    "place_unsent": ("位置没有发出：{0}", "The position was not sent: {0}"),
    "timeline": ("时间点", "Moments"),
    "timeline_words": (
        "按一下就记下现在的时间，没有信号也能按；✎ 改时间。",
        "One press records the time now, without a signal too; ✎ is for another time.",
    ),
    "moment_other": ("{0}：改时间", "{0}: another time"),
    "unsent": ("等待发送", "to be sent"),
    "undo": ("撤销", "Undo"),
    "kept": ("{0} 项已记在手机里，有信号就发出", "{0} kept in this telephone; sent when there is a signal"),
    "refused": ("{0} {1} 没有记上：{2}", "{0} {1} was not recorded: {2}"),
    "title_case_offline": ("没有网络", "No network"),
    "offline_seen": (
        "{0} 时的目的地，之后可能已改。不确定就打电话给调度。",
        "As of {0}; it may have changed since. If in doubt, telephone the dispatcher.",
    ),
    "offline_unknown": (
        "没有网络，这部手机里也没有这次任务的目的地。请打电话给调度。",
        "There is no network, and this telephone knows of no destination: telephone the dispatcher.",
    ),
    "offline_words": ("有网络后自动打开任务页面。", "The page of the case opens by itself when there is a network."),
    "offline_again": ("再试一次", "Try again"),
    "over": ("任务已结束", "The case has ended"),
    "over_words": (
        "任务已结束，或调度收回了链接。位置已停止共享。",
        "It is closed, or the dispatcher ended the link. The position is shared no more.",
    ),
    "over_unsent": ("下面几项没有发出，请告诉调度：", "These were not sent: tell the dispatcher."),
}
#: What the dispatcher is shown of a link that was made.
LINK: Final[dict[str, tuple[str, str]]] = {
    "link": ("车组链接", "Crew link"),
    "link_words": (
        "让车组扫码，或把链接发给他们；只显示这一次，{0} 失效，任务结束也失效。",
        "Let the crew scan it, or send it to them. It is shown this once, and ends at {0} or with the case.",
    ),
    "link_picture": ("链接的二维码", "QR code of the link"),
    "link_copy": ("复制链接", "Copy the link"),
    "link_copied": ("已复制", "Copied"),
    "link_end": ("收回这个病例的全部链接", "End every link to this case"),
    "link_ended": ("已收回 {0} 个链接", "{0} links have ended"),
}
