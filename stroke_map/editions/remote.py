"""Editions on other machines: a sealed folder is sent to a store by its address, and fetched from there.

A store is whatever `fsspec` reaches: object storage, a mounted folder, a web server (to fetch alone). What it holds is believed in nothing:
names stay inside the edition, sizes and checksums are those of its seal, and nothing has a name here before every byte is compared.
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple

from stroke_map.editions.files import disk_faults, fsync, full_disk
from stroke_map.editions.info import EDITION_FILE, EditionInfo, check_edition_id, read_info
from stroke_map.editions.publish import edition_folder, verify_edition
from stroke_map.editions.room import SLACK_BYTES
from stroke_map.editions.seal import damaged, is_sealed_file, verify
from stroke_map.editions.staging import WORK_LIFETIME_S, give_name, only_build, remove_work, work_folder
from stroke_map.errors import EditionDamagedError, EditionError, InvalidRequestError, MissingProgramError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Progress = Callable[[float], None]

_CHUNK_BYTES: Final = 1 << 20
#: Of a province it has some thousand files, a few hundred bytes each.
_LARGEST_INFO_BYTES: Final = 64 << 20
_LONGEST_NAME: Final = 200


class Copied(NamedTuple):
    """An edition that was sent or fetched; not `anew` where it was there already."""

    info: EditionInfo
    anew: bool


def push(geodata_dir: Path, edition_id: str, url: str, progress: Progress | None = None) -> Copied:
    """Send an edition to a store, below its id; its description goes last, so that nobody fetches half of it.

    Parameters
    ----------
    url
        A folder as `fsspec` names it, such as s3://bucket/editions.
    progress
        Told the share that is done, 0 to 1.

    Raises
    ------
    EditionError
        There is no such edition here, another one of this id is there, or the store cannot be written; what was sent is removed.
    EditionDamagedError
        It is not what was sealed.
    InvalidRequestError, MissingProgramError
        The address is none, or needs a package that is not installed.
    """
    info, store = verify_edition(geodata_dir, edition_id), _Store(url, edition_id)
    there = store.seal()
    if there == info.seal:
        return Copied(info, anew=False)
    if there:
        raise EditionError(f"another edition {edition_id} is in this store", next_step="Send it to another store.")
    folder, sent_bytes, all_bytes = edition_folder(geodata_dir, edition_id), 0, _bytes_of(info)
    try:
        for name in (*info.files, EDITION_FILE):
            sent_bytes += store.write(name, folder / name)
            if progress:
                progress(min(1.0, sent_bytes / all_bytes))
    except BaseException:
        store.remove()
        raise
    return Copied(info, anew=True)


def fetch(geodata_dir: Path, edition_id: str, url: str, *, seal: str = "", progress: Progress | None = None) -> Copied:
    """Fetch an edition from a store; it has a name here only when all of it is what was sealed. Interrupted, the next one goes on.

    A damaged edition of that id is replaced, also the one that serves: publish it again then.

    Parameters
    ----------
    url, progress
        As for `push`.
    seal
        Only the edition with this seal, as `stroke-map edition verify --json` tells it where it was made.

    Raises
    ------
    EditionError
        There is none in the store, it has another seal, another sound edition of its id is here, the disk has no room for it (then
        nothing of it stays), the store cannot be read, or a build runs.
    EditionDamagedError
        The store holds something else than was sealed.
    InvalidRequestError, MissingProgramError
        As `push`.
    """
    final, store = edition_folder(geodata_dir, edition_id), _Store(url, edition_id)
    content, info = store.info()
    if seal and info.seal != seal:
        raise EditionError(f"edition {edition_id} of this store has another seal: {info.seal}")
    with only_build(geodata_dir):
        remove_work(geodata_dir, older_than_s=WORK_LIFETIME_S)
        if _is_here(final, info):
            return Copied(info, anew=False)
        folder = work_folder(geodata_dir, info.seal)
        with _removed_when_full(folder, info):
            folder.mkdir(parents=True, exist_ok=True)
            _check_room(folder, info)
            _fetch_files(store, folder, info, progress)
            (folder / EDITION_FILE).write_bytes(content)
            fsync(folder / EDITION_FILE)
            for inner in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
                fsync(inner)
        try:
            verify(folder, edition_id=edition_id, full=True)
        except EditionDamagedError:  # as by a disk that does not keep what it is given: nothing to go on from
            shutil.rmtree(folder)
            raise
        give_name(folder, final)
    return Copied(info, anew=True)


def _is_here(final: Path, info: EditionInfo) -> bool:
    if not final.exists():
        return False
    try:
        here = verify(final, edition_id=final.name, full=True)
    except EditionDamagedError:
        return False
    if here.seal != info.seal:
        raise EditionError(f"another edition {final.name} is here, and sound", next_step="Fetch it on another machine.")
    return True


def _fetch_files(store: _Store, folder: Path, info: EditionInfo, progress: Progress | None) -> None:
    done_bytes, all_bytes = 0, _bytes_of(info)
    for name, sealed in info.files.items():
        path = folder / name
        if not is_sealed_file(path, sealed):
            path.parent.mkdir(parents=True, exist_ok=True)
            if store.read(name, path, sealed.size) != sealed.sha256:
                path.unlink()
                raise _unsound(info.id, {name: "changed"})
            fsync(path)
        done_bytes += sealed.size
        if progress:
            progress(min(1.0, done_bytes / all_bytes))


def _bytes_of(info: EditionInfo) -> int:
    return max(1, sum(file.size for file in info.files.values()))


def _check_room(folder: Path, info: EditionInfo) -> None:
    here = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if shutil.disk_usage(folder).free < _bytes_of(info) - here:
        raise full_disk(folder.parent, _bytes_of(info) + SLACK_BYTES)


@contextmanager
def _removed_when_full(folder: Path, info: EditionInfo) -> Iterator[None]:
    """Leave nothing on a disk that is full; what only was interrupted stays, to go on from."""
    try:
        with disk_faults(folder.parent, lambda: _bytes_of(info) + SLACK_BYTES):
            yield
    except EditionError as error:
        if "needed_bytes" in error.facts:
            shutil.rmtree(folder, ignore_errors=True)
        raise


class _Store:
    """The folder of one edition in a store."""

    def __init__(self, url: str, edition_id: str) -> None:
        try:
            from fsspec.core import url_to_fs
        except ImportError as error:
            raise MissingProgramError(
                "fsspec is not installed, which reaches other machines",
                next_step="Install it with: pip install 'stroke-map[remote]', and fsspec's package for your storage, such as s3fs.",
            ) from error
        try:
            self._files, path = url_to_fs(url)
        except ImportError as error:
            raise MissingProgramError(f"this address needs another package: {error}") from error
        except Exception as error:  # every kind of storage has its own
            raise InvalidRequestError(
                "this is no address of a store",
                next_step="Give one such as s3://bucket/editions or file:///mnt/editions.",
            ) from error
        self._edition_id = check_edition_id(edition_id)
        self._folder = f"{path.rstrip('/')}/{edition_id}"

    def info(self) -> tuple[bytes, EditionInfo]:
        """What it says of itself, with the bytes of that; every name and size in it is one that may be."""
        content = b"".join(self._chunks(EDITION_FILE, _LARGEST_INFO_BYTES))
        try:
            info = read_info(content)
        except ValueError as error:
            raise _unsound(self._edition_id, {EDITION_FILE: "changed"}) from error
        if info.id != self._edition_id:
            raise _unsound(self._edition_id, {EDITION_FILE: f"describes edition {info.id}"})
        wrong = {name: "is no name of a file of an edition" for name in info.files if not _may_be(name)}
        wrong |= {name: "has no size" for name, sealed in info.files.items() if sealed.size < 0}
        if wrong:
            raise _unsound(self._edition_id, wrong)
        return content, info

    def seal(self) -> str:
        """The seal of what is there, "" where nothing is."""
        with self._faults("read"):
            there = self._files.exists(f"{self._folder}/{EDITION_FILE}")
        return self.info()[1].seal if there else ""

    def read(self, name: str, path: Path, size: int) -> str:
        """Fetch a file of so many bytes; the sha256 of what came."""
        sha256 = hashlib.sha256()
        with path.open("wb") as stream:
            for chunk in self._chunks(name, size):
                sha256.update(chunk)
                stream.write(chunk)
        return sha256.hexdigest()

    def write(self, name: str, path: Path) -> int:
        """Send a file; how many bytes it has."""
        target = f"{self._folder}/{name}"
        with self._faults("written"), path.open("rb") as source:
            self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
            with self._files.open(target, "wb") as stream:
                shutil.copyfileobj(source, stream, _CHUNK_BYTES)
        return path.stat().st_size

    def remove(self) -> None:
        """Take away what was sent, where that can be done."""
        with suppress(Exception):
            self._files.rm(self._folder, recursive=True)

    def _chunks(self, name: str, most_bytes: int) -> Iterator[bytes]:
        left = most_bytes
        with self._faults("read"), self._files.open(f"{self._folder}/{name}", "rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:  # a store may send for ever
                    raise _unsound(self._edition_id, {name: f"has more than {most_bytes} bytes"})
                yield chunk

    @contextmanager
    def _faults(self, done: str) -> Iterator[None]:
        """Ours for whatever a store raises; its own words may hold keys of the address."""
        try:
            yield
        except EditionError:
            raise
        except FileNotFoundError as error:
            raise EditionError(
                f"there is no whole edition {self._edition_id} in this store",
                next_step="Send it with `stroke-map edition push`.",
            ) from error
        except Exception as error:  # every kind of storage has its own
            raise EditionError(
                f"the store cannot be {done}: {type(error).__name__}",
                next_step="See that it can be reached, and try again.",
            ) from error


def _unsound(edition_id: str, problems: dict[str, str]) -> EditionDamagedError:
    error = damaged(edition_id, problems)
    error.next_step = "Nothing was changed here. See who writes to the store, and send the edition to another one."
    return error


def _may_be(name: str) -> bool:
    """Whether a file of an edition may be called so: a plain path inside it, none that is hidden, nor the description itself."""
    path = PurePosixPath(name)
    return (
        name == str(path)
        and name.isprintable()
        and len(name) <= _LONGEST_NAME
        and "\\" not in name
        and name != EDITION_FILE
        and not path.is_absolute()
        and all(not part.startswith(".") for part in path.parts)
        and bool(path.parts)
    )
