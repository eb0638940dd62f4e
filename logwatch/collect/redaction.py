"""Foreign words without what must not leave: no secrets, no query strings, nobody's address, phone or card.

What helps stays: the words of an error, host names, addresses with ports, status codes, SQL states.

Patterns stand here as texts: `re` compiles each when it is first used, and keeps it. A minute in which all is well needs few.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

MOST = 300
"""Characters of a redacted text."""

_READ = 4000
"""Characters of a text that are looked at."""
_TAIL = 64
"""Characters before the place of a cut that are dropped: half a card number is not known for one."""
_ROUNDS = 8
"""Texts that are not settled by then are not let out at all."""
_NAMES = 40
"""Names of secrets that are told apart in a text."""
HIDDEN = "***"


def redact(text: str) -> str:
    """Give one printable line of at most MOST characters without what must not leave.

    >>> redact("GET /orders?token=abc failed for kim@example.com: connect ETIMEDOUT 10.41.0.3:6379")
    'GET /orders failed for ***@example.com: connect ETIMEDOUT 10.41.0.3:6379'
    """
    line = _to_line(text[:_READ])
    if len(text) > _READ:
        line = _hide(line)[:-_TAIL]
    # What was hidden or cut may stand beside something else now: until nothing changes any more.
    for _ in range(_ROUNDS):
        hidden = _hide(line)
        hidden = hidden if len(hidden) <= MOST else hidden[: MOST - 1].rstrip() + "…"
        if hidden == line:
            return line
        line = hidden
    return HIDDEN


_METHODS = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT"
_PLAIN = rf"(?:(?:{_METHODS}) )?(?:/(?::id|v[0-9]|[a-z][a-z_.-]{{,14}})?)*|[a-z]{{1,15}}"
_PLAIN_LABEL = (
    rf"(?:service|shop|path|method|status|code|reason|key)=(?!xox)(?:{_PLAIN}|[A-Z_]{{1,30}}|[0-9]{{1,3}}|[a-z.-]{{1,30}})"
)
_HARMLESS = r"[a-z.]+(?:\{service=(?!xox)[a-z.-]{1,30}\})?"


def redact_name(name: str) -> str:
    """Give a label or a route as `redact` does; what is plain, as nearly all of them are, costs a look only.

    >>> redact_name("GET /api/v1/users/kim@example.com")
    'GET /api/v1/users/***@example.com'
    """
    return name if re.fullmatch(_PLAIN, name) else redact(name)


def redact_key(key: str) -> str:
    """Give a counter's key with each of its labels as `redact` gives it; its form stays.

    >>> redact_key("login.failed{user=kim@example.com,phone=010-1234-5678,path=/a?b=c}")
    'login.failed{user=***@example.com,phone=***,path=/a}'
    """
    if re.fullmatch(_HARMLESS, key):
        return key
    for _ in range(_ROUNDS):  # what was hidden may be read otherwise now
        name, brace, labels = key.partition("{")
        hidden = ",".join(map(_redact_label, re.split(_NEXT_LABEL, labels.removesuffix("}"))))
        name = _hide_people(name) if re.fullmatch(_NAME, name) else redact(name)
        clean = name + brace + hidden + ("}" if labels.endswith("}") else "")
        if clean == key:
            return key
        key = clean
    return HIDDEN


_NAME = r"(?a)[A-Za-z][\w.:-]*"
"""Names as programs give them: none of their words is a secret, whatever it looks like."""
_NEXT_LABEL = r",(?=[\w.-]+=)"


@lru_cache(1 << 12)  # shops stand in many counters
def _redact_label(label: str) -> str:
    """Redact one label with its name, which may say that a secret follows; of what a cache keeps, `key` is no secret's name."""
    if re.fullmatch(_PLAIN_LABEL, label):
        return label
    value = label.removeprefix("key=")
    return label[: len(label) - len(value)] + redact(value)


