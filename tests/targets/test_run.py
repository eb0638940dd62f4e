"""`run` with several targets: each has its own state, line and messages, and none is in another's way."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from logwatch.spans import floor_minute
from logwatch.state.document import load_state
from tests.conftest import ROOT, clean_environment
from tests.support.local_app import LocalApp
from tests.support.made_traffic import START
from tests.support.patience import PATIENCE_S, wait_until
from tests.support.three_targets import CALM, NAMES, environment_of, settings_file, table_of, three_services
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Ran, Run

LATER = START + timedelta(minutes=CALM + 8, seconds=95)


@pytest.fixture(scope="module")
def entries() -> list[Any]:
    return three_services()


@pytest.fixture
def world(tmp_path: Path, entries: list[Any]) -> Iterator[World]:
    with World(tmp_path, entries, now=LATER) as made:
        yield made


def lines(ran: Ran) -> dict[str, dict[str, Any]]:
    """The line of each target's run."""
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert len(found) == len({each["run"]["target"] for each in found})
    return {each["run"]["target"]: each for each in found}


def place(world: World, name: str) -> Path:
    return world.folder / "targets" / name / "state.json"


def tick(run: Run, world: World, path: Path, **more: str) -> Ran:
    return run("run", **environment_of(world, path, **more))


def task(run: Run, world: World, path: Path, index: int, count: int, **more: str) -> Ran:
    """Run the share of one of several tasks."""
    own = environment_of(world, path, **more) | {"CLOUD_RUN_TASK_INDEX": str(index), "CLOUD_RUN_TASK_COUNT": str(count)}
    return run("run", **own)


@pytest.mark.long
def test_each_is_judged_by_itself_and_one_tells(run: Run, world: World) -> None:
    path = settings_file(world.folder)
    for minute in (0, 1):
        world.now = LATER + timedelta(minutes=minute)
        ran = tick(run, world, path)
        assert (ran.code, ran.err) == (0, "")
        assert {name: line["run"]["windows"] for name, line in lines(ran).items()} == dict.fromkeys(NAMES, 1)
    states = {name: load_state(place(world, name).read_bytes()) for name in NAMES}
    assert {name: {each.rule for each in state.alerts} for name, state in states.items()} == {
        "cart": set(),
        "pay": {"payment-confirm"},
        "web": set(),
    }
    assert [message.body["text"].partition(" · ")[0] for message in world.slack.arrived] == ["🚨 [긴급] pay"]
    commands = re.findall(r"logwatch (?:explain|silence add) [^`\n\\]+", str(world.slack.arrived[0].body))
    assert len(commands) == 2
    assert all("--target=pay" in each for each in commands), "as they stand, they are about the target that told"
    written = {each.header.resource.labels["namespace"] for each in world.google.monitoring.store.series("o4o-demo")}
    assert written == {f"production/{name}" for name in NAMES}


@pytest.mark.parametrize(
    ("broken", "code", "told"),
    [
        ('rules = "nowhere"\n', 2, "no such folder"),
        ('source = "gcp://o4o-demo/other"\nlogging_endpoint = "127.0.0.1:9"\nread_budget = "1s"\n', 3, "Cloud Logging"),
        ('state = "/dev/null/state.json"\n', 3, "state"),
        ('source = "monday.ndjson"\n', 2, "a run reads Cloud Logging"),
        ("[targets.slack]\nbot_token = 'xoxb'\n", 2, "a bot needs a channel"),
    ],
)
def test_one_that_fails_stops_no_other(run: Run, world: World, broken: str, code: int, told: str) -> None:
    path = settings_file(world.folder, table_of("cart") + broken, *map(table_of, NAMES[1:]), shared="lease = '50s'")
    ran = tick(run, world, path)
    found = lines(ran)
    assert (ran.code, ran.err) == (code, "")
    assert {name: line["run"].get("windows") for name, line in found.items() if name != "cart"} == {"pay": 1, "web": 1}
    assert found["cart"]["severity"] == "ERROR"
    assert told in "".join(found["cart"]["run"]["errors"])
    assert found["cart"]["message"].startswith("run: ")


def test_tasks_share_them_out(run: Run, world: World) -> None:
    path = settings_file(world.folder)
    shares = [task(run, world, path, index, 4).out for index in range(4)]
    assert [json.loads(share).get("run", {}).get("target") for share in shares] == [*NAMES, None]
    assert json.loads(shares[3]) == {"severity": "INFO", "message": "run: no target falls to task 4 of 4"}


