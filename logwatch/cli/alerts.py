"""`alerts`, `explain` and `silence`: what the state holds, and how people mute it."""

from __future__ import annotations

from typing import Annotated

import typer

from logwatch.cli.context import change_state, clock_of, find_rule, paper_of, settings_from, state_of, write
from logwatch.cli.options import LangOption, RulesOption
from logwatch.wiring import build_rules


def alerts(lang: LangOption = None, rules: RulesOption = None) -> None:
    """Show what fires, what is silent and why, and what was sent."""
    from logwatch.report.explain import firing_rows, past_rows
    from logwatch.ui.tables import render_rows
    from logwatch.wiring import audience

    settings = settings_from(lang=lang, rules=rules)
    state, readers = state_of(settings), audience(settings)
    firing = firing_rows(state, build_rules(settings).by_id, readers)
    columns = readers.columns("alert", "state", "from_when", "value", "procedure", "silent_because")
    rows = render_rows(firing, columns, paper_of())
    shown = [rows if firing else readers.say("no_alerts") + "\n"]
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
    from logwatch.report.explain import explain
    from logwatch.wiring import audience

    settings = settings_from(lang=lang, rules=rules)
    found = find_rule(rule, settings)
    now = clock_of(settings)()
    lines = explain(state_of(settings), found, audience(settings), lambda told: told + settings.remind_every - now)
    write("\n".join(lines) + "\n", None)


def silence_add(
    reason: Annotated[str, typer.Option(help="Why; people will read it.")],
    for_: Annotated[str, typer.Option("--for", metavar="DURATION", help="For how long: 30m, 2h, 1d.")],
    rule: Annotated[str, typer.Option(metavar="RULE", help="A rule's id, or '*' for all.")] = "*",
    shop: Annotated[str | None, typer.Option(help="Only this shop.")] = None,
    by: Annotated[str | None, typer.Option(help="Who mutes it. [the user]")] = None,
    rules: RulesOption = None,
    lang: LangOption = None,
) -> None:
    """Mute a rule, or one shop of it."""
    import getpass
    import secrets
    from dataclasses import replace

    from logwatch.errors import ConfigError
    from logwatch.notify.incidents import Silence
    from logwatch.settings import parse_length
    from logwatch.ui.format import shop_name
    from logwatch.wiring import audience, build_service

    settings = settings_from(rules=rules, lang=lang)
    if rule != "*":
        find_rule(rule, settings)
    now = clock_of(settings)()
    until = now + parse_length(for_, where="--for")
    if not reason.strip():
        raise ConfigError("a silence needs a reason", where="--reason", hint="say what is going on, and for how long")
    labels = {} if shop is None else {build_service(settings).shop_label: shop}
    silence = Silence(secrets.token_hex(3), rule, labels, until, reason.strip(), by or getpass.getuser(), now)
    change_state(settings, lambda state: replace(state, memory=state.memory.with_silence(silence)))
    what = f"{rule} ({shop_name(labels)})" if labels else rule
    readers = audience(settings)
    typer.echo(readers.say("silence_added", id=silence.id, what=what, until=readers.date(until)))


def silence_list(lang: LangOption = None) -> None:
    """Show the silences that hold."""
    from logwatch.report.explain import silence_rows
    from logwatch.ui.tables import render_rows
    from logwatch.wiring import audience

    settings = settings_from(lang=lang)
    readers = audience(settings)
    rows = silence_rows(state_of(settings), clock_of(settings)(), readers)
    columns = readers.columns("id", "rule", "shop", "until", "reason", "by")
    write(render_rows(rows, columns, paper_of()) if rows else readers.say("no_silences") + "\n", None)


def silence_expire(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As 'silence list' prints it.")], lang: LangOption = None
) -> None:
    """End a silence now."""
    from dataclasses import replace

    from logwatch.errors import ConfigError
    from logwatch.wiring import audience

    settings = settings_from(lang=lang)
    if id_ not in [silence.id for silence in state_of(settings).memory.silences]:
        raise ConfigError(f"there is no silence '{id_}'", where="ID", hint="logwatch silence list")
    change_state(settings, lambda state: replace(state, memory=state.memory.without_silence(id_)))
    typer.echo(audience(settings).say("silence_ended", id=id_))
