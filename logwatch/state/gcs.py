"""The state in one object of Cloud Storage, replaced only in the generation that was loaded."""

from __future__ import annotations

import time
import weakref
from contextlib import contextmanager, suppress
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, Any

from logwatch.errors import ConflictError, StoreError
from logwatch.google_api import Errors, Trouble
from logwatch.state.interface import MOST, Stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.cloud.storage import Blob, Bucket  # type: ignore[import-untyped]


APART_S = 1.0
"""Cloud Storage takes one change of an object a second, and refuses what comes sooner."""


class _Room(BytesIO):
    """Where a document is put that ends in time."""

    def write(self, part: Any) -> int:  # noqa: ANN401 - anything with bytes
        if self.tell() + len(part) > MOST:
            hint = "name another object with LOGWATCH_STATE"
            raise StoreError(f"this is not a state: it holds more than {MOST >> 20} MiB", hint=hint)
        return super().write(part)


class GcsStore:
    """One object; `STORAGE_EMULATOR_HOST` leads to a local server instead, as for any Google client."""

    def __init__(self, bucket: str, name: str, *, timeout_s: float = 5, budget_s: float = 10) -> None:
        """Name the object, which need not exist; nothing is connected yet.

        `timeout_s` is how long one try may take, `budget_s` one call with all its tries.
        """
        self.bucket = bucket
        self.name = name
        self._timeout = (timeout_s * 0.4, timeout_s * 0.6)  # to connect, to hear an answer
        self._retry_s = max(budget_s - timeout_s, 0)  # the last try begins no later
        self._saved = float("-inf")

    def load(self) -> Stored | None:
        """Give the document, or None where there is none yet."""
        from google.api_core.exceptions import NotFound

        with self._telling("the state cannot be read"):
            blob = self._blob(self.name)
            try:
                blob.download_to_file(room := _Room(), **self._options())
            except NotFound:
                # Of the object or of its bucket: only where the bucket is missing, listing is "not found" as well.
                list(self._bucket.client.list_blobs(self._bucket, prefix=self.name, max_results=1, **self._options()))
                return None
            if blob.generation is None:
                raise StoreError("Cloud Storage sent no generation", where=self._where, hint="is a proxy in between?")
            return Stored(room.getvalue(), int(blob.generation))

    def save(self, text: bytes, generation: int) -> int:
        """Replace the document of that generation, 0 for none yet; gives the new generation."""
        from google.api_core.exceptions import PreconditionFailed

        errors: list[Exception] = []
        time.sleep(max(self._saved + APART_S - time.monotonic(), 0))
        with self._telling("the state cannot be saved"):
            blob = self._blob(self.name)
            try:
                self._upload(blob, text, errors, if_generation_match=generation)
            except PreconditionFailed as error:
                # A try that was broken off may have succeeded, and then the next one meets its own work.
                mine = self.load() if len(errors) > 1 else None
                if mine is None or mine.text != text:
                    hint = "run again: the next run starts from what is there now"
                    message = "somebody else saved the state since it was loaded"
                    raise ConflictError(message, where=self._where, hint=hint) from error
                return mine.generation
            finally:
                self._saved = time.monotonic()
            return int(blob.generation or 0)

    def note(self, text: bytes, name: str) -> None:
        """Keep a later version of the document in an object of its own, which has been changed by nobody a moment ago."""
        with self._telling("the state cannot be saved"):
            self._upload(self._blob(f"{self.name}.{name}"), text, [])

    def last_note(self, prefix: str) -> bytes | None:
        """Give the version beside it whose name begins so and is the last; None where there is none."""
        with self._telling("the state cannot be read"):
            found = self._notes(prefix)
            if not found:
                return None
            max(found, key=lambda blob: str(blob.name)).download_to_file(room := _Room(), **self._options())
            return room.getvalue()

    def forget_notes(self, prefix: str) -> None:
        """Remove the versions beside it whose names begin so."""
        with self._telling("the state cannot be saved"):
            self._bucket.delete_blobs(self._notes(prefix), on_error=lambda _: None, **self._options())

    def _notes(self, prefix: str) -> list[Blob]:
        return list(self._bucket.client.list_blobs(self._bucket, prefix=f"{self.name}.{prefix}", **self._options()))

    def set_aside(self, text: bytes, name: str) -> str:
        """Keep a document that cannot be read under another name beside it; gives where."""
        folder, slash, _ = self.name.rpartition("/")
        aside = f"{folder}{slash}{name}"
        with self._telling("the state cannot be saved"):
            self._upload(self._blob(aside), text, [])
        return f"gs://{self.bucket}/{aside}"

    @property
    def _where(self) -> str:
        return f"gs://{self.bucket}/{self.name}"

    @cached_property
    def _bucket(self) -> Bucket:
        from google.cloud.storage import Client

        client = Client()
        # The library would look the bucket up on the side, for traces that nobody takes: a call that the role refuses, a
        # line in the audit log each time, on the connection in use (googleapis/google-cloud-python#17650, #18116).
        client._bucket_metadata_cache = None  # noqa: SLF001 - no other way for one client
        weakref.finalize(self, client.close)
        return client.bucket(self.bucket)

    def _blob(self, name: str) -> Blob:
        return self._bucket.blob(name)

    def _upload(self, blob: Blob, text: bytes, errors: list[Exception], **condition: int) -> None:
        blob.upload_from_string(text, content_type="application/json", **condition, **self._options(errors))

    def _options(self, errors: list[Exception] | None = None) -> dict[str, Any]:
        """Give how long to try; what goes wrong on the way is added to `errors`."""
        from google.cloud.storage.retry import DEFAULT_RETRY  # type: ignore[import-untyped]
        from requests import RequestException

        def note(error: Exception) -> bool:
            if errors is not None:
                errors.append(error)
            with suppress(RequestException):  # an answer read to its end gives its connection back
                getattr(getattr(error, "response", None), "content", None)
            return bool(DEFAULT_RETRY._predicate(error))  # noqa: SLF001 - the library's own choice, not given otherwise

        retry = DEFAULT_RETRY.with_predicate(note).with_timeout(self._retry_s).with_delay(0.5, 4, 2)
        return {"retry": retry, "timeout": self._timeout}

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        """Turn the libraries' errors into one that says how to mend it."""
        from google.cloud.storage.exceptions import DataCorruption, InvalidResponse  # type: ignore[import-untyped]
        from requests import RequestException
        from urllib3.exceptions import HTTPError

        run, bucket = "run: gcloud storage buckets", f"gs://{self.bucket}"
        may = f"{run} add-iam-policy-binding {bucket} --member={{who}} --role=roles/storage.objectUser"
        new = f"{run} create {bucket} --location=REGION --uniform-bucket-level-access --public-access-prevention"
        hints = {Trouble.DISABLED: may, Trouble.PERMISSION: may, Trouble.NOT_FOUND: new}
        again = "try again; https://status.cloud.google.com tells of outages"
        more = (InvalidResponse, DataCorruption, RequestException, HTTPError, OSError)
        errors = Errors(StoreError, self._where, hints, otherwise=again)
        with errors.raised(what, lambda: self._bucket.client, *more):
            yield
