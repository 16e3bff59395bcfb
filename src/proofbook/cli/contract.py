"""`proofbook contract infer|check`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from proofbook.model.contract import Checked

__all__ = ["contract"]

_STYLES = {"fail": "red", "quarantine": "yellow", "warn": "yellow"}


@click.command()
@click.argument("action", type=click.Choice(["infer", "check"]))
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--write", is_flag=True, help="infer: write the contracts; otherwise they are printed.")
@click.option("--force", is_flag=True, help="infer: write over a contract that is there, and what was edited in it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def contract(action: str, paths: tuple[str, ...], *, write: bool, force: bool, as_json: bool) -> int:
    """What data files must hold before a task reads them, written down and checked.

    `infer PATH...` writes a contract that these files keep, with slack, to be edited: files of one folder with the same
    columns share one. A quoted glob is one contract too.

    `check [PATH...]` holds files against their contracts; without PATH all that contracts name, and names declared data
    that no contract speaks of. Ends with 1 for a breach whose policy is `fail`, else with 0.
    """
    if action == "infer":
        return _infer(paths, write=write, force=force, as_json=as_json)
    return _check(paths, as_json=as_json)


def _infer(paths: tuple[str, ...], *, write: bool, force: bool, as_json: bool) -> int:
    from proofbook.exceptions import UsageError
    from proofbook.flow import contracting
    from proofbook.terminal import say, tables

    if not paths:
        raise UsageError("name the files: `proofbook contract infer data/*.parquet`")
    found = contracting.infer(paths, root=Path.cwd())
    if write:
        contracting.write(found, root=Path.cwd(), force=force)
    if as_json:
        tables.document([{"path": one.path, "files": one.files, "text": one.text} for one in found])
        return 0
    for one in found:
        if write:
            say.line(f"{one.path}: {one.said}")
        else:
            click.echo(f"# {one.path}\n{say.printable(one.text)}")
    if not write:
        say.line("# nothing was written: --write does")
    return 0


def _check(paths: tuple[str, ...], *, as_json: bool) -> int:
    from proofbook.exceptions import ContractBreachedError
    from proofbook.flow import contracting
    from proofbook.terminal import say, tables

    root = Path.cwd()
    checked, bare = contracting.alone(contracting.named(paths, root=root), root=root)
    failed = any(one.failed for one in checked)
    if as_json:
        tables.document({"failed": failed, "contracts": checked, "without_contract": bare})
    else:
        for one in checked:
            _print(one)
        if bare:
            say.line(f"no contract speaks of {', '.join(bare)}", fg="yellow")
        if not checked and not bare:
            say.line("there are no contracts: `proofbook contract infer PATH... --write` writes some")
    return ContractBreachedError.exit_code if failed else 0


def _print(one: "Checked") -> None:
    from proofbook.terminal import say
    from proofbook.terminal.tables import one_line

    files = f"{one.files} file{'s' * (one.files != 1)}"
    kept = "kept" if not one.breaches else f"{len(one.breaches)} breach{'es' * (len(one.breaches) != 1)}"
    say.line(f"{one.contract}: {files}, {kept}", fg=None if one.breaches else "green")
    for breach in one.breaches:
        say.line(f"  {one_line(breach.line)}", fg=_STYLES[breach.policy])
    for aside in one.set_aside:
        say.line(f"  {aside.rows:,} rows of {aside.file} set aside in {aside.path}")
