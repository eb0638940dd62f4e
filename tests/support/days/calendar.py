"""What happens in thirty days: the fixed calendar, and others drawn from a seed."""

from __future__ import annotations

import random

from tests.support.days.steps import SERVICES, Step

FIXED = (
    Step(1, "installs", "logwatch", "job o4o-core-api"),
    Step(2, "again", "logwatch"),
    Step(3, "installs", "lw2", "service shop", "killed 40"),
    Step(5, "sets", "logwatch", "LOGWATCH_LANG=en"),
    Step(9, "rotates", "lw2", "slack-webhook-url two", "refused 1"),
    Step(11, "by hand", "logwatch", "tasks 3"),
    Step(12, "new release", "logwatch"),
    Step(20, "by hand", "logwatch", "pause"),
    Step(29, "is torn down", "lw2"),
)
FIRST = FIXED[:2]
"""Those for which it is written down what the real gcloud did."""
VALUES = {
    "sets": ("LOGWATCH_LANG=en", "LOGWATCH_LANG=ko", "LOGWATCH_GRACE=120s", "LOGWATCH_MAIL_TO=a@x.test,b@x.test"),
    "sets and builds": ("LOGWATCH_LANG=en", "LOGWATCH_GRACE=150s"),
    "watches": SERVICES,
    "rotates": tuple(
        f"{secret} {value}" for secret in ("slack-webhook-url", "ops-token", "ping-url") for value in ("one", "two", "three")
    ),
    "goes over to": ("job", "service"),
    "only plans": ("LOGWATCH_LANG=ja", "LOGWATCH_GRACE=99s"),
    "wrong region": ("setup", "teardown"),
    "by hand": (
        "setting LOGWATCH_SLACK_CHANNEL C1",
        "setting LOGWATCH_GRACE 100s",
        "memory 1Gi",
        "role roles/browser",
        "every 5",
        "pause",
        "resume",
        "policy heartbeat",
        "policy run-failed",
    ),
    "takes away": (
        "cleanup",
        "lifecycle",
        "prevention",
        "schedule",
        "policy lag",
        "policy run-failed",
        "right secrets/NAME-slack-webhook-url",
        "right run/jobs/NAME",
        "right storage/shop-beta-NAME-state",
        "right repositories/NAME",
        "doctor",
    ),
}
"""What a kind of step may be about."""
WEIGHTS = {
    "again": 1,
    "from a laptop": 1,
    "upgrades": 3,
    "new release": 3,
    "sets": 3,
    "sets and builds": 1,
    "watches": 2,
    "rotates": 4,
    "goes over to": 2,
    "only plans": 1,
    "wrong region": 1,
    "watches a slip": 1,
    "fails its tests": 1,
    "rolls back": 3,
    "by hand": 4,
    "takes away": 4,
    "disables the value before": 2,
    "is torn down": 1,
}
CAN_FAIL = (
    "upgrades",
    "new release",
    "sets",
    "sets and builds",
    "watches",
    "rotates",
    "goes over to",
    "takes away",
    "is torn down",
    "again",
)
"""Steps whose first try may be cut off."""


def drawn(seed: int, days: int) -> tuple[Step, ...]:
    """Draw a calendar: one or two steps a day, for either installation that stands."""
    dice = random.Random(seed)  # noqa: S311 - made-up days, no secrets
    steps = [
        Step(1, "installs", "logwatch", "job o4o-core-api", _fault(dice)),
        Step(1, "installs", "lw2", "service shop", _fault(dice)),
    ]
    standing = {"logwatch", "lw2"}
    for day in range(2, days + 1):
        for _ in range(dice.choice((1, 1, 2))):
            who = dice.choice(("logwatch", "lw2"))
            if who not in standing:
                standing.add(who)
                steps.append(
                    Step(day, "installs", who, f"{dice.choice(('job', 'service'))} {dice.choice(SERVICES)}", _fault(dice))
                )
                continue
            kind = dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            value = dice.choice(VALUES[kind]) if kind in VALUES else ""
            steps.append(Step(day, kind, who, value, _fault(dice) if kind in CAN_FAIL else ""))
            if kind == "is torn down":
                standing.discard(who)
    return tuple(steps)


def _fault(dice: random.Random) -> str:
    """Draw where a first try ends; most do not."""
    what = dice.choice(("", "", "", "killed", "refused"))
    return what and f"{what} {dice.randint(1, 45 if what == 'killed' else 12)}"
