"""One question to the kernel, and when it counts as answered."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

__all__ = ["Request"]

_QUIET = 1.0
"""Seconds without a message after which it is doubtful whether the kernel's last word will still come."""
_SILENCE = 15.0
"""Seconds without a message after which the outputs of a cell that has ended are given up."""


class Request:
    """
    A cell that runs: over when the kernel has replied, and has said that it is idle again.

    The second travels with the outputs, and may be lost in a flood of them. So a kernel that has replied and is quiet
    is asked something else: when word of that comes the same way, all that came before it has come.
    """

    def __init__(self, identity: str, *, ask: Callable[[], str] | None) -> None:
        """
        Wait for an answer.

        Args:
            identity: Of the message that was sent.
            ask: Asks the kernel something else and returns the identity of that; None for a question without outputs,
                which is over with the reply.
        """
        self.identity = identity
        self.reply: dict[str, Any] = {}
        self.silent = False
        """The outputs did not arrive to the end."""
        self._loop = asyncio.get_running_loop()
        self._over = self._loop.create_future()
        self._ask = ask
        self._probe = ""
        self._idle = ask is None
        self._heard = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None

    async def over(self) -> None:
        """Wait until there is nothing more to wait for."""
        try:
            await self._over
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def replied(self, content: dict[str, Any]) -> None:
        """The kernel has replied."""
        self.reply = content
        if self._idle:
            self.end()
        else:
            self._timer = self._loop.call_later(_QUIET, self._doubt)

    def heard(self, parent: str) -> None:
        """Any message on the outputs' way has come, caused by the message `parent`."""
        self._heard = time.monotonic()
        if self._probe and parent == self._probe:
            self.silent = True
            self.end()

    def idle(self) -> None:
        """The kernel has nothing more to say to it."""
        self._idle = True
        if self.reply:
            self.end()

    def end(self) -> None:
        """Wait no more."""
        if not self._over.done():
            self._over.set_result(None)

    def _doubt(self) -> None:
        quiet = time.monotonic() - self._heard
        if quiet > _SILENCE:
            self.silent = True
            self.end()
            return
        if quiet >= _QUIET and self._ask is not None:
            self._probe = self._ask()
        self._timer = self._loop.call_later(_QUIET, self._doubt)
