"""The gcloud that runs this builds its command line once: its linter makes two anew for each command.

Run by gcloud's own Python, which puts `CLOUDSDK_PYTHON_ARGS` before the program's own file.
"""

import functools
import importlib
import sys
from typing import Any

if __name__ == "__main__":
    sys.argv.pop(0)
    sys.path[0] = sys.argv[0].rpartition("/")[0]
    gcloud = importlib.import_module("gcloud")
    sys.path = gcloud.reorder_sys_path(sys.path)
    inner: Any = importlib.import_module("googlecloudsdk.gcloud_main")
    made = functools.cache(functools.partial(inner.CreateCLI, []))
    inner.CreateCLI = lambda *_: made()
    gcloud.main()
