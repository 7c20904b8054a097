"""The pictures of coverage in an amended edition: those that still hold are taken over, the others drawn anew, or kept and marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stroke_map.editions.copying import link_files
from stroke_map.editions.edition import BANDS_FOLDER
from stroke_map.registry import CAPABILITIES
from stroke_map.registry.matching import entrance_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from stroke_map.editions.edition import EditionHead
    from stroke_map.registry import Hospital


def amend_pictures(
    base: EditionHead,
    folder: Path,
    hospitals: Sequence[Hospital],
    *,
    moved: bool,
    draw_bands: Callable[..., Any] | None,
    tell: Callable[[float], None],
) -> str:
    """Give an amended edition the pictures that its hospitals would get in a full build, where seconds are enough for that.

    Parameters
    ----------
    folder
        The edition that grows; it has its roads, arrivals and hospitals already.
    moved
        There are other entrances: all that the tables take is the time there is, and the pictures stay those that there were.
    draw_bands
        `maps.band_layer.draw_bands`; None: they stay too.
    tell
        Called with the share done, 0 to 1, where something is drawn.

    Returns
    -------
    The edition of which its pictures are; "" where they are its own, as those that still hold are.
    """
    if not any(name.startswith(f"{BANDS_FOLDER}/") for name in base.info.files):
        return ""  # older than the layer, or made without it
    changed = {name for name in CAPABILITIES if _where(name, base.hospitals) != _where(name, hospitals)}
    if changed and base.info.bands_of:
        changed = set(CAPABILITIES)  # none of them holds
    kept = moved or draw_bands is None
    drawn = set() if kept else changed
    gone = {f"{BANDS_FOLDER}/{name}.png" for name in drawn}
    link_files(base, folder, lambda name: name.startswith(f"{BANDS_FOLDER}/") and name not in gone)
    if drawn and draw_bands is not None:
        tell(0.0)
        draw_bands(folder, base.info.valid_from, tell, only=drawn)
        tell(1.0)
        return ""
    return base.info.bands_of or (base.info.id if changed else "")


def _where(capability: str, hospitals: Sequence[Hospital]) -> set[tuple[object, ...]]:
    """All that a picture hangs on: where a thing is to be had, and on which days."""
    told = ((entrance_of(hospital), hospital.capabilities[capability]) for hospital in hospitals)
    return {(entrance, said.valid_from, said.valid_until) for entrance, said in told if said.status == "yes"}
