"""What a country would take, reckoned from what was measured: the arithmetic is shown, and nothing of it is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

#: China: directed segments of its roads, and hospitals, about.
SEGMENTS, HOSPITALS = 35_000_000, 3_500
_FULL_BYTES = 3


def country(rows: Sequence[dict[str, Any]], segments: int = SEGMENTS, hospitals: int = HOSPITALS) -> str:
    """Lines of Markdown, from the largest of rows that store the nearest alone.

    How many labels a segment has hangs on how many are stored for each capability, not on how many hospitals there are; so what is
    measured for a segment holds for each of more segments, as far as searches do not get slower as they fall out of the caches.
    """
    row = max(rows, key=lambda row: row["segments"])
    times = segments / row["segments"]
    grown = [
        (name, row[figure], row[figure] * times, unit)
        for name, figure, unit in (
            ("roads on disk", "roads_mb", "MB"),
            ("arrivals on disk", "arrivals_mb", "MB"),
            ("memory of the build", "build_gb", "GB"),
            ("roads, processors", "roads_cpu_s", "s"),
            ("arrivals, processors", "arrivals_cpu_s", "s"),
        )
    ]
    lines = [f"* {name}: {here:,.2f} {unit} x {times:.1f} = {there:,.0f} {unit}" for name, here, there, unit in grown]
    full_gb = segments * hospitals * _FULL_BYTES / 1e9
    words = (
        f"A country of {segments:,} directed segments and {hospitals:,} hospitals, for one profile and one period of the day, reckoned and not measured: "
        f"{segments:,} / {row['segments']:,} segments = {times:.1f} times the largest row."
    )
    lines.append(
        f"* all hospitals stored instead: {segments:,} x {hospitals:,} x {_FULL_BYTES} bytes = {full_gb:,.0f} GB on disk"
    )
    return "\n".join([words, "", *lines])
