"""The service's own endpoints, asked over real HTTP in every state that they can be in."""

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from logwatch.collect.health_probes import MAX_DETAILS, HttpEndpoints
from logwatch.collect.interface import Answer, Probe
from logwatch.errors import ConfigError
from tests.conftest import ROOT
from tests.support.local_app import (
    DATABASE,
    DETAILED,
    HOSTILE,
    HTML,
    METRICS,
    REDIS,
    STATES,
    TOKEN,
    LocalApp,
    Says,
    database,
    detailed,
    metrics,
    redis,
)
from tests.support.patience import PATIENCE_S, no_hang
from tests.support.platform import SERVICE

NOW = datetime(2026, 2, 24, 3, tzinfo=UTC)
HEALTHY = {
    "database.ping_ms": 4.0, "database.active_connections": 12.0, "database.long_running_queries": 0.0,
    "redis.ping_ms": 1.0, "database.down": 0.0, "redis.down": 0.0, "endpoints.unanswered": 0.0,
}  # fmt: skip


@pytest.fixture
def app() -> Iterator[LocalApp]:
    with LocalApp() as running:
        yield running


HASTY_S = 2
"""For what never answers."""


def probe(app: LocalApp, *, token: str | None = TOKEN, timeout_s: float = PATIENCE_S) -> Probe:
    return HttpEndpoints(app.url, SERVICE.endpoints, token=token, timeout_s=timeout_s).probe(NOW)


def answer(probe: Probe, path: str) -> Answer:
    return next(found for found in probe.answers if found.path == path)


def without(*names: str) -> dict[str, float]:
    """Give what is left of an endpoint that gives no figure: whether its component is down stands in /health/detailed too."""
    return {name: value for name, value in HEALTHY.items() if not name.startswith(names) or name.endswith(".down")}


def test_a_healthy_service_gives_every_gauge_and_what_the_procedures_ask_for(app: LocalApp) -> None:
    found = probe(app)
    assert found.gauges == HEALTHY
    assert found.answers == (
        Answer(DATABASE, NOW, 200, "", {"status": "healthy", "version": "PostgreSQL 15.4", "pingMs": 4, "activeConnections": 12, "longRunningQueries": 0}),
        Answer(REDIS, NOW, 200, "", {"status": "healthy", "pingMs": 1, "cache.hits": 340, "cache.misses": 60, "cache.errors": 0, "cache.hitRate": 85}),
        Answer(DETAILED, NOW, 200, "", {"status": "healthy", "database": "healthy", "redis": "healthy"}),
        Answer(METRICS, NOW, 200, "", {
            "betaMode": "true", "uptime": 5123.4, "metricsCount": 7, "cache.hit": 340, "cache.miss": 60,
            "checkout.attempt{service=glycopharm}": 12, "checkout.blocked.stock{service=glycopharm}": 3, "payment.prepare{service=kpa}": 4,
        }),
    )  # fmt: skip


def test_only_the_endpoint_behind_the_login_is_sent_the_token_and_without_one_it_is_not_asked(app: LocalApp) -> None:
    probe(app)
    assert {path: headers.get("Authorization") for path, headers in app.seen} == {
        DATABASE: None, REDIS: None, DETAILED: None, METRICS: f"Bearer {TOKEN}",
    }  # fmt: skip
    app.seen.clear()
    found = probe(app, token=None)
    assert {path for path, _ in app.seen} == {DATABASE, REDIS, DETAILED}
    assert [answer.path for answer in found.answers] == [DATABASE, REDIS, DETAILED]
    assert found.gauges == HEALTHY


