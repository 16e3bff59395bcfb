"""Publishes a record as one output of the running cell: for the reader, for scrapbook, and for the gate."""

import sys
from typing import Any

from proofbook.recorder.encoding import Encoded

__all__ = ["MIME", "VERSION", "publish"]

MIME = "application/scrapbook.scrap.{encoder}+json"
VERSION = 1
"""Of the declaration in the output's metadata."""


def publish(name: str, encoded: Encoded, rule: dict[str, Any], *, eval_set: str | None = None) -> None:
    """
    Show a record and leave it in the notebook; without an IPython shell, do nothing.

    Args:
        name: The record's name.
        encoded: The value.
        rule: What was declared, by option.
        eval_set: Digest of what it was measured on.
    """
    if "IPython" not in sys.modules:
        return
    from IPython.core import display_functions, getipython

    if getipython.get_ipython() is None:
        return
    publish_display_data: Any = display_functions.publish_display_data  # IPython leaves it untyped

    payload = {"name": name, "data": encoded.data, "encoder": encoded.encoder, "version": 1}
    declared: dict[str, Any] = {
        "version": VERSION,
        "name": name,
        "kind": encoded.kind,
        "type": encoded.type,
        "rule": rule,
    }
    if encoded.special:
        declared["special"] = encoded.special
    if eval_set is not None:
        declared["eval_set"] = eval_set
    if encoded.value is not None:
        declared["value"] = encoded.value
    if encoded.picture:
        declared["picture"] = encoded.picture
    metadata = {
        "proofbook": declared,
        "scrapbook": {
            "name": name,
            "data": True,
            "display": encoded.kind in ("table", "predictions", "figure", "profile"),
        },
    }
    publish_display_data({MIME.format(encoder=encoded.encoder): payload, **encoded.shown}, metadata)
