"""What is not compared between a warm kernel and a cold one, and what is known to differ; each with its reason."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.kernels.corpus import OWN, Ran

__all__ = ["COLD", "KNOWN", "NORMALISED", "SEED", "Difference", "differing", "normalised", "section"]

_TEMPORARY = (r"ipykernel_\d+/", "ipykernel_PID/", "the folder of a cell's source is named after the process")
_ADDRESS = (r" at 0x[0-9a-f]+", " at 0xADDRESS", "an object's address")
_CONNECTION = (r"[^'\"\s]*/[^'\"\s/]*\.json", "CONNECTION.json", "each kernel has a connection file of its own")

NORMALISED: dict[str, tuple[tuple[str, str, str], ...]] = {
    "argv": (_CONNECTION,),
    "asyncio_basics": (_TEMPORARY,),
    "debuggers": (_TEMPORARY,),
    "descriptors": ((r"proofbook-\d+(-\d+)+", "proofbook-KERNEL", "each kernel has a name of its own"),),
    "environment": ((r"PROOFBOOK_KERNEL = .*", "PROOFBOOK_KERNEL = NAME", "each kernel has a name of its own"),),
    "garbage": (_TEMPORARY,),
    "ipython_magics": (
        _TEMPORARY,
        (r"(CPU|Wall) time.*", "TIME", "how long a cell took"),
        (r"user .*, total: .*", "TIME", "how long a cell took"),
    ),
    "ipython_setup": (_CONNECTION,),
    "ipython_shell": ((r"/dev/pts/\d+", "/dev/pts/N", "terminals are numbered as they are opened"),),
    "logging_root": (_TEMPORARY,),
    "matplotlib_inline": ((r"<dc:date>.*?</dc:date>", "DATE", "the time at which the figure was drawn"),),
    "noisy_import": (_TEMPORARY,),
    "numpy_linalg": (_TEMPORARY,),
    "pandas_frames": (_ADDRESS,),
    "pickles": (_ADDRESS,),
    "plots_of_others": ((r"altair-viz-[0-9a-f]{32}", "altair-viz-ID", "a random name, so that two figures get along"),),
    "sklearn_linear": ((r"sk-container-id-\d+", "sk-container-id-N", "a number, so that two figures get along"), _TEMPORARY),
    "subprocesses": ((r"timed out after [\d.]+ seconds", "timed out", "how long was waited"),),
    "threading_basics": (_TEMPORARY,),
    "tracebacks": (_TEMPORARY, _ADDRESS),
    "warning_filters": (_TEMPORARY,),
    "warning_filters_of_libraries": (_TEMPORARY,),
}  # fmt: skip
"""For each notebook: pattern, replacement, and why the two may differ."""


@dataclass(frozen=True)
class Difference:
    """Something that is not as in a cold kernel. `cells` is every (notebook, cell) of the corpus that shows it."""

    what: str
    why: str
    cells: tuple[tuple[str, str], ...]


SEED = Difference(
    "The seed of hashes, where PYTHONHASHSEED is not set",
    "it is chosen when an interpreter starts, and kernels of one template share that start; sets of texts have the same "
    "order in all of them, another one in the next template",
    (("hash_seed_unset", "hashes (own)"),),
)

COLD: tuple[Difference, ...] = (
    Difference(
        "`PROOFBOOK_KERNEL` is set",
        "by it everything that the kernel starts is found and ended, whatever becomes of its parents",
        (("environment", "variables"), ("subprocesses", "Python")),
    ),
    Difference(
        "Standard output is a class of our own, by an option on the command line",
        "what is printed is sent in pieces: a flood fills nobody's memory",
        (
            ("argv", "argv"),
            ("argv", "orig_argv"),
            ("argv", "the command line that others see"),
            ("interpreter", "prompts and streams"),
            ("ipython_setup", "configuration"),
            ("ipython_setup", "the application"),
            ("output_of_descriptors", "of the replaced"),
        ),
    ),
    Difference(
        "Standard input is `/dev/null`, not a closed pipe",
        "reading either gives nothing",
        (
            ("descriptors", "the first three"),
            ("stdin", "of which kind"),
        ),
    ),
    Difference(
        "Other files and sockets are open",
        "output past Python goes into a file in memory, and there is no connection to a parent that reads it",
        (("descriptors", "all kinds"),),
    ),
    Difference(
        "The kernel has no TCP port",
        "ipykernel opens one for what its forked children print; here that comes by a socket in the private folder",
        (("ipython_setup", "ports"),),
    ),
    Difference(
        "The kernel is killed when its parent dies",
        "nothing may outlive its driver",
        (("process_identity", "what ends it"),),
    ),
)
"""What every kernel of ours, cold or warm, does otherwise than one of jupyter_client's."""

