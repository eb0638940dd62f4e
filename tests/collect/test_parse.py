"""Every shape that the application logs is told apart, and nothing that it repeats of its users is mistaken for one."""

import json
import math
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.collect.entries import Entry
from logwatch.collect.parse import (
    IGNORED,
    BlockLine,
    Flaw,
    Parsed,
    Reason,
    Series,
    SlowRequest,
    Summary,
    Unparsed,
    assemble_blocks,
    fold_route,
    fold_routes,
    is_malformed,
    load_object,
    parse_entry,
    parse_series,
)
from tests.support.platform import SHAPE, SLOW_REQUEST, SUMMARY

COUNTERS: dict[str, float] = {
    "cache.hit": 340,
    "checkout.attempt{service=glycopharm}": 12,
    "request.total{method=GET,status=200}": 213,
}
LOGGER = {
    "level": "info",
    "message": SUMMARY,
    "revision": "o4o-core-api-00412-xot",
    "service": "o4o-core-api",
    "timestamp": "2026-08-20 00:01:13",
}
SLOW: dict[str, Any] = {
    "durationMs": 4207,
    "label": "api",
    "level": "warn",
    "message": SLOW_REQUEST,
    "method": "GET",
    "statusCode": 200,
    "thresholdMs": 1000,
    "url": "/api/v1/store/products/94368?q=%ED%98%88&token=8f2c9d01aa",
}
SLOW_PARSED = SlowRequest("api", 4207.0, "GET", "/api/v1/store/products/:id", 200)
SECRET = "8f2c9d01aa"  # noqa: S105 - made up


def parse(payload: dict[str, Any] | str | None) -> Parsed:
    """Parse an entry with this jsonPayload, textPayload, or neither."""
    text = payload if isinstance(payload, str) else None
    fields = payload if isinstance(payload, dict) else None
    return parse_entry(Entry("log", "id", 0, 0, "o4o-core-api", "instance", text, fields), SHAPE)


