"""The stream process itself: what it tells to whom, whom it refuses, and what becomes of streams when things go wrong."""

import signal
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import orjson

from stroke_map.live import LiveStore, NewClosure, NewStatus
from stroke_map.live.audit_reads import gather_left

KEY = "correct horse battery staple"
BAD_KEY = "sm_0123456789ab_" + 43 * "x"


def of(kind, **members):
    """Whether an event is of a kind, and its members have these values."""
    return lambda told: told.kind == kind and all(told.data[name] == value for name, value in members.items())


def now():
    return datetime.now(UTC)


def test_whoever_listens_hears_what_the_api_would_answer_and_what_was_missed(serve, settings, shift):
    server = serve(settings)
    everybody, hospital = server.listen(), server.listen(shift.key("hospital", "a")[1])
    assert everybody.response.headers["Content-Type"].startswith("text/event-stream")
    assert [client.hear().kind for client in (everybody, hospital)] == ["hello", "hello"]
    mine, other = shift.alert("a"), shift.alert("b")
    heard = everybody.hear_until(of("alert", id=other))
    assert {(told.kind, told.data["id"]) for told in heard} >= {("alert", mine), ("alert", other), ("case", 1)}
    shown = shift.store.alerts.get(other).as_json(now(), shift.store.alerts.timers)
    assert heard[-1].data == orjson.loads(orjson.dumps(shown))
    assert not any("answer" in told.data for told in heard)

    # The hospital knows, and then the ambulance is late: both are told, and the one does not undo the other.
    shift.store.alerts.act(mine, "acknowledged", "dr li", now=now(), team="emergency")
    late = now().replace(microsecond=0) + timedelta(minutes=45)
    shift.store.alerts.set_eta(1, late, now=now())
    for client in (everybody, hospital):
        told = client.hear_until(lambda told: told.kind == "alert" and told.data["eta"] == late.isoformat())[-1].data
        assert [team["acknowledged_by"] for team in told["teams"]] == ["dr li", None]

    # Somebody was away meanwhile, and hears it all at once; somebody who missed nothing hears nothing.
    again = server.listen(last_id=heard[-1].id)
    assert again.hear().kind == "hello"
    assert again.hear_until(of("alert", id=mine))[-1].data["eta"] == late.isoformat()
    assert again.last_id == everybody.last_id
    up_to_date = server.listen(last_id=everybody.last_id)
    until = now() + timedelta(hours=1)
    shift.store.statuses.set(NewStatus(hospital_id="b", kind="full", until=until, reason="r", author="li"), now=now())
    (closure,) = shift.store.closures.add(
        NewClosure(ways=(1,), begins=now(), reason="landslide", author="li"), now=now()
    )
    assert [up_to_date.hear().kind for _ in range(3)] == ["hello", "status", "closure"]
    shift.store.statuses.end("b", "li", "over", now=now())
    assert everybody.hear_until(of("status", state="ended"))[-1].data["ended_by"] == "li"
    shift.store.closures.end(closure.id, "li", now=now())
    heard = hospital.hear_until(of("closure", active=False))
    assert {told.kind for told in heard} == {"closure"}
    assert b'stroke_map_stream_events_total{kind="alert"}' in server.get("/metrics").response.read()


def test_a_revoked_key_and_an_ended_session_end_their_streams(serve, settings, shift):
    from stroke_map.live.accounts import Standing
    from stroke_map.live.login import Checked

    user = shift.store.accounts.add_user(Standing("li", "dispatcher"), "-", "-", by="test", now=now())
    _, token = shift.store.log_ins.begin(Checked(user.id, user.standing, 1, ""), now=now())
    public, key = shift.key("dispatcher")
    server = serve(settings)
    by_key, by_cookie = server.listen(key), server.listen("", Cookie=f"other=1; stroke_map_session={token}")
    stays = server.listen()
    assert (by_key.hear().kind, by_cookie.hear().kind) == ("hello", "hello")
    shift.store.accounts.revoke_key(public, by="test", now=now())
    shift.store.log_ins.log_out(token, now=now())
    assert [by_key.hear().kind, by_cookie.hear().kind] == ["end", "end"]
    assert (by_key.hear(), by_cookie.hear()) == (None, None)
    assert server.listen(key).status == 401
    alert = shift.alert()
    assert stays.hear_until(of("alert"))[-1].data["id"] == alert


