"""`proofbook lsp`: lint in editors."""

import click

__all__ = ["lsp"]


@click.command()
@click.option(
    "--json", "as_json", is_flag=True, help="Print how it is started, as one JSON document, and do not serve."
)
def lsp(*, as_json: bool) -> None:
    """Serve an editor: the language server of lint, over standard input and output.

    Editors start it themselves: the documentation says how (docs/editors.md). JupyterLab finds it by itself where
    jupyterlab-lsp is installed. It reads notebooks that are open and runs nothing of them.
    """
    if as_json:
        from proofbook.lsp.specification import specification
        from proofbook.terminal import tables

        tables.document(specification(None)["proofbook"])
        return
    from proofbook.lsp.server import main

    main()