def test_one_can_be_chosen(run: Run, world: World) -> None:
    path = settings_file(world.folder)
    assert [*lines(run("run", "--target", "web", **environment_of(world, path)))] == ["web"]
    assert [*lines(tick(run, world, path, TARGET="pay"))] == ["pay"]
    assert not place(world, "cart").exists()


def test_the_switch_hears_of_a_run_in_which_all_were_well(run: Run, world: World) -> None:
    path = settings_file(world.folder)
    broken = settings_file(world.folder / "broken", table_of("cart") + 'rules = "nowhere"\n', table_of("web"))
    with LocalApp() as switch:
        tick(run, world, broken, PING_URL=f"{switch.url}/ping")
        assert switch.seen == []
        tick(run, world, path, PING_URL=f"{switch.url}/ping")
        assert [place for place, _ in switch.seen] == ["/ping"]


@pytest.mark.long
def test_of_several_tasks_the_switch_hears_when_all_targets_were_judged(run: Run, world: World) -> None:
    """Whichever task is dead, whoever waits for signs of life is not told that all is well."""
    path = settings_file(world.folder)
    asked = []
    with LocalApp() as switch:
        for minute, alive in enumerate(((1, 2, 0), (1, 2, 0), (1, 2), (1, 0), (1, 0), (1, 0), (1, 0), (2, 1, 0))):
            world.now, before = LATER + timedelta(minutes=minute), len(switch.seen)
            said = [task(run, world, path, index, 3, PING_URL=f"{switch.url}/ping") for index in alive]
            assert {each.code for each in said} == {0}
            asked.append(len(switch.seen) - before)
            if minute == 6:
                assert "the ping after the run failed: held back, as 'web' is judged to 2026-" in said[-1].out
    assert asked == [1, 1, 0, 1, 1, 0, 0, 1]


@pytest.mark.long
def test_of_targets_that_run_by_themselves_the_switch_hears_when_all_were_judged(run: Run, world: World) -> None:
    """One that is tried by hand, or has a job of its own, says nothing of the others."""
    path = settings_file(world.folder)
    asked = []
    with LocalApp() as switch:
        for minute, alive in enumerate((("web",), ("cart",), ("web", "pay", "cart"), *[("pay", "cart")] * 4)):
            world.now, before = LATER + timedelta(minutes=minute), len(switch.seen)
            own = environment_of(world, path, PING_URL=f"{switch.url}/ping")
            said = [run("run", "--target", name, **own) for name in alive]
            assert {each.code for each in said} == {0}
            asked.append(len(switch.seen) - before)
    assert asked[:3] == [0, 0, 1]
    assert asked[-1] == 0
    assert "held back, as 'web' is judged to 2026-" in said[-1].out


def test_a_target_that_may_not_be_read_keeps_the_switch_from_hearing(run: Run, world: World) -> None:
    """Its task runs every minute, and reads nothing."""
    refused = f'{table_of("web")}logging_endpoint = "127.0.0.1:9"\nread_budget = "1s"\n'
    path = settings_file(world.folder, table_of("cart"), refused)
    with LocalApp() as switch:
        for minute in (0, 1):
            world.now = LATER + timedelta(minutes=minute)
            codes = [task(run, world, path, index, 2, PING_URL=f"{switch.url}/ping").code for index in (1, 0)]
            assert codes == [3, 0]
        assert switch.seen == []


def test_two_targets_with_one_environment_are_refused_at_once(run: Run, world: World) -> None:
    both = [f'{table_of(name)}environment = "beta"\n' for name in ("cart", "web")]
    ran = tick(run, world, settings_file(world.folder, *both))
    assert (ran.code, json.loads(ran.out)["run"]["errors"][0].splitlines()[0].partition(": environment: ")[2]) == (
        2,
        "'cart' and 'web' have the same environment, and their metrics one place",
    )
    assert world.google.logging.calls.requests == []


