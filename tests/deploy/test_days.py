"""Installations from day to day, through the real gcloud: what was asked for is what is there, and nothing else changed."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.days.calendar import FIRST, FIXED, drawn
from tests.support.days.gcloud import Gcloud, Memory
from tests.support.days.play import play, remembered
from tests.support.days.steps import KINDS, Step

needs_gcloud = pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is missing")


@pytest.fixture
def gcloud(tmp_path: Path) -> Iterator[Gcloud]:
    with Gcloud(tmp_path / "gcloud", remembered()) as gcloud:
        yield gcloud


def faults(gcloud: Gcloud, steps: tuple[Step, ...], folder: Path) -> list[str]:
    """Play a calendar; where a command is not remembered and cannot be run, that is no verdict."""
    found = play(gcloud, steps, folder)[1]
    if any("gcloud is missing" in each for each in found):
        pytest.skip("the scripts ask for more than is written down, and gcloud is missing")
    return found


@pytest.mark.long
def test_the_first_days_are_as_asked_for(gcloud: Gcloud, tmp_path: Path) -> None:
    assert faults(gcloud, FIRST, tmp_path / "days") == []


@needs_gcloud
@pytest.mark.long
def test_the_fixed_days_are_as_asked_for(gcloud: Gcloud, tmp_path: Path) -> None:
    assert faults(gcloud, FIXED, tmp_path / "days") == []


@needs_gcloud
@pytest.mark.long
def test_days_that_are_drawn_are_as_asked_for(gcloud: Gcloud, tmp_path: Path) -> None:
    assert faults(gcloud, drawn(7, 8), tmp_path / "days") == []


def test_a_calendar_is_drawn_from_its_seed_and_has_every_kind_of_step() -> None:
    assert drawn(3, 30) == drawn(3, 30)
    seen = {step.kind for seed in range(12) for step in drawn(seed, 30)}
    assert seen == set(KINDS)


# The days see what the scripts do wrong


def without(text: str, by: str = "") -> Callable[[str], str]:
    def change(script: str) -> str:
        assert text in script
        return script.replace(text, by)

    return change


INSTALLED = (
    Step(1, "installs", "logwatch", "job o4o-core-api"),
    Step(2, "again", "logwatch"),
    Step(3, "installs", "lw2", "service shop"),
)
MUTANTS = {
    "an upgrade forgets the settings": ("deploy.sh", without('if [ -n "${SETTINGS:-}" ]; then', "if false; then"), Step(4, "sets and builds", "logwatch", "LOGWATCH_LANG=en")),
    "settings replace all": ("setup.sh", without("--update-env-vars=", "--set-env-vars="), INSTALLED[0]),
    "secrets replace all": ("setup.sh", without("--update-secrets=", "--set-secrets="), Step(4, "rotates", "logwatch", "ops-token one")),
    "another is re-pointed": ("setup.sh", without('source_now=$(value_now LOGWATCH_SOURCE "$settings_now")'), Step(4, "again", "lw2")),
    "a paused schedule goes on": ("setup.sh", without("stopped=false\n", 'stopped=false\n    if [ -n "$state" ]; then change gcloud scheduler jobs resume "$name" --location="$region" --project="$project"; fi\n'), Step(4, "by hand", "logwatch", "pause")),
    "a rotation is repeated": ("setup.sh", without('if [ -n "$filled" ] && [ "$(gcloud secrets versions access', 'if false && [ "$(gcloud secrets versions access'), INSTALLED[0]),
    "a right is forgotten": ("setup.sh", without('roles/run.invoker "$caller"', ""), INSTALLED[0]),
    "a half-made cleanup stays": ("setup.sh", without("|| $kept_policies != *delete-old*"), Step(4, "takes away", "logwatch", "cleanup")),
    "teardown takes the policies of all": ("policies.sh", without("userLabels.made-by=$name", "userLabels.app=logwatch"), Step(4, "is torn down", "lw2")),
    "teardown leaves a right": ("teardown.sh", without('    revoke roles/monitoring.viewer "$runner"\n'), Step(4, "is torn down", "lw2")),
    "teardown leaves a secret": ("teardown.sh", without("    change gcloud secrets delete"  , "    true gcloud secrets delete"), Step(4, "is torn down", "lw2")),
    "policies do not follow a version": ("policies.sh", without('--policy-from-file="$written" --project="$project" ${keeps', '--policy-from-file="$written" --fields=displayName --project="$project" ${keeps'), Step(4, "new release", "logwatch")),
    "policies made later tell nobody": ("policies.sh", without('told_to=${told_to:-$(cut -f 4 <<<"$policies_now" | grep -m 1 . || true)}'), INSTALLED[1]),
    "a desk's webhook is taken": ("setup.sh", without('[[ " $shell_secrets " == *" $1 "* ]]', '[ -n "${!variable:-}" ]'), Step(4, "from a laptop", "logwatch")),
    "another region is taken": ("setup.sh", without('if ! has_line "$there" "$region"; then', "if false; then"), Step(4, "wrong region", "logwatch", "setup")),
    "doctor tries what ran before": ("setup.sh", without('if [ "$(told_by "$found")" = "$told_now" ]; then return; fi', "return"), Step(4, "by hand", "lw2", "setting LOGWATCH_GRACE 100s")),
}  # fmt: skip
"""By what is wrong with the scripts: the file, what is done to it, and the step at which it shows."""


@needs_gcloud
@pytest.mark.cloud
@pytest.mark.parametrize("mutant", MUTANTS)
def test_what_the_scripts_do_wrong_is_seen(gcloud: Gcloud, tmp_path: Path, mutant: str) -> None:
    file, change, step = MUTANTS[mutant]

    def spoil(tree: Path) -> None:
        script = tree / "deploy" / file
        script.write_text(change(script.read_text(encoding="utf-8")), encoding="utf-8")

    steps = (*INSTALLED[: INSTALLED.index(step)], step) if step in INSTALLED else (*INSTALLED, step)
    if step.who == "logwatch" and step.kind != "is torn down":
        steps = tuple(each for each in steps if each.who == "logwatch")
    _, found = play(gcloud, steps, tmp_path / "days", change=spoil)
    assert found
    assert found[0].startswith(f"{step}: ")


# What is written down is what gcloud does


def requests(memory: Memory) -> list[tuple[tuple[str, ...], int, list[tuple[str, str, str]]]]:
    """Give what each command asked for, sorted, without what is another each time: of several locations gcloud asks at once."""
    passing = r"\d{9,}\.\d+-[0-9a-f]{32}|\"client.knative.dev/nonce\": \"\w+\"|@[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z"
    plain = [(key, command) for key, command in dict.fromkeys(memory.used)]
    return [
        (
            tuple(re.sub(passing, "", each) for each in key),
            command.code,
            sorted((each.method, re.sub(passing, "", each.url), re.sub(passing, "", each.body)) for each in command.requests),
        )
        for key, command in plain
    ]


@needs_gcloud
@pytest.mark.cloud
def test_what_is_written_down_is_what_gcloud_asks_for(tmp_path: Path) -> None:
    memories = []
    for name, memory in (("real", Memory()), ("remembered", remembered())):
        with Gcloud(tmp_path / name, memory) as gcloud:
            assert play(gcloud, FIRST, tmp_path / f"{name}-days")[1] == []
            memories.append(requests(memory))
    assert memories[0] == memories[1]
