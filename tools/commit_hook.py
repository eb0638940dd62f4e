"""Lets a wheel know the commit that it is built from: hatchling calls this."""

import os
import runpy
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CommitHook(BuildHookInterface[Any]):
    """Writes the commit into the wheel: $COMMIT where there is no clone, as in the image's build, or the clone's own."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put a file with the commit among those of the wheel; an editable install asks its clone."""
        self._made: list[Path] = []
        root = Path(self.root)
        ours = runpy.run_path(str(root / "logwatch" / "version.py"))
        commit = os.environ.get("COMMIT") or ours["commit_of"](root)  # noqa: TID251 - what builds it says so
        if version == "editable" or not commit:
            return
        handle, name = tempfile.mkstemp()
        os.close(handle)
        self._made.append(Path(name))
        Path(name).write_text(commit + "\n", encoding="ascii")
        build_data["force_include"][name] = f"logwatch/{ours['PACKED']}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatchling's own signature
        """Take the file away again."""
        for made in self._made:
            made.unlink()
