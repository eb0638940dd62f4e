"""The other forms in which people have log entries: not read, but named, with the command that gives JSON."""

import re

from logwatch.errors import SourceError

_NAMES = (
    rb"insert_?Id|log_?Name|timestamp|receive_?Timestamp|severity|text_?Payload|json_?Payload|http_?Request|resource|labels"
)
_CSV = re.compile(rb'"?(?:%s)[^\n,"]*"?,[^\n]*\b(?:%s)\b' % (_NAMES, _NAMES), re.IGNORECASE)
_YAML = re.compile(rb"(?:---\s*\n)?\s*(?:- )?(?:%s):[ \n](?:.*\n)*?\s*(?:%s):" % (_NAMES, _NAMES), re.IGNORECASE)
HINT = "get the same entries as JSON: gcloud logging read 'FILTER' --project=PROJECT --format=json > lines.json"


def check_form(head: bytes, path: str) -> None:
    """Let all but tables and YAML pass, which hold entries in a form that is not read. Raises SourceError."""
    text = head[:20_000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if _CSV.match(text):
        raise SourceError(
            "this is a CSV table, as Logs Explorer downloads it, in which what a log entry holds is no longer told apart",
            where=path,
            hint=f"download it as JSON instead, or {HINT}",
        )
    if _YAML.match(text):
        raise SourceError("this is YAML, as gcloud prints entries by default", where=path, hint=HINT)
