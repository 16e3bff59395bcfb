"""
`python -m proofbook.ploomber [PIPELINE]`: the pipeline as one JSON document on standard output.

For those who must not load Ploomber into their own process, such as the JupyterLab server.
"""

import sys
from pathlib import Path

import msgspec

from proofbook.exceptions import ProofbookError
from proofbook.ploomber.entry import read
from proofbook.terminal import say


def main() -> None:
    """Print the pipeline; end with the error's code where it cannot be read."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "pipeline.yaml")
    try:
        pipeline = read(path)
    except ProofbookError as error:
        say.error(error)
        sys.exit(error.exit_code)
    sys.stdout.buffer.write(msgspec.json.encode(pipeline) + b"\n")


if __name__ == "__main__":
    main()
