"""What changes between editions: closures and slow-downs of roads, what hospitals say of themselves, and the database they are kept in.

Imports nothing heavy: a worker that only answers needs no alembic, and the command line answers `--help` at once.
"""

from stroke_map.live.closures import Closure, NewClosure
from stroke_map.live.statuses import HospitalStatus, NewStatus
from stroke_map.live.store import LiveStore
from stroke_map.live.view import LiveState, LiveView

__all__ = ["Closure", "HospitalStatus", "LiveState", "LiveStore", "LiveView", "NewClosure", "NewStatus"]
