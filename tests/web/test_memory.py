import platform
import subprocess
import sys

import pytest

# Tables of many sizes come and go, and between them small things that stay.
COME_AND_GO = """
import sys
from pathlib import Path
import numpy as np
from stroke_map.web.memory import give_back

def taken_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

if "give_back" in sys.argv:
    give_back()
first = np.ones(3_000_000)
del first  # from now on glibc would lay tables of this size between other things
before, tables, stay = taken_mb(), [], []
for mb in range(2, 16):
    tables.append(np.ones(mb * 125_000))
    stay.append([bytes(900) for _ in range(200)])
del tables
print(taken_mb() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_what_is_freed_goes_back_to_the_system():
    def kept_mb(*told):
        ran = subprocess.run([sys.executable, "-c", COME_AND_GO, *told], capture_output=True, text=True, check=True)
        return float(ran.stdout)

    assert kept_mb("give_back") < 10 < kept_mb()
