"""`proofbook report`: the page of a run."""

from pathlib import Path

import click

__all__ = ["report"]


@click.command()
@click.argument("run", default="latest")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the page goes.  [default: `report` of the configuration, output/report]",
)
@click.option("--entry-point", "-e", default="pipeline.yaml", show_default=True, help="The pipeline's file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: the number of the run and the page's path.")
def report(run: str, folder: Path | None, entry_point: str, as_json: bool) -> None:
    """Write the page of RUN, and print its path.

    RUN is a number, `latest`, a channel, or at least 6 digits of a run's digest.

    The page is one file that needs nothing else: no network, no script. It holds the verdict and its reasons, the
    records beside those of production, figures, the pipeline, and every executed notebook. A list of runs,
    index.html, is written beside it.
    """
    from proofbook.flow import configuration
    from proofbook.flow import report as flow
    from proofbook.store import Store
    from proofbook.terminal import say, tables

    root = Path(entry_point).resolve().parent
    with Store.open(root, create=False) as store:
        number = store.number(run)
        path = flow.write(store, number, folder=folder or root / configuration.load(root).report)
    if as_json:
        tables.document({"run": number, "report": path})
    else:
        say.line(str(path))
