"""What `/readyz` looks at: each thing by its name, how it stands, in words, and what to do about it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from stroke_map.clocks import LEAST_JUMP_S
from stroke_map.editions.status import validity_at
from stroke_map.errors import EditionError
from stroke_map.web.counts import counts_of
from stroke_map.web.live_state import live_view_of
from stroke_map.web.machine import machine_of
from stroke_map.web.measures import measures_of
from stroke_map.web.published import holder_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from stroke_map.editions.info import EditionInfo
    from stroke_map.settings import Settings

#: "warning": nothing is missing yet. "failing": answers go on, with less than there should be.
State = Literal["ok", "unknown", "warning", "failing"]
#: A message that is due is sent within a second; if nobody takes it for so long, nobody sends any.
OVERDUE_AFTER: Final = timedelta(seconds=60)
#: The audit log, the live state and the tiles of a shift fit into this much; of a small disk, into this share.
_LEAST_FREE_BYTES: Final = 256 * 2**20
_LEAST_FREE_SHARE: Final = 0.05
_MB: Final = 2**20


class Check(NamedTuple):
    """How one thing stands; `code` is "" and `next_step` too where nothing is to be done."""

    name: str
    state: State
    zh: str
    en: str
    code: str = ""
    next_step: str = ""

    def as_json(self) -> dict[str, Any]:
        """Its members as `/readyz` shows them."""
        told = {"name": self.name, "state": self.state, "text": {"zh": self.zh, "en": self.en}}
        return told | {"code": self.code or None, "next_step": self.next_step or None}


def checks(app: Flask) -> list[Check]:
    """Everything that is looked at."""
    now, settings = datetime.now(UTC), app.extensions["stroke_map.settings"]
    found = [*_edition(app, now), _live_state(app, now)]
    if settings.plane != "public":
        found.append(_deliveries(app, now))
    return [*found, *_workers(app), _disk(settings), _clock(app), _memory(app)]


def _edition(app: Flask, now: datetime) -> Iterator[Check]:
    holder = holder_of(app)
    try:
        info, wrong = holder.current().info, holder.damage or holder.problem
    except EditionError as error:
        info, wrong = None, error
    if wrong is None:
        zh, en = "发布的版本在使用，未发现损坏", "what is published serves and is sound as far as is known"
        yield Check("edition", "ok", zh, en)
    else:
        zh, en = "没有可用的版本", "no edition serves"
        if info is not None and holder.damage is not None:
            zh, en = "正在使用的版本有文件损坏", "a file of the edition that serves is damaged"
        elif info is not None:
            zh, en = (
                "新发布的版本无法打开，继续使用之前的版本",
                "what is published cannot be opened; the edition before serves on",
            )
        yield Check("edition", "failing", zh, en, wrong.code, wrong.next_step)
    if info is not None:
        yield _validity(info, now)


def _validity(info: EditionInfo, now: datetime) -> Check:
    validity = validity_at(info, now)
    days = validity.days_left
    if not validity.warning:
        return Check("validity", "ok", f"版本还有 {days} 天到期", f"the edition is valid for {days} more days")
    state: State = "warning" if validity.state == "expiring" else "failing"
    zh = {
        "expiring": f"版本只剩 {days} 天到期",
        "expired": f"版本已过期 {-days} 天，每个回答都注明",
        "not yet valid": "版本尚未生效，每个回答都注明",
    }
    code = f"edition-{validity.state.replace(' ', '-')}"
    step = f"{validity.warning.capitalize()}. Publish the next: `stroke-map edition update`."
    return Check("validity", state, zh[validity.state], validity.warning, code, step)


def _live_state(app: Flask, now: datetime) -> Check:
    live = live_view_of(app).state(now)
    if not live.stale:
        return Check("live_state", "ok", "封路和医院状态是最新的", "closures and statuses are known up to now")
    since = live.as_of.isoformat(timespec="seconds") if live.as_of else None
    zh = f"数据库无法读取，按 {since} 的封路和医院状态回答" if since else "数据库从未读到，回答不含封路和医院状态"
    en = (
        f"the database cannot be read; answers know what was known at {since}"
        if since
        else "the database was never read; answers know of no closure"
    )
    step = "See that the database runs, that its disk has room, and what the log says of `live state`; see `STROKE_MAP_DATABASE_URL`."
    return Check("live_state", "failing", zh, en, "live-state-stale", step)


def _deliveries(app: Flask, now: datetime) -> Check:
    known = counts_of(app).at(now)
    if known is None:
        return Check(
            "deliveries",
            "unknown",
            "预警消息尚未统计，或数据库无法读取",
            "messages were not counted yet, or the database cannot be read",
        )
    if known.due_since is not None and now - known.due_since >= OVERDUE_AFTER:
        zh, en = "有预警消息到时未发", "messages of alerts are due and nobody sends them"
        step = "Messages of alerts are due and nobody sends them: see that `stroke-map deliver` runs, or the server itself delivers."
        return Check("deliveries", "failing", zh, en, "deliveries-overdue", step)
    if known.dead_lately:
        zh, en = (
            f"一天内有 {known.dead_lately} 条预警消息放弃发送",
            f"{known.dead_lately:,} messages of alerts were given up within a day",
        )
        step = f"{en.capitalize()}: `stroke-map delivery list --dead`."
        return Check("deliveries", "failing", zh, en, "deliveries-dead", step)
    return Check(
        "deliveries",
        "ok",
        f"待发预警消息 {known.waiting} 条，无逾期",
        f"{known.waiting:,} messages wait, none is overdue",
    )


def _workers(app: Flask) -> Iterator[Check]:
    workers = measures_of(app).workers
    if workers is None:
        return
    alive = workers.alive()
    stuck = [str(worker.number) for worker in alive if worker.stuck]
    zh, en = f"{len(alive)}/{workers.wanted} 个工作进程在运行", f"{len(alive)} of {workers.wanted} workers run"
    if stuck:
        step = "Look into the log, then `systemctl kill --signal=KILL` that worker: another takes its place."
        yield Check(
            "workers",
            "failing",
            f"{zh}，卡住：{'、'.join(stuck)}",
            f"{en}; stuck: {', '.join(stuck)}",
            "worker-stuck",
            step,
        )
    elif len(alive) < workers.wanted:
        step = "Another is started by itself within seconds; if not, see the log, and restart the service."
        yield Check("workers", "failing", zh, en, "workers-missing", step)
    else:
        yield Check("workers", "ok", zh, en)


def _clock(app: Flask) -> Check:
    jumped_s, ahead_s = machine_of(app).jumped_s(), counts_of(app).clock_ahead_s
    if jumped_s:
        zh = f"时钟刚刚往{'前' if jumped_s > 0 else '回'}拨了 {abs(jumped_s):,.0f} 秒"
        en = f"the clock was set {'forwards' if jumped_s > 0 else 'back'} by {abs(jumped_s):,.0f} s within ten minutes"
        step = "Telephone for alerts that stand; see `timedatectl` and `chronyc tracking`, and let the time service correct little by little."
        return Check("clock", "failing", zh, en, "clock-jumped", step)
    if abs(ahead_s) >= LEAST_JUMP_S:
        zh, en = (
            f"时钟与数据库的相差 {abs(ahead_s):,.0f} 秒",
            f"the clock differs from the database's by {abs(ahead_s):,.0f} s",
        )
        step = "See `timedatectl` and `chronyc tracking` on this machine and on the database's: both should be right to a second."
        return Check("clock", "failing", zh, en, "clock-differs", step)
    return Check("clock", "ok", "时钟走得均匀", "the clock runs evenly")


def _memory(app: Flask) -> Check:
    if not machine_of(app).was_short:
        return Check("memory", "ok", "内存足够", "memory has sufficed")
    step = "See what takes it: `stroke_map_worker_memory_bytes`, `top`. Fewer workers, or builds on another machine."
    zh, en = "内存不足，有回答被拒绝", "memory did not suffice for an answer within ten minutes"
    return Check("memory", "failing", zh, en, "memory-short", step)


def _disk(settings: Settings) -> Check:
    low = []
    for name, free, least in free_bytes(settings):
        if free < least:
            low.append(f"{name} {free // _MB:,} MB")
    if not low:
        return Check("disk", "ok", "磁盘空间足够", "the disks have room")
    step = "Make room: `stroke-map edition prune`, old sheets, logs; `stroke-map audit archive` brings old lines of the audit log elsewhere."
    return Check(
        "disk", "failing", f"磁盘将满：{'、'.join(low)}", f"little room is left: {', '.join(low)}", "disk-low", step
    )


def free_bytes(settings: Settings) -> Iterator[tuple[str, int, int]]:
    """For each folder that is written to: its setting, how many bytes are free there, and how many should be."""
    for name in ("geodata_dir", "cache_dir", "audit_dir"):
        place: Path = getattr(settings, name)
        while not place.exists():
            place = place.parent
        told = os.statvfs(place)
        least = min(_LEAST_FREE_BYTES, int(_LEAST_FREE_SHARE * told.f_blocks * told.f_frsize))
        yield name, told.f_bavail * told.f_frsize, least
