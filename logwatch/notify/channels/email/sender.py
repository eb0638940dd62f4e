"""Email by SMTP: text and HTML in one, and all mails of an incident in one thread."""

from __future__ import annotations

import hashlib
import logging
import smtplib
import ssl
from base64 import b64encode
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Literal

from logwatch.checks import Checked, Phrase, ok
from logwatch.errors import ChannelError
from logwatch.judge.rules.model import Severity
from logwatch.notify.channels.email.addresses import envelope
from logwatch.notify.channels.http_errors import unreachable
from logwatch.notify.layout import draw_course, plain_text, render_message
from logwatch.ui.printable import printable
from logwatch.ui.templates import clip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from email.headerregistry import Address
    from pathlib import Path

    from logwatch.notify.messages import Message

Security = Literal["starttls", "tls", "none"]
HINTS = {
    530: "the server wants a login: set user and password",
    534: "the account needs an app password: make one and set it as password",
    535: "set the right user and password; Google and Microsoft want an app password here",
    538: "set security to starttls or tls",
    550: "set a sender and recipients that the server takes",
    552: "the mailbox is full",
    553: "set a sender that the login may send as",
}
IMPORTANCE: dict[str, str] = {Severity.PAGE: "high", Severity.INFO: "low"}
"""What mail programs mark, by a message's tone."""
SUBJECTS = {"Subject", "Thread-Topic"}
"""Headers that hold a text of people's."""

LOGGED_IN = Phrase(
    "doctor.email.login",
    texts={"ko": "연결하고 로그인함. 메일은 보내지 않음", "en": "connected and logged in; no mail was sent"},
)
CONNECTED = Phrase(
    "doctor.email.no_login",
    texts={"ko": "연결함(로그인 없음). 메일은 보내지 않음", "en": "connected, without a login; no mail was sent"},
)


class _Folding(EmailPolicy):
    """Folds a subject between encoded words without losing the space there, as the standard library's own folding does."""

    def fold(self, name: str, value: str) -> str:
        """Give a header as it is sent."""
        if name not in SUBJECTS or value.isascii():
            return str(super().fold(name, value))
        return f"{name}: {Header(str(value), 'utf-8', header_name=name).encode(linesep=self.linesep)}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        """Give it in bytes."""
        return super().fold_binary(name, value) if name not in SUBJECTS else self.fold(name, value).encode()


MOST_REPLIES = 1 << 20
"""Bytes of all replies of a server to one mail; a reply of many lines could go on for ever."""


class _Replies:
    """A connection's replies, which end as a connection that broke off where they are too long."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._left = stream, MOST_REPLIES

    def readline(self, most: int) -> bytes:
        line = self._stream.readline(most)
        self._left -= len(line)
        if self._left < 0:
            raise OSError("the replies are too long")
        return line

    def close(self) -> None:
        self._stream.close()


class _Bounded(smtplib.SMTP):
    """Reads no endless reply."""

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock:
            self.file = _Replies(self.sock.makefile("rb"))
        return super().getreply()


class _BoundedTls(_Bounded, smtplib.SMTP_SSL):
    """Likewise, under TLS from the beginning."""


