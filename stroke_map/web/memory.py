"""Memory that is free again goes back to the system: what the C library would keep of it grows with each edition and closure."""

from __future__ import annotations

import ctypes
from typing import Final

# Of glibc's malloc.h.
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8

#: A table of roads or arrivals is larger, and is given back as a whole. glibc would raise this to 32 MB with the first table that is freed,
#: and lay later ones between small things that stay: with a switch each ten seconds a worker went from 260 to 500 MB, and now stays at 315.
_LARGE_BYTES: Final = 1 << 20
#: Each thread would get a heap of its own, up to eight a processor, and one interpreter runs one of them at a time.
_HEAPS: Final = 2


def give_back() -> None:
    """Have this process keep little of what it frees; before its threads begin. Does nothing where the C library is another than glibc."""
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_M_ARENA_MAX, _HEAPS)
        library.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
