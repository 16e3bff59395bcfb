"""Takes the messages of one running cell into its outputs, within bounds."""

from typing import Any

from proofbook.execute.bounds import Bounds
from proofbook.execute.libraries import NotebookClient, NotebookNode, from_dict
from proofbook.kernels.channels import Message

__all__ = ["OutputClient"]

_TIMED = {"busy": "iopub.status.busy", "idle": "iopub.status.idle"}
_WIDGETS_LIMIT = 64 << 20
"""Bytes of messages that widgets may send in one notebook."""


class OutputClient(NotebookClient):
    """nbclient's, which here decodes no more than is kept, validates nothing twice, and stops at a bound."""

    bounds: Bounds

    def __init__(self, nb: NotebookNode, **options: Any) -> None:
        # the times of messages are taken over as they are written there
        super().__init__(nb, **{**options, "record_timing": False})
        self.bounds = Bounds()
        self._widgets = 0

    def take(self, message: Message, cell: Any, cell_index: int) -> bool:
        """Take one message that the running cell caused. Returns whether it was the last."""
        match message.type:
            case "stream":
                self._take_stream(message, cell, cell_index)
            case "status":
                state = message.content["execution_state"]
                if state in _TIMED:
                    cell["metadata"]["execution"][_TIMED[state]] = message.header["date"]
                return bool(state == "idle")
            case "execute_input":
                cell["metadata"]["execution"]["iopub.execute_input"] = message.header["date"]
                cell["execution_count"] = message.content.get("execution_count")
            case kind:
                if kind.startswith("comm"):
                    self._widgets += len(message.packed)
                    if self._widgets > _WIDGETS_LIMIT:
                        self.bounds.dropped += len(message.packed)
                        return False
                output = self.process_message(message.spelled_out(), cell, cell_index)
                if output is not None:
                    self.taken(output)
        return False

    def printed(self, name: str, text: str) -> None:
        """Text was added to the cell."""

    def taken(self, output: NotebookNode) -> None:
        """An output was added to the cell that is no print."""

    def _take_stream(self, message: Message, cell: Any, cell_index: int) -> None:
        name, text = message.content["name"], message.content["text"]
        if self.output_hook_stack[message.parent["msg_id"]]:
            self.process_message(message.spelled_out(), cell, cell_index)
            return
        if self.clear_before_next_output:
            self._clear_now(cell.outputs, cell_index)
        kept = self.bounds.stream(cell.outputs, name, text)
        if kept:
            self.printed(name, kept)

    def output(
        self, outs: list[Any], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Take one output that is not text of a stream, within bounds."""
        if self.output_hook_stack[msg["parent_header"].get("msg_id")]:
            hooked: NotebookNode | None = super().output(outs, msg, display_id, cell_index)
            return hooked
        if self.clear_before_next_output:
            self._clear_now(outs, cell_index)
        output = _output(msg)
        if output is None or ("data" in output and not self.bounds.display(outs, output["data"])):
            return None
        if display_id:
            self._display_id_map.setdefault(display_id, {}).setdefault(cell_index, []).append(len(outs))
        outs.append(output)
        return output

    def clear_output(self, outs: list[Any], msg: dict[str, Any], cell_index: int) -> None:
        """The cell takes back what it has shown; or will, when it shows something else."""
        super().clear_output(outs, msg, cell_index)
        if not outs:
            self.bounds.clear(outs)

    def _clear_now(self, outs: list[Any], cell_index: int) -> None:
        self.bounds.clear(outs)
        self.clear_display_id_mapping(cell_index)
        self.clear_before_next_output = False

    def _update_display_id(self, display_id: str, msg: dict[str, Any]) -> None:
        """Show something else where `display_id` is shown."""
        places = self._display_id_map.get(display_id)
        if not places or not isinstance(msg["content"].get("data"), dict):
            return
        if not self.bounds.fits(msg["content"]["data"]):
            return
        shown = from_dict({"data": msg["content"]["data"], "metadata": msg["content"].get("metadata") or {}})
        for cell_index, numbers in places.items():
            outputs = self.nb["cells"][cell_index]["outputs"]
            for number in numbers:
                outputs[number].update(shown)


def _output(msg: dict[str, Any]) -> NotebookNode | None:
    """An output of a message, in the form of a notebook; None for what is no output."""
    content = msg["content"]
    match msg["msg_type"]:
        case "execute_result" | "display_data" as kind if isinstance(content.get("data"), dict):
            made = {"output_type": kind, "metadata": content.get("metadata") or {}, "data": content["data"]}
            if kind == "execute_result":
                made["execution_count"] = content.get("execution_count")
        case "error":
            made = {
                "output_type": "error",
                "ename": str(content.get("ename", "")),
                "evalue": str(content.get("evalue", "")),
                "traceback": [str(line) for line in content.get("traceback") or ()],
            }
        case _:
            return None
    node: NotebookNode = from_dict(made)
    return node
