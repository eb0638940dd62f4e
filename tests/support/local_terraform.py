"""The real terraform with the google provider's place taken by a local one, which has the real one's schema and makes nothing.

Terraform talks gRPC to its providers (tfplugin5). Everything but the provider's own work is real: parsing, references, types, what
is required, validation, plan, order, apply, destroy. The local provider refuses values that the real one's documentation does not list,
fills in what Google would (addresses of accounts, names), and remembers what was written to write-only arguments. Terraform is told where it
listens, and so needs no plugin, no registry and no network.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import grpc
import msgspec
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from tests.conftest import ROOT
from tests.support.patience import PATIENCE_S
from tests.support.provider_schema import SCHEMA

Json = dict[str, Any]
NUMBER = "123456789"
UNKNOWN = msgspec.msgpack.Ext(0, b"\0")
"""Terraform's mark of a value that only the apply will tell."""
_DOCUMENT: Json = json.loads(SCHEMA.read_text())
_PROVIDER = {"block": {"attributes": {each: {"type": "string", "optional": True} for each in ("project", "region")}}}
_NESTING = {"single": 1, "list": 2, "set": 3}
_FIELDS = """
DynamicValue    msgpack:bytes=1 json:bytes=2
Diagnostic      severity:int32=1 summary:string=2 detail:string=3
Diagnostics     diagnostics:Diagnostic*=1
Attribute       name:string=1 type:bytes=2 required:bool=4 optional:bool=5 computed:bool=6 write_only:bool=10
NestedBlock     type_name:string=1 block:Block=2 nesting:int32=3 min_items:int64=4 max_items:int64=5
Block           attributes:Attribute*=2 block_types:NestedBlock*=3
Schema          version:int64=1 block:Block=2
Named           key:string=1 value:Schema=2
Schemas         provider:Schema=1 resource_schemas:Named*=2 data_source_schemas:Named*=3
Asked
Prepare         config:DynamicValue=1
Prepared        prepared_config:DynamicValue=1
Validate        type_name:string=1 config:DynamicValue=2
RawState        json:bytes=1
Upgrade         type_name:string=1 version:int64=2 raw_state:RawState=3
State           state:DynamicValue=1
Read            type_name:string=1 value:DynamicValue=2
Plan            type_name:string=1 prior_state:DynamicValue=2 proposed_new_state:DynamicValue=3 config:DynamicValue=4
Apply           type_name:string=1 prior_state:DynamicValue=2 planned_state:DynamicValue=3 config:DynamicValue=4
Stopped         error:string=1
"""
"""The protocol's messages as far as they are used; those that look alike on the wire share a name."""


def _messages() -> Json:
    file = descriptor_pb2.FileDescriptorProto(name="tfplugin5-part.proto", package="tfplugin5", syntax="proto3")
    kind = descriptor_pb2.FieldDescriptorProto
    for line in _FIELDS.strip().splitlines():
        name, *fields = line.split()
        message = file.message_type.add(name=name)
        for field in fields:
            told, _, number = field.partition("=")
            own, _, stored = told.partition(":")
            made = message.field.add(name=own, number=int(number))
            made.label = kind.LABEL_REPEATED if stored.endswith("*") else kind.LABEL_OPTIONAL
            if stored.rstrip("*")[0].isupper():
                made.type, made.type_name = kind.TYPE_MESSAGE, f".tfplugin5.{stored.rstrip('*')}"
            else:
                made.type = getattr(kind, f"TYPE_{stored.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        each.name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tfplugin5.{each.name}"))
        for each in file.message_type
    }


_MESSAGE = _messages()


def _block(facts: Json) -> Any:
    made = _MESSAGE["Block"]()
    for name, each in facts["attributes"].items():
        flags = {flag: each[flag] for flag in ("required", "optional", "computed", "write_only") if flag in each}
        made.attributes.add(name=name, type=json.dumps(each["type"]).encode(), **flags)
    for name, each in facts.get("block_types", {}).items():
        bounds = {bound: each[bound] for bound in ("min_items", "max_items") if bound in each}
        made.block_types.add(type_name=name, block=_block(each["block"]), nesting=_NESTING[each["nesting_mode"]], **bounds)
    return made


def _schema(facts: Json) -> Any:
    return _MESSAGE["Schema"](block=_block(facts["block"]))


def _packed(value: Any) -> Any:
    return _MESSAGE["DynamicValue"](msgpack=msgspec.msgpack.encode(value))


