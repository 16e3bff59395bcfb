"""`proofbook init`."""

from pathlib import Path

import click

from proofbook.flow.ci import SYSTEMS, System

__all__ = ["init"]

_NEXT = "ploomber build      # or: proofbook build\n  proofbook promote   # this run is production now"


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), default=".")
@click.option("--ci", type=click.Choice(SYSTEMS), help="Write this CI system's file for the pipeline that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as one JSON document.")
def init(directory: Path, *, ci: System | None, as_json: bool) -> None:
    """
    Make a small working pipeline, or open Proofbook's door in one that exists.

    Without a pipeline.yaml in DIRECTORY (this folder, unless named), it writes a pipeline of two notebooks that
    `ploomber build` runs at once. Nothing is ever overwritten.

    With a pipeline.yaml, it adds the four lines by which Ploomber calls Proofbook, and touches nothing else.

    With --ci it writes one file: it installs from the project's lock, lints, builds, compares with production, shows
    findings and verdicts in that system, and promotes from the default branch what the gate lets go.
    """
    if ci is not None:
        _write(directory, ci, as_json=as_json)
        return
    from proofbook.flow.init import init as start
    from proofbook.terminal import tables

    started = start(directory)
    if as_json:
        tables.document(started)
        return
    if started.kind == "already":
        click.echo(f"{directory / 'pipeline.yaml'} already has Proofbook's lines; nothing to do")
        return
    if started.kind == "added":
        click.echo(f"added to {directory / 'pipeline.yaml'}:\n")
        click.echo("\n".join(f"  {line}" for line in started.lines))
        click.echo("\nKeep .proofbook/ out of version control: it is the store. Next:\n")
    else:
        click.echo("\n".join(f"wrote {directory / name}" for name in started.files))
        click.echo("\nNext:\n")
    if directory != Path():
        click.echo(f"  cd {directory}")
    click.echo(f"  {_NEXT}")


def _write(directory: Path, system: System, *, as_json: bool) -> None:
    from proofbook.flow import ci
    from proofbook.terminal import tables

    written = ci.write(directory, system)
    if as_json:
        tables.document(written)
        return
    click.echo(
        f"{directory / written.file} is as it should be" if written.already else f"wrote {directory / written.file}"
    )
    if written.lock is None:
        click.echo("there is no lock file: write one, and name it there, so that runs differ for better reasons")
    else:
        click.echo(f"it installs from {written.lock}, which must list proofbook")
