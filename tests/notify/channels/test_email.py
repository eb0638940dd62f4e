"""Email against a real SMTP server: what arrives, threads, TLS, failures, and that no secret is told."""

import logging
import re
import socket
import traceback
from collections import deque
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import compat32, default
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from logwatch.errors import ChannelError
from logwatch.judge.rules.model import Severity
from logwatch.notify.channels.email.addresses import envelope, read_addresses
from logwatch.notify.channels.email.sender import EmailChannel, Security
from logwatch.notify.incidents import NotifyReason
from logwatch.notify.messages import Message
from logwatch.settings import Settings
from tests.support.local_smtp import LocalSmtp
from tests.support.made_messages import CASES, HOSTILE, PAYMENT, TEMPLATES, hostile, longest, message, notification
from tests.support.mails import base_subject, texts
from tests.support.patience import PATIENCE_S

PASSWORD = "pl4nted-app-password"  # noqa: S105 - the tests look for it
ENCODED = ("cGw0bnRlZC1hcHAtcGFzc3dvcmQ", "AGJvdABwbDRudGVkLWFwcC1wYXNzd29yZA")
LOGIN = ("bot", PASSWORD)
DANA, MINSU = "dana@example.com", "minsu@example.com"
TO = f"{DANA}, {MINSU}"
FIRING = message(CASES["firing"])


def channel(smtp: LocalSmtp | None, security: Security = "none", **more: Any) -> EmailChannel:
    values: dict[str, Any] = {
        "host": "localhost",
        "port": smtp.port if smtp else 1,
        "security": security,
        "user": None,
        "password": PASSWORD,
        "sender": "logwatch <logwatch@example.com>",
        "recipients": TO,
        "templates": TEMPLATES,
        "timeout_s": 5,
        "context": smtp.trusted if smtp else None,
    }
    values |= more
    parsed = {name: read_addresses(values[name]) for name in ("sender", "recipients")}
    return EmailChannel(**values | parsed | {"sender": parsed["sender"][0]})


def failure(channel: EmailChannel, told: Message = FIRING) -> ChannelError:
    """Give the error of a send, after a look that nothing of it tells the password."""
    with pytest.raises(ChannelError) as caught:
        channel.send(told, None)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(channel)
    assert not [secret for secret in (PASSWORD, *ENCODED) if secret in shown]
    return caught.value


def sent(tmp_path: Path, *told: Message, thread: str | None = None, **more: Any) -> LocalSmtp:
    with LocalSmtp(tmp_path, "none") as smtp:
        for each in told:
            thread = channel(smtp, **more).send(each, thread)
    return smtp


# ---- what arrives


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_arrives_over_tls_with_login(tmp_path: Path, security: Security) -> None:
    with LocalSmtp(tmp_path, security, LOGIN if security == "starttls" else None) as smtp:
        channel(smtp, security, user="bot" if security == "starttls" else None).send(FIRING, None)
    (mail,) = smtp.mails
    assert smtp.envelopes[0].rcpt_tos == [DANA, MINSU]
    assert mail["Subject"] == "[경고] 런북 4.2 Payment 실패 증가 · kpa"
    assert mail["Thread-Topic"] == "런북 4.2 Payment 실패 증가 · kpa"
    assert mail["To"] == "dana@example.com, minsu@example.com"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "<logwatch.example.com>"
    assert mail["Date"] == "Tue, 24 Feb 2026 06:27:00 +0000"
    assert smtp.hellos[0] == "example.com"


@pytest.mark.parametrize(
    ("severity", "reason", "importance", "ground"),
    [
        (Severity.PAGE, NotifyReason.FIRING, "high", "#c3231b"),
        (Severity.WARN, NotifyReason.FIRING, "normal", "#fdf1f0"),
        (Severity.INFO, NotifyReason.REMINDER, "low", "#eef3fb"),
        (Severity.PAGE, NotifyReason.RESOLVED, "normal", "#eef7f1"),
    ],
)
def test_how_grave_it_is_shows_in_the_list_and_in_the_mail(
    tmp_path: Path, severity: Severity, reason: NotifyReason, importance: str, ground: str
) -> None:
    (mail,) = sent(tmp_path, message(notification(reason, [PAYMENT], severity=severity))).mails
    assert mail["Importance"] == importance
    assert f"background:{ground}" in texts(mail)[1]


@pytest.mark.parametrize("name", CASES)
def test_text_and_html_say_the_same_and_the_headline_first(tmp_path: Path, name: str) -> None:
    (mail,) = sent(tmp_path, message(CASES[name])).mails
    assert mail.get_content_type() == "multipart/alternative"
    text, page = texts(mail)
    told = message(CASES[name])
    assert text.startswith(f"{told.icon} {told.headline}\n")
    headline = re.search(r"<h1[^>]*>(.*?)</h1>", page)
    assert headline
    assert headline[1].replace("&lt;", "<").replace("&gt;", ">") == f"{told.icon} {told.headline}"


