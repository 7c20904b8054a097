"""Backups: live state, what stands in the audit log, sheets and editions, in one folder that is whole or has no name.

`back_up` makes one while everything runs; `restore` puts it into an empty place, after it has looked at every byte and every line of the
audit log. The database in it is a SQLite file whichever the service uses, so that a backup of the one kind goes into the other.
"""

from stroke_map.backups.make import back_up
from stroke_map.backups.restore import restore

__all__ = ["back_up", "restore"]
