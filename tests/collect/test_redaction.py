"""What must not leave a log line never does, and what helps stays."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logwatch.collect.entries import KeyNames, LabelNames, RevisionNames
from logwatch.collect.redaction import MOST, fold, redact, redact_key, redact_name
from tests.support.patience import no_hang

# A marker that nothing else produces; each form below hides a secret that holds it.
MARK = "Qz7XkW4vN9"
FORMS = [
    "password={}", "passwd: {}", "pwd={}", "PASSWORD = {}", "db_password={}", "pass={}", "token={}", "access_token: {}",
    "secret={}", "client_secret={}", "key={}", "apikey={}", "api_key: {}", "x-api-key: {}", "paymentKey={}", "paymentKey: {}",
    'paymentKey="{}"', "cookie: {}", "Cookie: sid={}; theme=dark", "Set-Cookie: a=b; HttpOnly; sid={}", "authorization: {}",
    "Authorization: Bearer {}", "Authorization: Basic {}", "Authorization: Custom {}", "Authorization=Bearer {}", "Bearer {}",
    '"authorization":"Bearer {}"', '{{"password":"{}","user":"bob"}}', "{{'token': '{}'}}", '{{"password": "a b {} \\" c"}}',
    '{{\\"password\\":\\"{}\\"}}', "token => {}", "user[password]={}", "a=1&token={}&b=2", "password='a b {}'", 'keys=["{}", "b"]',
    "secret={{a: '{}'}}", "/a/b?x={}", "/a/b?{}", "https://host/a?q={}&z=1", "host.example?q={}", "GET /a#{}", "/a/b;sid={}", "/a%3Fx={}",
    "?q={}", '"url":"/a?x={}","status":400', "(see /a?x={})", "postgres://user:{}@db:5432/o4o", "https://{}@host/path",
    "redis://:{}@10.0.0.1:6379", "postgres://u:p@{}/x?y@db/o4o", "//u:a#{}@host", "{}@example.com", "mail {}.kim@example.co.kr now",
    "<{}@example.com>", "email={}@example.com", "{}%40example.com", "Key (email)=({}@x.com) already exists", "Key (name)=({}) exists",
    "비밀번호: {}", "토큰={}", "sk_live_{}", "ghp_{}abcdef", "xoxb-1-{}", "eyJhbGciOi.eyJ{}.abc", "ya29.{}",
    "hooks.slack.com/services/T0/B0/{}", "https://hooks.slack.com/services/{}/B0/x", "-----BEGIN PRIVATE KEY----- {} -----END PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n{}\n", "mysql --password {} -h db", "curl --api-key '{}'", "pw={}", "user:kim pw: {}", "X-Api-Key {}",
    "x-auth-token {}", "kim.{}\\u0040example.com", "{}%2540example.com", "{}%252540example.com", "비밀번호는 {}", "인증번호 {}", "인증 코드 {}",
    "x_api_key {}", "{}&#64;example.com", "{}&amp;#x40;example.com", "kim.{}\\x40example.com", "Failing row contains (1, a(b({})c)d, e).",
    "Key (email, note)=(a(b, {}) already exists", "/users/token: a/token: {}", "x_auth_token {}",
    "Failing row contains (7, {}, kim).", "Duplicate entry '{}' for key 'users.email'", "Duplicate entry 'a' {}", "Duplicate entry '{}",
    "{}＠example.com", "ｐａｓｓｗｏｒｄ＝{}", "password：{}",
    "\x1b[31mpassword=\x1b[1m{}\x1b[0m", "pass\x00word={}", "pass\u200bword={}", "password=\n{}", "password\t=\t{}", "password={},tail",
]  # fmt: skip
WORDS = st.text(string.ascii_letters + " .:[]()-", max_size=40)
NAMES = ["PW:", "key=", "token: ", "비밀번호:", "secret => ", '"password":', "--password", "X-Api-Key", "otp ", "Bearer"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_no_secret_survives_behind_the_name_of_another(name: str, form: str) -> None:
    assert MARK not in redact(f"{name} {form.format(MARK)}")


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25)
@given(before=WORDS, after=WORDS)
def test_no_secret_survives_whatever_stands_around_it(form: str, before: str, after: str) -> None:
    assert MARK not in redact(f"{before} {form.format(MARK)} {after}")


ODD = st.text([chr(number) for number in range(33, 127) if chr(number) not in "&,;"], min_size=1, max_size=20)


@pytest.mark.parametrize("form", ["password={}", "token: {}", "Bearer {}", "Authorization: {}", "https://u:x{}@h/y", "/a?{}"])
@given(before=ODD | st.just(""), after=ODD)
def test_no_character_of_a_secret_ends_it_too_early(form: str, before: str, after: str) -> None:
    assert MARK not in redact(f"x {form.format(before + MARK + after)} y")


@given(st.sampled_from("?#"), st.text(max_size=40).map(lambda text: "".join(text.split())), WORDS)
@pytest.mark.parametrize("path", ["/a/b", "https://host.example/x", "GET /api/v1/orders", "host:8080/a"])
def test_of_a_path_nothing_is_left_of_its_query(path: str, mark: str, query: str, after: str) -> None:
    found = redact(f"{path}{mark}{MARK}{query}{MARK} {after}")
    assert MARK not in found
    assert "@" in query or found.startswith(path)


@given(
    st.text(string.ascii_letters + string.digits, min_size=24, max_size=80).filter(
        lambda text: sum(map(str.isdigit, text)) >= 3
    )
)
def test_a_long_run_of_letters_and_digits_never_survives(run: str) -> None:
    assert run not in redact(f"charge {run} failed")


@given(st.binary(min_size=24, max_size=64))
def test_neither_hex_nor_a_token_of_bytes_survives(random: bytes) -> None:
    assert random.hex() not in redact(f"id {random.hex()} failed")
    assert random.hex().upper() not in redact(f"id={random.hex().upper()}")


PHONES = ["010-1234-5678", "01012345678", "010 1234 5678", "010.1234.5678", "(010)1234-5678", "+82-10-1234-5678", "+821012345678",
          "82 10 1234 5678", "011-123-4567", "02-123-4567", "02-1234-5678", "031-123-4567", "0212345678", "+1 (415) 555-2671",
          "+44 20 7946 0958", "+14155552671"]  # fmt: skip
CARDS = ["4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "4111.1111.1111.1111", "3782 822463 10005", "378282246310005",
         "900101-1234567"]  # fmt: skip


@pytest.mark.parametrize("number", [*PHONES, *CARDS])
@pytest.mark.parametrize("form", ["{}", "call {} now", "tel:{}", "({})", "번호{}입니다", '"{}"', "a={}", "{}.", "x,{},y"])
def test_neither_phone_nor_card_survives(number: str, form: str) -> None:
    found = redact(form.format(number))
    assert number not in found
    assert sum(map(str.isdigit, found)) == 0


WIDE = str.maketrans("0123456789-", "０１２３４５６７８９‑")


@pytest.mark.parametrize("number", ["010-1234-5678", "4111-1111-1111-1111", "900101-1234567"])
@pytest.mark.parametrize("dash", "-‐‑‒–—―−﹣－")
def test_no_other_form_of_digits_and_dashes_saves_a_number(number: str, dash: str) -> None:
    for text in (number.replace("-", dash), number.translate(WIDE).replace("‑", dash)):
        assert sum(map(str.isdigit, redact(f"연락처 {text} 입니다"))) == 0


@pytest.mark.parametrize("between", [" - ", "·", "・", "/", "_", " . "])
@pytest.mark.parametrize("number", ["010-1234-5678", "4111-1111-1111-1111", "900101-1234567"])
def test_nothing_that_people_put_between_its_parts_saves_a_number(number: str, between: str) -> None:
    if between == " - " or number.startswith("0"):
        assert redact(f"연락처 {number.replace('-', between)} 입니다") == "연락처 *** 입니다"


@pytest.mark.parametrize(
    "text",
    [
        "인증번호 {}",
        "인증번호[{}]를 입력",
        "[인증번호] {}",
        "인증번호: {}",
        "인증 코드는 {} 입니다",
        "OTP {}",
        "verification code is {}",
    ],
)
@pytest.mark.parametrize("code", ["482913", "482 913", "4829-13"])
def test_a_code_that_was_texted_is_hidden(text: str, code: str) -> None:
    assert not set("482913") & set(redact(text.format(code)))


KEPT = [
    "[GlycoPharm Payment] Confirm error: Request failed with status code 400",
    "[ReadCache] GET error, falling back to DB: connect ETIMEDOUT 10.41.0.3:6379",
    "getaddrinfo ENOTFOUND redis-prod-1.abc.internal",
    "QueryFailedError: deadlock detected (SQLSTATE 40P01, 23505)",
    "PaymentConfirmationServiceImplementation2 failed in o4o-core-api-00412-xot",
    "GET /api/v1/store/products/94368 took 4207 ms at 2026-02-24 04:19:47",
    "order 3f2a1b4c-aaaa-4bbb-8ccc-1234567890ab and O-123456",
    "https://host.example:8443/api/v1 answered 503",
    "[KPA Checkout] Create order error: 재고 부족 (상품 12345)",
    "duplicate key value violates unique constraint uq_orders_number",
    "what? and/or: nothing",
    "the password is wrong",
    "인증번호 불일치",
    "비밀번호가 틀렸습니다",
    "gcloud run --tokens",
    "X-Request-Id 17",
    "hooks.slack.com/services",
    "1,500건 - 실패",
    "REJECT_CARD_COMPANY 잔액 부족",
    "status code 4001",
    "인증번호 3회 불일치",
    "비밀번호 5회 오류",
    "10/1234/5678",
    "Key (id)=(***) is not present in table orders",
]


@pytest.mark.parametrize("text", KEPT)
def test_what_helps_stays(text: str) -> None:
    assert redact(text) == text


PATHS = st.lists(
    st.sampled_from(["/", "/:id", "/v1", "/api", "/store-list", "/key", "/token", "/password", "/a.b_c", "/basic", "/Bearer"]), min_size=1, max_size=6, unique=True
).map("".join)  # fmt: skip


@given(st.sampled_from(["", "GET ", "DELETE ", "PATCH "]), PATHS | st.sampled_from(["api", "checkout", "token"]))
def test_a_plain_name_is_what_redacting_it_gives(method: str, path: str) -> None:
    assert redact_name(method + path) == redact(method + path) == method + path


@given(st.sampled_from([*PHONES, *CARDS, "kim@example.com", "xoxb-1-abcdef", "010–1234–5678", "０１０－１２３４－５６７８"]))
def test_neither_a_route_nor_a_counters_key_keeps_what_is_somebodys(secret: str) -> None:
    assert secret not in redact_name(f"GET /users/{secret}/orders")
    assert secret not in redact_key(f"login.failed{{user={secret},shop=kpa}}")
    assert secret not in redact_key(f"failed for {secret}")


@pytest.mark.parametrize("form", FORMS)
def test_of_a_counters_labels_nothing_passes_that_would_not_pass_in_a_text(form: str) -> None:
    if "key=" not in form[:4]:  # the key of what is kept in a cache
        assert MARK not in redact_key(f"odd{{of={form.format(MARK)}}}")
        assert MARK not in redact_key(f"odd{{first=1,{form.format(MARK)},last=2}}")


@pytest.mark.parametrize(
    "key",
    ["checkout.attempt{service=glycopharm}", "slow.api{path=/a,b=c,method=GET}", "cache.hit{key=menu}", "a{b", "live_sessions",
     "request.total{method=GET,status=200}", "error.code{code=OUT_OF_STOCK}", "auth.failure{reason=expired token}", "a{b=}", "캐시.적중{매장=강남}"],
)  # fmt: skip
def test_a_counters_key_stays_as_it_is(key: str) -> None:
    assert redact_key(key) == key


ANY = st.text(max_size=600) | st.text("ab1/?#&=:@\"'\\ ,;()[]{}+-.*…\x1b\n", max_size=600) | st.lists(
    st.sampled_from([*FORMS, *PHONES, *CARDS, *KEPT, "key", "=", '"', "***", "@", "//", "?", " "]), max_size=12
).map("".join)  # fmt: skip


@given(ANY)
def test_a_redacted_text_is_one_short_printable_line_and_stays_as_it_is(text: str) -> None:
    found = redact(text)
    assert found.isprintable()
    assert len(found) <= MOST
    assert found == " ".join(found.split())
    assert redact(found) == found


@given(ANY | st.text("a{}=,@/?:.\ud800 1-", max_size=60))
def test_a_name_that_passed_its_gate_passes_it_again_as_it_is(text: str) -> None:
    for names in (KeyNames, LabelNames, RevisionNames):
        clean = names.clean(text)
        assert names.clean(clean) == clean


@given(ANY)
def test_folding_does_not_depend_on_whether_a_text_was_redacted(text: str) -> None:
    assert fold(redact(text)) == fold(text)


@given(
    st.integers(0, 200),
    st.sampled_from(["4111 1111 1111 1111", "010-1234-5678", f"password={MARK}", f"/a?{MARK}", f"kim.{MARK}@x.com"]),
)
def test_a_long_text_is_not_cut_through_a_secret(shift: int, secret: str) -> None:
    dropped = "/a?" + "x" * 3900  # shrinks to nothing, so that what stood far behind comes to the front
    found = redact(f"{dropped} {'y' * shift} {secret} {'z' * 500}")
    assert not any(part in found for part in ("4111", "1234", MARK[:4]))


IDS = [
    ("order O-{} failed", ["123456", "654321"]),
    ("user {} not found", ["94368", "1234"]),
    ("order {} gone", ["3f2a1b4c-aaaa-4bbb-8ccc-1234567890ab", "00000000-0000-4000-8000-00000000000f"]),
    ("key storefront:{} lost", ["20b9cbec2e1f", "6fed7c617f8e"]),
    ("timeout after {}ms", ["5000", "312", "7"]),
    ("took {} s", ["1.25", "30"]),
    ("GET /orders/{} failed", ["ab12cd34ef", "99999999"]),
    ("of kim{}@example.com", ["1", "22"]),
    ("card {}", ["4111111111111111", "5500 0000 0000 0004"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "ids"), IDS)
def test_texts_that_differ_in_ids_only_become_one(text: str, ids: list[str]) -> None:
    assert len({fold(text.format(each)) for each in ids}) == 1


@pytest.mark.parametrize(
    "pair", [("status code 400", "status code 500"), ("10.41.0.3:6379", "10.41.0.4:6379"), ("card", "stock")]
)
def test_texts_that_differ_in_more_stay_apart(pair: tuple[str, str]) -> None:
    assert fold(pair[0]) != fold(pair[1])


@pytest.mark.parametrize(
    "piece", ["/", "@", "a", "1 ", "key=", '"', 'key="', "/a?", "a@", "+1", ":@", "a,", "key:[", "\\", ",a", "[a-", "cookie=a;", "sk_", "0"]
)  # fmt: skip
def test_no_text_takes_for_ever(piece: str) -> None:
    with no_hang():  # a time that grows with the square of the length is one of hours here
        redact(piece * 1_000_000)