KNOWN: tuple[Difference, ...] = (
    SEED,
    Difference(
        "Which modules are loaded: `sys.modules`, submodules that the notebook has not imported",
        "the template has imported them; a notebook that says `import pyarrow` and uses `pyarrow.parquet` fails cold only",
        (
            ("modules", "which are loaded"),
            ("modules", "a submodule that was not imported (fails)"),
            ("modules", "one of matplotlib (fails)"),
            ("modules", "one of the standard library (fails)"),
        ),
    ),
    Difference(
        "Loggers and native libraries of preloaded modules are there before the notebook imports them",
        "they came with the modules; their levels and handlers are those that the modules set",
        (
            ("logging_root", "names of loggers"),
            ("logging_root", "loggers that have a level or a handler"),
            ("numpy_linalg", "threads"),
        ),
    ),
    Difference(
        "Filters that preloaded libraries add to `warnings.filters` are there before the notebook imports them",
        "a library adds them once, when it is imported; they concern its own warnings",
        (
            ("warning_filters", "filters"),
            ("warning_filters", "filters after imports"),
            ("warning_filters_of_libraries", "after the imports"),
        ),
    ),
    Difference(
        "What a preloaded library prints and warns while it is imported is not in the notebook",
        "it was said when the template imported it",
        (("noisy_import", "warned"),),
    ),
    Difference(
        "The command line and the first environment that `/proc` shows are the template's",
        "the machine keeps what the process was started with; `sys.argv`, `sys.orig_argv` and `os.environ` are a cold "
        "kernel's",
        (
            ("argv", "the command line that others see"),
            ("environment", "what the kernel was started with"),
        ),
    ),
    Difference(
        "The outermost frames of the stack are the template's",
        "the kernel was forked in the middle of them; no traceback shows them",
        (("interpreter", "stacks"),),
    ),
    Difference(
        "`gc.get_freeze_count()` is not 0",
        "what the template imported is kept out of the collector's way, else every kernel would copy that memory",
        (("garbage", "frozen"),),
    ),
    Difference(
        "There are more exit handlers, and more threads of OpenBLAS",
        "preloaded libraries registered handlers, and have their threads back already",
        (
            ("exit_handlers", "how many there are"),
            ("threads_at_start", "of the machine"),
            ("threads_at_start", "their names"),
        ),
    ),
    *COLD,
)
"""What a warm kernel does otherwise: this list is exact, and `docs/kernels.md` holds it."""


def normalised(name: str, ran: Ran) -> dict[str, str]:
    """Each cell's text without what may differ between any two kernels."""
    facts = ran.facts()
    for pattern, replacement, _ in NORMALISED.get(name, ()):
        facts = {title: re.sub(pattern, replacement, text) for title, text in facts.items()}
    return facts


def differing(name: str, one: Ran, other: Ran) -> dict[tuple[str, str], tuple[str, str]]:
    """
    The cells that differ, with what each kernel said.

    A cell of `(own)` differs, in this sense, when both said the same.
    """
    first, second = normalised(name, one), normalised(name, other)
    return {
        (name, title): (first.get(title, "nothing"), second.get(title, "nothing"))
        for title in {**first, **second}
        if (first.get(title) == second.get(title)) is title.endswith(OWN)
    }


def cells(known: tuple[Difference, ...]) -> Mapping[tuple[str, str], str]:
    """Each cell that is known to differ, with the reason."""
    return {cell: difference.why for difference in known for cell in difference.cells}


def section(known: tuple[Difference, ...]) -> str:
    """The differences, as a table in Markdown."""
    rows = [
        f"| {difference.what} | {difference.why} | "
        + ", ".join(
            f"`{name}`: {title.removesuffix(' ' + OWN).removesuffix(' (fails)')}" for name, title in difference.cells
        )
        + " |"
        for difference in known
    ]
    return "\n".join(["| What differs | Why | Seen in |", "|---|---|---|", *rows])
