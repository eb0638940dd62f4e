"""Ticks on request: who is let in, one at a time, and what is answered."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from logwatch.errors import StoreError
from logwatch.pipeline.run_summary import RunSummary
from logwatch.server.app import RefusedError, Response, TickService
from logwatch.server.auth import REMOVED, YOUNGEST_S, CachedCertificates, GoogleIdentity
from logwatch.server.http import application_of
from tests.support.local_identity import AUDIENCE, CALLER, Key, LocalIdentity
from tests.support.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 2, 24, tzinfo=UTC)
SECRET = "s3cr3t-in-an-error"  # noqa: S105 - looked for in answers


def ran(**changed: Any) -> RunSummary:
    summary = RunSummary(begun=NOW, owner="test", windows=1)
    for name, value in changed.items():
        setattr(summary, name, value)
    return summary


@dataclass
class Made:
    """A service without a server, and what it told."""

    tick: Callable[[], RunSummary] = ran
    verify: Callable[[str], None] | None = None
    lines: list[dict[str, Any]] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.service = TickService(self._ticks, self.verify, self.lines.append, "test", lambda: self.now, 55)

    def _ticks(self, tell: Callable[[RunSummary], None]) -> list[RunSummary]:
        summaries = [self.tick()]
        for each in summaries:
            tell(each)
        return summaries

    def ask(self, method: str = "POST", path: str = "/tick", authorization: str = "") -> Response:
        return self.service.answer(method, path, authorization)


# ---- answers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/tick", 200),
        ("GET", "/tick", 405),
        ("PUT", "/tick", 405),
        ("GET", "/healthz", 200),
        ("HEAD", "/healthz", 200),
        ("GET", "/health", 200),
        ("POST", "/healthz", 405),
        ("GET", "/", 404),
        ("POST", "/tick/", 404),
        ("POST", "/TICK", 404),
        ("GET", "/../etc/passwd", 404),
    ],
)
def test_each_path_takes_its_own_methods(method: str, path: str, status: int) -> None:
    answer = Made().ask(method, path)
    assert answer.status == status
    assert ("Allow" in dict(answer.headers)) == (status == 405)


@pytest.mark.parametrize(
    ("summary", "status"),
    [
        (ran(), 200),
        (ran(windows=0, outcome="no window has closed since 00:50Z"), 200),
        (ran(windows=0, outcome="another run (x) has the lease until 00:51:00Z"), 200),
        (ran(errors=["gcp://p: Cloud Logging: ServiceUnavailable"], exit_code=3), 503),
        (ran(failed=["slack: no answer in time"], waiting=1), 200),
    ],
)
def test_a_tick_that_could_not_do_its_work_is_503(summary: RunSummary, status: int) -> None:
    made = Made(lambda: summary)
    answer = made.ask()
    assert answer.status == status
    assert answer.body["message"] == summary.message
    assert made.lines == [summary.to_json()]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StoreError("the state cannot be read", where="gs://b/o"), "gs://b/o: the state cannot be read"),
        (RuntimeError(SECRET), "run: an error of logwatch itself: RuntimeError at logwatch/server/app.py:"),
    ],
)
def test_an_error_is_503_without_its_trace_and_the_next_tick_runs(error: Exception, told: str) -> None:
    def fail() -> RunSummary:
        raise error

    made = Made(fail)
    answer = made.ask()
    assert answer.status == 503
    assert told in answer.body["message"]
    assert [line["severity"] for line in made.lines] == ["ERROR"]
    assert SECRET not in json.dumps(made.lines) + answer.encode().decode()
    assert "Traceback" not in answer.encode().decode()
    made.tick = ran
    assert made.ask().status == 200


def test_one_tick_at_a_time_and_a_second_is_no_failure() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> RunSummary:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return ran()

    made, first = Made(slow), []
    thread = threading.Thread(target=lambda: first.append(made.ask()))
    thread.start()
    assert begun.wait(PATIENCE_S)
    assert made.ask().body == {"message": "busy: another tick is running"}
    assert made.ask().status == 200
    assert made.ask("GET", "/healthz").status == 200
    made.now += 111  # twice the lease: it hangs
    assert made.ask().status == 503
    assert made.ask("GET", "/healthz").status == 503
    assert not made.service.wait_until_idle(0.01)
    go_on.set()
    assert made.service.wait_until_idle(10)
    thread.join()
    assert first[0].status == 200
    assert len(made.lines) == 1
    assert made.ask().status == 503, "stopping: nothing new is begun"
    assert made.ask("GET", "/healthz").status == 503


def test_a_caller_that_is_refused_starts_nothing() -> None:
    def refuse(authorization: str) -> None:
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "there is no bearer token")

    ticks: list[int] = []
    made = Made(lambda: ticks.append(1) or ran(), verify=refuse)  # type: ignore[func-returns-value]
    answer = made.ask(authorization="Bearer " + SECRET)
    assert (answer.status, dict(answer.headers)["WWW-Authenticate"]) == (401, "Bearer")
    assert ticks == []
    assert made.lines == [{"severity": "WARNING", "message": "serve: POST /tick refused: there is no bearer token"}]
    assert made.ask("GET", "/healthz").status == 200, "probes have no token"


# ---- identity tokens


@pytest.fixture(scope="module")
def google() -> Iterator[LocalIdentity]:
    with LocalIdentity() as made:
        yield made


@pytest.fixture
def identity(google: LocalIdentity) -> GoogleIdentity:
    google.keys, google.status, google.fetches = [google.key], 200, 0
    return GoogleIdentity(audience=AUDIENCE, caller=CALLER, certs_url=google.url)


def refused(identity: GoogleIdentity, authorization: str) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        identity(authorization)
    assert authorization[7:] not in caught.value.why or not authorization[7:]
    return caught.value


def test_cloud_schedulers_token_is_let_in(google: LocalIdentity, identity: GoogleIdentity) -> None:
    identity(f"Bearer {google.token()}")
    identity(f"bearer  {google.token(iss='accounts.google.com', email=CALLER.upper())}")
    assert google.fetches == 1, "certificates are kept"


@pytest.mark.parametrize(
    ("changed", "status", "why"),
    [
        ({"exp": 1_700_000_000, "iat": 1_699_999_000}, 401, "expired"),
        ({"iat": 4_000_000_000, "exp": 4_000_003_600}, 401, "future"),
        ({"nbf": 4_000_000_000}, 401, "future"),
        ({"nbf": float("nan")}, 401, "no identity token"),
        ({"nbf": "1"}, 401, "no identity token"),
        ({"exp": float("nan")}, 401, "no identity token"),
        ({"exp": float("inf")}, 401, "no identity token"),
        ({"exp": None}, 401, "no identity token"),
        ({"iat": "soon"}, 401, "no identity token"),
        ({"iss": "https://accounts.evil.example"}, 401, "not Google's"),
        ({"iss": None}, 401, "not Google's"),
        ({"aud": "https://other.run.app"}, 401, "audience"),
        ({"aud": [AUDIENCE]}, 401, "audience"),
        ({"aud": None}, 401, "audience"),
        ({"email": "somebody@o4o-demo.iam.gserviceaccount.com"}, 403, "another account"),
        ({"email": None}, 403, "another account"),
        ({"email_verified": False}, 403, "another account"),
        ({"email_verified": "true"}, 403, "another account"),
        ({"email_verified": None}, 403, "another account"),
    ],
)
def test_each_claim_is_looked_at(
    google: LocalIdentity, identity: GoogleIdentity, changed: dict[str, Any], status: int, why: str
) -> None:
    error = refused(identity, f"Bearer {google.token(**changed)}")
    assert error.status == status
    assert why in error.why


def unsigned(claims: dict[str, Any], signature: str, **header: Any) -> str:
    parts = [{"alg": "RS256", "kid": "key-1", **header}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, signature])


NESTED = base64.urlsafe_b64encode(b"[" * 5000).decode()


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer x", "Bearer a.b", "Bearer a.b.c", "Bearer ...", "Bearer 키.키.키",
     "Bearer " + "x" * 9000, f"Bearer {NESTED}.{NESTED[:100]}.x"],
)  # fmt: skip
def test_what_is_no_token_is_refused(identity: GoogleIdentity, authorization: str) -> None:
    assert refused(identity, authorization).status == 401


def test_a_token_that_google_did_not_sign_is_refused(google: LocalIdentity, identity: GoogleIdentity) -> None:
    claims = google.claims()
    assert "signature is wrong" in refused(identity, f"Bearer {Key('key-1').sign(claims)}").why
    assert refused(identity, f"Bearer {unsigned(claims, '', alg='none')}").status == 401
    assert refused(identity, f"Bearer {unsigned(claims, 'AAAA', alg='HS256')}").status == 401
    assert refused(identity, f"Bearer {unsigned(claims, 'SIGNATURE_REMOVED_BY_GOOGLE')}").status == 401
    head, body, signature = google.token().split(".")
    other = unsigned(google.claims(email="x"), "").split(".")[1]
    assert refused(identity, f"Bearer {head}.{other}.{signature}").status == 401
    assert body != other


def hs256(claims: dict[str, Any], secret: bytes) -> str:
    bare = unsigned(claims, "x", alg="HS256").rpartition(".")[0]
    made = hmac.new(secret, bare.encode(), hashlib.sha256).digest()
    return f"{bare}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


@pytest.mark.parametrize("removed", [False, True])
def test_no_forged_token_passes(google: LocalIdentity, identity: GoogleIdentity, removed: bool) -> None:  # noqa: FBT001
    if removed:
        identity = GoogleIdentity(audience=AUDIENCE, caller=CALLER, certs_url="http://127.0.0.1:1", signature_removed=True)
    claims, public = google.claims(), google.key.certificate.encode()
    good = google.token()
    head, body, signature = good.split(".")
    forged = [
        hs256(claims, public),
        hs256(claims, b""),
        unsigned(claims, "", alg="none"),
        unsigned(claims, "AAAA", alg="none"),
        unsigned(claims, "AAAA", kid=None),
        unsigned(claims, "AAAA", kid=["key-1"]),
        unsigned(claims, "AAAA", alg=None),
        unsigned(claims, "AAAA", jwk={"kty": "oct", "k": "AAAA"}, jku="http://127.0.0.1:1/", x5u="http://127.0.0.1:1/"),
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature}.{signature}",
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{good}, Bearer {unsigned(claims, REMOVED)}",
        f"x, Bearer {unsigned(claims, REMOVED)}",
        f"{unsigned(claims, REMOVED)}\n",
        f"{head}.{body}.x{REMOVED}",
        Key("key-1").sign(claims),
        Key("").sign(claims),
    ]
    for token in forged:
        if not (removed and token.strip() == unsigned(claims, REMOVED)):
            assert refused(identity, f"Bearer {token}").status == 401, token


@pytest.mark.parametrize(
    ("environ", "read"),
    [
        ({}, ""),
        ({"HTTP_AUTHORIZATION": "Bearer a"}, "Bearer a"),
        ({"HTTP_X_SERVERLESS_AUTHORIZATION": "Bearer b"}, "Bearer b"),
        ({"HTTP_AUTHORIZATION": "Bearer a", "HTTP_X_SERVERLESS_AUTHORIZATION": "Bearer b"}, "Bearer b"),
    ],
)
def test_the_header_that_cloud_run_has_checked_is_the_one_that_counts(environ: dict[str, str], read: str) -> None:
    heard: list[str] = []
    service = Made(verify=heard.append).service
    status: list[str] = []
    asked = {"REQUEST_METHOD": "POST", "PATH_INFO": "/tick", **environ}
    list(application_of(service)(asked, lambda line, _headers: status.append(line)))
    assert (heard, status) == ([read], ["200 OK"])


def test_a_new_key_is_fetched_but_not_at_every_unknown_one(google: LocalIdentity) -> None:
    now = [1000.0]
    certificates = CachedCertificates(clock=lambda: now[0])
    identity = GoogleIdentity(audience=AUDIENCE, caller=CALLER, certs_url=google.url, certificates=certificates)
    google.keys, google.fetches, google.status = [google.key], 0, 200
    identity(f"Bearer {google.token()}")
    new = Key("key-2")
    google.keys = [google.key, new]
    assert "key that Google does not have" in refused(identity, f"Bearer {new.sign(google.claims())}").why
    assert google.fetches == 1, "fetched just now"
    now[0] += YOUNGEST_S + 1
    identity(f"Bearer {new.sign(google.claims())}")
    assert google.fetches == 2
    now[0] += google.max_age + 1
    identity(f"Bearer {google.token()}")
    assert google.fetches == 3, "the answer said for how long they hold"


def test_without_certificates_nobody_knows(google: LocalIdentity) -> None:
    gone = GoogleIdentity(audience=AUDIENCE, caller=CALLER, certs_url="http://127.0.0.1:1/certs")
    assert refused(gone, f"Bearer {google.token()}").status == 503
    google.status = 500
    failing = GoogleIdentity(audience=AUDIENCE, caller=CALLER, certs_url=google.url)
    assert refused(failing, f"Bearer {google.token()}").status == 503
    google.status = 200
    failing(f"Bearer {google.token()}")


def test_a_signature_that_cloud_run_took_off_is_taken_where_that_is_said(google: LocalIdentity) -> None:
    identity = GoogleIdentity(audience=AUDIENCE, caller=CALLER, certs_url="http://127.0.0.1:1", signature_removed=True)
    removed = "SIGNATURE_REMOVED_BY_GOOGLE"
    identity(f"Bearer {unsigned(google.claims(), removed)}")
    assert "invoker check" in refused(identity, f"Bearer {google.token()}").why
    assert refused(identity, f"Bearer {unsigned(google.claims(exp=1_700_000_000), removed)}").status == 401
    assert refused(identity, f"Bearer {unsigned(google.claims(aud='x'), removed)}").status == 401
    assert refused(identity, f"Bearer {unsigned(google.claims(email='x'), removed)}").status == 403