def test_the_page_shows_the_course_of_the_last_hour_inside_the_mail(tmp_path: Path) -> None:
    (mail,) = sent(tmp_path, FIRING).mails
    _, page = texts(mail)
    (drawn,) = (part for part in mail.walk() if part.get_content_type() == "image/png")
    assert drawn["Content-ID"] == "<course>"
    assert drawn.get_content().startswith(b"\x89PNG")
    assert len(drawn.get_content()) < 25_000
    assert re.search(
        r'<img src="cid:course"[^>]* alt="결제 승인 성공률 낮음 · kpa · 최근 1시간 추이\(경고 기준 &lt;70%\)"', page
    )


def test_a_chart_that_cannot_be_drawn_keeps_no_mail_back(tmp_path: Path) -> None:
    assert FIRING.course
    late = replace(FIRING.course, chart=replace(FIRING.course.chart, start=datetime.max.replace(tzinfo=UTC)))
    (mail,) = sent(tmp_path, replace(FIRING, course=late)).mails  # its axis goes past the end of the calendar
    assert "cid:course" not in texts(mail)[1]
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_all_mails_of_an_incident_are_one_thread(tmp_path: Path) -> None:
    reasons = [reason for reason in NotifyReason if reason is not NotifyReason.TEST]
    told = [notification(reason, [PAYMENT], number) for number, reason in enumerate(reasons, start=1)]
    first, *later = sent(tmp_path, *map(message, told)).mails
    assert first["References"] is None
    assert [mail["References"] for mail in later] == [first["Message-ID"]] * (len(reasons) - 1)
    assert [mail["In-Reply-To"] for mail in later] == [first["Message-ID"]] * (len(reasons) - 1)
    assert {base_subject(mail["Subject"]) for mail in (first, *later)} == {"런북 4.2 Payment 실패 증가 · kpa"}
    assert {mail["Thread-Topic"] for mail in (first, *later)} == {"런북 4.2 Payment 실패 증가 · kpa"}
    subjects = {mail["Subject"] for mail in (first, *later)}
    assert {"[경고] 런북 4.2 Payment 실패 증가 · kpa", "Re: [해소] 런북 4.2 Payment 실패 증가 · kpa"} < subjects
    assert len({mail["Message-ID"] for mail in (first, *later)}) == len(reasons)


@pytest.mark.parametrize(
    "words", ["4.4 Redis 장애 시 기대 동작 · 전체", "기대 동작 · 동작구 약국 약국 약국 · 전체 매장", "긴 이름 " * 15]
)
@pytest.mark.parametrize("more", range(8))
def test_a_subject_is_the_same_words_wherever_its_line_breaks(tmp_path: Path, words: str, more: int) -> None:
    topic = f"{'x' * more}{words.strip()}"
    subjects = [f"[경고] {topic}", f"Re: [해소] {topic}"]
    first, second = notification(NotifyReason.FIRING, [PAYMENT], 1), notification(NotifyReason.RESOLVED, [PAYMENT], 2)
    smtp = sent(tmp_path, *(replace(message(each), topic=topic) for each in (first, second)))
    assert [mail["Subject"] for mail in smtp.mails] == subjects
    assert [mail["Thread-Topic"] for mail in smtp.mails] == [topic] * 2
    for raw in smtp.raw:
        lines = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
        assert max(map(len, lines)) <= 78
    mails = [message_from_bytes(raw, policy=compat32) for raw in smtp.raw]  # another reader
    assert [str(make_header(decode_header(mail["Subject"]))) for mail in mails] == subjects


def test_a_thread_holds_where_nobody_remembers_the_first(tmp_path: Path) -> None:
    with LocalSmtp(tmp_path, "none") as smtp:
        first = channel(smtp).send(FIRING, None)
        assert channel(smtp).send(message(CASES["resolved"]), None) == first
    assert smtp.mails[1]["In-Reply-To"] == first == smtp.mails[0]["Message-ID"]


def test_the_same_message_sent_twice_is_the_same_mail(tmp_path: Path) -> None:
    one, two = sent(tmp_path, FIRING, FIRING).raw
    assert b"Message-ID" in one
    assert one == two


@pytest.mark.parametrize("sender", ["l@example.com", "l@" + "a" * 30 + ".co.kr", "l@" + "a" * 60 + ".co.kr"])
def test_thread_headers_stay_plain_however_long_the_domain(tmp_path: Path, sender: str) -> None:
    (raw,) = sent(tmp_path, message(CASES["resolved"]), sender=sender).raw
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    for name in ("Message-ID", "In-Reply-To", "References", "List-Id"):
        assert re.search(rf"^{name}: <[\w.@-]+>\r?$", head, re.MULTILINE), head


