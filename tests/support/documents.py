"""The documents that people read, and the command that the README shows first."""

from tests.conftest import LOGS, ROOT

README = (ROOT / "README.md").read_text()


DOCUMENTS = [
    ROOT / "README.md",
    *(file for folder in ("deploy", "docs", "logwatch") for file in sorted((ROOT / folder).rglob("*.md"))),
]


DEMO = ["evaluate", "--source", f"{LOGS}/payment.ndjson", "--until", "15:30"]
