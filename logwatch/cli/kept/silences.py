"""`silence`: how people mute rules, once or again and again."""

from __future__ import annotations

import getpass
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from logwatch.cli.context import (
    answering,
    as_json,
    clock_of,
    find_rule,
    for_each,
    only_one,
    paper_of,
    settings_from,
    targets_from,
    write,
)
from logwatch.cli.kept.state_file import age_line, change_state, state_of
from logwatch.cli.options import RULE_HELP, ListFormat, ListFormatOption, ReaderFlags, RuleFlags, ShopOption
from logwatch.cli.usage.completion import complete_rules, complete_silences
from logwatch.collect.entries import storable
from logwatch.durations import format_duration
from logwatch.errors import ConfigError, StoreError, nearest
from logwatch.languages import text
from logwatch.moments import parse_length, parse_moment
from logwatch.notify.silences import EVERY, LONGEST, RECURS, RECURS_LONGEST, Recurrence, RecurringSilence, Silence
from logwatch.report.state_json import silences_json
from logwatch.report.state_lists import SILENCE_COLUMNS, known_shops, muted_rows, say_rule, say_times, silence_rows, would_mute
from logwatch.state.document import State
from logwatch.ui.format import shop_name
from logwatch.ui.printable import printable
from logwatch.ui.tables import fold, render_rows
from logwatch.wiring import audience, build_rules, build_service, state_place

if TYPE_CHECKING:
    from datetime import datetime

    from logwatch.settings import Settings
    from logwatch.ui.format import Audience

    AnySilence = Silence | RecurringSilence

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show what the last seven days would have muted, and mute nothing.")
]
LOOKS_BACK = timedelta(days=7)
"""How far back --dry-run looks."""


def silence_add(
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; people will read it.")],
    for_: Annotated[str, typer.Option("--for", metavar="DURATION", help="For how long, each time: 30m, 2h, 1d.")],
    rule: Annotated[str | None, typer.Option(metavar="RULE", help=RULE_HELP, autocompletion=complete_rules)] = None,
    all_: Annotated[bool, typer.Option("--all", help="Mute every rule.")] = False,  # noqa: FBT002 - a flag
    shop: ShopOption = None,
    new_shop: Annotated[bool, typer.Option("--new-shop", help="Mute a shop that was never seen.")] = False,  # noqa: FBT002 - a flag
    every: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Again and again: 'sun 03:00', 'mon,wed 22:00', 'mon-fri 9am', 'daily 03:00'."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="WHEN", help="When --every comes no more: 30d (from now), '12-24 03:00'. [90d]")
    ] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who mutes it. [the user]")] = None,
    dry_run: DryRunOption = False,  # noqa: FBT002 - a flag
    new_state: Annotated[bool, typer.Option("--new-state", help="Begin a state where there is none, or a broken one.")] = False,  # noqa: FBT002 - a flag
    *,
    asker: RuleFlags,
) -> None:
    """Mute a rule, or one shop of it: once, or each week at the same hours."""
    settings = settings_from(asker)
    chosen = _chosen_rule(rule, settings, every_rule=all_)
    length = _length(for_)
    if not reason.strip():
        raise ConfigError("a silence needs a reason", where="--reason", hint="say why, e.g. --reason 'PG maintenance'")
    now, labels = clock_of(settings)(), {}
    if shop is not None:
        labels = {build_service(settings).shop_label: storable(shop)}
    id_, why, who = secrets.token_hex(3), storable(reason.strip()), storable(by or getpass.getuser())
    silence: AnySilence
    if every is None:
        if until is not None:
            raise ConfigError(
                "without --every a silence ends after --for", where="--until", hint="leave it out, or add --every"
            )
        silence = Silence(id_, chosen, labels, now + length, why, who, now)
    else:
        minutes, zone = length // timedelta(minutes=1), str(settings.timezone)
        end = _end(until, now, settings)
        silence = RecurringSilence(id_, chosen, labels, _recurrence(every, length), minutes, zone, end, why, who, now)
    _check_shop(silence, settings, new_shop=new_shop, new_state=new_state)
    readers = audience(answering(settings, now, until))
    if dry_run:
        write(_what_it_would_mute(silence, settings, now, readers), None)
        return
    state = change_state(settings, lambda state: replace(state, memory=state.memory.with_silence(silence)), begins=new_state)
    told = [_added(silence, now, readers), *_held_already(silence, state, now, readers)]
    write(age_line(settings, state, readers) + "".join(f"{fold(line, paper_of())}\n" for line in told), None)


def _chosen_rule(rule: str | None, settings: Settings, *, every_rule: bool) -> str:
    """Give the rule that is to be muted; all of them only where that is typed out."""
    if (rule is not None) == every_rule or rule == EVERY:
        known = ", ".join(build_rules(settings).by_id)
        told = "both a rule and all of them" if rule not in {None, EVERY} else "which rule?"
        raise ConfigError(told, where="--rule, --all", hint=f"--all, typed out, mutes every rule; known: {known}")
    return EVERY if rule is None else find_rule(rule, settings, "--rule").rule


def _length(typed: str) -> timedelta:
    length = parse_length(typed, where="--for")
    if length > LONGEST:
        hint = f"{format_duration(LONGEST)} at the most; what nobody wants to hear of for longer belongs out of the rules"
        raise ConfigError(f"'{typed}' is too long", where="--for", hint=hint)
    return length


