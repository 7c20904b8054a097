"""The stream process as a child of the server: started beside its workers, started again when it dies, ended with it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from stroke_map.setting_table import ENVIRONMENT_PREFIX

if TYPE_CHECKING:
    from stroke_map.settings import Settings

_FIRST_WAIT_S: Final = 0.2
_LONGEST_WAIT_S: Final = 5.0
#: Whatever lived so long had started well: the next one is started at once.
_LIVED_S: Final = 10.0
_STOP_TIMEOUT_S: Final = 10.0
#: What `serve` takes as options too, so that the environment does not say it.
_TOLD: Final = ("plane", "host", "port", "stream_port")
_TOLD_TO_END: Final = {0, -signal.SIGINT, -signal.SIGTERM}
log = logging.getLogger("stroke_map.stream")


class StreamProcess(threading.Thread):
    """Keeps one stream process alive until told to end. It also ends by itself where this process is killed."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="stream-process", daemon=True)
        told = {ENVIRONMENT_PREFIX + name.upper(): str(getattr(settings, name)) for name in _TOLD}
        self._environment = os.environ | told
        self._ending, self._lock = threading.Event(), threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Start it, and again whenever it is gone: at first soon, later after longer and longer."""
        wait_s = _FIRST_WAIT_S
        while (process := self._begin()) is not None:
            began_s = time.monotonic()
            code = process.wait()
            wait_s = _FIRST_WAIT_S if time.monotonic() - began_s > _LIVED_S else min(2 * wait_s, _LONGEST_WAIT_S)
            # Whoever ends all processes of the service ends this one by a signal of its own, often first.
            if self._ending.wait(_LONGEST_WAIT_S if code in _TOLD_TO_END else wait_s):
                return
            log.warning("the stream process ended with %d and is started again", code)

    def _begin(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._ending.is_set():
                return None
            command = [sys.executable, "-m", "stroke_map.cli", "stream", "--with-parent"]
            self._process = subprocess.Popen(command, env=self._environment, stdin=subprocess.DEVNULL)
            return self._process

    def end(self) -> None:
        """End it, and wait until it has ended."""
        with self._lock:
            self._ending.set()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self.join()
