import pytest

from stroke_map.errors import ForbiddenError, InvalidRequestError
from stroke_map.stream.request import Request


def request(proxies=0, query="", **headers):
    pairs = [(name.replace("_", "-").encode(), text.encode("latin-1")) for name, text in headers.items()]
    scope = {"method": "GET", "path": "/", "query_string": query.encode(), "headers": pairs}
    return Request(scope | {"client": ("192.0.2.1", 4711)}, proxies)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "spoofed, 203.0.113.9", "203.0.113.9"),
        (2, "spoofed, 203.0.113.9, 198.51.100.7", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
    ],
)
def test_who_asks_is_taken_from_as_many_proxies_as_are_trusted(proxies, forwarded, address):
    assert request(proxies, X_Forwarded_For=forwarded).address == address


@pytest.mark.parametrize(
    ("host", "origin", "own"),
    [
        ("map.example.org", "https://map.example.org", True),
        ("127.0.0.1:8121", "http://127.0.0.1:8121", True),
        ("127.0.0.1:8121", "http://127.0.0.1:8120", True),
        ("[::1]:8121", "http://[::1]:8120", True),
        ("127.0.0.1:8121", "http://127.0.0.1:8122", False),
        ("map.example.org", "https://map.example.org.evil.org", False),
        ("map.example.org", "https://evil.org", False),
        ("map.example.org", "https://map.example.org:99999", False),
        ("", "https://", False),
        ("map.example.org", "null", False),
    ],
)
def test_a_page_of_this_service_alone_may_listen(host, origin, own):
    asked = request(Host=host, Origin=origin)
    if own:
        assert asked.own_origin(8120) == origin
    else:
        with pytest.raises(ForbiddenError):
            asked.own_origin(8120)


def test_a_key_counts_before_a_cookie_and_strange_cookies_harm_none():
    cookie = 'a="x; stroke_map_session=t0; =;; b={"c": 1}; stroke_map_session=t1'
    assert request(Cookie=cookie).shown().token == "t0"
    both = request(Cookie=cookie, Authorization="bearer  k ").shown()
    assert (both.key, both.token) == ("k", "")
    assert request(Authorization="Basic k").shown().key == ""


def test_the_header_of_a_browser_counts_before_what_an_address_says():
    assert request(query="last_event_id=1-2-3").last_event_id() == "1-2-3"
    assert request(query="last_event_id=1-2-3", Last_Event_ID="4-5-6").last_event_id() == "4-5-6"
    assert request().last_event_id() == ""


@pytest.mark.parametrize("query", ["a=1", "last_event_id=1&a=2", "a", "&".join(["last_event_id=1"] * 20)])
def test_an_address_that_says_more_is_refused(query):
    with pytest.raises(InvalidRequestError):
        request(query=query).last_event_id()