def _end(until: str | None, now: datetime, settings: Settings) -> datetime:
    """Give when a recurring silence comes no more."""
    if until is None:
        return now + RECURS
    end = parse_moment(until, now, settings.timezone, where="--until", ahead=True)
    if not now < end <= now + RECURS_LONGEST:
        hint = f"use a time within the next {format_duration(RECURS_LONGEST)}"
        at = audience(answering(settings, now, until)).date(end)
        message = f"'{until}' is past: it means {at}" if end <= now else f"'{until}' means {at}"
        raise ConfigError(message, where="--until", hint=hint)
    return end


def _recurrence(typed: str, length: timedelta) -> str:
    """Give the days and the hour of --every as they are kept."""
    try:
        found = Recurrence.parse(typed)
    except ValueError as error:
        raise ConfigError(str(error), where="--every") from None
    if length >= found.shortest_pause:
        hint = f"each time must be over before the next: shorter than {format_duration(found.shortest_pause)}"
        raise ConfigError(f"'{typed}' for {format_duration(length)} never ends", where="--every, --for", hint=hint)
    return str(found)


def _check_shop(silence: AnySilence, settings: Settings, *, new_shop: bool, new_state: bool) -> None:
    """Refuse a shop that nobody has seen, most likely a slip: it would mute nothing. A state without a run knows none."""
    if not silence.labels or new_shop:
        return
    (label, shop), *_ = silence.labels.items()
    state = _state_or_new(settings, new_state=new_state)
    known = known_shops(state, label)
    if state.cursor is None and not known:
        typer.echo(text("shop_unchecked", settings.lang, shop=shop_name(silence.labels)), err=True)
    elif shop not in known:
        names = [shop_name({label: each}) for each in known]
        hint = f"{nearest(shop, names)}seen: {', '.join(names) or 'none yet'}; --new-shop mutes it all the same"
        raise ConfigError(f"no shop '{shop_name(silence.labels)}' was ever seen", where="--shop", hint=hint)


def _state_or_new(settings: Settings, *, new_state: bool) -> State:
    try:
        return state_of(settings, judged=False)
    except StoreError:
        if new_state:
            return State()
        raise


def _what(silence: AnySilence, readers: Audience) -> str:
    shop = shop_name(silence.labels)
    return f"{say_rule(silence.rule, readers)} ({shop})" if shop else say_rule(silence.rule, readers)


def _added(silence: AnySilence, now: datetime, readers: Audience) -> str:
    """Say what is muted from now on, and until when."""
    figures = {"id": silence.id, "what": _what(silence, readers), "until": readers.date(silence.until)}
    if isinstance(silence, Silence):
        return readers.say("silence_added", **figures)
    return readers.say("silence_recurs", times=say_times(silence, now, readers), **figures)


def _held_already(silence: AnySilence, state: State, now: datetime, readers: Audience) -> list[str]:
    """Name the silences that mute the same now: each is lifted by itself."""
    others = [
        each for each in state.memory.silences if isinstance(each, Silence) and each.id != silence.id and each.until > now
    ]
    same = [each for each in others if each.covers(silence.rule, silence.labels)]
    return [readers.say("silence_held", id=each.id, by=printable(each.by), until=readers.date(each.until)) for each in same]


def _what_it_would_mute(silence: AnySilence, settings: Settings, now: datetime, readers: Audience) -> str:
    """Say what of the last days a silence would have muted."""
    state = state_of(settings, judged=False)
    found = would_mute(state, silence, now - LOOKS_BACK, now)
    figures = {"count": len(found.muted), "of": found.told, "since": readers.date(found.since)}
    times = f" · {say_times(silence, now, readers)}" if isinstance(silence, RecurringSilence) else ""
    head = f"{readers.say('dry_run')}: {_what(silence, readers)}{times}\n{readers.say('would_mute', **figures)}\n"
    columns = readers.columns("when", "kind", "rules", "shop", "muted")
    rows = render_rows(muted_rows(found, readers), columns, paper_of()) if found.muted else ""
    return age_line(settings, state, readers) + fold(head, paper_of()) + rows


def silence_list(format_: ListFormatOption = ListFormat.TABLE, *, asker: ReaderFlags) -> None:
    """Show the silences that are not over, and when recurring ones hold next."""
    targets = targets_from(asker)
    if format_ is ListFormat.JSON:
        settings = only_one(targets)
        document = silences_json(state_of(settings, judged=False), clock_of(settings)(), state_place(settings))
        write(as_json(document), None)
        return
    for_each(targets, lambda each: write(_list(state_of(each, judged=False), clock_of(each)(), each), None))


def _list(state: State, now: datetime, settings: Settings) -> str:
    readers = audience(settings)
    rows = silence_rows(state, now, readers)
    columns = readers.columns(*SILENCE_COLUMNS)
    table = render_rows(rows, columns, paper_of()) if rows else readers.say("no_silences") + "\n"
    return age_line(settings, state, readers) + table


def silence_expire(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As 'silence list' prints it.", autocompletion=complete_silences)],
    asker: ReaderFlags,
) -> None:
    """End a silence now; a recurring one comes no more."""
    settings = settings_from(asker)
    memory = state_of(settings, judged=False).memory
    if id_ not in [silence.id for silence in memory.muting]:
        raise ConfigError(f"there is no silence '{id_}'", where="ID", hint="logwatch silence list")
    state = change_state(settings, lambda state: replace(state, memory=state.memory.without_silence(id_)))
    readers = audience(settings)
    ended = readers.say("silence_ended", id=id_)
    write(f"{age_line(settings, state, readers)}{ended}\n", None)
