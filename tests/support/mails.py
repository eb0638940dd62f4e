"""Mails taken apart."""

import re
from email.message import EmailMessage


def base_subject(subject: str) -> str:
    """Give what is left of a subject where mail programs compare it (RFC 5256, 2.1): no `Re:`, and no word in brackets before it.

    >>> base_subject("Re: [list] Fwd: [x] subject (fwd)")
    'subject'
    """
    subject = re.sub(r"(\s*\(fwd\))+$", "", subject.strip(), flags=re.IGNORECASE)
    return re.sub(r"^((re|fwd?)\s*(\[[^][]*\]\s*)?:\s*|\[[^][]*\]\s*(?=.))+", "", subject, flags=re.IGNORECASE)


def texts(mail: EmailMessage) -> tuple[str, str]:
    """Give the text and the page of a mail."""
    found = [mail.get_body((kind,)) for kind in ("plain", "html")]
    text, page = (part.get_content() for part in found if part)
    return text, page
