"""Who calls: Google's identity tokens, verified by google-auth against Google's certificates."""

from __future__ import annotations

import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from google.auth import jwt
from google.auth.exceptions import TransportError
from google.auth.transport import Request
from google.auth.transport.urllib3 import Request as Plain
from google.oauth2 import id_token

from logwatch.server.app import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ISSUERS = {"accounts.google.com", "https://accounts.google.com"}
REMOVED = "SIGNATURE_REMOVED_BY_GOOGLE"
"""What Cloud Run's own check of the invoker puts in the place of the signature that it has verified."""
SKEW_S = 10
"""Seconds that clocks may differ."""
LONGEST_TOKEN = 8192
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+=*")
OLDEST_S, YOUNGEST_S = 24 * 3600, 60
"""Bounds for how long certificates are kept, whatever their server says; and how soon they are fetched again for a new key."""


class CachedCertificates(Request):
    """google-auth's way to fetch certificates, which fetches them at every call, with a memory."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, timeout_s: float = 5) -> None:
        """Fetch nothing yet."""
        self._clock = clock
        self._timeout_s = timeout_s
        self._kept: Any = None
        self._until = self._fetched = float("-inf")

    def __call__(self, url: Any, method: Any = "GET", *_: Any, **__: Any) -> Any:  # noqa: ANN401 - google-auth has no types
        """Give the certificates' answer, the kept one while it holds. Raises TransportError."""
        if self._kept is None or self._clock() >= self._until:
            import urllib3

            with urllib3.PoolManager(timeout=self._timeout_s, retries=False) as pool:
                answer = Plain(pool)(url, method)
                answer.data  # noqa: B018 - read before its connection is given back
            self._fetched = self._clock()
            if answer.status != HTTPStatus.OK:
                return answer
            self._kept, self._until = answer, self._fetched + _max_age(answer.headers)
        return self._kept

    def forget(self) -> bool:
        """Fetch anew the next time, unless that was done just now; gives whether it will be.

        Google's keys change every few days, and whoever names keys that there are not must not make us ask all the time.
        """
        if self._clock() - self._fetched < YOUNGEST_S:
            return False
        self._kept = None
        return True


def _max_age(headers: Mapping[str, str]) -> float:
    found = re.search(r"max-age=(\d{1,9})", headers.get("Cache-Control", ""))
    return min(max(float(found[1]) if found else 0, YOUNGEST_S), OLDEST_S)


class GoogleIdentity:
    """Lets in one service account, whose token is made out to one audience."""

    def __init__(
        self, *, audience: str, caller: str, certs_url: str, signature_removed: bool = False,
        certificates: CachedCertificates | None = None,
    ) -> None:  # fmt: skip
        """`signature_removed`: Cloud Run's invoker check has verified each token; anything else in its place is refused."""
        self.audience = audience
        self.caller = caller.lower()
        self._certs_url = certs_url
        self._signature_removed = signature_removed
        self._certificates = certificates or CachedCertificates()

    def __call__(self, authorization: str) -> None:
        """Let an Authorization header in, or raise RefusedError."""
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "there is no bearer token")
        if len(token) > LONGEST_TOKEN:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "the token is too long")
        if not _TOKEN.fullmatch(token):  # as of two headers in one
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "the token is no identity token")
        claims = self._claims(token)
        if claims.get("iss") not in ISSUERS:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "the token is not Google's")
        if claims.get("aud") != self.audience:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "the token is made out to another audience")
        if claims.get("email_verified") is not True or str(claims.get("email")).lower() != self.caller:
            raise RefusedError(HTTPStatus.FORBIDDEN, "the token is of another account")

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            try:
                return _timely(self._verified(token))
            except ValueError as error:
                if "Certificate for key id" not in str(error) or not self._certificates.forget():
                    raise
                return _timely(self._verified(token))  # the key may be newer than what was kept
        except TransportError:
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "Google's certificates cannot be fetched") from None
        except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, _say(error)) from None

    def _verified(self, token: str) -> Mapping[str, Any]:
        if not self._signature_removed:
            found: Mapping[str, Any] = id_token.verify_token(
                token, self._certificates, self.audience, self._certs_url, clock_skew_in_seconds=SKEW_S
            )
            return found
        if token.rpartition(".")[2] != REMOVED:
            raise ValueError("the signature was not removed by Cloud Run: is its invoker check on?")
        claims: Mapping[str, Any] = jwt.decode(token, verify=False)
        jwt._verify_iat_and_exp(claims, SKEW_S)  # noqa: SLF001 - what `decode` does where it verifies
        return claims


def _timely(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give claims whose times are whole seconds, and that hold already: google-auth takes any number, and looks at no `nbf`."""
    if any(type(claims[name]) is not int for name in ("iat", "exp", "nbf") if name in claims):
        raise TypeError("a time is no number of seconds")
    if "nbf" in claims:
        jwt._verify_iat_and_exp({**claims, "iat": claims["nbf"]}, SKEW_S)  # noqa: SLF001 - as below
    return claims


def _say(error: Exception) -> str:
    """Give why a token is refused, without what stands in it."""
    words = str(error)
    known = {
        "Token expired": "the token is expired",
        "Token used too early": "the token is of the future: is this machine's clock right?",
        "wrong audience": "the token is made out to another audience",
        "signature was not removed": words,
        "Could not verify": "the token's signature is wrong",
        "Certificate for key id": "the token is signed with a key that Google does not have",
        "signature algorithm": "the token is signed in a way that is not Google's",
    }
    return next((said for part, said in known.items() if part in words), "the token is no identity token")
