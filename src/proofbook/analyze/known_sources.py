"""
What is known by name of where chance comes from: random numbers, the clock, the machine, orders that nobody promised.

Two readers, two needs. `chance` asks whether a notebook may give two results, and takes whatever it does not know for
chance. `sources` asks what surely depends on more than its input, and takes whatever it does not know for quiet.
"""

# ruff: noqa: SIM905  lists of words read best as words

import ast
from typing import Literal

__all__ = ["CLOCK", "DRAWING", "GENERATORS", "MACHINE", "SEEDED", "SEEDS", "Kind", "kind_of_attribute", "kind_of_call"]

Kind = Literal["random", "clock", "uuid", "host", "environment", "unordered"]
"""`uuid`: made to be different each time. `unordered`: the same things in an order that nobody promised."""

CLOCK = frozenset({"now", "utcnow", "today", "time", "time_ns", "perf_counter", "monotonic", "localtime", "gmtime"})
MACHINE = frozenset({"urandom", "getpid", "environ", "getenv", "getrandom", "cpu_count", "uname", "gethostname"})
DRAWING = frozenset({"sample", "shuffle", "resample", "rvs", "bootstrap", "permutation_test", "kmeans2"})
"""Methods and functions that draw, unless they are given a seed."""
SEEDED = frozenset({"seed", "random_state", "rng"})
"""Keywords that seed what draws."""
GENERATORS = frozenset({"default_rng", "RandomState", "Random", "Generator", "SeedSequence", "PCG64", "seed"})
"""What makes a generator: with an argument it draws the same each time."""
SEEDS = frozenset(
    "random.seed numpy.random.seed torch.manual_seed tensorflow.random.set_seed tensorflow.set_random_seed".split()
)
"""Calls that seed a generator which everybody shares."""

_ALWAYS: dict[str, Kind] = {
    **dict.fromkeys(
        "datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today time.time "
        "time.time_ns time.perf_counter time.perf_counter_ns time.monotonic time.monotonic_ns time.process_time "
        "time.process_time_ns time.thread_time timeit.default_timer pandas.Timestamp.now pandas.Timestamp.today "
        "pandas.Timestamp.utcnow pandas.datetime.now arrow.now arrow.utcnow pendulum.now pendulum.today "
        "django.utils.timezone.now".split(),
        "clock",
    ),
    **dict.fromkeys(
        "uuid.uuid1 uuid.uuid4 secrets.token_hex secrets.token_urlsafe secrets.token_bytes secrets.randbits "
        "secrets.randbelow secrets.choice os.urandom os.getrandom".split(),
        "uuid",
    ),
    **dict.fromkeys(
        "os.getpid os.getppid os.uname os.cpu_count os.getcwd os.getlogin os.getloadavg socket.gethostname "
        "socket.getfqdn platform.node platform.platform platform.uname platform.machine platform.processor "
        "platform.release platform.version platform.system getpass.getuser pathlib.Path.cwd pathlib.Path.home "
        "multiprocessing.cpu_count psutil.cpu_count psutil.virtual_memory psutil.cpu_percent tempfile.mkdtemp "
        "tempfile.mkstemp tempfile.gettempdir".split(),
        "host",
    ),
    **dict.fromkeys("os.getenv os.environ.get os.environ.copy os.environ.setdefault".split(), "environment"),
    **dict.fromkeys("os.listdir os.scandir os.walk glob.glob glob.iglob".split(), "unordered"),
}
_NOW_WITHOUT_TIME = {"time.localtime": 0, "time.gmtime": 0, "time.ctime": 0, "time.asctime": 0, "time.strftime": 1}
"""These take the clock's time where they are given none: name to how many arguments leave it out."""
_NOW_AS_TEXT = frozenset({"pandas.Timestamp", "pandas.to_datetime", "numpy.datetime64"})
_SHARED = ("random.", "numpy.random.", "torch.rand", "torch.normal", "torch.multinomial", "tensorflow.random.")
"""Functions that draw from a generator which everybody shares."""
_QUIET = frozenset("seed getstate setstate get_state set_state set_seed Generator SeedSequence PCG64".split())
_SPLITS = frozenset("sklearn.model_selection.train_test_split sklearn.utils.shuffle sklearn.utils.resample".split())
_UNORDERED_METHODS = frozenset({"iterdir", "rglob", "glob"})


def kind_of_call(node: ast.Call, dotted: str | None, *, seeded: bool = False) -> Kind | None:
    """
    What kind of source a call is; None for what gives the same each time, and for what is not known.

    Args:
        node: The call.
        dotted: Its full name, `os.getenv`, where that is known.
        seeded: The notebook seeds the generator that everybody shares.
    """
    if dotted is None:
        return _kind_of_method(node, seeded=seeded)
    if dotted in _ALWAYS:
        return _ALWAYS[dotted]
    if dotted in _NOW_WITHOUT_TIME:
        return "clock" if len(node.args) <= _NOW_WITHOUT_TIME[dotted] else None
    if dotted in _NOW_AS_TEXT:
        first = node.args[0] if node.args else None
        return "clock" if isinstance(first, ast.Constant) and first.value in ("now", "today") else None
    last = dotted.rpartition(".")[2]
    if last in GENERATORS - {"seed", "Generator", "SeedSequence", "PCG64"} and "random" in dotted:
        return None if _given(node) else "random"
    if dotted in _SPLITS or (dotted.startswith(_SHARED) and last not in _QUIET):
        return None if seeded or SEEDED & {word.arg for word in node.keywords} else "random"
    return None


def kind_of_attribute(dotted: str | None) -> Kind | None:
    """What kind of source a name is that is merely read: `os.environ`."""
    return "environment" if dotted == "os.environ" else "host" if dotted in {"sys.platform", "sys.executable"} else None


def _kind_of_method(node: ast.Call, *, seeded: bool) -> Kind | None:
    """Methods of objects that are not known: only what is hardly ever the name of anything else."""
    if not isinstance(node.func, ast.Attribute):
        return None
    name, keywords = node.func.attr, {word.arg for word in node.keywords}
    if name in _UNORDERED_METHODS and isinstance(node.func.value, ast.Name | ast.Call | ast.BinOp | ast.Attribute):
        return "unordered"
    if name == "group_by":
        # polars gives the groups in another order each time
        return None if "maintain_order" in keywords else "unordered"
    if (
        name == "sample"
        and not seeded
        and not SEEDED & keywords
        and (node.args or keywords & {"n", "frac", "fraction"})
    ):
        return "random"
    return None


def _given(node: ast.Call) -> bool:
    """Whether a generator is given a seed that is not None."""
    values = [*node.args, *(word.value for word in node.keywords)]
    return any(not (isinstance(value, ast.Constant) and value.value is None) for value in values)
