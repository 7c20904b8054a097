"""What stands around a hospital: whom it transfers to, whom an alert calls, and its figures of a year."""

from __future__ import annotations

from typing import Final, Literal

from stroke_map.registry.fields import Cases, Delay, Frozen, Id, Minutes, Phone, Year

TEAMS: Final[tuple[str, ...]] = ("emergency", "radiology", "neurology", "cardiology", "cath_lab")
CASES: Final[tuple[str, ...]] = ("thrombolysis_cases", "thrombectomy_cases", "pci_cases")
MEDIANS: Final[tuple[str, ...]] = (
    "door_to_needle_min",
    "door_to_puncture_min",
    "door_in_door_out_min",
    "door_to_wire_min",
)


class Partner(Frozen):
    """A hospital that has agreed to take transfers; the delay is usual, minutes from asking to leaving."""

    id: Id
    transfer_delay_min: Delay | None = None


class Contact(Frozen):
    """A number an alert calls. For clinical use: it is in no public answer, page or download."""

    team: Literal["emergency", "radiology", "neurology", "cardiology", "cath_lab"]
    phone: Phone


class Figures(Frozen):
    """What a hospital did in one year: numbers of patients, and medians in minutes; None where nobody said."""

    year: Year | None = None
    thrombolysis_cases: Cases | None = None
    thrombectomy_cases: Cases | None = None
    pci_cases: Cases | None = None
    door_to_needle_min: Minutes | None = None
    door_to_puncture_min: Minutes | None = None
    door_in_door_out_min: Minutes | None = None
    door_to_wire_min: Minutes | None = None


NO_FIGURES: Final = Figures()
