"""Where the image's parts come from: the bill of materials says what the lock says, bases have digests, holes are looked up."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

DIGEST = f"sha256:{'ab' * 32}"
DOCKERFILE = ROOT / "Dockerfile"


def program(folder: Path, name: str, text: str) -> dict[str, str]:
    """Give an environment in which a program of this name is another one."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_the_bill_of_materials_is_the_lock() -> None:
    ran = subprocess.run([sys.executable, ROOT / "tools/sbom.py"], capture_output=True, check=True)
    made = json.loads(ran.stdout)
    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.5", 1)
    entries = (ROOT / "requirements.lock").read_text().replace("\\\n", " ").splitlines()
    wanted = {}
    for entry in entries:
        pinned, *hashes = entry.split(" --hash=sha256:")
        found = Requirement(pinned.strip())
        [version] = [each.version for each in found.specifier]
        wanted[canonicalize_name(found.name)] = (version, bool(found.marker), sorted(each.strip() for each in hashes))
    assert len(wanted) > 30
    listed = {
        each["name"]: (
            each["version"],
            "properties" in each,
            sorted(each["content"] for each in each["externalReferences"][0]["hashes"]),
        )
        for each in made["components"]
    }
    assert listed == wanted
    references = [each["bom-ref"] for each in made["components"]]
    assert len(set(references)) == len(references)
    assert all(re.fullmatch(r"pkg:pypi/[a-z0-9-]+@[A-Za-z0-9.+!]+", each) for each in references)
    assert made["dependencies"] == [{"ref": made["metadata"]["component"]["bom-ref"], "dependsOn": references}]
    assert subprocess.run([sys.executable, ROOT / "tools/sbom.py"], capture_output=True, check=True).stdout == ran.stdout


def pin(folder: Path, dockerfile: str, says: str) -> tuple[int, str, str]:
    path = folder / "Dockerfile"
    path.write_text(dockerfile)
    environment = program(folder, "docker", f'echo "$@" >> {folder}/asked; [ "$1" = pull ] || echo "{says}"')
    ran = subprocess.run([ROOT / "deploy/pin-base.sh", path], env=environment, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stderr, path.read_text()


def test_every_stage_of_the_image_stands_on_a_digest(tmp_path: Path) -> None:
    text = DOCKERFILE.read_text()
    code, _, pinned = pin(tmp_path, text, f"python@{DIGEST}")
    assert code == 0
    assert pinned == text.replace("FROM python:3.11-slim", f"FROM python:3.11-slim@{DIGEST}")
    assert pinned.count(DIGEST) == 2
    (tmp_path / "asked").unlink()
    assert pin(tmp_path, pinned, "nothing")[2] == pinned, "what has a digest keeps it"
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize("says", ["", "python:3.11-slim", "python@sha256:12", "<no value>"])
def test_a_base_without_a_digest_is_built_upon_by_nobody(tmp_path: Path, says: str) -> None:
    code, complaint, left = pin(tmp_path, "FROM python:3.11-slim\n", says)
    assert (code, left) == (1, "FROM python:3.11-slim\n")
    assert "nobody knows the digest of python:3.11-slim" in complaint


def test_stages_and_platforms_are_told_from_bases(tmp_path: Path) -> None:
    text = "FROM --platform=linux/amd64 python:3 AS one\nfrom one as two\nFROM scratch\n"
    assert pin(tmp_path, text, f"python@{DIGEST}")[2] == text.replace("python:3", f"python:3@{DIGEST}")


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ("echo No known vulnerabilities found", 0, "No known vulnerabilities"),
        ("echo Found 1 known vulnerability; exit 1", 1, "Found 1"),
        ("echo x could not be audited: x", 0, "audit: SKIPPED for 1 packages"),
        ("echo ConnectionError: cannot be reached >&2; exit 1", 0, "audit: SKIPPED, nothing was looked up"),
    ],
)
def test_a_known_hole_is_told_and_a_look_that_failed_is_none(tmp_path: Path, answer: str, code: int, said: str) -> None:
    environment = program(tmp_path, "pip-audit", answer)
    ran = subprocess.run([ROOT / "tools/audit"], env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, said in ran.stdout) == (code, True), ran.stdout


def test_where_nothing_can_look_it_is_said(tmp_path: Path) -> None:
    for name in ("dirname", "sh"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    ran = subprocess.run(
        ["/bin/sh", ROOT / "tools/audit"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, "SKIPPED" in ran.stdout) == (0, True)
    assert os.access(ROOT / "tools/audit", os.X_OK)