@pytest.mark.long
def test_the_longest_incident_is_taken(tmp_path: Path) -> None:
    (mail,) = sent(tmp_path, message(longest())).mails
    (raw,) = sent(tmp_path, message(longest())).raw
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert len(mail["Subject"]) == 200
    assert mail["Subject"].endswith("…")


# ---- hostile texts


@pytest.mark.parametrize("text", HOSTILE)
def test_log_text_adds_no_header(tmp_path: Path, text: str) -> None:
    (plain,) = sent(tmp_path, message(hostile("kpa"))).mails
    (mail,) = sent(tmp_path, message(hostile(text, NotifyReason.SILENCE_ENDING))).mails
    assert sorted(mail.keys()) == sorted(plain.keys())
    assert not re.search(r"[\x00-\x1f\x7f\u202e]", mail["Subject"])
    body = "".join(texts(mail))
    assert not re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f\u202e]|\r(?!\n)", body)


def test_a_subject_with_line_breaks_is_told_flat(tmp_path: Path) -> None:
    (mail,) = sent(tmp_path, replace(FIRING, topic="x\r\nBcc: all@example.com\r\n\r\nx")).mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == r"[경고] x\r\nBcc: all@example.com\r\n\r\nx"


# ---- failures


def test_one_refused_recipient_does_not_keep_it_from_the_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with LocalSmtp(tmp_path, "none", refused={MINSU: "550 5.1.1 nobody here"}) as smtp:
        assert channel(smtp).send(FIRING, None)
    assert smtp.envelopes[0].rcpt_tos == [DANA]
    assert caplog.messages == ["not delivered to minsu@example.com (550 5.1.1 nobody here); the others have it"]


@pytest.mark.parametrize(("reply", "permanent"), [("550 5.1.1 nobody here", True), ("450 4.2.1 greylisted", False)])
def test_when_all_recipients_are_refused(tmp_path: Path, reply: str, permanent: bool) -> None:  # noqa: FBT001
    with LocalSmtp(tmp_path, "none", refused=dict.fromkeys((DANA, MINSU), reply)) as smtp:
        error = failure(channel(smtp))
    assert error.permanent is permanent
    assert reply[4:] in error.message
    assert smtp.mails == []


@pytest.mark.parametrize(
    ("reply", "permanent"),
    [("451 4.3.0 try again", False), ("421 4.3.2 closing", False), ("552 5.2.2 mailbox full", True), ("554 5.7.1 spam", True)],
)
def test_replies_are_told_apart(tmp_path: Path, reply: str, permanent: bool) -> None:  # noqa: FBT001
    with LocalSmtp(tmp_path, "none", replies=deque([reply])) as smtp:
        error = failure(channel(smtp))
        assert error.permanent is permanent
        assert reply in error.message
        assert channel(smtp).send(FIRING, None), "the next one goes through"


def test_a_wrong_password(tmp_path: Path) -> None:
    with LocalSmtp(tmp_path, "starttls", ("bot", "another")) as smtp:
        error = failure(channel(smtp, "starttls", user="bot"))
    assert error.permanent
    assert "535" in error.message
    assert "app password" in (error.hint or "")


@pytest.mark.parametrize(
    "reply", [f"535 no: {PASSWORD}", f"535 no: {ENCODED[0]}=", f"535 no: {ENCODED[1]}==", "454 4.7.0 busy"]
)
def test_a_server_that_repeats_the_password_gives_nothing_away(tmp_path: Path, reply: str) -> None:
    with LocalSmtp(tmp_path, "starttls", LOGIN, login_reply=reply) as smtp:
        error = failure(channel(smtp, "starttls", user="bot"))
    assert error.permanent is reply.startswith("535")


def test_a_certificate_that_nobody_knows(tmp_path: Path) -> None:
    with LocalSmtp(tmp_path, "starttls", LOGIN) as smtp:
        error = failure(channel(smtp, "starttls", user="bot", context=None))
        assert (error.permanent, error.message) == (True, "the certificate is not trusted")
    with LocalSmtp(tmp_path, "tls") as smtp:
        assert failure(channel(smtp, "tls", context=None)).permanent


@pytest.mark.parametrize(("spoken", "security"), [("none", "starttls"), ("starttls", "tls"), ("none", "tls")])
def test_a_port_that_speaks_otherwise(tmp_path: Path, spoken: Security, security: Security) -> None:
    with LocalSmtp(tmp_path, spoken) as smtp:
        failure(channel(smtp, security))
        assert smtp.mails == []


def test_a_login_that_nobody_asks_for(tmp_path: Path) -> None:
    with LocalSmtp(tmp_path, "none") as smtp:
        error = failure(channel(smtp, "none", user="bot"))
    assert error.permanent
    assert "wants no user" in (error.hint or "")


