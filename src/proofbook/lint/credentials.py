"""
Finds credentials in text: by the forms that their issuers gave them so that they can be found, and by entropy.

The forms are the issuers' own, as published: GitHub, "About authentication to GitHub" (token prefixes); AWS IAM,
"Unique identifiers" (AKIA, ASIA); GitLab, "Token overview" (glpat-); Slack, "Token types" (xox*); Stripe, "API keys"
(sk_live_); Google Cloud, API keys (AIza); PyPI and npm, their announcements of token formats; Hugging Face, OpenAI,
Anthropic, SendGrid, DigitalOcean and Databricks, their consoles; PEM, RFC 7468; JSON Web Tokens, RFC 7519.
"""

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

__all__ = ["Secret", "by_name", "is_password", "is_token", "masked", "secrets"]

_STARS = "****"


class Secret(Struct, frozen=True):
    """A credential in a text: what it is, and from where to where it stands."""

    kind: str
    start: int
    end: int


class _Form(Struct, frozen=True):
    kind: str
    prefixes: tuple[str, ...]
    """What such credentials begin with: a search for it is far cheaper than one for a pattern."""
    rest: re.Pattern[str]


def _form(kind: str, prefixes: str, rest: str) -> _Form:
    return _Form(kind, tuple(prefixes.split()), re.compile(rf"{rest}(?![A-Za-z0-9_-])"))


_FORMS = (
    _form("a GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", r"[A-Za-z0-9]{36}"),
    _form("a GitHub token", "github_pat_", r"[A-Za-z0-9_]{60,90}"),
    _form("an AWS access key", "AKIA ASIA", r"[A-Z2-7]{16}"),
    _form("a GitLab token", "glpat-", r"[A-Za-z0-9_-]{20,}"),
    _form("a Slack token", "xoxa- xoxb- xoxo- xoxp- xoxr- xoxs-", r"[0-9]{6,}-[A-Za-z0-9-]{10,}"),
    _form("a Stripe key", "sk_live_ rk_live_", r"[A-Za-z0-9]{20,}"),
    _form("a Google API key", "AIza", r"[A-Za-z0-9_-]{35}"),
    _form("a PyPI token", "pypi-AgE", r"[A-Za-z0-9_-]{50,}"),
    _form("an npm token", "npm_", r"[A-Za-z0-9]{36}"),
    _form("a Hugging Face token", "hf_", r"[A-Za-z0-9]{34,}"),
    _form("an Anthropic key", "sk-ant-", r"[A-Za-z0-9_-]{40,}"),
    _form("an OpenAI key", "sk-", r"(?:proj-|svcacct-)?(?!ant-)[A-Za-z0-9_-]{40,}"),
    _form("a SendGrid key", "SG.", r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _form("a DigitalOcean token", "dop_v1_ doo_v1_ dor_v1_", r"[a-f0-9]{64}"),
    _form("a Databricks token", "dapi", r"[a-f0-9]{32}"),
    _form("a key of Azure storage", "AccountKey=", r"[A-Za-z0-9+/]{86}=="),
)
_PART = re.compile(r"[A-Za-z0-9+/_=-]")
"""What stands before a prefix, if that is only a part of something else."""
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*(?:\\n)?[A-Za-z0-9+/=\s\\]{64}")
_WEB_TOKEN = re.compile(r"(?<![\w.-])(eyJ[\w-]{10,})\.(eyJ[\w-]{10,})\.[\w-]{20,}")
_IN_ADDRESS = re.compile(r"://([^\s:/@'\"<>{}$]{1,80}):([^\s:/@'\"<>{}$*%]{6,80})@([\w.-]{1,200})")
_LOCAL = ("localhost", "127.", "0.0.0.0", "host", "example.", "db", "postgres", "mysql", "redis", "mongo")  # noqa: S104

_PASSWORD = re.compile(r"(?:^|_)(?:password|passwd|passphrase|pwd|pw)$")
_TOKEN = re.compile(
    r"(?:^|_)(?:secret|secret_?key|client_?secret|api_?key|access_?key|secret_access_key|private_?key|account_?key|"
    r"token|auth_?key|authorization)$"
)
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|token) +")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GIVEN = re.compile(
    r"(?<![\w-])(?P<name>[A-Za-z_][\w-]{1,80})[\"'\]]{0,2}[ \t]{0,9}(?::[ \t]{0,9}\w{1,40}[ \t]{0,9}=|[=:])[ \t]{0,9}"
    r"[\"'](?P<text>[^\"'\n]{6,200})[\"']"
)
_OF_MAGIC = re.compile(r"%(?:set_)?env[ \t]{1,9}(?P<name>\w{1,80})[= \t]{1,9}(?P<text>\S{6,200})")
"""A name, and what it is given."""

