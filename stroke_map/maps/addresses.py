"""Where the pages stand on this server, and the same page in each language."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from stroke_map.maps.texts import LANGUAGES, TAGS


def hospital_path(hospital_id: str) -> str:
    """The address of a hospital's page on this server."""
    return f"/hospitals/{quote(hospital_id, safe='')}"


def district_path(name: str) -> str:
    """The address of a district's page on this server."""
    return f"/districts/{quote(name, safe='')}"


def alternates(address: str, path: str, **asked: str) -> dict[str, str]:
    """The same page in each language and in the reader's own, by the tags of `hreflang`; whole addresses, none without `address`.

    Parameters
    ----------
    address
        Of the service, `https://map.example.org`; "" if nobody said.
    **asked
        What else the page is asked for.
    """
    if not address:
        return {}
    own = {TAGS[lang]: asked | {"lang": lang} for lang in LANGUAGES} | {"x-default": asked}
    return {tag: f"{address}{path}{'?' if query else ''}{urlencode(query)}" for tag, query in own.items()}