@pytest.mark.parametrize(
    ("path", "says", "gauges", "status", "error", "details"),
    [
        (DATABASE, STATES["database"]["degraded"], HEALTHY | {"database.ping_ms": 240, "database.long_running_queries": 3}, 200, "", {"status": "degraded", "pingMs": 240}),
        (DATABASE, STATES["database"]["unhealthy"], HEALTHY | {"database.ping_ms": 900, "database.down": 1}, 503, "", {"status": "unhealthy", "pingMs": 900}),
        (DATABASE, STATES["database"]["down"], without("database") | {"database.down": 1}, 503, "", {"status": "unhealthy", "error": "connect ETIMEDOUT 10.0.0.4:5432"}),
        (DATABASE, STATES["database"]["leaking"], without("database") | {"database.down": 1}, 503, "", {"error": "cannot reach postgres://***@10.0.0.4/o4o password=*** at x"}),
        (REDIS, STATES["redis"]["degraded"], HEALTHY | {"redis.ping_ms": 120}, 200, "", {"status": "degraded"}),
        (REDIS, STATES["redis"]["idle"], HEALTHY, 200, "", {"cache.hits": 0, "cache.hitRate": None}),
        (REDIS, STATES["redis"]["not_configured"], without("redis"), 200, "", {"status": "not_configured"}),
        (REDIS, STATES["redis"]["absent"], without("redis"), 404, "", {"status": "not_configured"}),
        (REDIS, STATES["redis"]["down"], without("redis") | {"redis.down": 1}, 503, "", {"status": "unhealthy", "error": "connect ECONNREFUSED"}),
        (DETAILED, STATES["detailed"]["degraded"], HEALTHY | {"redis.down": 1}, 503, "", {"status": "degraded", "redis": "unhealthy"}),
        (METRICS, STATES["metrics"]["off"], HEALTHY, 404, "beta mode is off (404 BETA_MODE_OFF)", {"betaMode": "false"}),
        (METRICS, STATES["metrics"]["refused"], HEALTHY, 401, "the token was refused (401)", None),
        (METRICS, Says(metrics(counters={})), HEALTHY, 200, "", {"betaMode": "true"}),
    ],
)  # fmt: skip
def test_each_state_of_the_application_is_an_answer(
    app: LocalApp, path: str, says: Says, gauges: dict[str, float], status: int, error: str, details: dict[str, object] | None
) -> None:
    app.say(path, says)
    found = probe(app)
    assert found.gauges == gauges
    told = answer(found, path)
    assert (told.status, told.error) == (status, error)
    if details is None:
        assert told.details is None
    else:
        assert told.details
        assert details.items() <= told.details.items()
    assert sum(at == path for at, _ in app.seen) == (2 if status >= 500 else 1), "one bad answer alone may be a hiccup"


@pytest.mark.parametrize(
    ("value", "error"),
    [(text, "pingMs is not a number of 0 or more") for text in ("NaN", "Infinity", "-1", "1e999", '"4"', "true", "[4]", "{}", "9" * 400)]
    + [("null", "")],
)  # fmt: skip
def test_a_figure_that_is_none_gives_no_gauge_and_leaves_the_others(app: LocalApp, value: str, error: str) -> None:
    app.say(DATABASE, Says(json.dumps(database(ping="?")).replace('"?"', value).encode()))
    found = probe(app)
    assert found.gauges == without("database.ping")
    assert answer(found, DATABASE).error == error
    assert "pingMs" not in (answer(found, DATABASE).details or {})


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        (DATABASE, {}, "200 without a status of the component"),
        (DATABASE, {"status": "healthy"}, "the field pingMs is missing"),
        (DATABASE, {"status": "healthy", "details": [1]}, "the field pingMs is missing"),
        (DATABASE, {"status": 7, "details": {"pingMs": 1}}, "200 without a status of the component"),
        (REDIS, redis(hits="x", misses=-1, errors=[], hitRate={}), "cache.hits is not a number of 0 or more, cache.misses is not a number of 0 or more, cache.errors is not a number of 0 or more and 1 more"),
        (DETAILED, {"status": "healthy", "checks": "all"}, "the field checks is missing"),
        (DETAILED, {"status": "healthy", "checks": [None, {"component": 1}]}, "a check without component or status, a check without component or status"),
        (METRICS, {"success": True, "data": []}, "200 without counters"),
        (METRICS, metrics(counters={"checkout.attempt": "12"}), "checkout.attempt is not a number of 0 or more"),
    ],
)  # fmt: skip
def test_an_answer_of_another_form_is_told(app: LocalApp, path: str, body: object, error: str) -> None:
    app.say(path, Says(body))
    found = probe(app)
    assert answer(found, path).error == error
    assert found.gauges["endpoints.unanswered"] == 0