def _unpacked(value: Any) -> Any:
    return msgspec.msgpack.decode(value.msgpack, ext_hook=lambda _code, _data: UNKNOWN)


def _unlisted(facts: Json, value: Any, path: str = "") -> Iterator[str]:
    """Tell which values are none of those that the provider's documentation lists."""
    for name, each in facts["attributes"].items():
        given = value[name] if isinstance(value[name], list) else [value[name]]
        for one in given:
            if "values" in each and one is not None and one != UNKNOWN and one not in each["values"]:
                yield f"{path}{name}: {one!r} is none of {each['values']}"
    for name, each in facts.get("block_types", {}).items():
        for nested in _nested(value[name]):
            yield from _unlisted(each["block"], nested, f"{path}{name}.")


def _nested(value: Any) -> list[Any]:
    if value is None or value == UNKNOWN:
        return []
    return value if isinstance(value, list) else [value]


def _filled(facts: Json, value: Json, told: Mapping[str, Any], wanted: Callable[[Any, Json], bool]) -> Json:
    """Give an object with the attributes that are wanted replaced by what is told of them, nested ones by nothing else than `told[""]`."""
    made = dict(value)
    for name, each in facts["attributes"].items():
        if each.get("write_only"):
            made[name] = None
        elif wanted(value[name], each):
            made[name] = told.get(name, told[""])
    for name, each in facts.get("block_types", {}).items():
        if isinstance(value[name], list):
            made[name] = [_filled(each["block"], one, {"": told[""]}, wanted) for one in value[name]]
        elif value[name] is not None and value[name] != UNKNOWN:
            made[name] = _filled(each["block"], value[name], {"": told[""]}, wanted)
    return made


def _known_to_google(kind: str, planned: Json, count: int) -> Json:
    """Give what Google, or the provider, says of a new thing."""
    project = planned.get("project")
    if kind == "google_service_account":
        email = f"{planned['account_id']}@{project}.iam.gserviceaccount.com"
        name = f"projects/{project}/serviceAccounts/{email}"
        return {"email": email, "name": name, "id": name, "member": f"serviceAccount:{email}"}
    if kind == "google_artifact_registry_repository":
        return {"name": planned["repository_id"], "id": f"projects/{project}/repositories/{planned['repository_id']}"}
    if kind == "google_secret_manager_secret":
        name = f"projects/{project}/secrets/{planned['secret_id']}"
        return {"name": name, "id": name}
    if kind == "google_monitoring_notification_channel":
        name = f"projects/{project}/notificationChannels/{count}"
        return {"name": name, "id": name}
    return {"name": f"{kind}/{count}", "id": f"{kind}/{count}"}