REFUSED = [
    ("", "/api/v1/events", {}, 401, "unauthorized"),
    (BAD_KEY, "/api/v1/events", {}, 401, "unauthorized"),
    ("administrator", "/api/v1/events", {}, 403, "forbidden"),
    (KEY, "/api/v1/events", {"Origin": "https://evil.example"}, 403, "forbidden"),
    (KEY, "/api/v1/events", {"Origin": "null"}, 403, "forbidden"),
    (KEY, "/api/v1/events", {"Origin": "http://[::1"}, 403, "forbidden"),
    (KEY, "/api/v1/events", {"Sec_Fetch_Site": "cross-site"}, 403, "forbidden"),
    (KEY, "/api/v1/events?token=1", {}, 422, "invalid-request"),
    (KEY, "/api/v1/events?last_event_id=1&last_event_id=2", {}, 422, "invalid-request"),
    (KEY, "/api/v1/nothing", {}, 404, "not-found"),
]


def test_whoever_may_not_listen_is_told_why(serve, sqlite_settings, sqlite_shift):
    server = serve(sqlite_settings)
    keys = {"administrator": sqlite_shift.key("administrator")[1]}
    for key, path, headers, status, code in REFUSED:
        shown = {"Authorization": f"Bearer {keys.get(key, key)}"} if key else {}
        client = server.get(path, **shown, **headers)
        assert (client.status, client.problem()["code"]) == (status, code)
        assert "Access-Control-Allow-Origin" not in client.response.headers
        assert ("WWW-Authenticate" in client.response.headers) == (status == 401)


def test_no_more_streams_than_the_settings_say(serve, sqlite_settings, sqlite_shift):
    server = serve(sqlite_settings, STREAM_LIMIT=3, STREAM_ACCOUNT_LIMIT=2)
    first, second = server.listen(), server.listen()
    assert (first.hear().kind, second.hear().kind) == ("hello", "hello")
    refused = server.listen()
    assert (refused.status, refused.problem()["code"], refused.response.headers["Retry-After"]) == (
        429,
        "too-busy",
        "5",
    )
    third = server.listen(sqlite_shift.key("crew")[1])
    assert third.hear().kind == "hello"
    assert server.listen(sqlite_shift.key("dispatcher")[1]).status == 429
    first.close()
    wait_until(lambda: server.listen(sqlite_shift.key("auditor")[1]).status == 200)


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_page_of_this_service_may_listen_from_its_own_port(serve, sqlite_settings):
    server = serve(sqlite_settings, PORT=8120)
    for origin in ("http://127.0.0.1:8120", f"http://127.0.0.1:{server.port}"):
        client = server.listen(Origin=origin)
        assert (client.status, client.response.headers["Access-Control-Allow-Origin"]) == (200, origin)
        assert client.response.headers["Access-Control-Allow-Credentials"] == "true"
        assert client.response.headers["Vary"] == "Origin"
    assert server.listen(Origin="http://127.0.0.1:9999").status == 403


def test_a_request_of_any_length_or_slowness_harms_nobody(serve, sqlite_settings, tmp_path):
    server = serve(sqlite_settings)
    assert server.get("/" + 20_000 * "x").status == 431
    assert server.listen(X_Long=20_000 * "x").status == 431
    for request in (b"\x00\xff\r\n\r\n", b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nCookie: \xff\xfe=;;=\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(request)
            assert connection.recv(100).startswith((b"HTTP/1.1 400", b"HTTP/1.1 401"))
    assert server.listen().hear().kind == "hello"


def test_an_id_of_nobody_or_of_the_future_begins_anew(serve, settings, shift):
    server = serve(settings)
    shift.alert()
    for last in ("17", "9" * 18 + "-1-1", "<script>"):
        client = server.listen(last_id=last)
        assert [client.hear().kind, client.hear().kind] == ["hello", "reset"]
        shift.alert()
        assert client.hear_until(of("alert"))[-1].id == client.last_id


def test_a_client_that_takes_nothing_is_cut_off_and_the_others_go_on(serve, sqlite_settings, sqlite_shift):
    server = serve(sqlite_settings)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + KEY.encode() + b"\r\n\r\n")
        assert slow.recv(1) == b"H"
        quick = server.listen()
        quick.hear()
        case = sqlite_shift.case(vehicle=100_000 * "v")
        moments = 0
        while b"slow_total 1.0" not in server.get("/metrics").response.read():
            sqlite_shift.store.cases.record(case, "call", now(), "li", now=now())
            moments += 1
            assert quick.hear_until(of("case"))[-1].data["id"] == case
            assert moments < 200
        assert orjson.loads(server.get("/healthz").response.read())["streams"] == 1
        with suppress(ConnectionResetError):  # its connection is closed too, though it took nothing
            while slow.recv(65536):
                pass


