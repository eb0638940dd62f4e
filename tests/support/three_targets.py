"""Three services in one settings file, over local servers: what each logs, and what is set of it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from tests.support.local_google import make_entry
from tests.support.made_traffic import Incident, Traffic

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.world import World

NAMES = ("cart", "pay", "web")
CALM = 24
"""Minutes before payments begin to fail."""


def traffic_of(service: str, seed: int, minutes: int = 40, *incidents: Incident, instances: int = 3) -> list[Any]:
    """Give raw entries of a service."""
    made = Traffic(seed, minutes, instances, incidents).entries()
    for entry in made:
        entry["resource"]["labels"]["service_name"] = service
    return [make_entry(entry) for entry in made]


@cache
def three_services() -> list[Any]:
    """Give what all of them log: the payments of `pay` fail from a minute on."""
    failing = Incident(CALM, 40, failing={"kpa": 0.9, "glycopharm": 0.9, "cosmetics": 0.9})
    return [*traffic_of("cart", 1), *traffic_of("pay", 2, 40, failing), *traffic_of("web", 3)]


def settings_file(folder: Path, *tables: str, shared: str = "") -> Path:
    """Write a file with a table for each target, whose source is the project, and service the target's name where it says none."""
    folder.mkdir(exist_ok=True)
    path = folder / "logwatch.toml"
    path.write_text("\n".join([shared, *(f"[[targets]]\n{each}" for each in tables or map(table_of, NAMES))]))
    return path


def table_of(name: str) -> str:
    """Write what a target says of itself."""
    return f'name = "{name}"\nservice = "{name}"\n'


def environment_of(world: World, path: Path, **more: str) -> dict[str, str]:
    """Give what a process is told that runs all of the file's targets in a world."""
    own = world.environment | {"LOGWATCH_SOURCE": "gcp://o4o-demo", "LOGWATCH_CONFIG": str(path)}
    return own | {f"LOGWATCH_{name}": value for name, value in more.items()}