def redact_revision(name: str) -> str:
    """Give a revision's name, which whoever deploys it makes up; what none can be called is redacted.

    >>> redact_revision("shop-api-20260224153000"), redact_revision("010-1234-5678")
    ('shop-api-20260224153000', '***')
    """
    return name if re.fullmatch(r"[a-z][a-z0-9-]{,62}", name) else redact(name)


def fold(text: str) -> str:
    """Give the redacted text with its ids and durations as `:id`, so that texts that differ in nothing else are one.

    >>> fold("Create order error: O-123456 timed out after 5000ms")
    'Create order error: O-:id timed out after :idms'
    """
    return re.sub(_ID, lambda found: found[0] if found["address"] else ":id", redact(text))


_ESCAPES = "\x1b\\[[0-9;?]*[ -/]*[@-~]"


_OTHER_FORMS = str.maketrans({chr(0xFEE0 + code): chr(code) for code in range(0x21, 0x7F)} | dict.fromkeys("‐‑‒–—―−﹘﹣", "-"))
"""Full-width letters, digits and signs, and what looks like a hyphen."""


def _to_line(text: str) -> str:
    """Put a text on one line, without colours and what is no character, in the plain form of its letters and dashes."""
    text = re.sub(_ESCAPES, "", text) if "\x1b" in text else text
    if not text.isascii():
        text = text.translate(_OTHER_FORMS)
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " if char.isspace() else "" for char in text)
    return " ".join(text.split())


# The part of an address before the host: with a password, whatever that holds, or without one. `host:8080/` has none.
_USER = r"(?<=//)(?:[^\s/:]*:(?!\d{1,5}(?:[/?#\s]|$))\S*@|(?:[^\s/?#@]*@)+)"
_PATH_END = r"(?i)[?#]|[;&][\w.%\[\]-]+=|%(?:3f|23|3b|26)"
_BARE_QUERY = r"\?[\w.%\[\]-]+="
# Between the name of a secret and the secret: `password=`, `"token":`, `user[key]=`, `key =>`.
_IS = r"""["'`\\\])]*\s*(?:=>|[=:：])\s*"""
# In quotes, in brackets, or up to a blank, an ampersand or the next name.
_VALUE = r"""(?:
    (?: "(?:[^"\\]|\\.)*"? | '(?:[^'\\]|\\.)*'? | `[^`]*`? | \\+["'](?:(?!\\+["']).)*(?:\\+["'])? | [\[{(][^\]})]*[\]})]? )
    [^\s&,;]*
    | (?:(?![,;&]["'\\]*[\w.-]+["'\\]*\s*[=:])[^\s&]|(?<=(?:oken|word|cret|.key)[:=])\s)+  # a name within takes its own along
)"""
_SECRET = rf"""(?ix) (
    (?:pass(?:word|wd|phrase|code)?|pwd|token|secret|key|credential|session[_-]?id|signature|(?<![a-z])(?:pw|sid|cvc|cvv|otp|pin)
      |비밀번호|암호|토큰|인증번호|카드번호|계좌번호|주민등록번호)s?{_IS}(?:(?:bearer|basic|token)\s+)?) {_VALUE}"""
# Where a name is followed by its secret alone: an option of a command, a header as some write it, a code that was texted.
_BESIDE = r"""(?ix) ( (?<![\w-])--?[\w-]*(?:password|passwd|passphrase|token|secret|api-?key)[\w-]*\s+
    | (?<![\w-])x[_-](?:api[_-]?key|auth[_-]token|[\w-]*secret|[\w-]*token)\s+
    | (?:비밀번호|인증\s?(?:번호|코드))(?:은|는|이|가)?\s+(?=["']?[a-z0-9][!-~]{2}) )
    ["']?[^\s,;"']+"""
_CODE = r"""(?ix) ( (?:인증\s?(?:번호|코드)|\botp|\b(?:verification|security|authentication)\s(?:code|number))
    (?:은|는|이|가|\sis)?[\s:\[\](<]{0,4} ) \d(?:[\s-]?\d){3,}"""
