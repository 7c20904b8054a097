"""HTML to PDF by the system's own Chromium; the page forbids scripts and requests by its own policy, as the poster does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stroke_map.errors import MissingProgramError

if TYPE_CHECKING:
    from datetime import datetime

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE_S: Final = 120
# A PDF says when and by which browser it was made: the same edition must give the same bytes.
_DATE: Final = re.compile(rb"\(D:\d{14}[+-]\d\d'\d\d'\)")
_NODE: Final = re.compile(rb"node\d{8}")


def check_can_print() -> str:
    """The browser to print with.

    Raises
    ------
    MissingProgramError
        There is no Chromium, or no font with Chinese characters; it names the Debian package.
    """
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        raise MissingProgramError(
            "No Chromium is installed, which makes the PDF.",
            next_step="apt-get install chromium, or write an .html file and print it in any browser.",
        )
    if not _has_chinese_font():
        raise MissingProgramError(
            "No font with Chinese characters is installed: the PDF would hold empty boxes.",
            next_step="apt-get install fonts-noto-cjk, or write an .html file and print it where there is one.",
        )
    return browser


def _has_chinese_font() -> bool:
    lister = shutil.which("fc-list")
    if lister is None:
        return False  # Chromium finds fonts by fontconfig alone
    listed = subprocess.run([lister, ":lang=zh", "family"], capture_output=True, check=False, timeout=_PATIENCE_S)
    return bool(listed.stdout.strip())


def print_pdf(html: str, out: Path, *, made_at: datetime) -> None:
    """Print a page that is complete in itself, on the paper its style asks for.

    Parameters
    ----------
    made_at
        The date that the file carries.

    Raises
    ------
    MissingProgramError
        There is nothing to print with, or it failed.
    """
    browser = check_can_print()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "page.html").write_text(html, encoding="utf-8")
        command = [
            browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync",
            "--disable-component-update", f"--user-data-dir={folder / 'profile'}",
            "--no-pdf-header-footer", f"--print-to-pdf={folder / 'page.pdf'}", (folder / "page.html").as_uri(),
        ]  # fmt: skip
        if os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # Chromium refuses to start as root with it
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=_PATIENCE_S)
            made = (folder / "page.pdf").read_bytes()
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MissingProgramError(
                f"{Path(browser).name} did not print the page.",
                next_step="Write an .html file and print it in any browser.",
            ) from error
        if done.returncode or not made.startswith(b"%PDF"):
            raise MissingProgramError(
                f"{Path(browser).name} ended with {done.returncode} and did not print the page.",
                next_step="Write an .html file and print it in any browser.",
            )
    date = made_at.strftime("(D:%Y%m%d%H%M%S+00'00')").encode()
    made = _DATE.sub(lambda found: date if len(found[0]) == len(date) else found[0], made)
    # Chromium names cells by numbers that go on from whatever it has drawn before; in their order from 0 they are the same each time.
    names = {name: b"node%08d" % number for number, name in enumerate(sorted(set(_NODE.findall(made))))}
    out.write_bytes(_NODE.sub(lambda found: names[found[0]], made))
