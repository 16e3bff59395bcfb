"""Standard output and error of a kernel: ipykernel's, but in pieces, so that a flood fills nobody's memory."""

from typing import Any

import zmq
from ipykernel.iostream import OutStream

__all__ = ["PatientStream"]

_PIECE = 1 << 20
"""Characters that are sent at once. ipykernel itself may put hundreds of megabytes into one message."""
_TEE = "InteractiveShell._tee.<locals>.write"
_WAITING = 100
"""Messages that may wait in the kernel."""


class PatientStream(OutStream):
    """Whoever prints more than a piece waits until that has gone; and nothing is lost to one who reads slowly."""

    _held = 0

    def __init__(self, session: Any, pub_thread: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(session, pub_thread, *args, **kwargs)  # type: ignore[no-untyped-call]
        # what is sent without a copy is freed by a thread that does not keep up with a flood
        session.copy_threshold = max(session.copy_threshold, 8 * _PIECE)
        pub_thread.schedule(lambda: _keep_all(pub_thread.socket))
        pub_thread.schedule(lambda: _leave_the_network(pub_thread))

    def __setattr__(self, name: str, value: Any) -> None:
        # IPython would keep all that is printed, for a history that nobody reads here
        if name != "write" or getattr(value, "__qualname__", "") != _TEE:
            super().__setattr__(name, value)

    def write(self, string: str) -> int | None:  # type: ignore[override]  # as ipykernel has it
        """Write `string`, as ipykernel does."""
        if not isinstance(string, str) or len(string) <= _PIECE:
            return self._write_piece(string)
        for start in range(0, len(string), _PIECE):
            self._write_piece(string[start : start + _PIECE])
        return len(string)

    def _write_piece(self, string: str) -> int | None:
        written: int | None = super().write(string)
        self._held += len(string)
        if self._held >= _PIECE:
            self._held = 0
            self.flush()  # type: ignore[no-untyped-call]
        return written


def _leave_the_network(pub_thread: Any) -> None:
    """Have what forked children print come by a socket in the kernel's folder: ipykernel opens a TCP port for it."""
    stream = getattr(pub_thread, "_pipe_in", None)
    place = pub_thread.socket.getsockopt_string(zmq.LAST_ENDPOINT) if pub_thread.socket is not None else ""
    if stream is None or stream.closed() or not place.startswith("ipc:"):
        return
    before = stream.socket.getsockopt_string(zmq.LAST_ENDPOINT)
    if not before.startswith("tcp:"):
        return
    stream.socket.unbind(before)
    stream.socket.bind(f"{place}-children")

    def connected() -> tuple[Any, Any]:
        context: zmq.Context[Any] = zmq.Context()
        out = context.socket(zmq.PUSH)
        out.linger = 3000
        out.connect(f"{place}-children")
        return context, out

    pub_thread._setup_pipe_out = connected  # noqa: SLF001  ipykernel has no option for it


def _keep_all(socket: Any) -> None:
    """Let a publisher wait for a full subscriber, instead of dropping what it cannot take."""
    if socket is not None and socket.getsockopt(zmq.TYPE) == zmq.XPUB:
        socket.setsockopt(zmq.XPUB_NODROP, 1)
        socket.setsockopt(zmq.SNDHWM, _WAITING)
