"""`run`, `serve` and `doctor`: the minute, its two entries, and what it needs."""

from __future__ import annotations

import sys
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Any

import typer

from logwatch import __version__
from logwatch.cli.context import as_json, clock_of, settings_from, write
from logwatch.cli.options import LangOption, RulesOption, ServiceOption, SourceOption


class DoctorFormat(StrEnum):
    """How `doctor` writes."""

    TABLE = "table"
    JSON = "json"


SendTestOption = Annotated[bool, typer.Option("--send-test", help="Send a test message, marked as one, through every channel.")]


def run_tick(source: SourceOption = None, service: ServiceOption = None, rules: RulesOption = None) -> None:
    """Do one scheduled tick: read, judge, publish, notify, remember; the Cloud Run Job's entry."""
    import logging

    from logwatch.logs import detailed
    from logwatch.pipeline import run as run_once
    from logwatch.settings import execution
    from logwatch.wiring import build_parts

    logging.basicConfig(level=logging.ERROR)
    settings = settings_from(source=source, service=service, rules=rules)
    clock = clock_of(settings)
    with detailed(debug=settings.log == "debug"):
        summary = run_once(build_parts(settings, execution()), clock)
    _tell_line(summary.to_json())
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)


def serve(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on. [$PORT, else 8080]", show_default=False)
    ] = None,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Let everybody in, and listen on 127.0.0.1 only.")] = False,  # noqa: FBT002 - a flag
    source: SourceOption = None,
    service: ServiceOption = None,
    rules: RulesOption = None,
) -> None:
    """Run a tick for each POST /tick that Cloud Scheduler sends; the entry of a Cloud Run service."""
    import gc
    import logging
    import time

    from logwatch.errors import ConfigError, LogwatchError
    from logwatch.logs import detailed
    from logwatch.pipeline import run as run_once
    from logwatch.server.app import Service
    from logwatch.settings import default_port, instance
    from logwatch.state.lease import give_back
    from logwatch.wiring import build_lasting_parts, build_verify

    logging.basicConfig(level=logging.ERROR)
    settings = settings_from(source=source, service=service, rules=rules)
    verify = None if no_auth else build_verify(settings)
    host, chosen = "127.0.0.1" if no_auth else "0.0.0.0", port or default_port()  # noqa: S104 - behind Cloud Run's own door
    parts = build_lasting_parts(settings, instance())
    from logwatch.server.http import serve as listen

    gc.enable()  # this one lives long
    gc.collect()
    gc.freeze()
    application = Service(
        lambda: run_once(parts, clock_of(settings)), verify, _tell_line, time.monotonic, settings.lease.total_seconds()
    )

    def give_up() -> None:
        _tell_line({"severity": "WARNING", "message": "serve: stopped during a tick; the next one goes on from what is saved"})
        with suppress(LogwatchError):  # the lease ends by itself
            give_back(parts.store, parts.owner)

    try:
        with detailed(debug=settings.log == "debug"):
            listen(application, host=host, port=chosen, listening=_tell_listening, give_up=give_up)
    except OSError as error:
        raise ConfigError(f"cannot listen on {host}:{chosen}: {error.strerror}", where="--port", hint="is it in use?") from None


def doctor(
    source: SourceOption = None,
    service: ServiceOption = None,
    rules: RulesOption = None,
    format_: Annotated[DoctorFormat, typer.Option("--format", "-f", help="How to write it.")] = DoctorFormat.TABLE,
    lang: LangOption = None,
    send_test: SendTestOption = False,  # noqa: FBT002 - a flag
) -> None:
    """Try everything that a run needs, and name what mends what is wrong; changes nothing that anybody would notice."""
    from logwatch.settings import load_settings_leniently
    from logwatch.watchdog.check_results import exit_code, to_json, to_text
    from logwatch.watchdog.doctor import examine
    from logwatch.watchdog.doctor_checks import build_checks, build_tests, readers_of

    settings, wrong = load_settings_leniently(source=tuple(source or ()), service=service, rules=rules, lang=lang)
    clock = clock_of(settings)
    checks = build_checks(settings, wrong, clock) + (build_tests(settings, clock()) if send_test else [])
    found, readers = examine(checks), readers_of(settings)
    if format_ is DoctorFormat.JSON:
        write(as_json(to_json(found, readers)), None)
    else:
        write(to_text(found, readers), None)
    if code := exit_code(found):
        raise typer.Exit(code)


def _tell_listening(address: str) -> None:
    _tell_line({"severity": "INFO", "message": f"serve: logwatch {__version__} listens on {address}"})


def _tell_line(line: dict[str, Any]) -> None:
    """Write one JSON line; the server's threads write whole lines."""
    import json

    sys.stdout.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()
