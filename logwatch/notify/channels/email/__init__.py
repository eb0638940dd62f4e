"""Email by SMTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, SecretStr, ValidationInfo, WithJsonSchema, field_validator

from logwatch.checks import Phrase, Texts
from logwatch.errors import ConfigError
from logwatch.notify.channels.interface import Channel, ChannelSettings, reveal

if TYPE_CHECKING:
    from pathlib import Path


_SEVERAL = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
"""In a file, a list is as right as a text."""


class EmailSettings(ChannelSettings):
    """One mail server, one sender, and everybody who gets each mail."""

    name: ClassVar[str] = "email"
    title: ClassVar[Texts] = {"ko": "메일", "en": "mail"}
    cure: ClassVar[Phrase] = Phrase(
        "doctor.cure.email",
        texts={
            "ko": (
                "LOGWATCH_SMTP_HOST, LOGWATCH_SMTP_PORT, LOGWATCH_SMTP_SECURITY(587은 starttls, 465는 tls),"
                " LOGWATCH_SMTP_USER, LOGWATCH_SMTP_PASSWORD를 확인하세요."
            ),
            "en": (
                "Check LOGWATCH_SMTP_HOST, LOGWATCH_SMTP_PORT, LOGWATCH_SMTP_SECURITY (587 is starttls, 465 tls),"
                " LOGWATCH_SMTP_USER, LOGWATCH_SMTP_PASSWORD."
            ),
        },
    )
    first: ClassVar[str] = "smtp_host"
    slow: ClassVar[tuple[str, ...]] = ("logwatch.notify.channels.email.sender", "smtplib", "jinja2")

    smtp_host: str | None = Field(None, description="Mail server; needs mail_from and mail_to.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", description="How the connection is secured.")
    smtp_user: str | None = Field(None, description="Login of the mail server.")
    smtp_password: SecretStr | None = Field(None, description="Password of that login.")
    mail_from: str | None = Field(None, description="Sender's address, with or without a name.")
    mail_to: Annotated[str, _SEVERAL] = Field("", description="Recipients' addresses, with commas between them.")

    @field_validator("mail_from", "mail_to")
    @classmethod
    def _check_addresses(cls, text: str | None, field: ValidationInfo) -> str | None:
        from logwatch.notify.channels.email.addresses import read_addresses

        if text and len(read_addresses(text)) > 1 and field.field_name == "mail_from":
            raise ValueError("a mail has one sender")
        return text

    def is_set_up(self) -> bool:
        """Tell whether there is a mail server; raises ConfigError where nobody sends by it or gets a mail."""
        missing = [name for name in ("mail_from", "mail_to") if not getattr(self, name)]
        if self.smtp_host and missing:
            hint = "LOGWATCH_MAIL_FROM=ops@example.com LOGWATCH_MAIL_TO=a@example.com,b@example.com"
            raise ConfigError("mail needs a sender and recipients", where=f"LOGWATCH_{missing[0].upper()}", hint=hint)
        return bool(self.smtp_host)

    def build(self, templates: Path) -> Channel:
        """Give the mail server, with the layouts for text and HTML."""
        from logwatch.notify.channels.email.addresses import read_addresses
        from logwatch.notify.channels.email.sender import EmailChannel

        return EmailChannel(
            host=str(self.smtp_host),
            port=self.smtp_port,
            security=self.smtp_security,
            user=self.smtp_user,
            password=reveal(self.smtp_password),
            sender=read_addresses(str(self.mail_from))[0],
            recipients=read_addresses(self.mail_to),
            templates=templates,
        )
