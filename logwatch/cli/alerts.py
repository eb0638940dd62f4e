"""`alerts`, `explain` and `silence`: what the state holds, and how people mute it."""

from __future__ import annotations

import getpass
import secrets
from dataclasses import replace
from typing import Annotated

import typer

from logwatch.cli.context import age_line, change_state, clock_of, find_rule, paper_of, settings_from, state_of, write
from logwatch.cli.options import LangOption, RulesOption
from logwatch.collect.entries import storable
from logwatch.errors import ConfigError, StoreError
from logwatch.notify.incidents import Silence
from logwatch.report.explain import explain, firing_rows, past_rows, silence_rows
from logwatch.settings import parse_length
from logwatch.ui.format import shop_name
from logwatch.ui.tables import render_rows
from logwatch.wiring import audience, build_rules, build_service


def alerts(lang: LangOption = None, rules: RulesOption = None) -> None:
    """Show what fires, what is silent and why, and what was sent."""
    settings = settings_from(lang=lang, rules=rules)
    state, readers = state_of(settings), audience(settings)
    firing = firing_rows(state, build_rules(settings).by_id, readers)
    columns = readers.columns("alert", "state", "from_when", "value", "procedure", "silent_because")
    rows = render_rows(firing, columns, paper_of())
    shown = [age_line(settings, state, readers), rows if firing else readers.say("no_alerts") + "\n"]
    past = past_rows(state, readers)[:20]
    if past:
        columns = readers.columns("when", "reason", "rules", "shop", "channels")
        shown.append(f"\n{readers.say('told_before')}\n")
        shown.append(render_rows(past, columns, paper_of()))
    write("".join(shown), None)


def explain_rule(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule's id, as 'rules list' prints it.")],
    lang: LangOption = None,
    rules: RulesOption = None,
) -> None:
    """Say why a rule is in its state, and why something or nothing was sent."""
    settings = settings_from(lang=lang, rules=rules)
    found = find_rule(rule, settings)
    now = clock_of(settings)()
    state = state_of(settings)
    readers = audience(settings)
    lines = explain(state, found, readers, lambda told: told + settings.remind_every - now)
    write(age_line(settings, state, readers) + "\n".join(lines) + "\n", None)


def silence_add(
    reason: Annotated[str, typer.Option(help="Why; people will read it.")],
    for_: Annotated[str, typer.Option("--for", metavar="DURATION", help="For how long: 30m, 2h, 1d.")],
    rule: Annotated[str, typer.Option(metavar="RULE", help="A rule's id, or '*' for all.")] = "*",
    shop: Annotated[str | None, typer.Option(help="Only this shop.")] = None,
    by: Annotated[str | None, typer.Option(help="Who mutes it. [the user]")] = None,
    new_state: Annotated[bool, typer.Option("--new-state", help="Begin a state where there is none, or a broken one.")] = False,  # noqa: FBT002 - a flag
    rules: RulesOption = None,
    lang: LangOption = None,
) -> None:
    """Mute a rule, or one shop of it."""
    settings = settings_from(rules=rules, lang=lang)
    if rule != "*":
        find_rule(rule, settings)
    now = clock_of(settings)()
    until = now + parse_length(for_, where="--for")
    if not reason.strip():
        raise ConfigError("a silence needs a reason", where="--reason", hint="say what is going on, and for how long")
    labels = {} if shop is None else {build_service(settings).shop_label: storable(shop)}
    silence = Silence(
        secrets.token_hex(3), rule, labels, until, storable(reason.strip()), storable(by or getpass.getuser()), now
    )
    state = change_state(settings, lambda state: replace(state, memory=state.memory.with_silence(silence)), begins=new_state)
    what = f"{rule} ({shop_name(labels)})" if labels else rule
    readers = audience(settings)
    added = readers.say("silence_added", id=silence.id, what=what, until=readers.date(until))
    write(f"{age_line(settings, state, readers)}{added}\n", None)


def silence_list(lang: LangOption = None) -> None:
    """Show the silences that hold."""
    settings = settings_from(lang=lang)
    readers = audience(settings)
    state = state_of(settings, judged=False)
    rows = silence_rows(state, clock_of(settings)(), readers)
    columns = readers.columns("id", "rule", "shop", "until", "reason", "by")
    table = render_rows(rows, columns, paper_of()) if rows else readers.say("no_silences") + "\n"
    write(age_line(settings, state, readers) + table, None)
    if state.cursor is None:
        raise typer.Exit(StoreError.exit_code)


def silence_expire(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As 'silence list' prints it.")], lang: LangOption = None
) -> None:
    """End a silence now."""
    settings = settings_from(lang=lang)
    if id_ not in [silence.id for silence in state_of(settings, judged=False).memory.silences]:
        raise ConfigError(f"there is no silence '{id_}'", where="ID", hint="logwatch silence list")
    state = change_state(settings, lambda state: replace(state, memory=state.memory.without_silence(id_)))
    readers = audience(settings)
    ended = readers.say("silence_ended", id=id_)
    write(f"{age_line(settings, state, readers)}{ended}\n", None)