_PLACEHOLDER = re.compile(
    r"example|sample|dummy|fake|placeholder|change.?me|your|insert|replace|redacted|secret|passw|token|"
    r"x{4,}|\*{3,}|\.{3}|0{6,}|1234|abcdef|abc123|foo|test|demo|todo|default|admin|<|>|\{|\}|^\$|\$\(",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[A-Za-z]*(?:[-_./: ][A-Za-z]*)*\d{0,2}")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F-]+")


def secrets(text: str) -> Iterator[Secret]:
    """Every credential in `text` that its form gives away; none that is plainly a placeholder."""
    for form in _FORMS:
        for prefix in form.prefixes:
            if prefix in text:
                yield from _of_form(form, prefix, text)
    if "PRIVATE KEY-----" in text:
        yield from (Secret("a private key", *found.span()) for found in _PRIVATE_KEY.finditer(text))
    if "eyJ" in text:
        found_here = _WEB_TOKEN.finditer(text)
        yield from (Secret("a JSON Web Token", *found.span()) for found in found_here if _is_header(found[1]))
    if "://" in text and "@" in text:
        yield from _in_addresses(text)


def _of_form(form: _Form, prefix: str, text: str) -> Iterator[Secret]:
    start = text.find(prefix)
    while start >= 0:
        whole = not (start and _PART.match(text[start - 1]))
        found = form.rest.match(text, start + len(prefix)) if whole else None
        if found is not None and _is_random(text[start : found.end()], bits=3.0):
            yield Secret(form.kind, start, found.end())
        start = text.find(prefix, start + len(prefix))


def _in_addresses(text: str) -> Iterator[Secret]:
    for found in _IN_ADDRESS.finditer(text):
        user, password, host = found.groups()
        if password != user and is_password(password) and not host.startswith(_LOCAL):
            yield Secret("a password in an address", found.start(2), found.end(2))


def by_name(name: str, text: str) -> str | None:
    """What is given away by a text that a name is given; None for no secret, and for one that is known by its form."""
    plain = _CAMEL.sub("_", name).replace("-", "_").lower()
    if _PASSWORD.search(plain) and is_password(text):
        kind = "password"
    elif _TOKEN.search(plain) and is_token(_SCHEME.sub("", text)):
        kind = "key"
    else:
        return None
    return None if any(secrets(text)) else kind


def masked(text: str) -> str:
    """`text` with stars in the place of each secret, so that it can be shown."""
    for found in sorted(secrets(text), key=lambda found: found.start, reverse=True):
        text = f"{text[: found.start]}{_STARS}{text[found.end :]}"
    return _OF_MAGIC.sub(_starred, _GIVEN.sub(_starred, text))


def _starred(given: re.Match[str]) -> str:
    if by_name(given["name"], given["text"]) is None:
        return given[0]
    start, end = given.start("text") - given.start(), given.end("text") - given.start()
    return f"{given[0][:start]}{_STARS}{given[0][end:]}"


def is_password(value: str) -> bool:
    """Whether a text that is called a password may be one: not a word, not an example."""
    if not 6 <= len(value) <= 200 or any(char.isspace() for char in value):
        return False
    mixed = any(char.isalpha() for char in value) and any(not char.isalpha() for char in value)
    # `hunter2` is one, `postgres` and `my-database` are not
    words = _WORDS.fullmatch(value) is not None and not value[-1].isdigit()
    return mixed and not words and not _PLACEHOLDER.search(value)


def is_token(value: str) -> bool:
    """Whether a text that is called a token or key may be one: long enough, and random."""
    if not 16 <= len(value) <= 4000 or not re.fullmatch(r"[\w+/=.~:-]+", value, re.ASCII):
        return False
    if _WORDS.fullmatch(value) or not re.search(r"\d", value) or not re.search(r"[A-Za-z]", value):
        return False
    return _is_random(value, bits=3.0 if _HEXADECIMAL.fullmatch(value) else 3.5)


def _is_random(value: str, *, bits: float) -> bool:
    """Whether a text has that many bits of entropy a character, and no word in it that examples are made of."""
    counted = Counter(value)
    entropy = -sum(count / len(value) * math.log2(count / len(value)) for count in counted.values())
    return entropy >= bits and not _PLACEHOLDER.search(value)


def _is_header(part: str) -> bool:
    """Whether this is the header of a JSON Web Token, which names its algorithm."""
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return False
    return isinstance(header, dict) and "alg" in header
