"""Mails taken apart."""

from email.message import EmailMessage


def texts(mail: EmailMessage) -> tuple[str, str]:
    """Give the text and the page of a mail."""
    found = [mail.get_body((kind,)) for kind in ("plain", "html")]
    text, page = (part.get_content() for part in found if part)
    return text, page
