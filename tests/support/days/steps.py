"""What happens on a day: commands as people type them, what they ask for with them, and what goes wrong meanwhile."""

from __future__ import annotations

import copy
import os
import shlex
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.conftest import ROOT
from tests.support.days.asked import APIS, ON_LOGS, Installation, Run, watchdog_texts
from tests.support.days.held import digest, held
from tests.support.local_cloud import OWNER, PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.support.days.gcloud import Gcloud
    from tests.support.days.held import Lines
    from tests.support.days.project import Project

WHERE = {"logwatch": "asia-northeast3", "lw2": "us-central1"}
SERVICES = ("o4o-core-api", "shop", "cart")
OF_A_KIND = (
    "LOGWATCH_SERVE_AUDIENCE",
    "LOGWATCH_SERVE_SIGNATURE",
    "LOGWATCH_SERVE_CALLER",
    "LOGWATCH_STARTS",
    "LOGWATCH_EARLY",
)
LAPTOP = {
    "LOGWATCH_SLACK_WEBHOOK_URL": "https://hooks.slack.test/desk",
    "LOGWATCH_OPS_TOKEN": "desk",
    "LOGWATCH_SOURCE": "gcp://desk/desk",
    "LOGWATCH_LANG": "en",
    "CLOUDSDK_CORE_PROJECT": "desk",
    "CLOUDSDK_RUN_REGION": "europe-west1",
    "CDPATH": ".:/tmp",
    "AS": "service",
    "SETTINGS": "LOGWATCH_LANG=fr",
    "IMAGE": "desk",
    "found": "desk",
    "answer": "desk",
    "stands": "job europe-west1",
    "kept": "desk",
    "source": "gcp://desk/desk",
    "services": "desk",
    "all_secrets": "desk",
    "GREP_OPTIONS": "-v",
    "LC_ALL": "C.UTF-8",
}
"""What a desk happens to have exported."""


@dataclass(frozen=True)
class Step:
    """What happens to an installation on a day; `fault` is where its first try ends, as `killed 7` or `refused 3`."""

    day: int
    kind: str
    who: str
    value: str = ""
    fault: str = ""

    def __str__(self) -> str:
        return " ".join(each for each in (self.who, self.kind, self.value, self.fault and f"({self.fault})") if each)


class Wrong(AssertionError):  # noqa: N818 - a verdict, not a fault of this program
    """What stands is not what was asked for."""