@dataclass(slots=True)
class EmailChannel:
    """Sends each message to all recipients at once; one address that is refused does not keep it from the others."""

    host: str
    port: int
    security: Security
    user: str | None
    password: str | None = field(repr=False)
    sender: Address
    recipients: tuple[Address, ...]
    templates: Path
    timeout_s: float = 10
    context: ssl.SSLContext | None = field(default=None, repr=False)
    """For tests, whose certificates nobody knows; None trusts what the system trusts."""
    name: str = "email"
    dialogue: ClassVar[None] = None

    def send(self, message: Message, thread: str | None) -> str | None:
        """Send the message; gives the Message-ID of the incident's first. Raises ChannelError."""
        return self._post(self.compose(message, thread), message, thread)

    def send_plain(self, message: Message, thread: str | None) -> str | None:
        """Send its headline and notes as text; gives the same. Raises ChannelError."""
        mail = self._begin(message, thread)
        mail.set_content(plain_text(message))
        return self._post(mail, message, thread)

    def _post(self, mail: EmailMessage, message: Message, thread: str | None) -> str:
        with self._session() as server:
            refused = server.send_message(mail, self.sender.addr_spec, envelope(self.recipients))
        if refused:
            logging.getLogger("logwatch.email").warning("not delivered to %s; the others have it", self._told(refused))
        return thread or self._message_id(message, first=True)

    def check(self) -> list[Checked]:
        """Connect, secure the connection and log in, and send nothing. Raises ChannelError."""
        with self._session() as server:
            server.noop()
        return [ok(self.name, LOGGED_IN if self.user else CONNECTED)]

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """Give a connection, secured and logged in; what fails on it is raised as ChannelError."""
        try:
            server = self._connect()
            try:
                yield server
            finally:
                with suppress(smtplib.SMTPException, OSError):  # it has the mail, or has said why not
                    server.quit()
                server.close()
        except smtplib.SMTPException as error:
            raise self._refusal(error) from None
        except OSError as error:
            raise unreachable(error, where=self.name) from None
        except ValueError:  # non-ASCII logins
            hint = "user and password must be plain ASCII"
            raise ChannelError("the server cannot take these", permanent=True, where=self.name, hint=hint) from None

    def compose(self, message: Message, thread: str | None) -> EmailMessage:
        """Write the mail; the same notification always gives the same one."""
        mail = self._begin(message, thread)
        mail.set_content(render_message(message, self.templates, "message.txt.j2"))
        drawn = draw_course(message)
        shown = message if drawn else replace(message, course=None)
        mail.add_alternative(render_message(shown, self.templates, "message.html.j2"), subtype="html")
        page = mail.get_body(("html",))
        if drawn and message.course and page:
            name = f"{message.course.chart.rule}.png"
            page.add_related(drawn, "image", "png", cid="<course>", disposition="inline", filename=name)
        own = mail["Message-ID"]
        for part in mail.walk():
            if part.is_multipart():  # the same notification must give the same mail
                part.set_boundary(f"=_{own[1:21]}_{part.get_content_subtype()}")
        return mail

    def _begin(self, message: Message, thread: str | None) -> EmailMessage:
        """Write the mail's head."""
        own, first = self._message_id(message, first=False), self._message_id(message, first=True)
        mail = EmailMessage(_Folding())
        mail["From"] = self.sender
        mail["To"] = self.recipients
        mail["Subject"] = ("" if own == first else "Re: ") + clip(printable(message.subject), 200)
        mail["Thread-Topic"] = clip(printable(message.topic), 200)  # what Outlook compares in place of the subject
        mail["Date"] = message.notification.at
        mail["Message-ID"] = own
        if own != first:
            mail["In-Reply-To"] = mail["References"] = thread or first
        mail["Importance"] = IMPORTANCE.get(message.tone, "normal")
        mail["Auto-Submitted"] = "auto-generated"
        mail["List-Id"] = f"<logwatch.{self._domain()}>"
        return mail

    def _domain(self) -> str:
        """Give the sender's domain; a very long one would have headers folded into what no mail program reads."""
        domain = self.sender.domain.lower()
        return domain if len(domain) <= 40 else "logwatch.invalid"

    def _message_id(self, message: Message, *, first: bool) -> str:
        """Give the Message-ID of this message, or of the first of its incident."""
        named = f"{message.notification.incident}.1" if first else message.notification.id
        digest = hashlib.sha256(f"{message.audience.service}\0{message.audience.apart(named)}".encode()).hexdigest()
        return f"<{digest[:20]}@{self._domain()}>"

    def _connect(self) -> smtplib.SMTP:
        """Connect, secure the connection and log in; the sender's domain as our name saves a slow look-up of the host's."""
        context = self.context or ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = _BoundedTls(
                self.host, self.port, local_hostname=self._domain(), timeout=self.timeout_s, context=context
            )
        else:
            server = _Bounded(self.host, self.port, local_hostname=self._domain(), timeout=self.timeout_s)
        try:
            if self.security == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password or "")
        except BaseException:
            server.close()
            raise
        return server

    def _refusal(self, error: smtplib.SMTPException) -> ChannelError:
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            codes = [code for code, _ in error.recipients.values()]
            message = f"every recipient was refused: {self._told(error.recipients)}"
            permanent = all(code >= 500 for code in codes)
            return ChannelError(message, permanent=permanent, where=self.name, hint=HINTS.get(codes[0], HINTS[550]))
        if isinstance(error, smtplib.SMTPResponseException):
            code, words = error.smtp_code, self._words(error.smtp_error)
            permanent = 500 <= code < 600
            hint = HINTS.get(code, "the server's own words say why") if permanent else None
            return ChannelError(f"the server answered {code} {words}", permanent=permanent, where=self.name, hint=hint)
        if isinstance(error, smtplib.SMTPNotSupportedError):
            hint = "port 587 speaks starttls, 465 tls; a server without login wants no user"
            return ChannelError("the server offers no STARTTLS, or no login", permanent=True, where=self.name, hint=hint)
        return ChannelError("the connection broke off", where=self.name)

    def _told(self, refused: Mapping[str, tuple[int, bytes]]) -> str:
        return ", ".join(f"{printable(address)} ({code} {self._words(words)})" for address, (code, words) in refused.items())

    def _words(self, words: bytes | str) -> str:
        """Give the server's own words; one that repeats what it was told must not give the login away."""
        text = words if isinstance(words, str) else words.decode(errors="replace")
        if self.password:
            forms = [self.password.encode(), f"\0{self.user}\0{self.password}".encode()]
            for form in (self.password, *(b64encode(form).decode().rstrip("=") for form in forms)):
                text = text.replace(form, "…")
        return clip(printable(" ".join(text.split())), 160)
