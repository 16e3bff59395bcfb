"""
`python -m proofbook.ploomber [PIPELINE]`: the pipeline as one JSON document on standard output.

For those who must not load Ploomber into their own process, such as the JupyterLab server.

`python -m proofbook.ploomber --again PIPELINE ENV TASK` runs one task that is no notebook in the working folder, for a
replay: ENV is JSON, the values for the names in `env.yaml`.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from proofbook.exceptions import ProofbookError
from proofbook.lean import lean
from proofbook.ploomber.entry import read
from proofbook.terminal import say


def main() -> None:
    """Print the pipeline, or run one task of it; end with the error's code where it cannot be read."""
    if sys.argv[1:2] == ["--again"]:
        _again(*sys.argv[2:])
        return
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "pipeline.yaml")
    try:
        pipeline = read(path)
    except ProofbookError as error:
        say.error(error)
        sys.exit(error.exit_code)
    sys.stdout.buffer.write(msgspec.json.encode(pipeline) + b"\n")


def _again(path: str, env: str, name: str) -> None:
    values = msgspec.json.decode(env, type=dict[str, Any])
    flags = [word for key, value in values.items() for word in (f"--env--{key}", str(value))]
    try:
        with lean():
            live = import_module("proofbook.ploomber.live")
        dag, _ = live.rendered(["--entry-point", path, *flags])
    except ProofbookError as error:
        say.error(error)
        sys.exit(error.exit_code)
    live.run_other(dag[name])


if __name__ == "__main__":
    main()
