"""Links that open a navigation app at a hospital. They carry a destination and never anything about a patient."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

#: A slash after an area code belongs to the number, one after a whole number begins another.
_NUMBER = re.compile(r"\+?[0-9]+((?<![0-9]{5})/[0-9]+)*")


def navigation_links(name: str, gcj02: tuple[float, float], phone: str) -> dict[str, str]:
    """Links for the providers people use.

    Parameters
    ----------
    gcj02
        (lat, lon) in degrees, GCJ-02: what all four take (Apple Maps in China does, too).

    The forms are the providers' own: lbs.amap.com/api/uri-api, lbsyun.baidu.com (uri), lbs.qq.com/webApi/uriV1,
    developer.apple.com (Map Links).
    """
    lat, lon = (f"{value:.6f}" for value in gcj02)
    title = quote(name, safe="")
    return {
        "amap": f"https://uri.amap.com/navigation?from=&to={lon},{lat},{title}&mode=car&policy=1&src=stroke_map&callnative=1",
        "baidu": f"https://api.map.baidu.com/direction?destination=latlng:{lat},{lon}%7Cname:{title}"
        "&mode=driving&coord_type=gcj02&output=html&src=webapp.stroke_map.stroke_map",
        "tencent": f"https://apis.map.qq.com/uri/v1/routeplan?type=drive&to={title}&tocoord={lat},{lon}&policy=0&referer=stroke_map",
        "apple": f"https://maps.apple.com/?daddr={lat},{lon}&dirflg=d&q={title}",
        "call": f"tel:{first_number(phone)}",
    }


def first_number(phone: str) -> str:
    """The first of the numbers in a cell such as "(023) 6869 0000、6869 0001 转 8", as digits; 120 where there is none."""
    found = _NUMBER.search(re.sub(r"[\s().-]", "", unicodedata.normalize("NFKC", phone)))
    return found[0].replace("/", "") if found else "120"