def test_streams_say_when_the_database_is_away_and_when_it_is_back(serve, settings, shift, live_database, tmp_path):
    server = serve(settings)
    client = server.listen()
    assert client.hear().data["stale"] is False
    with away(settings, tmp_path):
        assert client.hear_until(of("stale"))[-1].kind == "stale"
        late = server.listen()
        assert late.hear().data["stale"] is True
    alert = shift.alert()
    for listener in (client, late):
        assert {"fresh", "alert"} <= {told.kind for told in listener.hear_until(of("alert", id=alert))}


class away:  # noqa: N801  reads as a word
    """Nobody can use the database meanwhile."""

    def __init__(self, settings, folder):
        self._url, self._folder = settings.database_url, folder

    def _run(self, *statements):
        import psycopg

        with psycopg.connect(self._url.replace("/one_test?", "/postgres?"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def __enter__(self):
        if self._url.startswith("sqlite"):
            (self._folder / "live.db").rename(self._folder / "away.db")
        else:
            end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'one_test'"
            self._run("ALTER DATABASE one_test ALLOW_CONNECTIONS false", end)

    def __exit__(self, *_):
        if self._url.startswith("sqlite"):
            (self._folder / "away.db").rename(self._folder / "live.db")
        else:
            self._run("ALTER DATABASE one_test ALLOW_CONNECTIONS true")


def test_it_ends_with_its_streams_and_writes_who_listened_but_nothing_of_patients(
    serve, sqlite_settings, sqlite_shift, tmp_path
):
    server = serve(sqlite_settings, TRUSTED_PROXIES=1)
    client = server.listen(X_Forwarded_For="203.0.113.9, 198.51.100.7")
    client.hear()
    sqlite_shift.case(vehicle="Zq7secret")
    told = client.hear_until(of("case"))[-1]
    server.process.send_signal(signal.SIGTERM)
    assert client.hear() is None
    assert server.process.wait(60) == 0
    gather_left(sqlite_settings.audit_dir, sqlite_shift.store)
    lines = [orjson.loads(line) for line in read_lines(sqlite_shift.store)]
    streams = [line for line in lines if line["action"].startswith("stream.")]
    assert [line["action"] for line in streams] == ["stream.open", "stream.close"]
    assert {(line["actor"], line["address"]) for line in streams} == {("clinical key", "198.51.100.7")}
    assert streams[-1]["told"] == told.id
    assert "secret" not in (tmp_path / "log").read_text() + "".join(map(str, streams))
    assert sqlite_shift.store.audit.verify()[1] == []


def read_lines(store: LiveStore):
    from sqlalchemy import select

    from stroke_map.live.account_tables import audit

    with store.reading() as connection:
        return connection.execute(select(audit.c.line).order_by(audit.c.chain, audit.c.number)).scalars().all()


def test_every_answer_has_an_id_of_its_own_which_a_problem_and_the_audit_log_name_too(serve, settings, shift):
    server = serve(settings)
    first, second = server.listen(), server.listen()
    ids = [client.response.headers["X-Request-Id"] for client in (first, second)]
    refused = server.listen(BAD_KEY)
    assert refused.problem()["request_id"] == refused.response.headers["X-Request-Id"]
    assert len({*ids, refused.response.headers["X-Request-Id"]}) == 3
    server.process.send_signal(signal.SIGINT)
    server.process.wait(60)
    gather_left(settings.audit_dir, shift.store)
    lines = [line for line in shift.store.audit.list() if line["action"] in {"stream.open", "stream.close"}]
    assert {line["request"] for line in lines} == set(ids)
    assert len(lines) == 4
