"""Times as people type them: every form, in both languages, and that what logwatch prints can be typed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from logwatch.errors import ConfigError
from logwatch.moments import parse_length, parse_moment, zone_of
from logwatch.ui.format import Audience

SEOUL, UTC_ZONE = ZoneInfo("Asia/Seoul"), ZoneInfo("UTC")
NOW = datetime(2026, 2, 24, 6, 30, tzinfo=UTC)
"""15:30 in Seoul, on a Tuesday."""

FORMS = [
    ("now", "24 06:30"), ("지금", "24 06:30"),
    ("1h", "24 05:30"), ("1h30m", "24 05:00"), ("90s", "24 06:28"), ("1h 30m", "24 05:00"), ("2d", "22 06:30"),
    ("1 hour ago", "24 05:30"), ("an hour ago", "24 05:30"), ("2 hours 5 minutes ago", "24 04:25"), ("3 Days Ago", "21 06:30"),
    ("1시간 전", "24 05:30"), ("한 시간 전", "24 05:30"), ("1시간30분 전", "24 05:00"), ("30분", "24 06:00"), ("2주 전", "10 06:30"),
    ("09:30", "24 00:30"), ("9:30", "24 00:30"), ("15:30", "24 06:30"), ("15:31", "23 06:31"), ("15:29:59", "24 06:29"),
    ("3pm", "24 06:00"), ("3:15 PM", "24 06:15"), ("12am", "23 15:00"), ("12pm", "24 03:00"),
    ("오후 3시", "24 06:00"), ("오전 9:30", "24 00:30"), ("15시", "24 06:00"), ("9시 5분", "24 00:05"),
    ("today", "23 15:00"), ("yesterday", "22 15:00"), ("오늘", "23 15:00"), ("어제", "22 15:00"), ("그제", "21 15:00"),
    ("yesterday 09:30", "23 00:30"), ("어제 오후 3시", "23 06:00"), ("어제15:00", "23 06:00"), ("Yesterday KST", "22 15:00"),
    ("02-24 15:00", "24 06:00"), ("2/24 15:00", "24 06:00"), ("2월 24일 15:00", "24 06:00"), ("02-24(화) 15:24", "24 06:24"),
    ("2월 3일", "02 15:00"), ("2026년 2월 24일 오후 3시 5분", "24 06:05"), ("02-25 01:00", "24 16:00"),
    ("2026-02-24", "23 15:00"), ("2026-02-24 15:00", "24 06:00"), ("2026-02-24T15:00:10.5", "24 06:00"),
    ("2026-02-24T06:00Z", "24 06:00"), ("2026-02-24T06:00:00.123456789Z", "24 06:00"), ("2026-02-24 15:00 KST", "24 06:00"),
    ("06:00 UTC", "24 06:00"), ("6:00Z", "24 06:00"), ("15:00+09:00", "24 06:00"), ("15:00 +9", "24 06:00"),
    ("11:30+0530", "24 06:00"), ("11:30 utc+5:30", "24 06:00"), ("02:00 -04:00", "24 06:00"), ("02-24 06:00 GMT", "24 06:00"),
    ("15:00 Asia/Tokyo", "24 06:00"), ("01:00 America/New_York", "24 06:00"), ("yesterday UTC", "23 00:00"), ("02-24 07:00 Europe/Berlin", "24 06:00"),
    ("noon", "24 03:00"), ("정오", "24 03:00"), ("midnight", "23 15:00"), ("자정", "23 15:00"), ("noon UTC", "23 12:00"), ("어제 정오", "23 03:00"),
    ("3:30 p.m.", "24 06:30"), ("오후 3시 반", "24 06:30"), ("새벽 2시", "23 17:00"), ("아침 9시", "24 00:00"), ("저녁 8시", "23 11:00"),
    ("밤 11:30", "23 14:30"), ("낮 1시", "24 04:00"), ("Feb 24 1pm", "24 04:00"), ("24 feb 13:00", "24 04:00"), ("February 3", "02 15:00"),
    ("Feb 24, 2026 3:00 PM", "24 06:00"), ("Feb 24, 3pm KST", "24 06:00"), ("1st Feb 09:00", "01 00:00"),
    ("monday 09:30", "23 00:30"), ("월요일 9시", "23 00:00"), ("tue", "23 15:00"), ("Tuesday 15:31", "17 06:31"), ("last tuesday", "16 15:00"),
    ("지난 금요일 오후 3시", "20 06:00"), ("sun noon", "22 03:00"),
    ("  15:00 \t KST ", "24 06:00"), ("１５：００".replace("：", ":"), "24 06:00"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FORMS)
def test_a_time_is_read_as_people_type_it(text: str, expected: str) -> None:
    assert f"{parse_moment(text, NOW, SEOUL, where='--since'):%d %H:%M}" == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", "24 08:30"),
        ("16:00", "24 07:00"),
        ("09:30", "25 00:30"),
        ("tomorrow 09:30", "25 00:30"),
        ("내일", "24 15:00"),
        ("02-25", "24 15:00"),
        ("1 hour ago", "24 05:30"),
        ("noon", "25 03:00"),
        ("자정", "24 15:00"),
        ("fri 03:00", "26 18:00"),
        ("tue 16:00", "24 07:00"),
        ("화요일 9시", "03 00:00"),
        ("Feb 26 3pm", "26 06:00"),
    ],
)
def test_an_end_that_is_to_come_is_the_next_such_time(text: str, expected: str) -> None:
    assert f"{parse_moment(text, NOW, SEOUL, where='--until', ahead=True):%d %H:%M}" == expected


@pytest.mark.parametrize(
    ("text", "year"), [("02-24", 2026), ("02-25", 2026), ("02-26", 2025), ("12-31", 2025), ("02-29", 2024), ("01-01", 2026)]
)
def test_a_day_without_its_year_is_the_last_one_that_was(text: str, year: int) -> None:
    assert parse_moment(text, NOW, UTC_ZONE, where="--since").year == year


WRONG = [
    "", " ", "once", "-1h", "15;00", "25:00", "24:00", "9:60", "2026-02-30", "13-01", "02-30", "2026-13-01", "1 month ago", "am", "0pm",
    "13pm", "오후 15시", "오후 3", "yesterday 15", "15:00 PST", "15:00 Mars/Olympus", "15:00 ../etc", "15:00+15:00", "15:00+09:75",
    "월 9시", "Feb", "Feb 30", "2 Smarch", "noon noon", "오전 정오", "정오 3시", "last", "tuesday tuesday", "오늘 월요일", "3시 반 반",
    "02-24-03", "KST", "+09:00", "99999999w", "9" * 400, "1h " * 60, "15:00 KST UTC", "0001-01-01", "9999-12-31 23:59", "1999-12-31",
]  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_time_is_told_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_moment(text, NOW, SEOUL, where="--since")
    assert refused.value.where == "--since"
    assert refused.value.hint
    assert zone_of([text], SEOUL, NOW).key


@pytest.mark.parametrize("text", ["15", "9", "90"])
def test_a_number_alone_is_asked_back(text: str) -> None:
    with pytest.raises(ConfigError, match=rf"'{text}' may be an hour or minutes") as refused:
        parse_moment(text, NOW, SEOUL, where="--since")
    assert refused.value.hint == f"write {text}:00 for the hour, {text}m for so many minutes"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("어제 자정", "may be the beginning or the end of a day"),
        ("Feb 24 midnight", "may be the beginning or the end of a day"),
        ("밤 12시", "may be the beginning or the end of a day"),
        ("24일", "may be a day of the month or so many days ago"),
        ("어제 밤 1시", "may be in either half of the day"),
        ("새벽 12시", "may be in either half of the day"),
        ("저녁 12시", "may be in either half of the day"),
    ],
)
def test_what_may_be_either_of_two_times_is_asked_back(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as refused:
        parse_moment(text, NOW, SEOUL, where="--since")
    assert refused.value.hint


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["15:00", None], "Asia/Seoul"),
        (["06:00 UTC", None], "UTC"),
        (["06:00Z", "07:00 GMT"], "UTC"),
        (["06:00Z", "1h"], "UTC"),
        (["15:00+09:00"], "Asia/Seoul"),
        (["15:00 Asia/Tokyo"], "Asia/Seoul"),
        (["01:00-05:00"], "-05:00"),
        (["11:30+05:30", "12:00+05:30"], "+05:30"),
        (["06:00Z", "15:00+02:00"], "Asia/Seoul"),
        (["06:00 Mars/Olympus"], "Asia/Seoul"),
    ],
)
def test_the_zone_of_the_question_is_the_one_that_its_times_name(texts: list[str | None], expected: str) -> None:
    assert str(zone_of(texts, SEOUL, NOW)) == expected


def test_a_length_is_read_as_people_type_it() -> None:
    typed = ["90m", "1h30m", "1 hour 30 minutes", "1시간 30분", "an hour 30m", "한 시간 30분"]
    assert {parse_length(text, where="--for") for text in typed} == {timedelta(minutes=90)}
    for wrong in ("soon", "1 hour ago", "", "0m"):
        with pytest.raises(ConfigError):
            parse_length(wrong, where="--for")


# ---- properties

MOMENTS = st.integers(0, 97 * 365 * 1440).map(lambda minutes: datetime(2001, 1, 2, tzinfo=UTC) + timedelta(minutes=minutes))
ZONES = st.sampled_from([SEOUL, UTC_ZONE, ZoneInfo("Asia/Kolkata"), ZoneInfo("Asia/Tokyo"), ZoneInfo("Etc/GMT+11")])
"""Such as keep one time all year: where the clocks go back, a time of day comes twice."""
OFFSETS = st.integers(-14 * 60, 14 * 60)


@given(MOMENTS, MOMENTS, ZONES, st.sampled_from(["ko", "en"]))
def test_what_is_printed_can_be_typed(at: datetime, now: datetime, zone: ZoneInfo, lang: str) -> None:
    readers = Audience(lang, zone, "shop")

    def read(text: str, at_: datetime) -> datetime:
        return parse_moment(text, at_, zone, where="--at")

    if zone in (SEOUL, UTC_ZONE):
        assert read(readers.date(at), now) == at
    assert read(readers.moment(at), at + timedelta(days=100)) == at
    assert read(readers.clock(at), at + timedelta(hours=23)) == at
    assert read(f"{at:%Y-%m-%dT%H:%M:%SZ}", now) == at


@given(MOMENTS, OFFSETS, MOMENTS, ZONES)
def test_a_time_with_an_offset_is_the_same_everywhere(at: datetime, minutes: int, now: datetime, zone: ZoneInfo) -> None:
    sign, hours, rest = "-" if minutes < 0 else "+", *divmod(abs(minutes), 60)
    local = at + timedelta(minutes=minutes)
    text = f"{local:%Y-%m-%d %H:%M}{sign}{hours:02}:{rest:02}"
    assert parse_moment(text, now, zone, where="--at") == at
    assert now.astimezone(zone_of([text], zone, now)).utcoffset() == timedelta(minutes=minutes)


@given(MOMENTS, ZONES, st.integers(0, 23), st.integers(0, 59))
def test_a_time_of_day_is_the_last_or_the_next(now: datetime, zone: ZoneInfo, hour: int, minute: int) -> None:
    text = f"{hour}:{minute:02}"
    last, following = (parse_moment(text, now, zone, where="--at", ahead=ahead) for ahead in (False, True))
    assert now - timedelta(days=1) < last <= now <= following < now + timedelta(days=1)
    assert {(each.astimezone(zone).hour, each.astimezone(zone).minute) for each in (last, following)} == {(hour, minute)}


UNITS = {"second": ("s", "sec", "seconds", "초"), "minute": ("m", "min", "minute", "분"), "hour": ("h", "hrs", "hours", "시간"),
         "day": ("d", "day", "days", "일"), "week": ("w", "week", "weeks", "주")}  # fmt: skip


@given(MOMENTS, st.sampled_from(sorted(UNITS)), st.integers(1, 400), st.data())
def test_a_length_before_now_is_the_same_in_every_word(now: datetime, unit: str, count: int, data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(UNITS[unit]))
    text = f"{count}{data.draw(st.sampled_from(['', ' ']))}{word}{data.draw(st.sampled_from(['', ' ago', ' 전', '전']))}"
    assume(not text.endswith("일") or count > 31)  # that may be a day of the month
    now = now.replace(year=2060)
    assert parse_moment(text, now, SEOUL, where="--at") == now - count * timedelta(**{f"{unit}s": 1})


@given(
    st.text(max_size=30)
    | st.from_regex(
        r"[0-9a-z:+ /오후전정자밤시반분일년월요화-]{1,25}|(mon|feb|last|noon|midnight|[0-9: ,]){1,6}", fullmatch=True
    )
)
def test_any_text_is_a_time_of_this_century_or_refused(text: str) -> None:
    zone_of([text], SEOUL, NOW)
    try:
        found = parse_moment(text, NOW, SEOUL, where="--at")
    except ConfigError:
        return
    assert found.utcoffset() == timedelta()
    assert 2000 <= found.year < 2100