@pytest.mark.parametrize("path", [DATABASE, REDIS, DETAILED, METRICS])
@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("html_502", 502, "502 with an HTML page"),
        ("html_200", 200, "200 with an HTML page"),
        ("empty", 200, "200 with nothing"),
        ("empty_503", 503, "503 with nothing"),
        ("redirect", 302, "302, redirected to evil.example"),
        ("cut_off", 200, "200 with broken JSON"),
        ("short", None, "IncompleteRead"),
        ("array", 200, "200 with no JSON object"),
        ("number", 200, "200 with no JSON object"),
        ("null", 200, "200 with no JSON object"),
        ("nested", 200, "200 with no JSON object"),
        ("huge", 200, "more than 1 MiB came"),
        ("bomb", 200, "more than 1 MiB came"),
        ("no_gzip", None, "what came cannot be unpacked"),
        ("not_utf8", 200, "200 with no JSON object"),
        ("digits", 200, "200 with broken JSON"),
        ("hang", None, "no answer in time"),
        ("reset", None, "RemoteDisconnected"),
        ("slow", None, "no whole answer within"),
    ],
)
def test_what_is_no_answer_of_the_application_gives_no_gauge_and_is_told(
    app: LocalApp, path: str, name: str, status: int | None, error: str
) -> None:
    app.say(path, HOSTILE[name])
    found = probe(app, timeout_s=HASTY_S if name in {"hang", "slow"} else PATIENCE_S)
    told = answer(found, path)
    assert (told.status, told.details) == (status, None)
    assert error in told.error
    assert "pw" not in told.error
    assert found.gauges == without({DATABASE: "database", REDIS: "redis"}.get(path, "none"), "end") | {
        "endpoints.unanswered": 1
    }


def test_all_are_asked_at_once_and_a_hanging_server_ends_it(app: LocalApp) -> None:
    for path in (DATABASE, REDIS, DETAILED, METRICS):
        app.say(path, HOSTILE["hang"])
    with no_hang():
        found = probe(app, timeout_s=HASTY_S)
    assert {path for path, _ in app.seen[:4]} == {DATABASE, REDIS, DETAILED, METRICS}, "none waits for another's second try"
    assert found.gauges == {"endpoints.unanswered": 4}


@pytest.mark.parametrize("first", [HTML, HOSTILE["reset"], HOSTILE["short"], HOSTILE["hang"], HOSTILE["empty_503"]])
def test_what_passes_is_asked_again(app: LocalApp, first: Says) -> None:
    app.say(DATABASE, first, Says(database()))
    assert probe(app, timeout_s=HASTY_S if first.before == "hang" else PATIENCE_S).gauges == HEALTHY


def test_a_server_that_is_not_there_is_told_without_its_address() -> None:
    found = HttpEndpoints("http://127.0.0.1:9", SERVICE.endpoints, token=TOKEN, timeout_s=PATIENCE_S).probe(NOW)
    assert found.gauges == {"endpoints.unanswered": 4}
    assert {(told.status, told.error) for told in found.answers} == {(None, "no connection: [Errno 111] Connection refused")}


def test_a_host_without_a_name_is_told() -> None:
    found = HttpEndpoints("https://no-such-host.invalid", SERVICE.endpoints, timeout_s=1, attempts=1).probe(NOW)
    assert {told.error for told in found.answers} <= {"the host's name is not known", "no whole answer within 1 s"}


