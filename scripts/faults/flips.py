"""One flipped bit in a sealed edition: before it is published, and when a server starts with it."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from faults import Violation
from faults.command import run_here
from faults.full_disk import REFUSED
from faults.service import serving
from faults.town import APPROVED_BY
from faults.whole import check_whole, published
from stroke_map.editions import BackgroundVerifier, EditionHolder, publish
from stroke_map.editions.publish import CURRENT_FILE
from stroke_map.editions.seal import HEAD_BYTES, SMALL_FILE_BYTES
from stroke_map.errors import EditionDamagedError

if TYPE_CHECKING:
    import random
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from faults.bed import Bed, Show

WITHIN_S = 60.0


@dataclass
class Flips:
    """What was done."""

    files: int = 0
    refused_when_published: int = 0
    found_by_the_check_of_a_start: int = 0
    found_by_the_check_in_the_background: int = 0
    servers_started: int = 0
    named_within_s: float = 0.0


def check_flips(bed: Bed, rng: random.Random, *, some: int | None = None, show: Show) -> Flips:
    """Flip a bit at a random place of every file in turn, or of so many of them, and then start servers with such files.

    Raises
    ------
    Violation
        It was not found, or the message names another file.
    """
    geodata = bed.geodata("flipped")
    folder = geodata / "editions" / bed.first
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    names = list(files) if some is None else rng.sample(list(files), some)
    done = Flips(len(names))
    for number, name in enumerate(names, start=1):
        with flipped(files[name], rng):
            _check_publish(geodata, bed.first, name, done)
            _check_start(geodata, name, bed.folder / "cache" / str(number), done)
        show("flips", number / (len(names) + 3))
    with flipped(files[names[0]], rng):
        said = run_here(geodata, "edition", "publish", bed.first, "--approved-by", APPROVED_BY)
        said.expect(REFUSED, "is damaged", names[0])
    # What a start reads whole keeps it from serving; a bit further on in a large file is found while it serves.
    large = {name: HEAD_BYTES for name, path in files.items() if path.stat().st_size > SMALL_FILE_BYTES}
    _check_server(geodata, large, rng, done)
    if some is None:
        _check_server(geodata, {rng.choice([name for name in files if name not in large]): 0}, rng, done)
        with serving(geodata) as server:  # and what was put right serves again
            server.wait_for_edition(bed.first)
    check_whole(geodata)
    show("flips", 1.0)
    return done


@contextmanager
def flipped(path: Path, rng: random.Random, beyond: int = 0) -> Iterator[None]:
    """One bit of a file, at `beyond` or after it, is the other way round as long as the block runs."""
    at, bit = rng.randrange(beyond, path.stat().st_size), 1 << rng.randrange(8)

    def flip() -> None:
        # In place: a server may have the file mapped, and one that is written anew is empty for a moment.
        with path.open("r+b") as stream:
            stream.seek(at)
            byte = stream.read(1)[0]
            stream.seek(at)
            stream.write(bytes([byte ^ bit]))

    flip()
    try:
        yield
    finally:
        flip()


def _check_publish(geodata: Path, edition: str, name: str, done: Flips) -> None:
    before = (geodata / CURRENT_FILE).read_bytes()
    try:
        publish(geodata, edition, approved_by=APPROVED_BY)
    except EditionDamagedError as error:
        _check_named(error.facts["files"], {name})
    else:
        raise Violation(f"an edition was published with a flipped bit in {name}")
    if (geodata / CURRENT_FILE).read_bytes() != before:
        raise Violation(f"what is published has changed, though {name} is damaged")
    done.refused_when_published += 1


def _check_start(geodata: Path, name: str, cache: Path, done: Flips) -> None:
    """What a server does when it starts, without the server."""
    holder = EditionHolder(geodata)
    try:
        holder.current()
    except EditionDamagedError as error:
        _check_named(error.facts["files"], {name})
        done.found_by_the_check_of_a_start += 1
        return
    verifier = BackgroundVerifier(holder, cache, check_interval_s=0.02)
    verifier.start()
    until = time.monotonic() + WITHIN_S
    while holder.damage is None and time.monotonic() < until:
        time.sleep(0.01)
    verifier.stop()
    if holder.damage is None:
        raise Violation(f"no start finds a flipped bit in {name} within {WITHIN_S:.0f} s")
    _check_named(holder.damage.facts["files"], {name})
    done.found_by_the_check_in_the_background += 1


def _check_server(geodata: Path, names: Mapping[str, int], rng: random.Random, done: Flips) -> None:
    """Start a server with a flipped bit in each of these files, there or after it: `/readyz` must name all of them."""
    folder = geodata / "editions" / published(geodata)
    with ExitStack() as damage:
        for name, beyond in names.items():
            damage.enter_context(flipped(folder / name, rng, beyond))
        begun = time.perf_counter()
        with serving(geodata, wait=False) as server:
            server.wait_until(lambda status, _: status == 503, f"{', '.join(names)} damaged", within_s=WITHIN_S)
            done.named_within_s = max(done.named_within_s, time.perf_counter() - begun)
            problem = orjson.loads(server.get("/readyz")[1])
    if problem["code"] != EditionDamagedError.code:
        raise Violation(f"/readyz says {problem['code']} of a damaged edition")
    _check_named(problem["files"], names)
    done.servers_started += 1


def _check_named(named: Collection[str], damaged: Collection[str]) -> None:
    if set(named) != set(damaged):
        raise Violation(f"{sorted(damaged)} damaged, {sorted(named)} named")
