"""Foreign words without what must not leave: no secrets, no query strings, nobody's address, phone or card.

What helps stays: the words of an error, host names, addresses with ports, status codes, SQL states.
"""

import re

MOST = 300
"""Characters of a redacted text."""

_READ = 4000
"""Characters of a text that are looked at."""
_TAIL = 64
"""Characters before the place of a cut that are dropped: half a card number is not known for one."""
_ROUNDS = 8
"""Texts that are not settled by then are not let out at all."""
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


def fold(text: str) -> str:
    """Give the redacted text with its ids and durations as `:id`, so that texts that differ in nothing else are one.

    >>> fold("Create order error: O-123456 timed out after 5000ms")
    'Create order error: O-:id timed out after :idms'
    """
    return _ID.sub(lambda found: found[0] if found["address"] else ":id", redact(text))


_ESCAPES = re.compile("\x1b\\[[0-9;?]*[ -/]*[@-~]")


def _to_line(text: str) -> str:
    """Put a text on one line, without colours and what is no character."""
    text = _ESCAPES.sub("", text) if "\x1b" in text else text
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " if char.isspace() else "" for char in text)
    return " ".join(text.split())


# The part of an address before the host: with a password, whatever that holds, or without one. `host:8080/` has none.
_USER = re.compile(r"(?<=//)(?:[^\s/:]*:(?!\d{1,5}(?:[/?#\s]|$))\S*@|(?:[^\s/?#@]*@)+)")
_PATH_END = re.compile(r"(?i)[?#]|[;&][\w.%\[\]-]+=|%(?:3f|23|3b|26)")
_BARE_QUERY = re.compile(r"\?[\w.%\[\]-]+=")
# Between the name of a secret and the secret: `password=`, `"token":`, `user[key]=`, `key =>`.
_IS = r"""["'`\\\])]*\s*(?:=>|[=:：])\s*"""
# In quotes, in brackets, or up to a blank, an ampersand or the next name.
_VALUE = r"""(?:
    (?: "(?:[^"\\]|\\.)*"? | '(?:[^'\\]|\\.)*'? | `[^`]*`? | \\+["'](?:(?!\\+["']).)*(?:\\+["'])? | [\[{(][^\]})]*[\]})]? )
    [^\s&,;]*
    | (?:(?![,;&]["'\\]*[\w.-]+["'\\]*\s*[=:])[^\s&])+
)"""
_SECRET = re.compile(
    rf"""(?ix) (
    (?:pass(?:word|wd|phrase|code)?|pwd|token|secret|key|credential|session[_-]?id|signature|(?<![a-z])(?:sid|cvc|cvv|otp|pin)
      |비밀번호|암호|토큰|인증번호|카드번호|계좌번호|주민등록번호)s?{_IS}(?:(?:bearer|basic|token)\s+)?) {_VALUE}"""
)
_HEADER = re.compile(
    rf"""(?ix) ( (?:authorization|cookies?){_IS}["'`\\]* ) (?:[a-z][\w-]*\s+)?
    [^\s;,]+ (?: ;\s*[\w.-]+(?:=[^\s;]*)? | ,\s*["']?[\w.-]+=(?:"[^"]*"|[^\s;,]*) )*"""
)
_BEARER = re.compile(r"(?i)\b(bearer\s+|basic\s+(?=[a-z0-9+/]{8,}))[^\s,;]+")
# PostgreSQL names the row that is in the way: `Key (email)=(kim@example.com) already exists.`
_ROW = re.compile(r"(?i)(\bkey \([^)]*\)=)\((?:[^()]|\([^)]*\))*\)?")
_MAIL = re.compile(r"""(?x) (?<![^\s@<>()\[\],;:"'`=|/]) (?:[^\s@<>()\[\],;:"'`=|/]|(?<=\w)'(?=\w))+ (?:@|%40)(?=\w)""")
_KNOWN = re.compile(
    r"""(?x) \beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?  # a JSON Web Token
    | (?<![A-Za-z0-9])(?: (?:sk|pk|rk|test|live)_(?:\w+_)?[A-Za-z0-9]{8,}\w* | gh[pousr]_\w+ | github_pat_\w+ | xox[a-z]-[\w-]+
        | AIza[\w-]{20,} | (?:AKIA|ASIA)[A-Z0-9]{12,} | ya29\.[\w.-]+ | GOCSPX-[\w-]+ )"""
)
_UUID = r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Za-z])"
_DIGITS = re.compile(
    rf"""(?x) (?P<uuid>{_UUID})
    | (?<!\d)(?<!\d\.) (?:(?:\+|\b00)?82[\s.-]?)? \(?0?1[016789]\)?[\s.-]?\d{{3,4}}[\s.-]?\d{{4}} (?!\d)  # a mobile phone
    | (?<!\d)(?<!\d\.) 0(?:2|[3-9]\d{{1,2}})[).\s-]{{0,2}}\d{{3,4}}[\s.-]?\d{{4}} (?!\d)  # a phone at home
    | \+\d(?:[\s().-]{{0,2}}\d){{6,14}}  # a phone abroad
    | (?<!\d) \d{{4}}(?P<sep>[ ./_-])\d{{4,6}}(?P=sep)\d{{4,5}}(?:(?P=sep)\d{{1,7}})? (?!\d)  # a card
    | (?<!\d) \d(?:[ -]?\d){{12,}} (?!\d)  # a card too, and a resident's number"""
)
_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,}=*")


