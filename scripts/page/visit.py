"""One visit to the public page in a real Chromium: when it can be read, when its map can be used, and what came until then."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Slow 3G (400 kbit/s, 400 ms), and a phone four times as slow as this machine.
SLOW_3G: Final = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
SLOWED: Final = 4
_PATIENCE_S: Final = 120
PHONE: Final = {"width": 390, "height": 844}
ARGUMENTS: Final = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

# What has to arrive before the first drawing; `transferSize` counts the headers, as a fixed 300 bytes.
_BLOCKING: Final = """
[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource").filter((one) => one.renderBlockingStatus === "blocking")]
  .reduce((sum, one) => sum + one.transferSize, 0)
"""
# Looked at before each frame is drawn, which happens only once the styles are there: what is found then is on the screen next.
_WATCH: Final = """
window.seen = {};
(function look() {
  const now = performance.now(), tiles = [...document.querySelectorAll(".leaflet-tile")];
  const list = document.querySelector("footer") && document.querySelector(".call") && document.querySelector(".cards .card");
  if (!seen.readable && list && getComputedStyle(document.body).margin === "0px") requestAnimationFrame(() => seen.readable ??= performance.now());
  if (!seen.usable && document.querySelector(".leaflet-marker-icon") && tiles.length && tiles.every((tile) => tile.complete)) seen.usable = now;
  if (!seen.answered && document.querySelectorAll("#result .card").length === 3) seen.answered = now;
  requestAnimationFrame(look);
})();
const ask = navigator.geolocation.getCurrentPosition.bind(navigator.geolocation);
navigator.geolocation.getCurrentPosition = (found, ...rest) => ask((at) => { seen.located = performance.now(); found(at); }, ...rest);
"""


@dataclass
class Visit:
    """What was measured.

    Attributes
    ----------
    readable_ms, usable_ms
        From the beginning of the visit until "call 120" and the whole list are on the screen; until every tile and marker of the map is.
    answer_ms
        From the moment the location arrives to three hospitals on the screen.
    readable_bytes, usable_bytes
        As sent, with headers, until then; of requests that were under way, what had arrived.
    blocking_bytes
        Of the page itself and what the browser waits for before it draws anything: the same on a fast line and a slow one.
    others
        Requests to other hosts.
    """

    readable_ms: float = 0.0
    usable_ms: float = 0.0
    answer_ms: float = 0.0
    readable_bytes: int = 0
    usable_bytes: int = 0
    blocking_bytes: int = 0
    requests: int = 0
    others: list[str] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[Any]:
    """The system's Chromium, else Playwright's; FileNotFoundError where there is neither."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    with sync_playwright() as started:
        executable = found or started.chromium.executable_path
        if not Path(executable).exists():
            raise FileNotFoundError("no Chromium on PATH and none installed by playwright")
        browser = started.chromium.launch(executable_path=executable, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def visit(browser: Any, address: str, at: dict[str, float], *, throttled: bool, path: str = "/") -> Visit:
    """Visit a page for the first time, wait for the map, then ask where one is.

    Parameters
    ----------
    address
        Of the service: scheme, host and port.
    at
        Where the browser says that it is.
    throttled
        On slow 3G with a slowed processor until the map is there; the answer is measured without.
    """
    measured, arrived = Visit(), []
    context = browser.new_context(
        viewport=PHONE, has_touch=True, device_scale_factor=2, geolocation=at, permissions=["geolocation"]
    )
    try:
        context.set_default_timeout(_PATIENCE_S * 1000)
        page = context.new_page()
        page.add_init_script(_WATCH)
        network = context.new_cdp_session(page)
        begun: list[float] = []

        def sent(event: dict[str, Any]) -> None:
            begun.append(event["timestamp"])
            measured.requests += 1
            url = event["request"]["url"]
            if not url.startswith((address, "data:")):
                measured.others.append(url)

        network.on("Network.requestWillBeSent", sent)
        network.on(
            "Network.dataReceived", lambda event: arrived.append((event["timestamp"], event["encodedDataLength"]))
        )
        network.on(
            "Network.responseReceived",
            lambda event: arrived.append((event["timestamp"], event["response"]["encodedDataLength"])),
        )
        network.send("Network.enable")
        if throttled:
            network.send("Network.emulateNetworkConditions", SLOW_3G)
            network.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        page.goto(address + path, wait_until="commit")
        seen = _seen(page, "readable", "usable")
        measured.readable_ms, measured.usable_ms = seen["readable"], seen["usable"]
        for name in ("readable", "usable"):
            until = begun[0] + seen[name] / 1000
            setattr(measured, f"{name}_bytes", int(sum(size for when, size in arrived if when <= until)))
        measured.blocking_bytes = page.evaluate(_BLOCKING)
        network.send(
            "Network.emulateNetworkConditions",
            SLOW_3G | {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
        )
        network.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        page.click("#where")
        seen = _seen(page, "answered")
        measured.answer_ms = seen["answered"] - seen["located"]
    finally:
        context.close()
    return measured


def _seen(page: Any, *names: str) -> dict[str, float]:
    """What the page has seen, as soon as it has seen all these. Playwright's own waiting needs `eval`, which the page's policy forbids."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        seen: dict[str, float] = page.evaluate("seen")
        if all(seen.get(name) for name in names):
            return seen
        page.wait_for_timeout(50)
    raise TimeoutError(f"the page was not {' and '.join(names)} within {_PATIENCE_S} s")


def first_place(address: str) -> dict[str, float]:
    """The gate of a hospital of the service: a place from which there is a road."""
    import json
    from urllib.request import urlopen

    with urlopen(f"{address}/api/v1/hospitals") as response:  # noqa: S310 - an address of whoever runs this
        lon, lat = json.load(response)["features"][0]["geometry"]["coordinates"]
    return {"latitude": lat, "longitude": lon, "accuracy": 50}
