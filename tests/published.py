"""What a cell publishes, caught in this process with IPython's own machinery."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


@contextmanager
def shell() -> Iterator[list[dict[str, Any]]]:
    """Run as in a notebook. Yields a list that fills with the outputs, as they would stand in the file."""
    outputs: list[dict[str, Any]] = []
    found = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    publisher = CapturingDisplayPublisher(parent=found)
    found.display_pub, before = publisher, found.display_pub
    try:
        yield outputs
    finally:
        found.display_pub = before
        InteractiveShell.clear_instance()
        for published in publisher.outputs:
            output = {"output_type": "display_data", "data": published["data"], "metadata": published["metadata"]}
            # as the kernel's messages are written: what JSON cannot say is refused
            outputs.append(json.loads(json.dumps(output, allow_nan=False)))


def executed(*cells: list[dict[str, Any]]) -> dict[str, Any]:
    """A notebook of one code cell for each list of outputs."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {},
                "source": "",
                "execution_count": 1,
                "outputs": outputs,
            }
            for number, outputs in enumerate(cells, start=1)
        ],
    }
