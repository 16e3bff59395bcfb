"""`proofbook lint`: findings on notebooks, before anything runs."""

import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from click.core import ParameterSource

from proofbook.exceptions import LintFailedError, MachineError, ProofbookError, UsageError
from proofbook.terminal import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from proofbook.flow.asked import Asked, Written
    from proofbook.flow.fix import FixResult
    from proofbook.lint.result import LintResult
    from proofbook.model.configuration import Configuration, LintConfiguration

__all__ = ["lint"]


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--select", multiple=True, metavar="CODES", help="Only these rules: codes or prefixes, with commas.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Not these rules: codes or prefixes, with commas.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github", "junit"]),
    default="text",
    help="How they are shown.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document; the same as --format json.")
@click.option("--statistics", is_flag=True, help="How often each rule spoke, in place of the findings.")
@click.option("--fix", "mend", is_flag=True, help="Mend what can be mended safely, and write it.")
@click.option(
    "--unsafe-fixes", "unsafe", is_flag=True, help="With --fix or --diff: also what may change what a notebook means."
)
@click.option("--diff", is_flag=True, help="Show what --fix would change, cell by cell; write nothing.")
@click.option("--add-ignores", is_flag=True, help="Suppress all that is found, with the reason of --reason.")
@click.option("--reason", metavar="TEXT", help="Why --add-ignores suppresses it.")
@click.option("--write-baseline", is_flag=True, help="Make what is found known; where there is a baseline, shrink it.")
@click.option("--no-baseline", is_flag=True, help="Show and count what the baseline knows, too.")
@click.option("--watch", is_flag=True, help="Go on, and say what changes when a file does, until Ctrl-C.")
@click.option("--no-cache", is_flag=True, help="Look at every file, whatever earlier runs said of it.")
def lint(
    paths: tuple[Path, ...],
    *,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    form: str,
    as_json: bool,
    statistics: bool,
    mend: bool,
    unsafe: bool,
    diff: bool,
    add_ignores: bool,
    reason: str | None,
    write_baseline: bool,
    no_baseline: bool,
    watch: bool,
    no_cache: bool,
) -> int:
    """Say what stands between notebooks and production. Without --fix it runs nothing and changes nothing.

    PATHS are notebooks, scripts and Markdown files that jupytext reads as such, or folders of them. Without PATHS: the
    notebooks of pipeline.yaml, or where there is none every .ipynb below this folder.

    With --fix, what can be mended safely is mended, with --unsafe-fixes also the rest. Only what is meant changes in a
    file; a notebook whose outputs come from another order of cells is executed, and keeps what that shows.

    Ruff is asked, too; what it says are warnings. Findings that the baseline knows are not shown and do not count.

    Ends with 3 if there is a finding of level error, or a notebook could not be mended because a run of it failed,
    somebody else has saved it, or it cannot be written; with --diff, if anything would change; with 5 if ruff could not
    be asked; with 130 if --watch is ended by Ctrl-C; else with 0.
    """
    from proofbook.flow import configuration as settings
    from proofbook.flow.asked import Asked
    from proofbook.lint import output

    _refuse_conflicts(click.get_current_context())
    form = "json" if as_json else form
    why = _reason(reason, wanted=add_ignores)
    root = Path.cwd()

    def ask() -> Asked:
        return Asked(
            paths, root=root, configuration=_configured(settings.load(root).lint, select, ignore),
            cache=not no_cache, known=not no_baseline,
        )  # fmt: skip

    _say_passed_over(paths)
    if watch:
        return _watch(ask, paths, root=root)
    done = None
    if mend or diff:
        whole = settings.load(root)
        whole = msgspec.structs.replace(whole, lint=_configured(whole.lint, select, ignore))
        done = _mended(paths, root=root, configuration=whole, unsafe=unsafe, write=not diff)
    if done is not None and diff:
        return _show_differences(done)
    asked = ask()
    result = asked.lint()
    if add_ignores:
        _suppress(paths, result, root=root, reason=why)
        result = asked.lint()
    if write_baseline:
        _say_baseline(asked.write_baseline(result))
        result = asked.lint()
    if done is not None:
        result = msgspec.structs.replace(result, fixed=done.made)
    _show(result, output.statistics if statistics else output.FORMATS[form], as_text=form == "text")
    return _exit_code(result, done)


_CONFLICTS: tuple[tuple[str, set[str], str], ...] = (
    (
        "watch",
        {"mend", "diff", "add_ignores", "write_baseline", "json", "format", "no_cache", "statistics"},
        "--watch shows findings as text, and changes nothing: it goes with the choice of rules only",
    ),
    ("json", {"format", "text"}, "--json and --format name two formats: leave one of them out"),
    ("statistics", {"json", "format"}, "--statistics is text: leave out --json and --format"),
    (
        "diff",
        {"add_ignores", "write_baseline", "json", "format", "statistics"},
        "--diff only shows what --fix would change: it goes with --unsafe-fixes and the choice of rules",
    ),
    (
        "write_baseline",
        {"no_baseline"},
        "--write-baseline needs the baseline that --no-baseline leaves out: name one of them",
    ),
)
"""An option, those it does not go with, and what is said then."""


