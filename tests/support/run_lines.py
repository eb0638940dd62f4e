"""Lines that logwatch printed, as Cloud Logging keeps them, and what is asked of them: the policies' filters, and the documents'."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.conftest import ROOT
from tests.support.local_google import make_entry

if TYPE_CHECKING:
    from collections.abc import Iterable

JOB = {"type": "cloud_run_job", "labels": {"job_name": "logwatch"}}
SERVICE = {"type": "cloud_run_revision", "labels": {"service_name": "logwatch"}}


def as_entry(line: str, resource: dict[str, Any]) -> Any:
    """Give a printed line as an entry: a JSON object becomes the payload, without its severity; anything else is text."""
    entry: dict[str, Any] = {"timestamp": "2026-02-24T12:00:00Z", "resource": resource}
    if not line.startswith("{"):
        return make_entry(entry | {"textPayload": line})
    payload = json.loads(line)
    return make_entry(entry | {"severity": payload.pop("severity"), "jsonPayload": payload})


def policy_filter(name: str) -> str:
    """Give what a policy of the repository asks of log lines."""
    policy = json.loads((ROOT / f"deploy/policies/{name}.json").read_text())
    return str(policy["conditions"][0]["conditionMatchedLog"]["filter"])


def documented_filters(pages: Iterable[str], words: str) -> list[str]:
    """Give the filters with these words in the `gcloud logging read` commands of some pages."""
    found = (each for page in pages for each in re.findall(r"gcloud logging read '([^']+)'", (ROOT / page).read_text()))
    return [each for each in found if words in each]
