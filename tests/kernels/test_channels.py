"""What goes to a kernel and what comes from it, without a thread."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from proofbook.kernels.channels import Channels, Message
from proofbook.kernels.pool import Pool


def talk(root: Path, said: Callable[[Channels], Any]) -> list[tuple[str, Message]]:
    """Say something to a cold kernel, and hear all until it is idle again."""

    async def talked() -> list[tuple[str, Message]]:
        heard: list[tuple[str, Message]] = []
        over = asyncio.Event()
        there = asyncio.Event()

        def hear(channel: str, message: Message) -> None:
            heard.append((channel, message))
            if message.type == "iopub_welcome":
                there.set()
            if message.type == "status" and message.content["execution_state"] == "idle":
                over.set()

        pool = Pool(root=root, mode="cold")
        try:
            kernel = await pool.kernel(None, cwd=str(root))
            channels = Channels(kernel, on_message=hear)
            threads = threading.active_count()
            channels.open()
            async with asyncio.timeout(60):
                await there.wait()
                said(channels)
                await over.wait()
            assert threading.active_count() == threads
            channels.close()
            return heard
        finally:
            await pool.close()

    return asyncio.run(talked())


def printed(heard: list[tuple[str, Message]]) -> list[str]:
    """What the cell printed; a kernel that starts may have words of its own."""
    streams = [message for _, message in heard if message.type == "stream"]
    return [message.content["text"] for message in streams if message.parent.get("msg_type") == "execute_request"]


def execute(code: str) -> Callable[[Channels], Any]:
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
    return lambda channels: channels.send("execute_request", {**content, "stop_on_error": True})


def test_a_kernel_that_is_still_starting_is_heard_from_its_first_word_on(tmp_path: Path) -> None:
    heard = talk(tmp_path, execute("print('said')"))
    assert heard[0][1].type == "iopub_welcome"
    assert printed(heard) == ["said\n"]


def test_a_message_spelled_out_is_as_jupyter_client_has_it(tmp_path: Path) -> None:
    heard = talk(tmp_path, execute("1 + 1"))
    message = next(message for _, message in heard if message.type == "execute_result")
    told = message.spelled_out()
    assert set(told) == {"header", "msg_id", "msg_type", "parent_header", "metadata", "content", "buffers"}
    assert told["content"]["data"] == {"text/plain": "2"}
    assert told["parent_header"]["msg_type"] == "execute_request"


def test_what_is_no_message_is_passed_over_and_the_next_is_heard(tmp_path: Path) -> None:
    code = (
        "from ipykernel.kernelapp import IPKernelApp\n"
        "thread = IPKernelApp.instance().iopub_thread\n"
        "for parts in ([b'x'], [b'a', b'<IDS|MSG>', b'', b'[1]', b'{}', b'{}', b'{}'], [b'<IDS|MSG>', *[b'no'] * 5]):\n"
        "    thread.send_multipart(parts)\n"
        "print('after')"
    )
    heard = talk(tmp_path, execute(code))
    assert printed(heard) == ["after\n"]
