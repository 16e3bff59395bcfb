"""
The sockets of one running kernel, read by the event loop when something has arrived: no thread, no polling.

jupyter_client's own channels would do, at five times the processor time a message.
"""

import asyncio
import hmac
import itertools
import json
import os
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, cast

import msgspec
import zmq

from proofbook.kernels.local import LocalKernel
from proofbook.kernels.seat import NATIVE

__all__ = ["Channels", "Message"]

Channel = Literal["shell", "iopub", "control"]

_DELIMITER = b"<IDS|MSG>"
_LARGEST = 128 << 20
"""Bytes of a message. A larger one breaks the connection, which is made again: the others of that moment are lost."""
_WAITING = 12_000
"""Messages that may wait here: more than are kept of one cell, so that none of those is lost to a slow reader."""
_WAITING_OF_OURS = 100
"""The same of a kernel that waits for its reader and loses nothing: each may have a mebibyte."""
_RECONNECT = 10
"""Milliseconds between two attempts to reach a kernel that has not bound its sockets yet."""
_OPTIONS = (
    (zmq.LINGER, 0),
    (zmq.MAXMSGSIZE, _LARGEST),
    (zmq.RECONNECT_IVL, _RECONNECT),
)
_BATCH_SECONDS = 0.01
"""After so long others have their turn."""
_VERSION = "5.3"
# plain numbers: to combine pyzmq's enumerations takes longer than what is done with them
_NOW, _MORE, _EVENTS, _POLLIN = int(zmq.NOBLOCK), int(zmq.SNDMORE), int(zmq.EVENTS), int(zmq.POLLIN)


class Message:
    """One message from the kernel. What it says is decoded only when it is asked for."""

    __slots__ = ("_content", "_frames", "header", "parent")

    def __init__(self, frames: list[Any]) -> None:
        self._frames = frames
        self._content: dict[str, Any] | None = None
        self.header: dict[str, Any] = _decoded(frames[0].buffer)
        self.parent: dict[str, Any] = _decoded(frames[1].buffer)

    @property
    def type(self) -> str:
        """`stream`, `status`, `execute_reply` ..."""
        return cast("str", self.header["msg_type"])

    @property
    def packed(self) -> memoryview:
        """The content as it came: JSON."""
        return cast("memoryview", self._frames[3].buffer)

    @property
    def content(self) -> dict[str, Any]:
        """What it says."""
        if self._content is None:
            self._content = _decoded(self.packed)
        return self._content

    def spelled_out(self) -> dict[str, Any]:
        """The message as jupyter_client has it, but for dates, which are text."""
        return {
            "header": self.header,
            "msg_id": self.header["msg_id"],
            "msg_type": self.header["msg_type"],
            "parent_header": self.parent,
            "metadata": _decoded(self._frames[2].buffer),
            "content": self.content,
            "buffers": [frame.buffer for frame in self._frames[4:]],
        }


class Channels:
    """What goes to one kernel and what comes from it."""

    def __init__(self, kernel: LocalKernel, *, on_message: Callable[[Channel, Message], None]) -> None:
        """
        Prepare; nothing is connected yet.

        Args:
            kernel: Its sockets lie in a folder that only this user can reach, as its key does: what comes from there
                need not prove that it comes from the kernel.
            on_message: Called in the loop with each message. What it raises goes to the loop's handler of errors.
        """
        self._kernel = kernel
        self._on_message = on_message
        self._sockets: dict[Channel, Any] = {}
        self._loop = asyncio.get_running_loop()
        self._key = hmac.new(kernel.seat.key.encode(), digestmod="sha256")
        self._name = secrets.token_hex(16)
        self._user = os.environ.get("USER", "username")
        self._count = itertools.count()

    def open(self) -> None:
        """Connect. The kernel need not listen yet."""
        self._socket("iopub")
        self._socket("shell")

    def send(self, kind: str, content: dict[str, Any], *, channel: Channel = "shell") -> str:
        """Send a message. Returns its id, which the answers name as their parent."""
        identity = f"{self._name}_{os.getpid()}_{next(self._count)}"
        header = {
            "msg_id": identity,
            "msg_type": kind,
            "username": self._user,
            "session": self._name,
            "date": datetime.now(UTC),
            "version": _VERSION,
        }
        self._pass(channel, [header, {}, {}, content], ())
        return identity

    def forward(self, message: dict[str, Any]) -> None:
        """Send a message that jupyter_client's `Session.msg` has made, on the shell channel."""
        parts = [message[name] for name in ("header", "parent_header", "metadata", "content")]
        self._pass("shell", parts, message.get("buffers") or ())

    def close(self) -> None:
        """Disconnect; nothing is delivered any more."""
        sockets, self._sockets = self._sockets, {}
        for socket in sockets.values():
            self._loop.remove_reader(socket.FD)
            socket.close(linger=0)

    def _socket(self, channel: Channel) -> Any:
        if channel not in self._sockets:
            socket: Any = zmq.Context.instance().socket(zmq.SUB if channel == "iopub" else zmq.DEALER)
            for option, value in _OPTIONS:
                socket.set(option, value)
            socket.set(zmq.RCVHWM, _WAITING_OF_OURS if self._kernel.kernel_name in NATIVE else _WAITING)
            if channel == "iopub":
                socket.set(zmq.SUBSCRIBE, b"")
            socket.connect(self._kernel._make_url(channel))  # noqa: SLF001 - jupyter_client offers it no other way
            self._sockets[channel] = socket
            self._loop.add_reader(socket.FD, self._drain, channel)
            # what arrived before the reader stood makes no event
            self._loop.call_soon(self._drain, channel)
        return self._sockets[channel]

    def _pass(self, channel: Channel, parts: list[Any], buffers: Sequence[Any]) -> None:
        packed = [msgspec.json.encode(part) for part in parts]
        signature = self._key.copy()
        for part in packed:
            signature.update(part)
        socket = self._socket(channel)
        frames: list[Any] = [_DELIMITER, signature.hexdigest().encode(), *packed, *buffers]
        for frame in frames[:-1]:
            socket.send(frame, _MORE)
        socket.send(frames[-1])
        # to send may swallow the event that something has arrived
        self._loop.call_soon(self._drain, channel)

    def _drain(self, channel: Channel) -> None:
        """Deliver all that has arrived; when that takes long, others first have their turn."""
        until = time.monotonic() + _BATCH_SECONDS
        while (socket := self._sockets.get(channel)) is not None:
            if not socket.get(_EVENTS) & _POLLIN:
                return
            frames = [socket.recv(_NOW, copy=False)]
            while frames[-1].more:
                frames.append(socket.recv(_NOW, copy=False))
            message = _message(frames)
            if message is not None:
                self._on_message(channel, message)
            if time.monotonic() > until:
                self._loop.call_soon(self._drain, channel)
                return


def _message(frames: list[Any]) -> Message | None:
    """The message in these frames, behind the topic and the signature; None where it is none."""
    for number, frame in enumerate(frames[:-5]):
        if len(frame.buffer) == len(_DELIMITER) and frame.bytes == _DELIMITER:
            try:
                return Message(frames[number + 2 :])
            except (ValueError, LookupError):
                return None
    return None


def _decoded(packed: Any) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(packed)
    except msgspec.DecodeError:
        # a NaN, or half of a surrogate pair
        found = json.loads(bytes(packed).decode(errors="replace"))
    if not isinstance(found, dict):
        raise ValueError("part of a message is no object")  # noqa: TRY004 - as what is no JSON
    return found
