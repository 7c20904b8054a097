"""The pictures of coverage in an amended edition: those that still hold are taken over, the others are drawn anew."""

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
    from stroke_map.editions.info import FileSeal
    from stroke_map.registry import Hospital


def amend_pictures(
    base: EditionHead,
    folder: Path,
    hospitals: Sequence[Hospital],
    arrivals: dict[str, FileSeal],
    *,
    draw_bands: Callable[..., Any] | None,
    tell: Callable[[float], None],
) -> None:
    """Give an amended edition the pictures that its hospitals and arrivals would get in a full build.

    Parameters
    ----------
    folder
        The edition that grows; it has its roads, arrivals and hospitals already.
    arrivals
        The checksums of tables that are not those of the base, by their path.
    draw_bands
        `maps.band_layer.draw_bands`; None: without it what does not hold any more is left out, and with it the layer.
    tell
        Called with the share done, 0 to 1, where something is drawn.
    """
    if not any(name.startswith(f"{BANDS_FOLDER}/") for name in base.info.files):
        return  # older than the layer, or made without it
    changed = {name for name in CAPABILITIES if _where(name, base.hospitals) != _where(name, hospitals)}
    if any(name.endswith("/reaches.npy") and base.info.files[name] != seal for name, seal in arrivals.items()):
        changed = set(CAPABILITIES)  # the roads that are counted, and with them the edges of every picture
    if changed and draw_bands is None:
        return
    gone = {f"{BANDS_FOLDER}/{name}.png" for name in changed}
    link_files(base, folder, lambda name: name.startswith(f"{BANDS_FOLDER}/") and name not in gone)
    if changed and draw_bands is not None:
        tell(0.0)
        draw_bands(folder, base.info.valid_from, tell, only=changed)
        tell(1.0)


def _where(capability: str, hospitals: Sequence[Hospital]) -> set[tuple[object, ...]]:
    """All that a picture hangs on: where a thing is to be had, and on which days."""
    told = ((entrance_of(hospital), hospital.capabilities[capability]) for hospital in hospitals)
    return {(entrance, said.valid_from, said.valid_until) for entrance, said in told if said.status == "yes"}