@pytest.mark.long
@pytest.mark.parametrize("minute", [0, 1])
def test_with_one_target_everything_is_as_without_any(
    run: Run, world: World, minute: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state byte for byte, and what is said; but for the names of the run's line."""
    monkeypatch.setattr("logwatch.cli.run.process_age_s", lambda: 0.0)
    world.now = LATER + timedelta(minutes=minute)
    alone = environment_of(world, world.folder / "none", SOURCE="gcp://o4o-demo/pay", STATE=str(world.folder / "alone.json"))
    told = json.loads(run("run", **alone | {"LOGWATCH_CONFIG": "/dev/null"}).out)
    said, state = [each.body for each in world.slack.arrived], (world.folder / "alone.json").read_bytes()
    world.slack.arrived.clear()
    table = f'name = "pay"\nsource = "gcp://o4o-demo/pay"\nstate = "{world.folder}/other.json"\nenvironment = "production"\n'
    ran = json.loads(tick(run, world, settings_file(world.folder, table)).out)
    assert said == [each.body for each in world.slack.arrived]
    assert len(said) == 1
    assert state == (world.folder / "other.json").read_bytes()
    assert ran["message"] == told["message"]


@pytest.mark.long
@pytest.mark.parametrize("first", [1, 3, 5, 9, 14])
def test_a_process_that_is_killed_between_two_targets_loses_nothing(world: World, first: int) -> None:
    """After any of the calls of Cloud Monitoring, the state's saves among them, the next run goes on where each target was."""
    path = settings_file(world.folder)
    killed = start(world, path)
    calls = world.google.monitoring.calls

    def seen() -> bool:
        return len(calls.requests) >= first or killed.poll() is not None

    wait_until(seen)
    killed.kill()
    killed.communicate(timeout=PATIENCE_S)
    world.now += timedelta(minutes=2)
    again = start(world, path)
    out, err = again.communicate(timeout=PATIENCE_S)
    assert (again.returncode, err) == (0, b""), out.decode()
    told = {each["run"]["target"]: each["run"] for each in map(json.loads, out.splitlines())}
    assert [*sorted(told)] == [*NAMES]
    states = {name: load_state(place(world, name).read_bytes()) for name in NAMES}
    assert {state.cursor for state in states.values()} == {floor_minute(world.now - timedelta(seconds=90))}
    assert [message.body["text"].partition(" · ")[0] for message in world.slack.arrived][:1] == ["🚨 [긴급] pay"]
    assert len({message.body["text"] for message in world.slack.arrived}) == 1, "what was told is told again at most as it was"
    assert len(world.slack.arrived) <= 2


def start(world: World, path: Path) -> subprocess.Popen[bytes]:
    """Start a run in a process of its own."""
    command = [sys.executable, "-m", "logwatch", "run"]
    environment = clean_environment(**environment_of(world, path))
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.long
def test_the_week_of_all_is_one_message(run: Run, world: World) -> None:
    """A part each, and which target could not be read; told once, by the first, whichever of them runs when."""
    tables = [table_of("cart"), table_of("pay"), f'{table_of("web")}state = "/dev/null/state.json"\n']
    path = settings_file(world.folder, *tables)
    tick(run, world, path, NOTIFY="slack", LANG="en")
    world.slack.arrived.clear()
    for minute in (1, 2):
        world.now = LATER + timedelta(minutes=minute)
        assert tick(run, world, path, NOTIFY="slack", LANG="en", DIGEST="tue 09:34").code == 3
    (said,) = [each.body["text"] for each in world.slack.arrived if "DIGEST" in each.body["text"].upper()]
    assert said.partition("\n")[0].endswith("02-17 – 02-24 · 3 targets · 1 incident")
    body = json.dumps([each.body for each in world.slack.arrived], ensure_ascii=False)
    for part in ("cart: no incident", "pay: 1 incident", "web: state not read ("):
        assert part in body


@pytest.mark.long
def test_the_week_is_told_once_whichever_targets_run(run: Run, world: World) -> None:
    """One stands in for those before it; who comes back later does not tell it again."""
    path = settings_file(world.folder)
    told = {"NOTIFY": "slack", "LANG": "en", "DIGEST": "tue 09:34"}
    tick(run, world, path, NOTIFY="slack", LANG="en")
    world.slack.arrived.clear()
    seen = []
    for minute, alive in ((1, ("pay", "web")), (5, ("web",)), (12, ("pay", "web")), (13, ("pay",)), (25, NAMES), (26, NAMES)):
        world.now = LATER + timedelta(minutes=minute)
        for name in alive:
            assert task(run, world, path, NAMES.index(name), len(NAMES), **told).code == 0
        seen.append(len([each for each in world.slack.arrived if "DIGEST" in each.body["text"].upper()]))
    assert seen == [0, 0, 1, 1, 1, 1]


def test_who_is_told_elsewhere_has_a_digest_of_its_own(run: Run, world: World) -> None:
    path = settings_file(world.folder, table_of("cart"), f'{table_of("web")}lang = "en"\n')
    tick(run, world, path, NOTIFY="slack", DIGEST="tue 09:33")
    assert len(world.slack.arrived) == 2