def test_a_server_that_wants_tls(tmp_path: Path) -> None:
    with LocalSmtp(tmp_path, "starttls") as smtp:
        error = failure(channel(smtp, "none"))
    assert (error.permanent, "530" in error.message) == (True, True)


def test_nobody_there() -> None:
    error = failure(channel(None))
    assert not error.permanent
    assert error.message.startswith("no connection")


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = failure(channel(None, host="127.0.0.1", port=silent.getsockname()[1], timeout_s=0.3))
    assert not error.permanent


def test_a_login_that_no_server_can_take(tmp_path: Path) -> None:
    with LocalSmtp(tmp_path, "starttls", LOGIN) as smtp:
        assert failure(channel(smtp, "starttls", user="봇")).permanent
        assert smtp.mails == []


# ---- addresses


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("a@example.com", ["a@example.com"]),
        ("a@example.com,b@example.com, a@example.com,", ["a@example.com", "b@example.com"]),
        ('"Kim, Minsu" <m@example.com>, 관제팀 <ops@example.com>', ["m@example.com", "ops@example.com"]),
        ("김 민수 <m@테스트.한국>", ["m@xn--9t4b11yi5a.xn--3e0b707e"]),
        ("Team: a@example.com, b@example.com;", ["a@example.com", "b@example.com"]),
    ],
)
def test_addresses_are_read_as_a_mail_program_reads_them(text: str, addresses: list[str]) -> None:
    assert envelope(read_addresses(text)) == addresses


@pytest.mark.parametrize(
    "text",
    [
        "a@example.com;b@example.com", "a@example.com b@example.com", "a@", "ops", "-", "<a@example.com", "관제@example.com",
        "a@example.com\r\nBcc: b@example.com", "a@example.com, b@", "a@" + "가" * 70 + ".kr", ",", "Kim, Minsu <m@example.com>",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["MAIL_TO", "MAIL_FROM"])
def test_what_is_no_address_is_refused_at_once(name: str, text: str) -> None:
    _, (error,) = Settings.load_leniently({f"LOGWATCH_{name}": text})
    assert (error.where, "use e.g. ops@example.com" in error.message) == (f"LOGWATCH_{name}", True)
    assert ("commas" in error.message) is (";" in text)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('"Kim, Minsu" <m@example.com>, b@, c@example.com', "'b@'"), ("a@example.com, ops; b@example.com", "'ops; b@example.com'"),
        ("a@example.com, Kim, Minsu <m@example.com>", "'Kim'"), ("a@example.com, 관제@example.com", "'관제@example.com'"),
    ],
)  # fmt: skip
def test_of_many_addresses_the_one_that_is_wrong_is_named(text: str, wrong: str) -> None:
    _, (error,) = Settings.load_leniently({"LOGWATCH_MAIL_TO": text})
    assert error.message.startswith(wrong)


def test_a_mail_has_one_sender() -> None:
    _, (error,) = Settings.load_leniently({"LOGWATCH_MAIL_FROM": "a@example.com, b@example.com"})
    assert error.message == "a mail has one sender"


def test_names_in_korean_reach_a_server_that_knows_no_utf8(tmp_path: Path) -> None:
    people = f'관제팀 <{DANA}>, "김, 민수" <{MINSU}>'
    smtp = sent(tmp_path, FIRING, sender="로그워치 <logwatch@example.com>", recipients=people)
    assert smtp.envelopes[0].rcpt_tos == [DANA, MINSU]
    assert smtp.raw[0].isascii()
    read = message_from_bytes(smtp.raw[0], policy=default)
    assert [str(each) for name in ("From", "To") for each in read[name].addresses] == [
        "로그워치 <logwatch@example.com>", f"관제팀 <{DANA}>", f'"김, 민수" <{MINSU}>',
    ]  # fmt: skip


def test_a_greeting_without_end_is_hung_up_on() -> None:
    sent = list[int]()

    def greet(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            while len(sent) < 1 << 11:
                connection.sendall((b"220-" + b"x" * 500 + b"\r\n") * 60)
                sent.append(60 * 506)

    with socket.create_server(("127.0.0.1", 0)) as server:
        greeting = Thread(target=greet, args=(server,), daemon=True)
        greeting.start()
        error = failure(channel(None, host="127.0.0.1", port=server.getsockname()[1]))
        greeting.join(PATIENCE_S)
    assert not error.permanent
    assert sum(sent) < 1 << 24


def test_no_log_line_and_no_mail_tells_the_password(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with LocalSmtp(tmp_path, "starttls", LOGIN) as smtp:
        channel(smtp, "starttls", user="bot").send(FIRING, None)
    ours = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("mail."))  # aiosmtpd's own
    assert not [secret for secret in (PASSWORD, *ENCODED) if secret in ours or secret.encode() in smtp.raw[0]]
