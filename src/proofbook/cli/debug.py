"""`proofbook debug`: a look at what a failed task left."""

from pathlib import Path

import click

__all__ = ["debug"]


@click.command()
@click.argument("run")
@click.argument("task")
@click.option("--entry-point", "-e", default="pipeline.yaml", show_default=True, help="The pipeline's file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: the error, all frames and their variables.")
def debug(run: str, task: str, entry_point: str, as_json: bool) -> None:
    """Look at the frames and variables that TASK had when it failed in RUN, as recorded, in pdb's words.

    Reads commands from standard input: w(here), u(p), d(own), l(ist), ll, a(rgs), p NAME, q(uit), help.
    The kernel is gone: `proofbook build --debug TASK` keeps a failing one alive and attaches a console to it.

    RUN is a number, `latest`, a channel, or at least 6 digits of a run's digest.
    """
    from proofbook.flow import debug as flow

    found = flow.postmortem(Path(entry_point).resolve().parent, run, task)
    if as_json:
        from proofbook.terminal import tables

        tables.document(found)
    else:
        from proofbook.terminal.debugger import Viewer

        Viewer(found).run()