def _hide(line: str) -> str:
    """Hide everything that is known for something to be hidden, once."""
    line = _USER.sub(f"{HIDDEN}@", line)
    line = " ".join(filter(None, map(_without_query, line.split(" "))))
    line = _HEADER.sub(rf"\1{HIDDEN}", line)
    line = _SECRET.sub(rf"\1{HIDDEN}", line)
    line = _BEARER.sub(rf"\1{HIDDEN}", line)
    line = _ROW.sub(rf"\1({HIDDEN})", line)
    line = _MAIL.sub(f"{HIDDEN}@", line)
    line = _KNOWN.sub(HIDDEN, line)
    line = _DIGITS.sub(lambda found: found["uuid"] or HIDDEN, line)
    return _RUN.sub(_hide_run, line)


def _without_query(word: str) -> str:
    """Cut a word before a query or a fragment behind a path, and before a query that stands alone."""
    slash = word.find("/")
    marks = _BARE_QUERY.search(word), _PATH_END.search(word, slash) if slash >= 0 else None
    return word[: min((mark.start() for mark in marks if mark), default=len(word))]


_UUIDS = re.compile(f"({_UUID})")
_WORD = re.compile(r"[A-Za-z0-9]+=*")
_HEX = re.compile(r"[0-9A-Fa-f]{16,}")


def _hide_run(found: re.Match[str]) -> str:
    """Hide what is random in a long run of letters and digits; ids of the usual form stay, and so do names and paths."""
    parts = _UUIDS.split(found[0])
    return "".join(part if at % 2 else _hide_random(part) for at, part in enumerate(parts))


def _hide_random(run: str) -> str:
    if _keeps_changing(run):
        return HIDDEN
    return _WORD.sub(lambda word: HIDDEN if _is_code(word[0]) else word[0], run)


_TURN = re.compile(r"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])|[A-Z](?=[a-z])")
_BETWEEN = str.maketrans("", "", "+/_-=")


def _keeps_changing(run: str) -> bool:
    """Tell whether small letters, capitals and digits follow each other as in no name: base64, not camelCase."""
    letters = run.translate(_BETWEEN)
    return len(letters) >= 20 and len(_TURN.findall(letters)) >= 0.3 * len(letters)


def _is_code(word: str) -> bool:
    digits = sum(char.isdigit() for char in word)
    return bool(_HEX.fullmatch(word)) or (len(word) >= 20 and digits >= 3)


_ID = re.compile(
    rf"""(?x) (?P<address>(?<![\d.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?::\d+)?)
    | {_UUID}
    | (?<![A-Za-z0-9])(?=(?:[A-Za-z]*\d){{3}})[A-Za-z0-9]{{8,}}(?![A-Za-z0-9])
    | (?<![A-Za-z0-9])(?=[A-Fa-f]*\d)[0-9A-Fa-f]{{8,}}(?![A-Za-z0-9])
    | \d{{4,}} | \d+(?:\.\d+)?(?=\s?(?:ms|s|sec|seconds|초)\b)"""
)
