"""Google's side of identity tokens on this machine: a key pair, its certificates at an address, and tokens of any content.

with LocalIdentity() as google:
    GoogleIdentity(audience=…, caller=…, certs_url=google.url)("Bearer " + google.token(aud=…, email=…))
"""

from __future__ import annotations

import base64
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.support.local_http import LocalHttp

if TYPE_CHECKING:
    from collections.abc import Mapping

AUDIENCE = "https://logwatch-abc-du.a.run.app"
CALLER = "logwatch-scheduler@o4o-demo.iam.gserviceaccount.com"


class Key:
    """A private key, and the certificate that Google would give out for it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "federated-signon.system.gserviceaccount.com")])
        now = datetime.now(UTC)  # noqa: TID251 - a certificate holds for a time
        made = x509.CertificateBuilder(subject, subject, self._key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        self.certificate = made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def sign(self, claims: Mapping[str, Any], **header: Any) -> str:
        """Give a token of these claims."""
        parts = [{"alg": "RS256", "kid": self.name, "typ": "JWT", **header}, claims]
        signed = ".".join(_encode(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{_encode(self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class LocalIdentity:
    """The server of certificates, from `with` to its end."""

    def __init__(self) -> None:
        self.key = Key("key-1")
        self.keys = [self.key]
        self.fetches = 0
        self.status = 200
        self.max_age = 3600
        self.ahead = timedelta()
        """How far the clock of this server is ahead."""
        self._http = LocalHttp(("127.0.0.1", 0), type("Handler", (_Handler,), {"google": self}))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/oauth2/v1/certs"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Give what Cloud Scheduler's tokens say, changed in places; None leaves a claim out."""
        now = int(datetime.now(UTC).timestamp())  # noqa: TID251 - as is a token
        found = {
            "aud": AUDIENCE, "azp": "1", "email": CALLER, "email_verified": True, "exp": now + 3600, "iat": now,
            "iss": "https://accounts.google.com", "sub": "1", **changed,
        }  # fmt: skip
        return {name: value for name, value in found.items() if value is not None}

    def token(self, **changed: Any) -> str:
        """Give a signed token of those claims."""
        return self.key.sign(self.claims(**changed))


class _Handler(BaseHTTPRequestHandler):
    google: LocalIdentity

    def do_GET(self) -> None:
        self.google.fetches += 1
        self._answer(json.dumps({key.name: key.certificate for key in self.google.keys}).encode())

    def do_HEAD(self) -> None:
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(self.google.status)
        self.send_header("Cache-Control", f"public, max-age={self.google.max_age}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        now = datetime.now(UTC) + self.google.ahead  # noqa: TID251 - a server has a clock of its own
        return super().date_time_string(int(now.timestamp()))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
        """Say nothing."""
