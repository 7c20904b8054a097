"""Links that open a navigation app at a hospital. They carry a destination and never anything about a patient."""

from __future__ import annotations

import re
from urllib.parse import quote


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
        "call": f"tel:{digits}" if (digits := re.sub(r"[^0-9+]", "", phone)) else "tel:120",
    }
