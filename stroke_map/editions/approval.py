"""Who prepared an edition and who approved it: two people, of whom the second looks at what the first has done."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from stroke_map.errors import EditionError, InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stroke_map.registry import SheetReading
    from stroke_map.registry.compare import RegistryChanges

#: What may be refused and be right all the same, each for a reason of its own: see `Accepted`.
ACCEPTABLE: Final = ("totals", "places")
_BOTH_REFUSED: Final = (
    "Correct the listed cells. Where the map is wrong give --accept places=REASON; totals are refused too, and need a reason of their "
    "own: --accept totals=REASON."
)


class Accepted(NamedTuple):
    """Why something is right that would be refused: totals unlike those before, places where the map has them not.

    `whichever` is for that of the two which is refused. They are two decisions: where both are refused, it is for neither.
    """

    totals: str = ""
    places: str = ""
    whichever: str = ""

    @classmethod
    def checked(cls, accept: str | Mapping[str, str]) -> Accepted:
        """One reason for whichever, or reasons by what they are for ("" for whichever); InvalidRequestError as `tidy_reason`."""
        given = {"": accept} if isinstance(accept, str) else accept
        return cls(*(tidy_reason(given.get(what, ""), "accept") for what in (*ACCEPTABLE, "")))

    def settled(self, *, totals: bool, places: bool) -> Accepted:
        """Every reason with what it is for, now that it is known what is refused."""
        if totals and places and not (self.totals or self.places):
            return Accepted()
        if places and not self.places:
            return Accepted(self.totals, self.whichever)
        return Accepted(self.totals or self.whichever, self.places)


@dataclass(frozen=True)
class Said:
    """What people say of an edition they make: why it is as it is, and who answers for it."""

    reason: str = ""
    accepted: Accepted = field(default_factory=Accepted)
    prepared_by: str = ""
    approved_by: str = ""

    @classmethod
    def checked(
        cls,
        *,
        reason: str = "",
        accept: str | Mapping[str, str] = "",
        prepared_by: str = "",
        approved_by: str = "",
        publish: bool = False,
    ) -> Said:
        """What was said, refused before any work where it would be refused at its end.

        Raises
        ------
        InvalidRequestError
            A name or a reason that is none; no name of who prepared what is to be published.
        EditionError
            To be published, and nobody else approves it.
        """
        said = cls(
            tidy_reason(reason, "reason"), Accepted.checked(accept),
            tidy_name(prepared_by, "prepared_by"), tidy_name(approved_by, "approved_by"),
        )  # fmt: skip
        if publish:
            if not said.prepared_by:
                mistake = {"field": "prepared_by", "problem": "is missing", "example": "王芳"}
                raise InvalidRequestError(
                    "what is published names who prepared it and who approved it", errors=[mistake]
                )
            check_approval(said.prepared_by, said.approved_by)
        return said

    def settled(self, reading: SheetReading, changes: RegistryChanges | None) -> Said:
        """The same, every reason with what it is for; what is accepted of the reading's errors stops nothing any more.

        Parameters
        ----------
        reading
            With all that the checks found.
        changes
            Against the edition before, if there is one.

        Raises
        ------
        RegistryError
            The reading has other errors.
        """
        totals, places = bool(changes and changes.refusals), any(problem.acceptable for problem in reading.errors)
        accepted = self.accepted.settled(totals=totals, places=places)
        reading.accept(accepted.places)
        reading.raise_for_errors(next_step=_BOTH_REFUSED if totals and places and not any(accepted) else None)
        return replace(self, accepted=accepted)


def tidy_reason(reason: str, option: str) -> str:
    """A reason as it is kept; InvalidRequestError for one of control characters, or over 500 characters."""
    try:
        return _tidy(reason)
    except ValueError as error:
        mistake = {"field": option, "problem": str(error), "example": "two hospitals have merged"}
        raise InvalidRequestError("a reason is one line of text", errors=[mistake]) from None


def tidy_name(name: str, option: str) -> str:
    """A person's name as it is kept; "" stays "".

    Raises
    ------
    InvalidRequestError
        It is no name: no letters, control characters, or over 500 characters; `option` says where it was given.
    """
    try:
        tidied = unicodedata.normalize("NFKC", _tidy(name)).strip()
        problem = "" if _letters(tidied) or not tidied else "no letter is in it"
    except ValueError as error:
        tidied, problem = "", str(error)
    if problem:
        mistake = {"field": option, "problem": problem, "example": "王芳"}
        raise InvalidRequestError(f"{option} is no name", errors=[mistake])
    return tidied


def check_approval(prepared_by: str, approved_by: str) -> None:
    """Refuse an edition that a person prepared and nobody else approves.

    Parameters
    ----------
    prepared_by, approved_by
        Names from `tidy_name`; an edition that nobody put a name to (`edition build`) needs no approval.

    Raises
    ------
    EditionError
        The second name is missing, or is the first one written otherwise.
    """
    if not prepared_by:
        return
    if not approved_by:
        raise EditionError(
            f"{prepared_by} prepared this edition, and nobody has approved it",
            next_step="Let a second person look at report.html, and give that name with --approved-by.",
        )
    if _letters(prepared_by) == _letters(approved_by):
        raise EditionError(
            f"{approved_by} prepared this edition and cannot approve it too",
            next_step="Let a second person look at report.html, and give that name with --approved-by.",
        )


def _tidy(text: str) -> str:
    if not text:
        return ""
    from stroke_map.registry.fields import tidy_text

    return tidy_text(text)


def _letters(name: str) -> str:
    """What is left of a name however it is written: no case, no blanks, no points."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(character for character in folded if character.isalnum())