@dataclass
class Days:
    """The project from day to day, with what was asked of it so far."""

    project: Project
    gcloud: Gcloud
    tree: Path
    asked: dict[str, Installation] = field(default_factory=dict)
    others: Lines = field(default_factory=dict)
    """What belongs to nobody here."""
    broken: Lines = field(default_factory=dict)
    """What somebody has just taken away: gone until the next set-up."""
    releases: int = 0
    commands: int = 0

    def __post_init__(self) -> None:
        self.gcloud.serve(self.project)
        self.project.scripts = self.gcloud.environment
        self.others = held(self.project)

    # What stands

    def wanted(self) -> Lines:
        """Give what has to stand now."""
        apis = {f"api {each}.googleapis.com": "on" for each in APIS} if self.releases else {}
        lines = self.others | apis
        for each in self.asked.values():
            lines |= each.lines()
        return {name: text for name, text in lines.items() if name not in self.broken}

    def stands(self) -> Lines:
        """Give what stands; that something was run is no part of it."""
        return {name: text for name, text in held(self.project).items() if not name.startswith(("execution ", "object "))}

    def check(self) -> None:
        """Compare what stands with what was asked for."""
        differ = differences(self.wanted(), self.stands())
        if differ or self.project.problems:
            raise Wrong("\n".join([*differ, *self.project.problems]))

    # Doing

    def script(
        self, name: str, *words: str, stdin: str = "", fault: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script as somebody at a desk does; with a fault it is killed at a command, or a change is refused."""
        what, _, number = fault.partition(" ")
        started = subprocess.Popen(
            [f"deploy/{name}.sh", "--project", PROJECT, *words],
            env=self.gcloud.environment(**environment),
            cwd=self.tree,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        left = int(number or 0)

        def kill(account: str) -> None:
            nonlocal left
            left -= account == OWNER
            if left == 0 and account == OWNER:
                os.killpg(started.pid, signal.SIGKILL)
                if int(number) % 2:
                    raise InterruptedError

        self.gcloud.called = kill if what == "killed" else lambda _: None
        self.project.refuse_in, self.project.refused = (left, "") if what == "refused" else (None, "")
        out, err = started.communicate(stdin)
        self.gcloud.wait()
        self.project.wait()
        self.project.refuse_in = None
        self.gcloud.called = lambda _: None
        self.commands += 1
        return subprocess.CompletedProcess(words, started.returncode, out, err)

    def by_hand(self, command: str) -> None:
        """Type a command of gcloud's."""
        ran = self.gcloud.run([*shlex.split(command), f"--project={PROJECT}"], "", str(self.tree), {})
        if ran.code:
            raise Wrong(f"gcloud {command}: {ran.err}")

    def set_up(
        self,
        step: Step,
        *words: str,
        asks: Callable[[Installation], None] = lambda _: None,
        stdin: str = "",
        shell: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Ask set-up for something, twice where the first time is cut off; then nothing is left to do."""
        before, pushed = self.stands(), len(self.project.built)
        name = ("--name", step.who) if step.who != "logwatch" else ()
        first = None
        if step.fault:
            first = self.script("setup", *name, *words, "--yes", stdin=stdin, fault=step.fault, **shell)
        # What Cloud Monitoring refuses is told, and all else is done.
        cut = first is not None and (first.returncode != 0 or "note    this failed" in first.stdout)
        between = self.stands() if cut else {}
        ran = self.script("setup", *name, *words, "--yes", stdin=stdin, **shell) if first is None or cut else first
        if ran.returncode:
            raise Wrong(f"setup.sh ends with {ran.returncode}: {ran.stdout}{ran.stderr}")
        installation = self.asked[step.who]
        asks(installation)
        if len(self.project.built) > pushed:
            built = [
                each for each in self.project.built if each["substitutions"].get("_REGION") and each["status"] == "SUCCESS"
            ]
            installation.run.image = f"{self.registry(step.who)}@sha256:{built[-1]['id']}"
        self.broken.clear()
        self._settle(installation)
        self.check()
        if cut:
            self._check_cut(step.who, before, between)
        again = self.script("setup", *name, *(each for each in words if each != "--build"), "--plan", stdin=stdin, **shell)
        waits = installation.environment not in self.project.figures  # policies on figures wait for these
        left = [line for line in again.stdout.splitlines() if line.startswith(("make", "change", "set", "remove"))]
        if again.returncode or [line for line in left if not (waits and line.startswith("make    alert policy"))]:
            raise Wrong(f"a second time is not nothing: {again.stdout}{again.stderr}")
        self.check()

    def _check_cut(self, who: str, before: Lines, between: Lines) -> None:
        """Compare what stood after a try that was cut off: as before or as asked for; what is new may stand by halves."""
        wanted = self.wanted()
        stood = {name.partition(" · ")[0] for name in before}
        for name in {*wanted, *before, *between}:
            thing, _, which = name.partition(" · ")
            own = who in thing and (thing not in stood or which == "image")
            if between.get(name) not in {wanted.get(name), before.get(name)} and not own:
                raise Wrong(
                    f"cut off, {name}: {between.get(name)}, neither {before.get(name)} as before nor {wanted.get(name)}"
                )

    def registry(self, who: str) -> str:
        """Give where an installation's images are."""
        return f"{WHERE[who]}-docker.pkg.dev/{PROJECT}/{who}/logwatch"

    def _settle(self, installation: Installation) -> None:
        """Take what every set-up brings up to date: policies, dashboard, doctor's job."""
        policies, dashboard = watchdog_texts(self.tree, installation)
        for policy, text in policies.items():
            known = policy in ON_LOGS or installation.environment in self.project.figures
            if installation.written.get(policy) != text and (known or policy in installation.policies):
                installation.policies[policy] = installation.written[policy] = text
        if installation.written.get("dashboard") != dashboard:
            installation.dashboard = installation.written["dashboard"] = dashboard
        if installation.kind == "service":
            installation.doctor = copy.deepcopy(installation.run)


def differences(wanted: Lines, stands: Lines) -> list[str]:
    """Tell in words what differs."""
    missing = [f"missing: {name}: {wanted[name]}" for name in wanted if name not in stands]
    extra = [f"not asked for: {name}: {stands[name]}" for name in stands if name not in wanted]
    other = [
        f"{name}: {stands[name]} instead of {wanted[name]}"
        for name in wanted
        if name in stands and stands[name] != wanted[name]
    ]
    return missing + extra + other


KINDS: dict[str, Callable[[Days, Step], None]] = {}
"""What can happen, by its name."""


def kind(perform: Callable[[Days, Step], None]) -> Callable[[Days, Step], None]:
    """Let something happen, by the name of its function."""
    KINDS[perform.__name__.replace("_", " ")] = perform
    return perform


# What set-up is asked for


@kind
def installs(days: Days, step: Step) -> None:
    """Set up a new one: `job shop`."""
    as_kind, service = step.value.split()
    region = WHERE[step.who]
    new = Installation(step.who, region, as_kind, channel=f"projects/{PROJECT}/notificationChannels/7")
    settings = {"LOGWATCH_SOURCE": f"gcp://{PROJECT}/{service}", **new.own(as_kind)}
    if step.who != "logwatch":
        settings["LOGWATCH_ENVIRONMENT"] = step.who
    settings["LOGWATCH_SLACK_WEBHOOK_URL"] = f"secret {step.who}-slack-webhook-url:latest"
    new.runs[as_kind] = Run("", settings)
    new.secrets["slack-webhook-url"] = ["one (ENABLED)"]
    days.asked[step.who] = new
    days.releases = max(days.releases, 1)
    options = ("--as", as_kind, "--service", service, "--region", region, "--notification-channel", new.channel)
    days.set_up(step, *options, "--secret", "slack-webhook-url=-", stdin="one")


@kind
def again(days: Days, step: Step) -> None:
    """Run it with no options: what is missing is made, and nothing else is done."""
    days.set_up(step)


@kind
def from_a_laptop(days: Days, step: Step) -> None:
    """Run it in a shell that has exported a desk's variables."""
    days.set_up(step, shell=LAPTOP)


@kind
def upgrades(days: Days, step: Step) -> None:
    """Build and deploy what is in the clone."""
    days.set_up(step, "--build")


@kind
def new_release(days: Days, step: Step) -> None:
    """Pull a version whose policies and dashboard are others, and upgrade to it."""
    days.releases += 1
    for file, old, new in (
        ("policies/lag.json", '"duration": "', '"duration": "1'),
        ("dashboard.json", "런북 3장 지표", "런북 3장 지표."),
    ):
        path = days.tree / "deploy" / file
        path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    days.set_up(step, "--build")


@kind
def sets(days: Days, step: Step) -> None:
    """Change a setting: `LOGWATCH_LANG=en`."""
    name, _, value = step.value.partition("=")
    days.set_up(step, "--set", step.value, asks=lambda each: each.run.settings.update({name: value}))


@kind
def sets_and_builds(days: Days, step: Step) -> None:
    """Change a setting with an upgrade."""
    name, _, value = step.value.partition("=")
    days.set_up(step, "--set", step.value, "--build", asks=lambda each: each.run.settings.update({name: value}))


@kind
def watches(days: Days, step: Step) -> None:
    """Watch another service."""
    source = f"gcp://{PROJECT}/{step.value}"
    days.set_up(step, "--service", step.value, asks=lambda each: each.run.settings.update(LOGWATCH_SOURCE=source))


@kind
def rotates(days: Days, step: Step) -> None:
    """Give a secret a value, the first or another one: `ops-token two`."""
    secret, value = step.value.split()

    def asks(each: Installation) -> None:
        values = each.secrets.setdefault(secret, [])
        if not values or values[-1] != f"{value} (ENABLED)":
            values.append(f"{value} (ENABLED)")
        each.run.settings[f"LOGWATCH_{secret.upper().replace('-', '_')}"] = f"secret {step.who}-{secret}:latest"

    days.set_up(step, "--secret", f"{secret}=-", asks=asks, stdin=value)


@kind
def goes_over_to(days: Days, step: Step) -> None:
    """Run as the other kind; what ran before stays and is called no more."""

    def asks(each: Installation) -> None:
        told = {name: value for name, value in each.run.settings.items() if name not in OF_A_KIND}
        if step.value not in each.runs:
            each.runs[step.value] = Run("", each.own(step.value))
        each.runs[step.value].settings.update(told)
        each.kind = step.value

    days.set_up(step, "--as", step.value, asks=asks)


@kind
def only_plans(days: Days, step: Step) -> None:
    """Look at what would be changed, and change nothing."""
    name = ("--name", step.who) if step.who != "logwatch" else ()
    ran = days.script("setup", *name, "--set", step.value, "--build", "--secret", "ops-token=-", "--plan", stdin="planned")
    if ran.returncode or step.value not in ran.stdout:
        raise Wrong(f"a plan ends with {ran.returncode}: {ran.stdout}{ran.stderr}")
    days.check()


# What is refused


def refused(days: Days, step: Step, script: str, *words: str, code: int = 2) -> None:
    """Run a script that has to refuse, and change nothing."""
    name = ("--name", step.who) if step.who != "logwatch" else ()
    ran = days.script(script, *name, *words, "--yes")
    if ran.returncode != code:
        raise Wrong(f"{script}.sh ends with {ran.returncode} and not {code}: {ran.stdout}{ran.stderr}")
    days.check()


@kind
def wrong_region(days: Days, step: Step) -> None:
    """Name a region in which it does not stand: `setup` or `teardown`."""
    refused(days, step, step.value, "--region", "europe-west1")


@kind
def watches_a_slip(days: Days, step: Step) -> None:
    """Name a service that is not there."""
    refused(days, step, "setup", "--service", "o4o-core-apo")


@kind
def fails_its_tests(days: Days, step: Step) -> None:
    """Upgrade to what fails its tests."""
    days.project.failing_tests = True
    refused(days, step, "setup", "--build", code=1)
    days.project.failing_tests = False


# What people do by hand


@kind
def rolls_back(days: Days, step: Step) -> None:
    """Take the first image back into use; set-up leaves it so."""
    each = days.asked[step.who]
    first = next(image for image in days.project.images if image.startswith(f"{days.registry(step.who)}@"))
    days.by_hand(f"run {each.kind}s update {step.who} --region={each.region} --image={first}")
    each.run.image = first
    days.set_up(step)


@kind
def by_hand(days: Days, step: Step) -> None:
    """Change something that set-up does not name: it stays."""
    each = days.asked[step.who]
    update = f"run {each.kind}s update {step.who} --region={each.region}"
    schedule = f"scheduler jobs update http {step.who} --location={each.region}"
    match step.value.split():
        case ["setting", name, value]:
            days.by_hand(f"{update} --update-env-vars={name}={value}")
            each.run.settings[name] = value
        case ["memory", amount]:
            days.by_hand(f"{update} --memory={amount}")
            each.run.memory = amount
        case ["tasks", count]:
            days.by_hand(f"{update} --tasks={count}")
            each.run.tasks = int(count)
        case ["role", role]:
            member = f"serviceAccount:{each.account('runner')}"
            days.by_hand(f"projects add-iam-policy-binding {PROJECT} --member={member} --role={role} --condition=None")
            days.others[f"role {role} on the project for {member}"] = "given"
        case ["every", minutes]:
            days.by_hand(f"{schedule} '--schedule=*/{minutes} * * * *'")
            each.cron = f"*/{minutes} * * * *"
        case [("pause" | "resume") as verb]:
            days.by_hand(f"scheduler jobs {verb} {step.who} --location={each.region}")
            each.paused = verb == "pause"
        case ["policy", policy]:
            if policy in each.policies:
                each.policies[policy] = _edit(days, step.who, policy)
    days.set_up(step)


def _edit(days: Days, who: str, policy: str) -> str:
    """Change a policy as somebody does in the console; gives what it says now."""
    [key] = policies_of(days, who, policy)
    value = days.project.made[key]
    value["documentation"] = {"content": "call Kim", "mimeType": "text/markdown"}
    return digest(
        {name: each for name, each in value.items() if name not in {"name", "notificationChannels", "userLabels", "etag"}}
    )


@kind
def takes_away(days: Days, step: Step) -> None:
    """Lose something that set-up makes: the next one makes it again."""
    each, made = days.asked[step.who], days.project.made
    there = f"projects/{PROJECT}/locations/{each.region}"
    state = made[f"storage/{PROJECT}-{step.who}-state"]
    match step.value.split():
        case ["cleanup"]:
            del made[f"artifactregistry/{there}/repositories/{step.who}"]["cleanupPolicies"]["delete-old"]
        case ["lifecycle"]:
            state.pop("lifecycle")
        case ["prevention"]:
            state["iamConfiguration"]["publicAccessPrevention"] = "inherited"
        case ["schedule"]:
            del made[f"cloudscheduler/{there}/jobs/{step.who}"]
            each.paused, each.cron = False, "* * * * *"
        case ["policy", policy]:
            for key in policies_of(days, step.who, policy):
                del made[key]
                del each.policies[policy], each.written[policy]
        case ["right", where]:
            for key, given in days.project.policies.items():
                given["bindings"] = [] if key.endswith(where.replace("NAME", step.who)) else given.get("bindings", [])
        case ["doctor"]:
            made.pop(f"run/jobs/{step.who}-doctor", None)
    days.set_up(step)


def policies_of(days: Days, who: str, policy: str) -> list[str]:
    """Give where an installation's policy stands, if it does."""
    labels = {key: value.get("userLabels", {}) for key, value in days.project.made.items()}
    return [key for key, each in labels.items() if (each.get("policy"), each.get("made-by")) == (policy, who)]


@kind
def disables_the_value_before(days: Days, step: Step) -> None:
    """Put an old value of a secret out of use, as one does after a rotation."""
    each = days.asked[step.who]
    for secret, values in each.secrets.items():
        if len(values) > 1 and values[-2].endswith("(ENABLED)"):
            days.by_hand(f"secrets versions disable {len(values) - 1} --secret={step.who}-{secret}")
            values[-2] = values[-2].replace("(ENABLED)", "(DISABLED)")
    days.set_up(step)


@kind
def is_torn_down(days: Days, step: Step) -> None:
    """Remove it, and nothing else; a second time there is nothing to remove."""
    name = ("--name", step.who) if step.who != "logwatch" else ()
    before = days.stands()
    if step.fault:
        ran = days.script("teardown", *name, "--yes", fault=step.fault)
        between = days.stands()
        for line in {*before, *between}:
            if between.get(line) not in {before.get(line), None}:
                raise Wrong(f"a teardown makes {line}: {between.get(line)}")
    ran = days.script("teardown", *name, "--yes")
    if ran.returncode:
        raise Wrong(f"teardown.sh ends with {ran.returncode}: {ran.stdout}{ran.stderr}")
    del days.asked[step.who]
    days.check()
    if "nothing to change" not in days.script("teardown", *name, "--yes").stdout:
        raise Wrong("a second teardown is not nothing")


def perform(days: Days, step: Step) -> None:
    """Let a step happen, and then the day pass: what runs writes its figures."""
    KINDS[step.kind](days, step)
    for each in days.asked.values():
        if not each.paused:
            days.project.figures.add(each.environment)


def clone(folder: Path) -> Path:
    """Give a clone as small as the scripts allow."""
    for pattern in (
        "deploy/**/*",
        "cloudbuild.yaml",
        "rules/settings.schema.json",
        "logwatch/settings/fields.py",
        "logwatch/notify/channels/*/__init__.py",
    ):
        for file in ROOT.glob(pattern):
            if file.is_file() and "terraform" not in file.parts:
                target = folder / file.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, target)
    return folder