_PEM = r"(-----BEGIN [A-Z ]{,30}-----).*?(?:-----END [A-Z ]{,30}-----|$)"
_HOOK = r"(?i)(\bhooks\.[\w.-]+/[\w-]+)/[^\s,;]+"
_HEADER = rf"""(?ix) ( (?:authorization|cookies?){_IS}["'`\\]* ) (?:[a-z][\w-]*\s+)?
    [^\s;,]+ (?: ;\s*[\w.-]+(?:=[^\s;]*)? | ,\s*["']?[\w.-]+=(?:"[^"]*"|[^\s;,]*) )*"""
_BEARER = r"(?i)\b(bearer\s+|basic\s+(?=[a-z0-9+/]{8,}))[^\s,;]+"
# Databases name the row that is in the way: `Key (email)=(kim@example.com) already exists.`, `Failing row contains (…).`,
# `Duplicate entry 'kim@example.com' for key 'users.email'`.
_ROW = r"(?i)(\bkey \([^)]*\)=|\bfailing row contains )(?:\(.*?\)(?=\s+(?:already|is|conflicts)\b|\W*$)|\(.*)"
_ENTRY = r"(?i)(\bduplicate entry )(?:'.*?'(?=\s+for\b|\W*$)|\S.*$)"
_MAIL = r"""(?x) (?<![^\s@<>()\[\],;:"'`=|/]) (?:[^\s@<>()\[\],;:"'`=|/]|(?<=\w)'(?=\w))+
    (?:@|%(?:25)*40|\\+(?:u00|x)40|&(?:amp;)*\#(?:64|x40);)(?=\w)"""
_KNOWN = r"""(?x) \beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?  # a JSON Web Token
    | (?<![A-Za-z0-9])(?: (?:sk|pk|rk|test|live)_(?:\w+_)?[A-Za-z0-9]{8,}\w* | gh[pousr]_\w+ | github_pat_\w+ | xox[a-z]-[\w-]+
        | AIza[\w-]{20,} | (?:AKIA|ASIA)[A-Z0-9]{12,} | ya29\.[\w.-]+ | GOCSPX-[\w-]+ )"""
_UUID = r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Za-z])"
_APART = r"[\s._/·・‧∙-]{1,3}"
_DIGITS = rf"""(?x) (?P<uuid>{_UUID})
    | (?<!\d)(?<!\d\.) (?:(?:\+|\b00)?82[\s.-]?)? \(?0?1[016789]\)?[\s.-]?\d{{3,4}}[\s.-]?\d{{4}} (?!\d)  # a mobile phone
    | (?<!\d)(?<!\d\.) 01[016789]{_APART}\d{{3,4}}{_APART}\d{{4}} (?!\d)  # one with more between its parts
    | (?<!\d)(?<!\d\.) 0(?:2|[3-9]\d{{1,2}})[).\s-]{{0,2}}\d{{3,4}}[\s.-]?\d{{4}} (?!\d)  # a phone at home
    | \+\d(?:[\s().-]{{0,2}}\d){{6,14}}  # a phone abroad
    | (?<!\d) \d{{4}}(?P<sep>[ ./_·-]|\s-\s)\d{{4,6}}(?P=sep)\d{{4,5}}(?:(?P=sep)\d{{1,7}})? (?!\d)  # a card
    | (?<!\d) \d(?:[ -]?\d){{12,}} (?!\d)  # a card too, and a resident's number
    | (?<!\d) \d{{6}}\s-\s[1-8]\d{{6}} (?!\d)  # a resident's number with blanks"""
_RUN = r"[A-Za-z0-9+/_-]{16,}=*"


