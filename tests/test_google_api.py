"""What an error of Google's libraries means, and the mend that it is told with."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from logwatch.errors import SourceError, StoreError
from logwatch.google_api import LOGIN, Errors, Trouble, project_hints, tell_apart

T = Trouble
HINTS = project_hints("p1", "logging.googleapis.com", "roles/logging.viewer")


@pytest.mark.parametrize(
    ("error", "trouble", "reason"),
    [
        (api.PermissionDenied("no"), T.PERMISSION, "PermissionDenied: no"),
        (api.PermissionDenied("API has been disabled"), T.DISABLED, "PermissionDenied: API has been disabled"),
        (api.Unauthenticated("who?"), T.UNAUTHENTICATED, "Unauthenticated: who?"),
        (api.NotFound("GET https://storage/b/o: none"), T.NOT_FOUND, "NotFound: none"),
        (api.ResourceExhausted("60"), T.QUOTA, "ResourceExhausted: 60"),
        (api.TooManyRequests("60"), T.QUOTA, "TooManyRequests: 60"),
        (api.InvalidArgument("filter\nline 2"), T.INVALID, "InvalidArgument: filter"),
        (api.Conflict("twice"), T.REFUSED, "Conflict: twice"),
        (api.ServiceUnavailable("Bearer abc.def"), T.UNREACHABLE, "ServiceUnavailable: …"),
        (api.DeadlineExceeded("late"), T.UNREACHABLE, "DeadlineExceeded: late"),
        (api.RetryError("gave up", api.ServiceUnavailable("down")), T.UNREACHABLE, "ServiceUnavailable: down"),
        (auth.DefaultCredentialsError("none"), T.NO_CREDENTIALS, "DefaultCredentialsError: none"),
        (auth.RefreshError("expired"), T.UNAUTHENTICATED, "RefreshError: expired"),
        (auth.TransportError("no route"), T.UNREACHABLE, "TransportError: no route"),
        (OSError("reset"), T.UNREACHABLE, "OSError: reset"),
    ],
)
def test_errors_are_told_apart_by_what_mends_them(error: Exception, trouble: Trouble, reason: str) -> None:
    failure = tell_apart(error)
    assert (failure.trouble, failure.reason) == (trouble, reason)


def test_the_mend_of_a_missing_right_names_who_asks() -> None:
    account = SimpleNamespace(service_account_email="me@p1.iam.gserviceaccount.com")
    asking = SimpleNamespace(transport=SimpleNamespace(_credentials=account))
    errors = Errors(SourceError, "gcp://p1", HINTS)
    told = errors.build("Cloud Logging", api.PermissionDenied("no"), lambda: asking)
    assert str(told.hint).endswith("--member=serviceAccount:me@p1.iam.gserviceaccount.com --role=roles/logging.viewer")
    assert "--member=user:YOU " in str(errors.build("Cloud Logging", api.PermissionDenied("no")).hint)


def test_an_adapter_raises_errors_of_its_own_and_lets_others_pass() -> None:
    errors = Errors(StoreError, "gs://b/o", {}, otherwise="try again")
    with (
        pytest.raises(StoreError, match="it cannot be read: ServiceUnavailable: down") as caught,
        errors.raised("it cannot be read"),
    ):
        raise api.ServiceUnavailable("down")
    assert (caught.value.where, caught.value.hint) == ("gs://b/o", "try again")
    with pytest.raises(StoreError, match="no Google credentials on this machine") as caught, errors.raised("it cannot be read"):
        raise auth.DefaultCredentialsError("none")
    assert caught.value.hint == LOGIN
    with pytest.raises(ZeroDivisionError), errors.raised("it cannot be read"):
        raise ZeroDivisionError


def test_no_google_library_is_loaded_before_it_is_needed() -> None:
    script = "import sys, logwatch.google_api; assert not any(name.startswith(('google', 'grpc')) for name in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=600)
