"""What is known of single magics: whose body is Python, which bind names, which read them."""

# ruff: noqa: SIM905  lists of words read best as words

import ast
import re
from itertools import pairwise

from msgspec import Struct

from proofbook.analyze.syntax import parse_quietly

__all__ = [
    "AUTOMAGIC",
    "AUTOMAGIC_BARE",
    "FOREIGN_BODY",
    "HELP",
    "PYTHON_BODY",
    "STATEMENT_AFTER",
    "Bound",
    "bound_by",
    "is_python",
    "read_in_text",
]

PYTHON_BODY = frozenset({"time", "timeit", "capture", "prun", "debug", "code_wrap"})
"""Cell magics that run their body in the notebook's own namespace (`timeit`: in a function)."""

_SCRIPTS = frozenset("bash sh script perl ruby python python2 python3 pypy cmd powershell pwsh node".split())
FOREIGN_BODY = _SCRIPTS | frozenset(
    "! sx system html HTML svg SVG javascript js latex markdown writefile file sql bigquery R cython julia octave "
    "matlab stata fortran mermaid dot ai configure local spark".split()
)
"""Cell magics whose body is another language, or Python for another process."""

AUTOMAGIC = frozenset(
    "alias cat cd conda config cp debug dhist dirs edit env hist history ldir ll load load_ext ls lsmagic magic mamba "
    "man matplotlib mkdir more less mv pdb pdoc pfile pinfo pip popd precision prun psource pushd pwd pycat pylab "
    "reload_ext rep reset rm rmdir run save store system time timeit uv who who_ls whos xmode".split()
)
"""Line magics that work without `%`, where the cell is one line and no variable has the name."""

AUTOMAGIC_BARE = frozenset("ls ll pwd who whos who_ls lsmagic history hist dirs pylab".split())
"""Of these, the ones that are taken for a magic although the bare name is Python."""

HELP = re.compile(r"(?P<object>%{0,2}(?!\d)[\w*]+(\.(?!\d)[\w*]+|\[-?[0-9]+\])*)(?P<sign>\?\??)$")

STATEMENT_AFTER = {
    "time": re.compile(r"%time[ \t]+(--no-raise-error[ \t]+)?"),
    "timeit": re.compile(r"%timeit[ \t]+(-([nrp][ \t]*\d+|v[ \t]*\w+|[tcqo]+)[ \t]+)*"),
    "prun": re.compile(r"%prun[ \t]+(-([DlsT][ \t]*\S+|[rq]+)[ \t]+)*"),
}
"""Line magics that run a statement, with what stands before it."""

_BINDS_NOTHING = (
    AUTOMAGIC
    | PYTHON_BODY
    | (FOREIGN_BODY - {"bigquery", "spark", "cython", "local", "ai", "configure", "julia", "octave", "matlab", "stata"})
    | frozenset(
        "aimport alias_magic autoawait autocall automagic autoreload autosave bookmark clear colors connect_info "
        "doctest_mode ed gui killbgscripts lf lk logoff logon logstart logstate logstop lprun lx memit "
        "micromamba mprun mypy notebook page pastebin pdef pep8 pinfo2 pprint psearch pycodestyle python qtconsole "
        "quickref rehashx reset_selective set_env subshell tb tensorboard unalias unload_ext watermark xdel".split()
    )
)
"""Magics whose words are no names that they bind."""

_WORD = re.compile(r"(?<![-\w./$'\"])[A-Za-z_]\w*(?![\w./('\"])")
_WILD = frozenset("run pylab rerun recall rep load loadpy macro cython".split())
_EXPANDED = re.compile(r"(?<!\$)\$\{?([A-Za-z_]\w*)|(?<!\{)\{([^{}]+)\}(?!\})|\{\{([^{}]+)\}\}")
_IN_TEXT = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)|\$\{?([A-Za-z_]\w*)|\{+\s*([A-Za-z_]\w*)|@([A-Za-z_]\w*)")


class Bound(Struct, frozen=True):
    """Names that one magic binds, and names that it may read."""

    defines: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    wild: bool = False


def is_python(code: str) -> bool:
    """Whether `code` parses."""
    try:
        parse_quietly(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def read_in_text(text: str) -> tuple[str, ...]:
    """Names that a foreign body may take from the notebook: `:x`, `$x`, `{x}`, `{{ x }}`, `@x`."""
    return tuple(dict.fromkeys(next(filter(None, found)) for found in _IN_TEXT.findall(text)))


def bound_by(kind: str, name: str, arguments: str) -> Bound:
    """What the magic `name` with `arguments` binds and may read."""
    reads = _expanded(arguments)
    words = arguments.split()
    if kind == "help":
        root = re.match(r"[A-Za-z_]\w*", arguments)
        return Bound(reads=(root.group(),) if root else ())
    if kind == "call":
        called = re.match(r"[A-Za-z_]\w*", arguments)
        return Bound(
            reads=(*((called.group(),) if called else ()), *(word for word in words[1:] if word.isidentifier()))
        )
    if kind == "shell":
        return Bound(reads=reads)
    if name == "capture":
        return Bound(defines=_identifiers(word for word in words if not word.startswith("-"))[:1], reads=reads)
    if name == "sql":
        assigned = re.match(r"([A-Za-z_]\w*)\s*=?<<", arguments)
        return Bound(defines=(assigned.group(1),) if assigned else (), reads=reads + read_in_text(arguments))
    if name == "R":
        return Bound(defines=_options(words, "-o", "--output"), reads=reads + _options(words, "-i", "--input"))
    if name == "store":
        names = _identifiers(word for word in words if not word.startswith("-"))
        back = "-r" in words
        return Bound(defines=names if back else (), reads=() if back else names, wild=back and not names)
    if kind == "cell" and name in _SCRIPTS:
        return Bound(defines=_options(words, "--out", "--err", "--proc"), reads=reads)
    if kind in {"line", "cell"} and name not in _BINDS_NOTHING and name not in _WILD:
        # of another library: `%%bigquery df`, `%%spark -o df`, `%octave_pull x`
        perhaps = tuple(dict.fromkeys(_WORD.findall(arguments)))
        return Bound(defines=perhaps, reads=reads + perhaps)
    return Bound(reads=reads, wild=name in _WILD)


def _expanded(text: str) -> tuple[str, ...]:
    """Names in `{...}` and behind `$`, which IPython fills in before it runs a command."""
    names: dict[str, None] = {}
    for dollar, braces, double in _EXPANDED.findall(text):
        expression = dollar or braces or double
        if is_python(expression.strip()):
            nodes = ast.walk(parse_quietly(expression.strip()))
            names.update(dict.fromkeys(node.id for node in nodes if isinstance(node, ast.Name)))
    return tuple(names)


def _identifiers(words: object) -> tuple[str, ...]:
    return tuple(word for word in words if word.isidentifier())  # type: ignore[attr-defined]


def _options(words: list[str], *flags: str) -> tuple[str, ...]:
    """Values of `--flag x`, `--flag=x` and `-o a,b` that are names."""
    values = [after for word, after in pairwise(words) if word in flags]
    values += [word.partition("=")[2] for word in words if word.partition("=")[0] in flags and "=" in word]
    return _identifiers(part for value in values for part in value.split(","))
