"""What of an edition is finished while it grows, so that an interrupted build goes on where it stopped.

`done.json` beside the growing folder says of every finished step which files it wrote, with their checksums, and is replaced in one
step. Whoever goes on compares every byte first: a power cut may have kept the note and lost the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from stroke_map.editions.files import write_atomically
from stroke_map.editions.info import FileSeal  # noqa: TC001 - pydantic reads the annotations
from stroke_map.editions.seal import checksums, is_sealed_file, walk

if TYPE_CHECKING:
    from pathlib import Path

DONE_FILE = "done.json"


class _Mark(BaseModel):
    """One finished step: what it hangs on, the files it wrote, and what else it found out."""

    model_config = ConfigDict(frozen=True)

    depends: str = ""
    files: dict[str, FileSeal]
    facts: dict[str, Any] = Field(default_factory=dict)


_MARKS = TypeAdapter(dict[str, _Mark])


class Marks:
    """The finished steps of one growing edition.

    Parameters
    ----------
    folder
        Where `done.json` is kept. The edition grows in `folder/edition`; both are made where they are not there. Files there that
        no finished step wrote are removed, and steps of which a file is not as it was written count as not done.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / DONE_FILE
        self.edition = folder / "edition"
        self.edition.mkdir(parents=True, exist_ok=True)
        self._marks = {name: mark for name, mark in self._read().items() if self._is_whole(mark)}
        for name, _ in list(walk(self.edition)):
            if name not in self.sums:
                (self.edition / name).unlink()

    @property
    def sums(self) -> dict[str, FileSeal]:
        """The checksums of every file that a finished step wrote, by its path in the edition."""
        return {name: seal for mark in self._marks.values() for name, seal in mark.files.items()}

    def facts(self, step: str, depends: str = "") -> dict[str, Any] | None:
        """What a finished step found out; None where it is still to be done.

        A step that hung on something else is forgotten, and its files are removed.
        """
        mark = self._marks.get(step)
        if mark is None or mark.depends == depends:
            return None if mark is None else mark.facts
        del self._marks[step]
        for name in mark.files:
            (self.edition / name).unlink(missing_ok=True)
        return None

    def finish(self, step: str, depends: str, facts: dict[str, Any]) -> None:
        """Note that a step is done, and that every file that came since the one before is its work."""
        before, files = self.sums, {}
        for name, status in walk(self.edition):
            if name not in before:
                files[name] = checksums(self.edition / name, status.st_size)
        self._marks[step] = _Mark(depends=depends, files=files, facts=facts)
        write_atomically(self._file, _MARKS.dump_json(self._marks))

    def _read(self) -> dict[str, _Mark]:
        try:
            return _MARKS.validate_json(self._file.read_bytes())
        except (FileNotFoundError, ValidationError):
            return {}

    def _is_whole(self, mark: _Mark) -> bool:
        return all(is_sealed_file(self.edition / name, sealed) for name, sealed in mark.files.items())
