"""Facts about the google provider's resources: names, types, what is required, which values are known.

They are read out of the published bindings of the provider, package `cdktn-provider-google`, which no test needs afterwards:

    pip download --no-deps cdktn-provider-google==21.1.0
    unzip -q cdktn_provider_google-*.whl && tar xzf cdktn_provider_google/_jsii/provider-google@*.tgz
    python -m tests.support.provider_schema package

writes `google_provider.json` anew, with the resources and data sources that deploy/terraform names and no others. The form is that of
`terraform providers schema -json`, with `values` and `write_only` added.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

Json = dict[str, Any]
SCHEMA = Path(__file__).with_name("google_provider.json")
MODULE = Path(__file__).parents[2] / "deploy/terraform"
_FLAGS = re.compile(
    r"^ +// (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n(?:.*\n){0,8}?.*get \w+\(\) \{\n +return ([^;]*);",
    re.MULTILINE,
)
_GIVEN = re.compile(
    r'^ +(\w+): \{\n +value: (.*)\n +isBlock: (\w+),\n +type: "(\w+)",\n +storageClassType: "(\w+)",', re.MULTILINE
)
_KINDS = {"string": "string", "number": "number", "boolean": "bool"}
_GETTERS: dict[str, Any] = {
    "getStringAttribute": "string",
    "getNumberAttribute": "number",
    "getBooleanAttribute": "bool",
    "getStringMapAttribute": ["map", "string"],
    "getListAttribute": ["list", "string"],
}
_VALUES = re.compile(r"/\*\*((?:(?!\*/).)*)\*/\s*readonly (\w+)\??:", re.DOTALL)


def _type(nesting: str, stored: str) -> Any:
    inner = next((_KINDS[kind] for kind in _KINDS if stored.startswith(kind)), "string")
    return inner if nesting == "simple" else [nesting, inner]


def _known(text: str) -> list[str]:
    """Give the values that a description says are possible."""
    found = re.search(r"Possible values: (\[[^\]]*\])", re.sub(r"\s*\n\s*\*\s*", " ", text))
    return json.loads(found[1]) if found else []


class _Bindings:
    """What one resource's bindings say: a class for its top, and one for each of its blocks."""

    def __init__(self, folder: Path) -> None:
        text = (folder / "index.js").read_text()
        self._classes = {
            each[1]: each[0]
            for each in re.finditer(r"^class (\w+) extends cdktn\.\w+ \{\n.*?^\}", text, re.MULTILINE | re.DOTALL)
        }
        self._mappers = {
            each[1].lower(): each[0]
            for each in re.finditer(r"^function (\w+)ToHclTerraform\(.*?^\}", text, re.MULTILINE | re.DOTALL)
        }
        declared = re.finditer(r"^export interface (\w+) .*?^\}", (folder / "index.d.ts").read_text(), re.MULTILINE | re.DOTALL)
        self._declared = {each[1]: each[0] for each in declared}

    def top(self) -> Json:
        """Give what the resource itself has."""
        return self.block(next(name for name, body in self._classes.items() if "static tfResourceType" in body))

    def block(self, name: str) -> Json:
        """Give attributes and blocks of a class, all the way down."""
        top = name in self._classes
        body = self._classes[name if top else f"{name}OutputReference"]
        given = {each[1]: each for each in _GIVEN.finditer(body if top else self._mappers[name.lower()])}
        told = {_snake(each[2]): each[1] for each in _VALUES.finditer(self._declared.get(f"{name}Config" if top else name, ""))}
        made: Json = {"attributes": {}, "block_types": {}}
        for flags in _FLAGS.finditer(body):
            attribute, computed, optional, required, getter = flags.groups()
            if attribute in given and given[attribute][3] == "true":
                made["block_types"][attribute] = self._nested(given[attribute], needed=required == "true")
                continue
            kind = _type(given[attribute][4], given[attribute][5]) if attribute in given else _gotten(getter)
            if kind is None:
                continue
            facts: Json = {"type": kind}
            facts |= {
                flag: True
                for flag, said in (("computed", computed), ("optional", optional), ("required", required))
                if said == "true"
            }
            if known := _known(told.get(attribute, "")):
                facts["values"] = known
            if attribute in given and "markWriteOnly" in given[attribute][2]:
                facts["write_only"] = True
            made["attributes"][attribute] = facts
        if unseen := set(given) - set(made["attributes"]) - set(made["block_types"]):
            raise ValueError(f"{name}: not understood: {unseen}")
        return made

    def _nested(self, given: re.Match[str], *, needed: bool) -> Json:
        name = given[5] if given[4] == "struct" else given[5].removesuffix("List")
        single = "super(terraformResource, terraformAttribute, false, 0)" in self._classes[f"{name}OutputReference"]
        made: Json = {"nesting_mode": "single" if given[4] == "struct" else given[4], "block": self.block(name)}
        if needed:
            made["min_items"] = 1
        if single and given[4] != "struct":
            made["max_items"] = 1
        return made


def _gotten(getter: str) -> Any:
    return next((kind for name, kind in _GETTERS.items() if name in getter), None)


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: "_" + found[1].lower(), name)


def _of(package: Path, folder: str) -> Json:
    return {"version": 0, "block": _Bindings(package / "lib" / folder.replace("_", "-")).top()}


def used() -> dict[str, set[str]]:
    """Give what the module and its examples use: `resource` and `data` → types."""
    found: dict[str, set[str]] = {"resource": set(), "data": set()}
    for file in MODULE.rglob("*.tf"):
        for kind, name in re.findall(r'^(resource|data) "(google_\w+)"', file.read_text(), re.MULTILINE):
            found[kind].add(name)
    return found


def extract(package: Path) -> Json:
    """Read the bindings in a folder."""
    names = used()
    return {
        "provider_version": json.loads((package / "package.json").read_text())["cdktf"]["provider"]["version"],
        "resource_schemas": {name: _of(package, name.removeprefix("google_")) for name in sorted(names["resource"])},
        "data_source_schemas": {name: _of(package, f"data_{name}") for name in sorted(names["data"])},
    }


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(extract(Path(sys.argv[1])), sort_keys=True) + "\n")
