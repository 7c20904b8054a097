import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.delivery.gateway import Gateway
from stroke_map.errors import InvalidRequestError
from stroke_map.settings import read_settings

FORM = "application/x-www-form-urlencoded"
HOSTILE = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(
    ['", "to": "1', "{id}", "{{7*7}}", "${jndi:ldap://x}", "{text.__class__}", "&to=1", "%7Bid%7D", "\r\nX-Header: 1", "@evil.example/", "../../"]
)  # fmt: skip


def gateway(**fields):
    return Gateway.of(replace(read_settings({}), **{"gateway_url": "https://g.example/send"} | fields))


def values(**told):
    return {"kind": "sms", "phone": "123", "text": "hello", "id": "m1"} | told


def test_no_address_no_gateway():
    assert gateway(gateway_url="") is None


@given(text=HOSTILE, phone=HOSTILE)
def test_no_value_becomes_a_part_of_json(text, phone):
    template = '{"list": [{"to": "{phone}"}, 1, null], "text": "<{text}|{id}>", "{phone}": true}'
    _, headers, body = gateway(gateway_body=template).request(values(text=text, phone=phone))
    assert json.loads(body) == {"list": [{"to": phone}, 1, None], "text": f"<{text}|m1>", "{phone}": True}
    assert headers["Content-Type"] == "application/json"


@given(text=HOSTILE, phone=HOSTILE)
def test_no_value_becomes_a_part_of_a_form(text, phone):
    made = gateway(gateway_content_type=FORM, gateway_body="to={phone}&text=A+{text}&key=k%26k&empty=")
    _, headers, body = made.request(values(text=text, phone=phone))
    found = parse_qs(body.decode(), keep_blank_values=True)
    assert found == {"to": [phone], "text": [f"A {text}"], "key": ["k&k"], "empty": [""]}
    assert headers["Content-Type"] == FORM


@given(text=HOSTILE, phone=HOSTILE)
def test_no_value_becomes_a_part_of_an_address(text, phone):
    made = gateway(gateway_url="https://g.example:8443/{kind}/{phone}?text={text}&key=1")
    url, *_ = made.request(values(text=text, phone=phone))
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "g.example:8443", "")
    assert parts.path.count("/") == 2
    assert parse_qs(parts.query, keep_blank_values=True) == {"text": [text], "key": ["1"]}
    assert url.isascii()
    assert url.isprintable()


def test_headers_are_sent_as_they_are_set():
    made = gateway(
        gateway_headers='{"Authorization": "Bearer {text}", "Content-Type": "application/json; charset=utf-8"}'
    )
    _, headers, _ = made.request(values())
    assert headers == {"Content-Type": "application/json; charset=utf-8", "Authorization": "Bearer {text}"}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"gateway_url": "https://{phone}.example/"}, "URL"),
        ({"gateway_url": "https://user:hush@g.example/"}, "URL"),
        ({"gateway_url": "ftp://hush.example/"}, "URL"),
        ({"gateway_url": "https://g.example/ hush"}, "URL"),
        ({"gateway_url": "https://[hush/"}, "URL"),
        ({"gateway_body": '{"to": {phone}, "hush": 1}'}, "BODY"),
        ({"gateway_headers": "Authorization: hush"}, "HEADERS"),
        ({"gateway_headers": '["hush"]'}, "HEADERS"),
        ({"gateway_headers": '{"A": "hush\\r\\nB: c"}'}, "HEADERS"),
        ({"gateway_headers": '{"A\\r\\nB": "hush"}'}, "HEADERS"),
        ({"gateway_headers": '{"A": 1}'}, "HEADERS"),
    ],
)
def test_what_cannot_be_meant_is_refused_when_it_is_set_and_never_repeated(fields, named):
    with pytest.raises(InvalidRequestError, match=f"GATEWAY_{named}") as caught:
        gateway(**fields)
    assert "hush" not in str(caught.value)
