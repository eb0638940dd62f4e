"""A real SMTP server on loopback that keeps mails: STARTTLS, TLS, login, refused recipients, failures on request.

with LocalSmtp(tmp_path, security="starttls", login=("user", "password")) as smtp:
    EmailChannel("localhost", smtp.port, "starttls", …, context=smtp.trusted)
    smtp.mails[0]["Subject"]
"""

import ssl
from asyncio.base_events import Server
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.patience import PATIENCE_S

FROM = datetime(2020, 1, 1, tzinfo=UTC)


def certificate(folder: Path, host: str = "localhost") -> tuple[Path, Path]:
    """Make a self-signed certificate for the host; gives its file and its key's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    names = x509.SubjectAlternativeName([x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(FROM + timedelta(days=36500))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file


class _PortController(Controller):
    """A controller that finds its own port; a real one would ask port 0 for a greeting."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@dataclass
class LocalSmtp:
    """The server, from `with` to its end."""

    folder: Path
    security: Literal["starttls", "tls", "none"] = "starttls"
    login: tuple[str, str] | None = None
    offers_login: bool = True
    refused: dict[str, str] = field(default_factory=dict)
    """Recipient to the reply that refuses it: `550 5.1.1 nobody here`."""
    replies: deque[str] = field(default_factory=deque)
    """Replies to the next mails' DATA; `` takes the mail."""
    login_reply: str | None = None
    """Reply to every login, whoever it is."""
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    hellos: list[str] = field(default_factory=list)
    watch: Callable[[str], AbstractContextManager[object]] = nullcontext
    """Entered before a mail takes effect, left before it is answered; may raise to refuse it."""

    def __enter__(self) -> Self:
        certificate_file, key_file = certificate(self.folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate_file, key_file)
        self.trusted = ssl.create_default_context(cafile=str(certificate_file))
        options: dict[str, Any] = {"hostname": "127.0.0.1", "port": 0, "server_hostname": "localhost"}
        options["ready_timeout"] = PATIENCE_S
        if self.security == "tls":
            options |= {"ssl_context": context}
        elif self.security == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        if self.login and self.offers_login:
            # aiosmtpd counts only STARTTLS as TLS.
            options |= {"authenticator": self._authenticate, "auth_require_tls": self.security == "starttls"}
            options |= {"auth_required": True}
        self.controller = _PortController(self, **options)
        self.controller.start()
        self.port = self.controller.port
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()

    def _authenticate(self, server: SMTP, session: Any, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        if self.login_reply:
            return AuthResult(success=False, handled=False, message=self.login_reply)
        known = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == self.login
        return AuthResult(success=known, handled=False)

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Envelope, address: str, rcpt_options: list[str]) -> str:  # noqa: N802
        self.hellos.append(session.host_name)
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802
        with self.watch("DATA"):
            reply = self.replies.popleft() if self.replies else ""
            if reply:
                return reply
            content = envelope.content
            assert isinstance(content, bytes)
            self.envelopes.append(envelope)
            self.raw.append(content)
            self.mails.append(message_from_bytes(content, policy=policy.default))
            return "250 OK"