def test_a_redirect_is_not_followed(app: LocalApp) -> None:
    with LocalApp() as other:
        app.say(METRICS, Says(b"", 307, (("Location", other.url + METRICS),)))
        probe(app)
        assert other.seen == []


def test_a_gzip_answer_is_read(app: LocalApp) -> None:
    import gzip

    app.say(DATABASE, Says(gzip.compress(json.dumps(database()).encode()), 200, (("Content-Encoding", "gzip"),)))
    assert probe(app).gauges == HEALTHY


def test_a_bomb_takes_no_memory(app: LocalApp) -> None:
    app.say(DATABASE, HOSTILE["bomb"])
    tracemalloc.start()
    probe(app, timeout_s=2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20


@pytest.mark.long
def test_details_stay_within_their_room_and_say_what_was_left_out(app: LocalApp) -> None:
    counters = {f"checkout.blocked.{number}{{shop={'가' * 300}}}": number for number in range(500)}
    app.say(METRICS, Says(metrics(counters=counters)))
    app.say(DETAILED, Says(detailed(**{f"part-{number}": "unhealthy" * 100 for number in range(99)})))
    for told in probe(app).answers[2:]:
        assert told.details
        assert len(json.dumps(told.details, ensure_ascii=False).encode()) <= MAX_DETAILS
        assert float(told.details["left_out"] or 0) > 80


def test_hostile_words_become_one_line_without_secrets(app: LocalApp) -> None:
    error = f"\x1b[31m<!channel>\x00 line\nbreak \ud800 {TOKEN} api_key: abc123 https://u:p@h/x " + "x" * 5000
    app.say(DATABASE, Says({"status": "unhealthy", "error": error}, 503))
    app.say(METRICS, Says(metrics(counters={f"checkout.{TOKEN}": 1, f"cache.{TOKEN}": "x"})))
    found = probe(app)
    words = str((answer(found, DATABASE).details or {})["error"])
    assert words.isprintable()
    assert len(words) <= 200
    assert "abc123" not in words
    assert "u:p" not in words
    assert TOKEN not in repr(answer(found, METRICS))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "https://",
        "https://user:hunter2@example.com",
        "https://h:hunter2",
        "https://h/?key=x",
        "https://h/#x",
        "https://h /x",
        "https://h\n.x",
        "https://[::1",
        "http://h:0",
        "//h",
    ],
)
def test_a_base_url_of_another_form_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match="no base URL") as caught:
        HttpEndpoints(url, SERVICE.endpoints)
    assert "user:hunter2" not in str(caught.value)


@pytest.mark.parametrize("token", ["abc xyz", "a\r\nX: y", "é"])
def test_a_token_that_cannot_be_one_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ConfigError) as caught:
        HttpEndpoints("http://h", SERVICE.endpoints, token=token)
    assert token not in str(caught.value)


def test_a_token_file_may_end_with_a_line_break_and_a_base_url_with_a_slash(app: LocalApp) -> None:
    found = HttpEndpoints(f"{app.url}/", SERVICE.endpoints, token=f"{TOKEN}\n").probe(NOW)
    assert found.gauges == HEALTHY
    assert not answer(found, METRICS).error


@pytest.mark.long
def test_the_application_can_be_played_by_a_process_of_its_own() -> None:
    command = [
        sys.executable,
        "-m",
        "tests.support.local_app",
        "--port",
        "0",
        "--state",
        "database=down",
        "--state",
        "redis=html_502",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().split()[0]
        try:
            found = HttpEndpoints(url, SERVICE.endpoints).probe(NOW)
        finally:
            process.kill()
    assert [told.status for told in found.answers] == [503, 502, 200]


def test_no_http_library_is_loaded_before_it_is_needed() -> None:
    script = (
        "import sys, logwatch.collect.health_probes as e; e.HttpEndpoints('http://h', []); assert 'urllib3' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
