"""QR codes as SVG."""

from __future__ import annotations

import base64
import io

import segno
from markupsafe import Markup


def qr_svg(address: str) -> Markup:
    """A QR code (ISO/IEC 18004, level M: readable with 15 % of it spoilt) as an SVG that takes the size it is given.

    Raises
    ------
    ValueError
        More than a code holds.
    """
    stream = io.BytesIO()
    code = segno.make(address, error="m", micro=False)
    code.save(stream, kind="svg", border=4, dark="#000", light="#fff", omitsize=True, xmldecl=False, nl=False)
    return Markup(stream.getvalue().decode())  # noqa: S704 - made of numbers alone


def qr_address(address: str) -> str:
    """The code as a `data:` address of its own, for what is shown once and lies nowhere. See `qr_svg`."""
    return "data:image/svg+xml;base64," + base64.b64encode(qr_svg(address).encode()).decode()
