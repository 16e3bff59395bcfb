"""
The door that `pipeline.yaml` names, and the only room that knows Ploomber::

    executor: {dotted_path: proofbook.ploomber.Executor}
    on_render: proofbook.ploomber.on_render
    on_finish: proofbook.ploomber.on_finish
    on_failure: proofbook.ploomber.on_failure
"""

from proofbook.ploomber.executor import Executor
from proofbook.ploomber.hooks import on_failure, on_finish, on_render

__all__ = ["Executor", "on_failure", "on_finish", "on_render"]