def _hide(line: str) -> str:
    """Hide everything that is known for something to be hidden, once."""
    line = re.sub(_USER, f"{HIDDEN}@", line)
    line = " ".join(filter(None, map(_without_query, line.split(" "))))
    line = re.sub(_PEM, rf"\1{HIDDEN}", line)
    line = re.sub(_HOOK, rf"\1/{HIDDEN}", line)
    line = re.sub(_HEADER, rf"\1{HIDDEN}", line)
    line = re.sub(_CODE, rf"\1{HIDDEN}", line)
    line = re.sub(_ROW, rf"\1({HIDDEN})", line)
    line = re.sub(_ENTRY, rf"\1'{HIDDEN}'", line)
    line = _hide_named(line)
    line = re.sub(_KNOWN, HIDDEN, _hide_people(line))
    return re.sub(_RUN, _hide_run, line)


def _hide_named(line: str) -> str:
    """Hide what stands behind the name of a secret, whatever stands before that: another's name may have it for its secret."""
    hidden, at = [], 0
    for start, end in sorted(chain.from_iterable(_named(pattern, line) for pattern in (_SECRET, _BESIDE, _BEARER))):
        if start >= at:
            hidden += [line[at:start], HIDDEN]
        at = max(at, end)
    return "".join([*hidden, line[at:]])


def _named(pattern: str, line: str) -> Iterator[tuple[int, int]]:
    """Find the secrets of a pattern, also of a name within the secret of another; behind very many, all that is left."""
    form, at = re.compile(pattern), 0
    for count in range(_NAMES + 1):
        if not (found := form.search(line, at)):
            return
        yield found.end(1), found.end() if count < _NAMES else len(line)
        at = found.start() + 1


def _hide_people(line: str) -> str:
    """Hide whose mail address, phone, card or resident's number it is."""
    line = re.sub(_MAIL, f"{HIDDEN}@", line)
    return re.sub(_DIGITS, lambda found: found["uuid"] or HIDDEN, line)


def _without_query(word: str) -> str:
    """Cut a word before a query or a fragment behind a path, and before a query that stands alone."""
    slash = word.find("/")
    bare, end = re.search(_BARE_QUERY, word), re.search(_PATH_END, word[slash:]) if slash >= 0 else None
    return word[: min(bare.start() if bare else len(word), slash + end.start() if end else len(word))]


_UUIDS = f"({_UUID})"
_WORD = r"[A-Za-z0-9]+=*"
_HEX = r"[0-9A-Fa-f]{16,}"


def _hide_run(found: re.Match[str]) -> str:
    """Hide what is random in a long run of letters and digits; ids of the usual form stay, and so do names and paths."""
    parts = re.split(_UUIDS, found[0])
    return "".join(part if at % 2 else _hide_random(part) for at, part in enumerate(parts))


def _hide_random(run: str) -> str:
    if _keeps_changing(run):
        return HIDDEN
    return re.sub(_WORD, lambda word: HIDDEN if _is_code(word[0]) else word[0], run)


_TURN = r"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])|[A-Z](?=[a-z])"
_BETWEEN = str.maketrans("", "", "+/_-=")


def _keeps_changing(run: str) -> bool:
    """Tell whether small letters, capitals and digits follow each other as in no name: base64, not camelCase."""
    letters = run.translate(_BETWEEN)
    return len(letters) >= 20 and len(re.findall(_TURN, letters)) >= 0.3 * len(letters)


def _is_code(word: str) -> bool:
    digits = sum(char.isdigit() for char in word)
    return bool(re.fullmatch(_HEX, word)) or (len(word) >= 20 and digits >= 3)


_ID = rf"""(?x) (?P<address>(?<![\d.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?::\d+)?)
    | {_UUID}
    | (?<![A-Za-z0-9])(?=(?:[A-Za-z]*\d){{3}})[A-Za-z0-9]{{8,}}(?![A-Za-z0-9])
    | (?<![A-Za-z0-9])(?=[A-Fa-f]*\d)[0-9A-Fa-f]{{8,}}(?![A-Za-z0-9])
    | \d{{4,}} | \d+(?:\.\d+)?(?=\s?(?:ms|s|sec|seconds|초)\b)"""