def without(payload: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Give the payload without some of its keys."""
    return {key: value for key, value in payload.items() if key not in keys}


# ---- summaries

SHAPES: dict[str, dict[str, Any] | str] = {
    "production's jsonPayload": LOGGER | COUNTERS,
    "jsonPayload with doubles, as the API gives them": LOGGER | {key: float(value) for key, value in COUNTERS.items()},
    "jsonPayload with only the message": {"message": SUMMARY, **COUNTERS},
    "jsonPayload with Cloud Run's own keys": LOGGER
    | COUNTERS
    | {
        "severity": "INFO",
        "time": "2026-08-20T00:01:13Z",
        "stack": "",
        "httpRequest": {"requestMethod": "GET"},
        "logging.googleapis.com/trace": "t",
        "logging.googleapis.com/spanId": "s",
        "logging.googleapis.com/labels": {},
    },
    "one line of text": f"{SUMMARY} {json.dumps(COUNTERS)}",
    "one line of text without spaces": SUMMARY + json.dumps(COUNTERS, separators=(",", ":")),
    "one line of text that ends in a line break": f"{SUMMARY} {json.dumps(COUNTERS)}\r\n",
    "one coloured line of text": f"\x1b[32m{SUMMARY}\x1b[39m {json.dumps(COUNTERS)}",
    "one text over several lines": f"{SUMMARY} {json.dumps(COUNTERS, indent=2)}",
    "the whole JSON as text": json.dumps(LOGGER | COUNTERS),
    "the whole JSON as text, with line breaks": json.dumps(LOGGER | COUNTERS, indent=2),
}


@pytest.mark.parametrize("payload", SHAPES.values(), ids=SHAPES)
def test_a_summary_is_read_in_every_shape(payload: dict[str, Any] | str) -> None:
    assert parse(payload) == Summary(COUNTERS, ())


NO_SUMMARIES: dict[str, tuple[dict[str, Any] | str | None, Parsed]] = {
    "neither text nor JSON": (None, IGNORED),
    "empty text": ("", IGNORED),
    "an empty payload": ({}, IGNORED),
    "a message that is a number": ({"message": 7, **COUNTERS}, IGNORED),
    "a message that is an object": ({"message": {"text": SUMMARY}}, Unparsed(Reason.UNKNOWN_SHAPE)),
    "a marker where no message is": ({"msg": SUMMARY, **COUNTERS}, Unparsed(Reason.UNKNOWN_SHAPE)),
    "any other message": ({"message": "listening on 8080"}, IGNORED),
    "a summary without any counter": (LOGGER, Unparsed(Reason.COUNTERS_LOST)),
    "a bare summary": (SUMMARY, Unparsed(Reason.COUNTERS_LOST)),
    "a summary with an empty object": (f"{SUMMARY} {{}}", Unparsed(Reason.COUNTERS_LOST)),
    "a development build's summary": (
        f"2026-08-20 00:00:48 \x1b[32minfo\x1b[39m: \x1b[32m{SUMMARY}\x1b[39m",
        Unparsed(Reason.COUNTERS_LOST),
    ),
    "a development build's summary without colours": (f"2026-08-20 00:00:48 info: {SUMMARY}", Unparsed(Reason.COUNTERS_LOST)),
    "a development build's slow request": (
        f"2026-08-20 00:00:48 \x1b[33mwarn\x1b[39m: \x1b[33m{SLOW_REQUEST}\x1b[39m",
        Unparsed(Reason.COUNTERS_LOST),
    ),
    "a development build's other line": ("2026-08-20 00:00:48 \x1b[32minfo\x1b[39m: \x1b[32mlistening\x1b[39m", IGNORED),
    "text that was cut off": (f'{SUMMARY} {{"cache.hit": 340, "cache.mi', Unparsed(Reason.CUT_OFF)),
    "text that is no JSON": (f"{SUMMARY} {{cache.hit: 340}}", Unparsed(Reason.NOT_JSON)),
    "JSON as text that was cut off": (json.dumps(LOGGER | COUNTERS)[:-5], Unparsed(Reason.NOT_JSON)),
    "10,000 brackets as text": (f'{SUMMARY} {{"a":{"[" * 10_000}{"]" * 10_000}}}', Unparsed(Reason.NOT_JSON)),
    "words behind the marker": (f"{SUMMARY} took 3 ms", IGNORED),
}


@pytest.mark.parametrize(("payload", "parsed"), NO_SUMMARIES.values(), ids=NO_SUMMARIES)
def test_what_holds_no_counters_says_why(payload: dict[str, Any] | str | None, parsed: Parsed) -> None:
    assert parse(payload) == parsed


# ---- single counters

FLAWED: dict[str, tuple[Any, Flaw]] = {
    "a negative number": (-1, Flaw.NEGATIVE),
    "a small negative number": (-0.001, Flaw.NEGATIVE),
    "NaN": (math.nan, Flaw.NOT_FINITE),
    "infinity": (math.inf, Flaw.NOT_FINITE),
    "minus infinity": (-math.inf, Flaw.NOT_FINITE),
    "a whole number beyond any double": (10**400, Flaw.NOT_FINITE),
    "a number in a string": ("12", Flaw.NOT_A_NUMBER),
    "an empty string": ("", Flaw.NOT_A_NUMBER),
    "true": (True, Flaw.NOT_A_NUMBER),
    "false": (False, Flaw.NOT_A_NUMBER),
    "null": (None, Flaw.NOT_A_NUMBER),
    "an object": ({"count": 1}, Flaw.NOT_A_NUMBER),
    "an array": ([1], Flaw.NOT_A_NUMBER),
}
SOUND: dict[str, float] = {
    "zero": 0,
    "zero as a double": 0.0,
    "minus zero": -0.0,
    "a fraction": 0.5,
    "one": 1,
    "10**18": 10**18,
    "10**18 as a double": 1e18,
    "the largest double": 1.7976931348623157e308,
}


@pytest.mark.parametrize(("value", "flaw"), FLAWED.values(), ids=FLAWED)
@pytest.mark.parametrize("place", ["first", "last"])
def test_a_flawed_counter_costs_itself_only(value: object, flaw: Flaw, place: str) -> None:
    counters = {"bad": value, **COUNTERS} if place == "first" else {**COUNTERS, "bad": value}
    assert parse(LOGGER | counters) == Summary(COUNTERS, ((flaw, "bad"),))


def test_every_flawed_counter_is_named() -> None:
    counters = {name: value for name, (value, _) in FLAWED.items()}
    parsed = parse({"message": SUMMARY, "cache.hit": 1, **counters})
    assert isinstance(parsed, Summary)
    assert parsed.counters == {"cache.hit": 1}
    assert {key: flaw for flaw, key in parsed.flaws} == {name: flaw for name, (_, flaw) in FLAWED.items()}


@pytest.mark.parametrize("value", SOUND.values(), ids=SOUND)
def test_a_sound_counter_is_kept(value: float) -> None:
    assert parse(LOGGER | COUNTERS | {"new.counter": value}) == Summary(COUNTERS | {"new.counter": value}, ())


def test_counters_whose_sum_is_infinite_are_each_kept() -> None:
    counters = {"a": 1.7e308, "b": 1.7e308}
    assert parse({"message": SUMMARY, **counters}) == Summary(counters, ())


KEYS = ("a", "b", "message.x", "service", "level", "cache.hit{x=y}")
VALUES = (
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=3) | st.lists(st.integers())
)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6))
def test_each_key_is_a_counter_or_a_flaw_or_the_loggers(payload: dict[str, Any]) -> None:
    parsed = parse(payload | {"message": SUMMARY})
    own = {key for key in payload if key not in {"service", "level"}}
    if not own:
        assert parsed == Unparsed(Reason.COUNTERS_LOST)
        return
    if isinstance(parsed, Unparsed):
        assert parsed.reason is Reason.COUNTERS_UNKNOWN
        assert set(parsed.keys) == own
        return
    assert isinstance(parsed, Summary)
    assert parsed.counters
    assert {*parsed.counters, *(key for _, key in parsed.flaws)} == own
    assert len(parsed.counters) + len(parsed.flaws) == len(own)
    assert all(0 <= value < math.inf for value in parsed.counters.values())


# ---- keys

SERIES = {
    "a bare metric": ("cache.hit", Series("cache.hit", {})),
    "one label": ("checkout.attempt{service=kpa}", Series("checkout.attempt", {"service": "kpa"})),
    "two labels": ("request.total{method=GET,status=200}", Series("request.total", {"method": "GET", "status": "200"})),
    "slashes and colons": ("slow.api{path=/api/:id/x,method=GET}", Series("slow.api", {"path": "/api/:id/x", "method": "GET"})),
    "a comma in a value": ("slow.api{path=/a,b,c,method=GET}", Series("slow.api", {"path": "/a,b,c", "method": "GET"})),
    "a comma and a space in a value": (
        "auth.failure{reason=expired, log in}",
        Series("auth.failure", {"reason": "expired, log in"}),
    ),
    "an equals sign in a value": ("error.code{code=a=b}", Series("error.code", {"code": "a=b"})),
    "an equals sign behind a space": ("auth.failure{reason=no, x=1}", Series("auth.failure", {"reason": "no, x=1"})),
    "braces in a value": ("error.code{code={x},status=500}", Series("error.code", {"code": "{x}", "status": "500"})),
    "a closing brace in the middle": ("error.code{code=a}b}", Series("error.code", {"code": "a}b"})),
    "an empty value": ("auth.failure{reason=}", Series("auth.failure", {"reason": ""})),
    "Korean": ("auth.failure{reason=만료된 토큰}", Series("auth.failure", {"reason": "만료된 토큰"})),
    "a line break in a value": ("auth.failure{reason=a\nb}", Series("auth.failure", {"reason": "a\nb"})),
    "no closing brace": ("auth.failure{reason=a", Series("auth.failure{reason=a", {})),
    "text behind the closing brace": ("auth.failure{reason=a}b", Series("auth.failure{reason=a}b", {})),
    "no metric": ("{a=b}", Series("{a=b}", {})),
    "nothing": ("", Series("", {})),
    "a closing brace alone": ("}", Series("}", {})),
}


@pytest.mark.parametrize(("key", "series"), SERIES.values(), ids=SERIES)
def test_a_key_is_a_metric_and_labels(key: str, series: Series) -> None:
    assert parse_series(key) == series


@given(st.text(max_size=60))
def test_any_key_is_read(key: str) -> None:
    series = parse_series(key)
    assert key.startswith(series.name)


LABELS = st.dictionaries(st.from_regex(r"\A[a-z]\w{0,8}\Z"), st.text("abc/:{} .-", max_size=8), min_size=1, max_size=4)


@given(st.from_regex(r"\A[a-z][a-z.]{0,15}\Z"), LABELS)
def test_labels_survive_the_way_into_a_key_and_back(name: str, labels: dict[str, str]) -> None:
    key = f"{name}{{{','.join(f'{label}={value}' for label, value in labels.items())}}}"
    assert parse_series(key) == Series(name, labels)
    assert not is_malformed(key)


MALFORMED = {"a": False, "a{b=c}": False, "a{b=c": True, "a{b=c}d": True, "a}": False, "a{": True, "": False}


@pytest.mark.parametrize(("key", "malformed"), MALFORMED.items(), ids=[repr(key) for key in MALFORMED])
def test_a_key_that_opens_and_does_not_close_is_malformed(key: str, malformed: bool) -> None:  # noqa: FBT001
    assert is_malformed(key) is malformed
    assert key in getattr(parse({"message": SUMMARY, key: 3}), "counters")  # noqa: B009 - it is kept all the same


def test_100_000_keys_make_one_summary() -> None:
    counters: dict[str, float] = {f"slow.api{{path=/{number},method=GET}}": number for number in range(100_000)}
    assert parse({"message": SUMMARY, **counters}) == Summary(counters, ())


# ---- slow requests

SLOW_SHAPES: dict[str, dict[str, Any] | str] = {
    "production's jsonPayload": SLOW,
    "jsonPayload with doubles": SLOW | {"durationMs": 4207.0, "statusCode": 200.0, "thresholdMs": 1000.0},
    "one line of text": f"{SLOW_REQUEST} {json.dumps(without(SLOW, 'message'))}",
    "one text over several lines": f"{SLOW_REQUEST} {json.dumps(without(SLOW, 'message'), indent=2)}",
    "the whole JSON as text": json.dumps(SLOW),
    "text with its own message inside": f"{SLOW_REQUEST} {json.dumps(SLOW)}",
}


@pytest.mark.parametrize("payload", SLOW_SHAPES.values(), ids=SLOW_SHAPES)
def test_a_slow_request_is_read_in_every_shape(payload: dict[str, Any] | str) -> None:
    assert parse(payload) == SLOW_PARSED


LABELLED = {
    "checkout": ("checkout", "/api/v1/glycopharm/checkout", 702),
    "payment": ("payment.confirm", "/api/v1/payments/confirm", 1501),
    "api": ("api", "/api/v1/store/products/1", 1001),
    "a label of tomorrow": ("search", "/api/v1/search", 1),
}


@pytest.mark.parametrize(("label", "url", "duration"), LABELLED.values(), ids=LABELLED)
def test_the_label_is_the_loggers(label: str, url: str, duration: int) -> None:
    parsed = parse(SLOW | {"label": label, "url": url, "durationMs": duration})
    assert isinstance(parsed, SlowRequest)
    assert (parsed.label, parsed.duration_ms) == (label, float(duration))


MENDED: dict[str, tuple[dict[str, Any], SlowRequest]] = {
    "no url": (without(SLOW, "url"), SlowRequest("api", 4207.0, "GET", "", 200)),
    "no method": (without(SLOW, "method"), SlowRequest("api", 4207.0, "", "/api/v1/store/products/:id", 200)),
    "no status": (without(SLOW, "statusCode"), SlowRequest("api", 4207.0, "GET", "/api/v1/store/products/:id", 0)),
    "a url that is a number": (SLOW | {"url": 7}, SlowRequest("api", 4207.0, "GET", "", 200)),
    "a method that is null": (SLOW | {"method": None}, SlowRequest("api", 4207.0, "", "/api/v1/store/products/:id", 200)),
    "a status that is a string": (
        SLOW | {"statusCode": "200"},
        SlowRequest("api", 4207.0, "GET", "/api/v1/store/products/:id", 0),
    ),
    "a status that is negative": (
        SLOW | {"statusCode": -1},
        SlowRequest("api", 4207.0, "GET", "/api/v1/store/products/:id", 0),
    ),
    "a status that is NaN": (
        SLOW | {"statusCode": math.nan},
        SlowRequest("api", 4207.0, "GET", "/api/v1/store/products/:id", 0),
    ),
    "a status that is endless": (
        SLOW | {"statusCode": 10**400},
        SlowRequest("api", 4207.0, "GET", "/api/v1/store/products/:id", 0),
    ),
    "a duration of zero": (SLOW | {"durationMs": 0}, SlowRequest("api", 0.0, "GET", "/api/v1/store/products/:id", 200)),
    "a fraction of a millisecond": (
        SLOW | {"durationMs": 0.25},
        SlowRequest("api", 0.25, "GET", "/api/v1/store/products/:id", 200),
    ),
}


@pytest.mark.parametrize(("payload", "parsed"), MENDED.values(), ids=MENDED)
def test_a_slow_request_needs_only_label_and_duration(payload: dict[str, Any], parsed: SlowRequest) -> None:
    assert parse(payload) == parsed


BAD_SLOW: dict[str, dict[str, Any]] = {
    "no duration": without(SLOW, "durationMs"),
    "no label": without(SLOW, "label"),
    "a label that is a number": SLOW | {"label": 5},
    "a duration that is a string": SLOW | {"durationMs": "4207"},
    "a duration that is true": SLOW | {"durationMs": True},
    "a duration that is null": SLOW | {"durationMs": None},
    "a duration that is negative": SLOW | {"durationMs": -1},
    "a duration that is NaN": SLOW | {"durationMs": math.nan},
    "a duration that is infinite": SLOW | {"durationMs": math.inf},
    "a duration beyond any double": SLOW | {"durationMs": 10**400},
    "only the message": {"message": SLOW_REQUEST},
}


@pytest.mark.parametrize("payload", BAD_SLOW.values(), ids=BAD_SLOW)
def test_a_slow_request_without_label_or_duration_is_unparsed(payload: dict[str, Any]) -> None:
    assert parse(payload) == Unparsed(Reason.BAD_SLOW_REQUEST)


# ---- routes

UUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI5NDM2OCJ9.TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeFONFh7HgQ"
ROUTES = {
    "a plain path": ("/api/v1/orders", "/api/v1/orders"),
    "the root": ("/", "/"),
    "nothing": ("", ""),
    "a query": ("/api/v1/search?q=insulin", "/api/v1/search"),
    "a query and nothing else": ("?token=8f2c9d01aa", ""),
    "an empty query": ("/api/v1/search?", "/api/v1/search"),
    "a query with a question mark": ("/api/v1/search?a=?b", "/api/v1/search"),
    "a query with a path": ("/api/v1/login?next=/orders/12", "/api/v1/login"),
    "a query with an origin": ("/api/v1/login?next=https://shop.example/x", "/api/v1/login"),
    "a query with a line break": ("/api/v1/search?a=\nb", "/api/v1/search"),
    "a fragment": ("/api/v1/search#token=8f2c9d01aa", "/api/v1/search"),
    "a path parameter": ("/api/v1/search;jsessionid=8f2c9d01aa", "/api/v1/search"),
    "a number": ("/api/v1/orders/94368", "/api/v1/orders/:id"),
    "a number in the middle": ("/api/v1/orders/94368/items", "/api/v1/orders/:id/items"),
    "two numbers": ("/api/v1/orders/94368/items/7", "/api/v1/orders/:id/items/:id"),
    "numbers side by side": ("/1/2/3", "/:id/:id/:id"),
    "a number before a slash at the end": ("/api/v1/orders/94368/", "/api/v1/orders/:id/"),
    "a version is no id": ("/api/v2/orders", "/api/v2/orders"),
    "a UUID": (f"/api/v1/orders/{UUID}/items", "/api/v1/orders/:id/items"),
    "a UUID in capitals": (f"/api/v1/orders/{UUID.upper()}", "/api/v1/orders/:id"),
    "hexadecimal": ("/api/v1/orders/65a1f0c2e4b0d7a1", "/api/v1/orders/:id"),
    "a JWT": (f"/api/v1/reset/{JWT}", "/api/v1/reset/:id"),
    "a payment key": ("/api/v1/payments/tviva20240213121757MvuS8/cancel", "/api/v1/payments/:id/cancel"),
    "words stay": ("/api/v1/glycopharm/checkout", "/api/v1/glycopharm/checkout"),
    "long words stay": ("/api/v1/internationalization-settings", "/api/v1/internationalization-settings"),
    "Korean stays": ("/상점/혈당", "/상점/혈당"),
    "a number behind Korean": ("/상점/혈당/12?검색=값", "/상점/혈당/:id"),
    "an origin": ("https://api.shop.example/api/v1/orders/12?x=1", "/api/v1/orders/:id"),
    "an origin with a password": ("https://kim:8f2c9d01aa@api.shop.example:8443/api/v1/orders", "/api/v1/orders"),
    "an origin alone": ("https://api.shop.example", ""),
    "an origin with a query": ("https://api.shop.example?token=8f2c9d01aa", ""),
}


@pytest.mark.parametrize(("url", "route"), ROUTES.values(), ids=ROUTES)
def test_a_route_is_a_path_with_its_ids_folded(url: str, route: str) -> None:
    assert fold_route(url) == route


def test_a_long_route_is_cut() -> None:
    assert fold_route("/word" * 1000) == ("/word" * 1000)[:200]


@pytest.mark.parametrize(
    "url", ["/" * 300_000, "/a1" * 100_000, "/" + "a" * 300_000, "/" + "1" * 300_000 + "x", "a" * 300_000 + "://"]
)
def test_a_hostile_url_is_folded_at_once(url: str) -> None:
    assert len(fold_route(url)) <= 200


LEAKS = {
    "behind a question mark": "/api/v1/orders?token={}",
    "behind a second question mark": "/api/v1/orders??token={}",
    "behind an escaped question mark": "/api/v1/orders%3Ftoken={}",
    "behind a twice escaped question mark": "/api/v1/orders%253Ftoken={}",
    "behind an ampersand without a question mark": "/api/v1/orders&token={}",
    "behind a fragment": "/api/v1/orders#token={}",
    "behind a path parameter": "/api/v1/orders;token={}",
    "as a password of the origin": "https://kim:{}@shop.example/api/v1/orders",
    "as a password of an origin without a scheme": "//kim:{}@shop.example/api/v1/orders",
    "after a line break": "/api/v1/orders\n?token={}",
}


@pytest.mark.parametrize("url", LEAKS.values(), ids=LEAKS)
@pytest.mark.parametrize("secret", ["hunter2-secret", "8f2c9d01aa", "비밀번호", JWT], ids=["word", "hex", "Korean", "JWT"])
def test_a_query_or_token_never_survives(url: str, secret: str) -> None:
    assert secret not in fold_route(url.format(secret))
    parsed = parse(SLOW | {"url": url.format(secret)})
    assert isinstance(parsed, SlowRequest)
    assert secret not in repr(parsed)


SECRETS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=12, max_size=40).map("zz".__add__)


@given(st.text("/abc019-.:%", max_size=40), st.sampled_from("?#;"), st.text(max_size=20), SECRETS, st.text(max_size=20))
def test_nothing_behind_a_delimiter_survives(path: str, delimiter: str, before: str, secret: str, after: str) -> None:
    assert secret not in fold_route(f"/{path}{delimiter}{before}{secret}{after}")


@given(st.lists(st.text("/ab1%3F2?#:;&-\n\r é", max_size=40)))
def test_many_urls_are_folded_as_each_of_them_is(urls: list[str]) -> None:
    assert fold_routes(urls) == [fold_route(url) for url in urls]


@given(st.text(max_size=80))
def test_folding_twice_changes_nothing_more(url: str) -> None:
    route = fold_route(url)
    assert fold_route(route) == route
    assert not set("?#;") & set(route)


# ---- text that users wrote

CLAIMS: dict[str, dict[str, Any] | str] = {
    "in the middle of a message": {"message": f"review text: {SUMMARY}", **COUNTERS},
    "at the start of a message": {"message": f"{SUMMARY} is what a user typed", **COUNTERS},
    "in capitals": {"message": SUMMARY.upper(), **COUNTERS},
    "with a space at the end": {"message": f"{SUMMARY} ", **COUNTERS},
    "in another key": {"message": "search", "q": SUMMARY, **COUNTERS},
    "in a nested message": {"message": "search", "body": {"message": SUMMARY, **COUNTERS}},
    "in httpRequest": {"message": "request", "httpRequest": {"requestUrl": f"/search?q={SUMMARY}", "userAgent": SLOW_REQUEST}},
    "a slow request's marker in a message": {"message": f"search for {SLOW_REQUEST}", "durationMs": 9999, "label": "checkout"},
    "in the middle of a text": f'user typed {SUMMARY} {{"checkout.attempt": 1000}}',
    "in a text that opens with a bracket": f'[Search] {SUMMARY} {{"checkout.attempt": 1000}}',
    "in JSON as text": json.dumps({"message": "search", "q": f'{SUMMARY} {{"checkout.attempt": 1000}}', **COUNTERS}),
    "in a development build's line": f'2026-08-20 00:00:48 info: search {SUMMARY} {{"checkout.attempt": 1000}}',
    "in the second line of a text": f'search\n{SUMMARY} {{"checkout.attempt": 1000}}',
}


@pytest.mark.parametrize("payload", CLAIMS.values(), ids=CLAIMS)
def test_a_marker_that_a_user_wrote_makes_no_summary(payload: dict[str, Any] | str) -> None:
    assert parse(payload) == IGNORED


@pytest.mark.parametrize(
    "url", [f"/search?q={SUMMARY}", f"/search?q={quote(SUMMARY)}", f'/search?q={SUMMARY} {{"cache.hit":1}}']
)
def test_a_slow_request_for_the_marker_is_a_slow_request(url: str) -> None:
    expected = SlowRequest("api", 4207.0, "GET", "/search", 200)
    assert parse(SLOW | {"url": url}) == expected
    assert parse(f"{SLOW_REQUEST} {json.dumps(without(SLOW, 'message') | {'url': url})}") == expected


def test_a_counter_whose_label_holds_the_marker_is_a_counter() -> None:
    counters: dict[str, float] = {f"auth.failure{{reason={SUMMARY}}}": 3, f"auth.failure{{reason={SLOW_REQUEST}}}": 1}
    assert parse({"message": SUMMARY, **counters}) == Summary(counters, ())


# ---- lines that section 4 sends people to look for

EVIDENCE_LINES = (
    "[GlycoPharm Checkout] Create order error: stock",
    "[KPA Checkout] Create order error: timeout",
    "[Cosmetics Order] Create order error: 재고 부족",
    "[GlycoPharm Payment] Confirm error: Request failed with status code 400",
    "[KPA Payment] Confirm error: timeout",
    "[Cosmetics Payment] Confirm error: x",
    "[ReadCache] GET error, falling back to DB",
    "[ReadCache] SET error",
)


@pytest.mark.parametrize("message", EVIDENCE_LINES)
def test_a_line_that_is_searched_for_counts_nothing(message: str) -> None:
    assert (
        parse({"level": "error", "message": message, "stack": "Error: x\n    at y", "durationMs": 9999, "label": "api"})
        == IGNORED
    )
    assert parse(message) == IGNORED
    assert parse(f"2026-08-20 00:00:48 \x1b[31merror\x1b[39m: \x1b[31m{message}\x1b[39m") == IGNORED


# ---- pretty-printed text

BLOCK_LINES = {
    f"{SUMMARY} {{": f"{SUMMARY} {{",
    f"{SLOW_REQUEST} {{": f"{SLOW_REQUEST} {{",
    "{": "{",
    "}": "}",
    '  "cache.hit": 340,': '  "cache.hit": 340,',
    '\t"cache.hit": 340': '\t"cache.hit": 340',
    "  }": "  }",
    "  },": "  },",
    "  ]": "  ]",
    "  {": "  {",
    '  "a": 1,\r': '  "a": 1,',
}


@pytest.mark.parametrize(("text", "line"), BLOCK_LINES.items(), ids=[repr(text) for text in BLOCK_LINES])
def test_a_line_of_a_block_waits_for_its_neighbours(text: str, line: str) -> None:
    assert parse(text) == BlockLine(line)


@pytest.mark.parametrize("text", ["  at Object.<anonymous> (/app/x.js:1:2)", "}}", "} else {", "{ a", "words"])
def test_a_line_of_anything_else_is_ignored(text: str) -> None:
    assert parse(text) == IGNORED


PRETTY = [f"{SUMMARY} {{", '  "cache.hit": 340,', '  "checkout.attempt{service=glycopharm}": 12', "}"]
PRETTY_PARSED = Summary({"cache.hit": 340, "checkout.attempt{service=glycopharm}": 12}, ())
PRETTY_SLOW = [f"{SLOW_REQUEST} {{", *json.dumps(without(SLOW, "message"), indent=2).splitlines()[1:]]
SECTION_5 = json.dumps(LOGGER | COUNTERS, indent=2).splitlines()
SECTION_5_SLOW = json.dumps(SLOW, indent=2).splitlines()
INCOMPLETE = Unparsed(Reason.INCOMPLETE_BLOCK)

BLOCKS: dict[str, tuple[list[str], list[tuple[Parsed, int, int]]]] = {
    "no lines": ([], []),
    "a summary": (PRETTY, [(PRETTY_PARSED, 0, 4)]),
    "a slow request": (PRETTY_SLOW, [(SLOW_PARSED, 0, len(PRETTY_SLOW))]),
    "raw JSON of section 5": (SECTION_5, [(Summary(COUNTERS, ()), 0, len(SECTION_5))]),
    "raw JSON of a slow request": (SECTION_5_SLOW, [(SLOW_PARSED, 0, len(SECTION_5_SLOW))]),
    "raw JSON of no concern": (["{", '  "message": "listening"', "}"], [(IGNORED, 0, 3)]),
    "two summaries": (PRETTY * 2, [(PRETTY_PARSED, 0, 4), (PRETTY_PARSED, 4, 4)]),
    "a slow request and a summary": (
        PRETTY_SLOW + PRETTY,
        [(SLOW_PARSED, 0, len(PRETTY_SLOW)), (PRETTY_PARSED, len(PRETTY_SLOW), 4)],
    ),
    "a block that never closes": (PRETTY[:-1], [(INCOMPLETE, 0, 3)]),
    "a block that another one interrupts": (PRETTY[:2] + PRETTY, [(INCOMPLETE, 0, 2), (PRETTY_PARSED, 2, 4)]),
    "a block that raw JSON interrupts": (
        PRETTY[:2] + SECTION_5_SLOW,
        [(INCOMPLETE, 0, 2), (SLOW_PARSED, 2, len(SECTION_5_SLOW))],
    ),
    "a block without its first line": (PRETTY[1:], [(IGNORED, 0, 1), (IGNORED, 1, 1), (IGNORED, 2, 1)]),
    "a closing line alone": (["}"], [(IGNORED, 0, 1)]),
    "a closing line before a summary": (["}", *PRETTY], [(IGNORED, 0, 1), (PRETTY_PARSED, 1, 4)]),
    "a block that lacks a line's comma": ([PRETTY[0], PRETTY[2], *PRETTY[1:]], [(INCOMPLETE, 0, 5)]),
    "an empty summary": ([PRETTY[0], "}"], [(Unparsed(Reason.COUNTERS_LOST), 0, 2)]),
    "a nested object": (
        [PRETTY[0], '  "nested": {', '    "a": 1', "  },", *PRETTY[1:]],
        [(Summary(PRETTY_PARSED.counters, ((Flaw.NOT_A_NUMBER, "nested"),)), 0, 7)],
    ),
    "a nested array": (
        [PRETTY[0], '  "nested": [', '    "a"', "  ],", *PRETTY[1:]],
        [(Summary(PRETTY_PARSED.counters, ((Flaw.NOT_A_NUMBER, "nested"),)), 0, 7)],
    ),
    "a key that holds the marker": (
        [PRETTY[0], f'  "auth.failure{{reason={SUMMARY} {{}}": 1', "}"],
        [
            (Summary({f"auth.failure{{reason={SUMMARY} {{}}": 1}, ()), 0, 3),
        ],
    ),
}


@pytest.mark.parametrize(("lines", "expected"), BLOCKS.values(), ids=BLOCKS)
def test_lines_are_put_together_again(lines: list[str], expected: list[tuple[Parsed, int, int]]) -> None:
    assert [tuple(block) for block in assemble_blocks(lines, SHAPE)] == expected


@pytest.mark.parametrize("lines", [lines for lines, _ in BLOCKS.values()], ids=BLOCKS)
def test_every_line_of_a_block_is_a_block_line(lines: list[str]) -> None:
    assert [parse(line) for line in lines] == [BlockLine(line) for line in lines]


@given(st.lists(st.sampled_from([*PRETTY, *PRETTY_SLOW, *SECTION_5, "{", "}", "  }", "  {"]), max_size=30))
def test_each_line_goes_into_one_block(lines: list[str]) -> None:
    blocks = list(assemble_blocks(lines, SHAPE))
    assert [line for block in blocks for line in range(block.first, block.first + block.lines)] == list(range(len(lines)))


def test_interleaved_instances_are_put_together_apart() -> None:
    mixed = [line for pair in zip(PRETTY, PRETTY_SLOW, strict=False) for line in pair]
    assert [tuple(block) for block in assemble_blocks(mixed[::2], SHAPE)] == [(PRETTY_PARSED, 0, 4)]
    assert [block.parsed for block in assemble_blocks([*mixed[1::2], *PRETTY_SLOW[4:]], SHAPE)] == [SLOW_PARSED]


# ---- loose JSON

LOOSE: dict[str, tuple[str | bytes, dict[str, Any] | None]] = {
    "an object": ('{"a": 1}', {"a": 1}),
    "a raw control character": ('{"a": "x\ty\x01"}', {"a": "x\ty\x01"}),
    "foreign bytes": (b'{"a": "\xc7\xf7\xb4\xe7"}', {"a": "����"}),
    "an infinity": ('{"a": Infinity}', {"a": math.inf}),
    "an array": ("[1]", None),
    "a number": ("1", None),
    "nothing": ("", None),
    "words": ("not json", None),
    "an object that was cut off": ('{"a": 1', None),
    "two objects": ('{"a": 1}{"b": 2}', None),
    "10,000 brackets": ('{"a": ' + "[" * 10_000 + "]" * 10_000 + "}", None),
    "10,000 objects": ('{"a": ' * 10_000 + "1" + "}" * 10_000, None),
}


@pytest.mark.parametrize(("text", "value"), LOOSE.values(), ids=LOOSE)
def test_json_is_read_loosely_or_not_at_all(text: str | bytes, value: dict[str, Any] | None) -> None:
    assert load_object(text) == value


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from([SUMMARY, SLOW_REQUEST]) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
NAMES = st.sampled_from(["message", "durationMs", "label", "url", "method", "statusCode", "cache.hit"]) | st.text(max_size=5)


@given(st.dictionaries(NAMES, JSON, max_size=8))
def test_any_payload_is_parsed(payload: dict[str, Any]) -> None:
    parse(payload)
    parse(json.dumps(payload))
    parse(f"{SUMMARY} {json.dumps(payload)}")


@given(st.text(max_size=60), st.sampled_from(["", SUMMARY, SLOW_REQUEST, "{", "[", "\x1b[", "2026-08-20 00:00:48 info: "]))
def test_any_text_is_parsed(text: str, start: str) -> None:
    parse(start + text)