def _refuse_conflicts(context: click.Context) -> None:
    given = {name for name, value in context.params.items() if value}
    form = context.params["form"]
    told = context.get_parameter_source("form") is not ParameterSource.DEFAULT
    given |= {"json"} if form == "json" or "as_json" in given else set()
    given |= {"text"} if form == "text" and told else set()
    given |= {"format"} if form not in {"json", "text"} else set()
    for option, others, said in _CONFLICTS:
        if option in given and given & others:
            raise UsageError(said)
    if "unsafe" in given and not given & {"mend", "diff"}:
        raise UsageError("--unsafe-fixes widens --fix and --diff: name one of them, too")


def _show(result: "LintResult", form: "Callable[..., str]", *, as_text: bool) -> None:
    said = form(result, colour=_colour())
    # what programs read is UTF-8, whatever a locale says of text
    click.echo(said if as_text else said.encode("utf-8", "replace"))
    if result.failure:
        say.error(result.failure)


def _exit_code(result: "LintResult", done: "FixResult | None") -> int:
    if result.errors or (done is not None and done.problems):
        return LintFailedError.exit_code
    return MachineError.exit_code if result.failure else 0


def _show_differences(done: "FixResult") -> int:
    from proofbook.lint import output

    for file in done.files:
        for line in file.difference.splitlines():
            click.echo(output.visible(line))
    return LintFailedError.exit_code if done.changed or done.problems else 0


def _configured(
    configuration: "LintConfiguration", select: tuple[str, ...], ignore: tuple[str, ...]
) -> "LintConfiguration":
    """The project's configuration, with what the command line says."""
    if select:
        # only these: what the project asks of ruff is not among them
        configuration = msgspec.structs.replace(configuration, select=_codes(select), python=None)
    if ignore:
        configuration = msgspec.structs.replace(configuration, ignore=[*configuration.ignore, *_codes(ignore)])
    return configuration


def _reason(reason: str | None, *, wanted: bool) -> str:
    if reason is not None and not wanted:
        raise UsageError("--reason is of --add-ignores: name both")
    if not wanted:
        return ""
    from proofbook.flow.ignoring import checked_reason

    return checked_reason(reason)


def _say_passed_over(paths: tuple[Path, ...]) -> None:
    from proofbook.flow.examining import shown_path
    from proofbook.lint import discovery, output

    for path in discovery.passed_over(paths):
        said = "passed over: a Markdown file is a notebook where it begins with a header that jupytext writes"
        click.echo(output.visible(f"{shown_path(path, root=Path.cwd())}: {said}"), err=True)


def _suppress(paths: tuple[Path, ...], result: "LintResult", *, root: Path, reason: str) -> None:
    from proofbook.flow.ignoring import add_ignores
    from proofbook.lint import output

    done = add_ignores(paths, result, root=root, reason=reason)
    click.echo(f"Findings suppressed: {done.findings}, in files: {done.files}.", err=True)
    for line in done.left:
        click.echo(output.visible(f"not suppressed: {line}"), err=True)


def _say_baseline(written: "Written") -> None:
    if written.first:
        said = f"Findings written to {written.name}: {written.entries}. From now on only new ones count."
    else:
        said = (
            f"Findings taken out of {written.name}: {written.gone}; {written.entries} left. New ones are never added."
        )
    click.echo(said, err=True)


def _watch(ask: "Callable[[], Asked]", paths: tuple[Path, ...], *, root: Path) -> int:
    """Say all once, then what changes. Ends by Ctrl-C only."""
    from proofbook.flow import watching
    from proofbook.lint import output

    before: LintResult | None = None
    for changed in watching.changes(paths, root=root):
        try:
            # anew each time: the configuration may be what changed
            result = ask().lint()
        except ProofbookError as error:
            say.error(error)
            continue
        names = {os.path.relpath(path, root) for path in changed}
        shown = result.findings if before is None else watching.news(before, result, changed=names)
        if before is None or shown is not None:
            click.echo(output.text(result, colour=_colour(), only=shown))
            sys.stdout.flush()
        if result.failure:
            say.error(result.failure)
        before = result
    return 0


def _colour() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _mended(
    paths: tuple[Path, ...], *, root: Path, configuration: "Configuration", unsafe: bool, write: bool
) -> "FixResult":
    """Mend; what takes long and what could not be mended is said on stderr."""
    from proofbook.flow import fix
    from proofbook.lint import output

    def tell(text: str) -> None:
        # a name may have a newline in it
        click.echo(output.visible(text), err=True)

    done = fix.fix(paths, root=root, configuration=configuration, unsafe=unsafe, write=write, say=tell)
    for file in done.files:
        if write and file.made:
            counts = Counter(finding.rule for finding in file.made)
            told = ", ".join(f"{rule} ({count})" if count > 1 else rule for rule, count in sorted(counts.items()))
            tell(f"{file.path}: fixed {told}")
        for left in file.left:
            tell(f"{file.path}: cell {left.finding.cell}: {left.finding.rule} was not mended: {left.reason}")
        if file.problem:
            say.error(output.visible(f"{file.path}: {file.problem}"))
    return done


def _codes(written: tuple[str, ...]) -> list[str]:
    return [code.strip() for part in written for code in part.split(",") if code.strip()]
