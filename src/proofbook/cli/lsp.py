"""`proofbook lsp`: lint in editors."""

import click

__all__ = ["lsp"]


@click.command()
def lsp() -> None:
    """Serve an editor: the language server of lint, over standard input and output.

    Editors start it themselves: the documentation says how (docs/editors.md). JupyterLab finds it by itself where
    jupyterlab-lsp is installed. It reads notebooks that are open and runs nothing of them.
    """
    from proofbook.lsp.server import main

    main()
