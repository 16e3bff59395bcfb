"""`proofbook build`: what `ploomber build` does with our door, with errors in one line."""

import click

__all__ = ["build"]


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One JSON document in place of progress and tables: the run and the gate's word.",
)
@click.option("--debug", metavar="TASK", help="Attach a console to the kernel of this task when it fails.")
@click.argument("ploomber_flags", nargs=-1, type=click.UNPROCESSED)
def build(ploomber_flags: tuple[str, ...], as_json: bool, debug: str | None) -> int:
    """Lint, run what must run, seal the run, compare it with production, write the report.

    Where everything is as the last good build left it, there is nothing to do: no new run is made, and the command
    ends as that build did.

    Takes the flags of `ploomber build`: --force, --partially TASK, --skip-upstream, --entry-point FILE, and
    --env--NAME VALUE for each name of env.yaml.

    Ends with 0 good, 1 a task failed, 2 usage, 3 lint, 4 the gate says no, 5 store or machine, 130 interrupted.
    """
    from proofbook.ploomber import entry

    return entry.build(ploomber_flags, as_json=as_json, debug=debug)
