"""Write what the image installs as a bill of materials: CycloneDX 1.5, out of the lock, so that both always say the same.

python tools/sbom.py [LOCK] > logwatch.cdx.json
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)([^\n\\]*)", re.MULTILINE)


def components(lock: str) -> list[dict[str, object]]:
    """Give each package that a lock pins, with all its hashes."""
    found = list(_PINNED.finditer(lock))
    ends = [match.start() for match in found[1:]] + [len(lock)]
    return [_component(match, lock[match.end() : end]) for match, end in zip(found, ends, strict=True)]


def _component(match: re.Match[str], rest: str) -> dict[str, object]:
    name, version = re.sub(r"[-_.]+", "-", match[1]).lower(), match[2]
    place = f"pkg:pypi/{name}@{version}"
    hashes = [{"alg": "SHA-256", "content": each} for each in re.findall(r"--hash=sha256:([0-9a-f]{64})", rest)]
    made: dict[str, object] = {"type": "library", "bom-ref": place, "name": name, "version": version, "purl": place}
    # The hashes are of every file of the version, one for each platform; which one it was, the machine decides.
    made["externalReferences"] = [{"type": "distribution", "url": place, "hashes": hashes}]
    condition = match[3].strip().removeprefix(";").strip()
    return made | ({"properties": [{"name": "pep508:marker", "value": condition}]} if condition else {})


def document(lock: str, version: str) -> dict[str, object]:
    """Give the whole document; nothing in it tells when or where it was made, so that the same lock gives the same bytes."""
    listed = components(lock)
    own = f"pkg:pypi/logwatch@{version}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": own, "name": "logwatch", "version": version, "purl": own}},
        "components": listed,
        "dependencies": [{"ref": own, "dependsOn": [each["bom-ref"] for each in listed]}],
    }


def own_version() -> str:
    """Read which version of logwatch this is."""
    found = re.search(r'__version__ = "([^"]+)"', (ROOT / "logwatch/__init__.py").read_text(encoding="utf-8"))
    return found[1] if found else "0"


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "requirements.lock"
    sys.stdout.write(json.dumps(document(path.read_text(encoding="utf-8"), own_version()), indent=2) + "\n")