class LocalTerraform:
    """A copy of deploy/, and terraform for a configuration beside it or for an example in it, from `with` to its end."""

    def __init__(self, folder: Path, configuration: str | None = None, example: str = "") -> None:
        self.folder = folder / "deploy/terraform/examples" / example if example else folder / "root"
        self.written: list[str] = []
        """What was written to write-only arguments."""
        self.asked: list[tuple[str, str]] = []
        """What was done: make, change or remove, and the type."""
        shutil.copytree(ROOT / "deploy", folder / "deploy")
        self.folder.mkdir(exist_ok=True)
        if configuration is not None:
            (self.folder / "main.tf").write_text(configuration)
        self._server = grpc.server(ThreadPoolExecutor(4))
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("tfplugin5.Provider", self._handlers()),))
        self._port = self._server.add_insecure_port("127.0.0.1:0")

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None).wait()

    def terraform(self, *arguments: str, code: int = 0, **variables: str) -> str:
        """Run terraform; gives what it printed, on both."""
        here = {"Protocol": "grpc", "ProtocolVersion": 5, "Pid": os.getpid(), "Test": True}
        here["Addr"] = {"Network": "tcp", "String": f"127.0.0.1:{self._port}"}
        environment = {
            "PATH": os.environ["PATH"],  # noqa: TID251 - the only thing that is kept
            "HOME": str(self.folder),
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_ARGS": "-no-color",
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "TF_REATTACH_PROVIDERS": json.dumps({"registry.terraform.io/hashicorp/google": here}),
            **{f"TF_VAR_{name}": value for name, value in variables.items()},
        }
        ran = subprocess.run(
            ["terraform", *arguments],  # noqa: S607 - the one in the path
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert ran.returncode == code, (ran.stdout + ran.stderr)[-3000:]
        return ran.stdout + ran.stderr

    def resources(self) -> dict[str, Json]:
        """Give what is in the state: address → values, without what is null."""
        state = json.loads(self.terraform("show", "-json"))
        return dict(_resources(state.get("values", {}).get("root_module", {})))

    def _handlers(self) -> dict[str, Any]:
        one = _MESSAGE
        calls: dict[str, tuple[str, Callable[[Any], Any]]] = {
            "GetSchema": ("Asked", lambda _: self._schemas()),
            "PrepareProviderConfig": ("Prepare", lambda asked: one["Prepared"](prepared_config=asked.config)),
            "Configure": ("Asked", lambda _: one["Diagnostics"]()),
            "ValidateResourceTypeConfig": ("Validate", lambda asked: self._validate("resource_schemas", asked)),
            "ValidateDataSourceConfig": ("Validate", lambda asked: self._validate("data_source_schemas", asked)),
            "UpgradeResourceState": (
                "Upgrade",
                lambda asked: one["State"](state=one["DynamicValue"](json=asked.raw_state.json)),
            ),
            "ReadResource": ("Read", lambda asked: one["State"](state=asked.value)),
            "PlanResourceChange": ("Plan", self._plan),
            "ApplyResourceChange": ("Apply", self._apply),
            "ReadDataSource": ("Read", self._look),
            "Stop": ("Asked", lambda _: one["Stopped"]()),
        }
        return {
            name: grpc.unary_unary_rpc_method_handler(
                lambda asked, _, answer=answer: answer(asked), one[asked].FromString, lambda answer: answer.SerializeToString()
            )
            for name, (asked, answer) in calls.items()
        }

    def _schemas(self) -> Any:
        made = _MESSAGE["Schemas"](provider=_schema(_PROVIDER))
        for group in ("resource_schemas", "data_source_schemas"):
            for name, facts in _DOCUMENT[group].items():
                getattr(made, group).add(key=name, value=_schema(facts))
        return made

    def _validate(self, group: str, asked: Any) -> Any:
        made = _MESSAGE["Diagnostics"]()
        for complaint in _unlisted(_DOCUMENT[group][asked.type_name]["block"], _unpacked(asked.config)):
            made.diagnostics.add(severity=1, summary=complaint)
        return made

    def _plan(self, asked: Any) -> Any:
        prior, proposed = _unpacked(asked.prior_state), _unpacked(asked.proposed_new_state)
        if proposed is not None:
            facts = _DOCUMENT["resource_schemas"][asked.type_name]["block"]
            new = prior is None
            proposed = _filled(
                facts, proposed, {"": UNKNOWN}, lambda value, each: new and value is None and each.get("computed", False)
            )
        return _MESSAGE["State"](state=_packed(proposed))

    def _apply(self, asked: Any) -> Any:
        prior, planned, config = (_unpacked(each) for each in (asked.prior_state, asked.planned_state, asked.config))
        self.asked.append(("remove" if planned is None else "make" if prior is None else "change", asked.type_name))
        if planned is not None:
            facts = _DOCUMENT["resource_schemas"][asked.type_name]["block"]
            self.written += [
                config[name] for name, each in facts["attributes"].items() if each.get("write_only") and config[name]
            ]
            told = {"": None, **_known_to_google(asked.type_name, planned, len(self.asked))}
            planned = _filled(facts, planned, told, lambda value, _: value == UNKNOWN)
        return _MESSAGE["State"](state=_packed(planned))

    def _look(self, asked: Any) -> Any:
        facts = _DOCUMENT["data_source_schemas"][asked.type_name]["block"]
        told = {"": None, "number": NUMBER, "email_address": f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com"}
        found = _filled(facts, _unpacked(asked.value), told, lambda value, each: value is None and "required" not in each)
        return _MESSAGE["State"](state=_packed(found))


def _resources(module: Json) -> Iterator[tuple[str, Json]]:
    for each in module.get("resources", []):
        yield each["address"], without_nothing(each["values"])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def without_nothing(value: Any) -> Any:
    """Give a value without its parts that are null or empty."""
    if isinstance(value, dict):
        return {key: kept for key, each in value.items() if (kept := without_nothing(each)) not in (None, [], {})}
    if isinstance(value, list):
        return [without_nothing(each) for each in value]
    return value
