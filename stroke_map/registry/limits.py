"""How much of a sheet is read at most, in one place: far above any real list, far below what could hurt."""

from __future__ import annotations

from typing import Final

MAX_FILE_BYTES: Final = 20_000_000  # 115 hospitals are 100 kB; ten thousand are 10 MB
# A workbook is a zip archive. 5,000 rows with every column filled unpack to 45 MB, at a ratio of 20.
MAX_PART_BYTES: Final = 120_000_000
MAX_UNPACKED_BYTES: Final = 200_000_000
MAX_RATIO: Final = 250  # deflate reaches 1,030
MIN_BOMB_BYTES: Final = 4_000_000  # a small part may be as repetitive as it likes
MAX_SMALL_PART_BYTES: Final = 20_000_000  # styles and lists of parts, which are read whole
MAX_PARTS: Final = 5_000
MAX_SHEETS: Final = 50
MAX_ROWS: Final = 100_000  # those with something in them; blank ones are skipped and cost next to nothing
MAX_COLUMNS: Final = 500
MAX_CELL_CHARACTERS: Final = 32_767  # what Excel allows
MAX_MERGED_CELLS: Final = 500_000
MAX_HEADER_ROW: Final = 30  # the header is looked for among so many rows that are not blank
MAX_PROBLEMS: Final = 10_000  # nobody reads more; a hostile sheet could make millions
