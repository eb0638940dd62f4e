"""Times are read to the nanosecond, or refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logwatch.collect.timestamps import parse_timestamp
from logwatch.spans import EPOCH, NS, Span, to_datetime, to_nanoseconds

AT = 1_787_184_073
"""2026-08-20T00:01:13Z in seconds."""

UNDERSTOOD = {
    "no decimals": ("2026-08-20T00:01:13Z", 0),
    "one decimal": ("2026-08-20T00:01:13.5Z", 500_000_000),
    "two decimals": ("2026-08-20T00:01:13.05Z", 50_000_000),
    "three decimals": ("2026-08-20T00:01:13.123Z", 123_000_000),
    "four decimals": ("2026-08-20T00:01:13.1234Z", 123_400_000),
    "five decimals": ("2026-08-20T00:01:13.12345Z", 123_450_000),
    "six decimals": ("2026-08-20T00:01:13.123456Z", 123_456_000),
    "seven decimals": ("2026-08-20T00:01:13.1234567Z", 123_456_700),
    "eight decimals": ("2026-08-20T00:01:13.12345678Z", 123_456_780),
    "nine decimals": ("2026-08-20T00:01:13.123456789Z", 123_456_789),
    "the last nanosecond of a second": ("2026-08-20T00:01:13.999999999Z", 999_999_999),
    "more than nine decimals are cut": ("2026-08-20T00:01:13.123456789987Z", 123_456_789),
    "zero decimals written out": ("2026-08-20T00:01:13.000000000Z", 0),
    "Seoul's offset": ("2026-08-20T09:01:13.25+09:00", 250_000_000),
    "a negative offset": ("2026-08-19T19:01:13.25-05:00", 250_000_000),
    "a half-hour offset": ("2026-08-20T05:31:13.000000007+05:30", 7),
    "an offset of zero": ("2026-08-20T00:01:13.1+00:00", 100_000_000),
    "an unknown offset": ("2026-08-20T00:01:13-00:00", 0),
    "a small t": ("2026-08-20t00:01:13.1Z", 100_000_000),
    "a space for T": ("2026-08-20 00:01:13.1Z", 100_000_000),
}

REFUSED = {
    "nothing": "",
    "a word": "yesterday",
    "a number": "1787184073.123456789",
    "a date alone": "2031-02-03",
    "no zone": "2031-02-03T04:05:06",
    "no zone behind decimals": "2031-02-03T04:05:06.5",
    "no seconds": "2031-02-03T04:05Z",
    "no seconds before an offset": "2031-02-03T04:05+09:00",
    "no separators": "20310203T040506.000Z",
    "no colons": "2031-02-03T040506.123456Z",
    "a day of a week": "2031-W06-1T04:05:06Z",
    "a leap second": "2031-02-03T04:05:60Z",
    "a leap second with decimals": "2031-02-03T04:05:60.999Z",
    "second 61": "2031-02-03T04:05:61.0Z",
    "second 99": "2031-02-03T04:05:99.9Z",
    "minute 60": "2031-02-03T04:60:00Z",
    "hour 24": "2031-02-03T24:00:00Z",
    "a thirteenth month": "2031-13-03T04:05:06Z",
    "the 30th of February": "2031-02-30T04:05:06Z",
    "the 29th of February in a common year": "2031-02-29T04:05:06Z",
    "a point without decimals": "2031-02-03T04:05:06.Z",
    "letters for decimals": "2031-02-03T04:05:06.abcZ",
    "a sign among the decimals": "2031-02-03T04:05:06.-12Z",
    "an underscore among the decimals": "2031-02-03T04:05:06.1_2Z",
    "a space before Z": "2031-02-03T04:05:06.5 Z",
    "a space behind Z": "2031-02-03T04:05:06.5Z ",
    "a line break behind Z": "2031-02-03T04:05:06.5Z\n",
    "two Z": "2031-02-03T04:05:06.5ZZ",
    "one digit for seconds": "2031-02-03T04:05:6.5Z",
    "another script's digits for seconds": "2031-02-03T04:05:٠٦.5Z",
    "another script's digits for decimals": "2031-02-03T04:05:06.٥Z",
    "superscript digits": "2031-02-03T04:05:06.²Z",
    "an underscore for T": "2031-02-03_04:05:06Z",
    "an offset of a day": "2031-02-03T04:05:06+24:00",
    "year 0": "0000-02-03T04:05:06Z",
    "a fifth digit of the year": "12031-02-03T04:05:06Z",
}


@pytest.mark.parametrize(("text", "nanos"), UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_a_time_is_read_to_the_nanosecond(text: str, nanos: int) -> None:
    assert parse_timestamp(text) == AT * NS + nanos


@pytest.mark.parametrize(("text", "nanos"), UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_a_remembered_minute_changes_nothing(text: str, nanos: int) -> None:
    parse_timestamp("2026-08-20T00:01:00Z")
    assert parse_timestamp(text) == parse_timestamp(text) == AT * NS + nanos


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is not promised
        parse_timestamp(text)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_is_no_time_is_refused_in_a_remembered_minute_too(text: str) -> None:
    parse_timestamp("2031-02-03T04:05:00Z")
    with pytest.raises(ValueError):  # noqa: PT011 - the message is not promised
        parse_timestamp(text)


PLACES = {
    "the epoch": ("1970-01-01T00:00:00Z", 0),
    "a nanosecond before the epoch": ("1969-12-31T23:59:59.999999999Z", -1),
    "a minute before the epoch": ("1969-12-31T23:59:00.000000001Z", -60 * NS + 1),
    "a leap day": ("2028-02-29T23:59:59.5Z", to_nanoseconds(datetime(2028, 2, 29, 23, 59, 59, 500_000, UTC))),
    "an offset over the end of a year": (
        "2027-01-01T08:59:59.9+09:00",
        to_nanoseconds(datetime(2026, 12, 31, 23, 59, 59, 900_000, UTC)),
    ),
}


@pytest.mark.parametrize(("text", "nanoseconds"), PLACES.values(), ids=PLACES)
def test_the_epoch_is_1970_utc(text: str, nanoseconds: int) -> None:
    assert parse_timestamp(text) == nanoseconds
    assert parse_timestamp(text) == nanoseconds  # the second time by the remembered minute


WHOLE_SECONDS = st.datetimes(datetime(1700, 1, 1), datetime(2250, 1, 1)).map(lambda moment: moment.replace(microsecond=0))  # noqa: DTZ001
OFFSETS = st.integers(-23 * 60, 23 * 60)


@given(WHOLE_SECONDS, st.none() | OFFSETS, st.text("0123456789", max_size=9))
def test_any_time_reads_as_datetime_reads_it(moment: datetime, offset: int | None, decimals: str) -> None:
    zone = timezone(timedelta(minutes=offset or 0))
    suffix = "Z" if offset is None else f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    text = f"{moment:%H:%M:%S}{'.' if decimals else ''}{decimals}{suffix}"
    text = f"{moment.year:04}-{moment.month:02}-{moment.day:02}T{text}"
    expected = (moment.replace(tzinfo=zone) - EPOCH) // timedelta(seconds=1) * NS + int(decimals.ljust(9, "0"))
    assert parse_timestamp(text) == expected
    assert parse_timestamp(text) == expected  # the second time by the remembered minute


@given(st.text(max_size=40) | st.from_regex(r"\A\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{0,11})?(Z|[+-]\d\d:\d\d)?\Z"))
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    outcomes: list[int | None] = []
    for _ in range(2):
        try:
            outcomes.append(parse_timestamp(text))
        except ValueError:
            outcomes.append(None)
    assert outcomes[0] == outcomes[1]


@given(st.datetimes(datetime(1700, 1, 1), datetime(2250, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_time_survives_the_way_to_nanoseconds_and_back(moment: datetime) -> None:
    assert to_datetime(to_nanoseconds(moment)) == moment


@given(st.integers(-(2**63), 2**63 - 1))
def test_nanoseconds_are_cut_to_microseconds(nanoseconds: int) -> None:
    assert to_nanoseconds(to_datetime(nanoseconds)) == nanoseconds // 1000 * 1000
    assert to_datetime(nanoseconds).tzinfo is UTC


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    seoul = datetime(2026, 8, 20, 9, 1, 13, tzinfo=timezone(timedelta(hours=9)))
    assert to_nanoseconds(seoul) == AT * NS


def test_a_span_widens_on_both_sides_and_leaves_the_first_alone() -> None:
    start = datetime(2026, 8, 20, tzinfo=UTC)
    span = Span(start, start + timedelta(hours=1))
    wide = span.widen(timedelta(minutes=5), timedelta(minutes=1))
    assert wide == (start - timedelta(minutes=5), start + timedelta(minutes=61))
    assert span.widen(timedelta(), timedelta()) == span
    assert span.end - span.start == timedelta(hours=1)
