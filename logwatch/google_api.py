"""Google's clients for every adapter: how one is opened, and what is wrong where a call fails.

Google's libraries are imported when they are needed: what never asks Google runs without them.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from logwatch.errors import LogwatchError

_SECRET = re.compile(r"(?i)bearer\s+\S+|ya29\.\S+")
_REQUEST = re.compile(r"^[A-Z]+ https?://\S+: ")
"""What Cloud Storage's library writes before the service's own words."""
LOGIN = "run: gcloud auth application-default login"


class Trouble(StrEnum):
    """What is wrong, as far as it matters for the mend."""

    DISABLED = "disabled"
    """The project does not have the API."""
    PERMISSION = "permission"
    NO_CREDENTIALS = "no_credentials"
    """There are none on this machine."""
    UNAUTHENTICATED = "unauthenticated"
    """There are some, and Google does not take them."""
    NOT_FOUND = "not_found"
    INVALID = "invalid"
    QUOTA = "quota"
    REFUSED = "refused"
    """For another reason of ours."""
    UNREACHABLE = "unreachable"
    """The network, or Google itself: it may pass."""


_REASONS = {
    Trouble.DISABLED: {"accessNotConfigured"},
    Trouble.QUOTA: {"quotaExceeded", "rateLimitExceeded", "bytesBilledLimitExceeded"},
    Trouble.INVALID: {"invalidQuery"},
    Trouble.PERMISSION: {"accessDenied"},
}
"""Words for what is wrong, where a service says them beside the status."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A library's error in our words."""

    trouble: Trouble
    reason: str
    """The error's kind and the first line of what the service said."""


def open_client(client: Any, endpoint: str | None) -> Any:  # noqa: ANN401 - any of the generated clients
    """Open one of Google's generated clients; `endpoint` is HOST:PORT of a local server without TLS, None is Google's."""
    if not endpoint:
        return client()
    import grpc

    channel = grpc.insecure_channel(endpoint, options=[("grpc.max_receive_message_length", -1)])
    return client(transport=client.get_transport_class("grpc")(channel=channel))


def tell_apart(error: Exception) -> Failure:
    """Say what an error of a Google library means."""
    from google.api_core import exceptions as api

    if isinstance(error, api.RetryError) and isinstance(error.cause, Exception):
        error = error.cause
    response = getattr(error, "response", None)
    if hasattr(response, "status_code"):
        error = api.from_http_response(response)  # which also reads the server's own words
    lines = str(getattr(error, "message", "") or error).splitlines() or [""]
    words = _SECRET.sub("…", _REQUEST.sub("", lines[0]))
    return Failure(_trouble(error), f"{type(error).__name__}: {words[:200]}")


def _trouble(error: Exception) -> Trouble:
    from google.api_core import exceptions as api
    from google.auth import exceptions as auth

    # BigQuery says by a word what it means: one status stands for several of them.
    reasons = {each.get("reason") for each in getattr(error, "errors", ()) if isinstance(each, dict)}
    for trouble, words in _REASONS.items():
        if words & reasons:
            return trouble
    kinds: dict[type[Exception] | tuple[type[Exception], ...], Trouble] = {
        api.Forbidden: Trouble.DISABLED if "disabled" in str(error) else Trouble.PERMISSION,
        api.Unauthorized: Trouble.UNAUTHENTICATED,
        api.NotFound: Trouble.NOT_FOUND,
        api.TooManyRequests: Trouble.QUOTA,
        api.InvalidArgument: Trouble.INVALID,
        api.ClientError: Trouble.REFUSED,
        auth.DefaultCredentialsError: Trouble.NO_CREDENTIALS,
        auth.TransportError: Trouble.UNREACHABLE,
        auth.GoogleAuthError: Trouble.UNAUTHENTICATED,
    }
    return next((trouble for kind, trouble in kinds.items() if isinstance(error, kind)), Trouble.UNREACHABLE)


@dataclass(frozen=True, slots=True)
class Errors:
    """How an adapter tells what Google's library raised: as its own kind of error, with a mend for each trouble."""

    raises: Callable[..., LogwatchError]
    where: str
    hints: Mapping[Trouble, str]
    """`{who}` stands for who asks."""
    otherwise: str | None = None
    """The mend of all other troubles."""

    def build(self, what: str, error: Exception, client: Callable[[], object] = lambda: None) -> LogwatchError:
        """Give the adapter's error; `what` begins its message, and `client` is asked where the mend names who asks."""
        failure = tell_apart(error)
        if failure.trouble is Trouble.NO_CREDENTIALS:
            return self.raises("no Google credentials on this machine", where=self.where, hint=LOGIN)
        hint = LOGIN if failure.trouble is Trouble.UNAUTHENTICATED else self.hints.get(failure.trouble, self.otherwise)
        told = hint.replace("{who}", _member(client())) if hint and "{who}" in hint else hint
        return self.raises(f"{what}: {failure.reason}", where=self.where, hint=told)

    @contextmanager
    def raised(self, what: str, client: Callable[[], object] = lambda: None, *more: type[Exception]) -> Iterator[None]:
        """Turn errors of Google's libraries, and `more` that an adapter knows of, into the adapter's own."""
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError

        known: tuple[type[Exception], ...] = (GoogleAPIError, GoogleAuthError, *more)
        try:
            yield
        except known as error:
            raise self.build(what, error, client) from error


def walk(pages: Iterable[Any], kind: type[LogwatchError], where: str, limit_s: float) -> Iterator[Any]:
    """Give the pages of a walk that comes to an end; raises an error of the kind where this one does not."""
    end = time.monotonic() + limit_s
    tokens = Tokens(kind, where)
    for page in pages:
        tokens.take(page.next_page_token)
        yield page
        if page.next_page_token and time.monotonic() >= end:
            raise kind(f"the answer's pages did not end within {limit_s:.0f} s", where=where)


class Tokens:
    """The page tokens of one walk, each of which leads on once."""

    def __init__(self, kind: type[LogwatchError], where: str) -> None:
        """`kind` is what is raised where a walk goes in a circle."""
        self._kind, self._where = kind, where
        self._taken: set[str] = set()

    def take(self, token: str) -> None:
        """Take the next page's token; raises where it led here already."""
        if token and token in self._taken:
            kind = self._kind
            raise kind("the same page token came twice: the answer has no end", where=self._where)
        self._taken.add(token)


def project_hints(project: str, api: str, role: str) -> dict[Trouble, str]:
    """Give the mends of a project that lacks an API, or a right."""
    return {
        Trouble.DISABLED: f"run: gcloud services enable {api} --project={project}",
        Trouble.PERMISSION: f"run: gcloud projects add-iam-policy-binding {project} --member={{who}} --role={role}",
    }


def _member(client: object) -> str:
    """Give who asks, as IAM's commands name it, as far as Google's credentials know: nothing public tells."""
    credentials = getattr(getattr(client, "transport", client), "_credentials", None)
    account = str(getattr(credentials, "service_account_email", "") or "")
    person = str(getattr(credentials, "account", "") or "")
    return f"serviceAccount:{account}" if "@" in account else f"user:{person or 'YOU'}"
