"""When a question to the kernel counts as answered."""

import asyncio

import pytest

from proofbook.execute import request as requests
from proofbook.execute.request import Request


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setattr(requests, "_QUIET", 0.02)
    monkeypatch.setattr(requests, "_SILENCE", 0.2)


def run(scenario) -> Request:
    asked: list[str] = []

    async def waited() -> Request:
        request = Request("one", ask=lambda: asked.append("ask") or "two")
        asyncio.get_running_loop().call_soon(scenario, request)
        async with asyncio.timeout(5):
            await request.over()
        return request

    request = asyncio.run(waited())
    request.asked = asked
    return request


def test_a_reply_and_the_word_that_it_is_idle_make_an_end_in_either_order() -> None:
    def reply_first(request: Request) -> None:
        request.replied({"status": "ok"})
        request.idle()

    def idle_first(request: Request) -> None:
        request.idle()
        request.replied({"status": "ok"})

    for scenario in (reply_first, idle_first):
        request = run(scenario)
        assert (request.reply, request.silent, request.asked) == ({"status": "ok"}, False, [])


def test_a_kernel_that_is_quiet_after_its_reply_is_asked_and_its_word_ends_the_waiting() -> None:
    def scenario(request: Request) -> None:
        request.replied({"status": "ok"})
        asyncio.get_running_loop().call_later(0.1, request.heard, "two")

    request = run(scenario)
    assert request.silent
    assert request.asked


def test_a_kernel_that_goes_on_talking_is_not_asked() -> None:
    def talk(request: Request, times: int) -> None:
        request.heard("one")
        if times:
            asyncio.get_running_loop().call_later(0.005, talk, request, times - 1)
        else:
            request.idle()

    def scenario(request: Request) -> None:
        request.replied({"status": "ok"})
        talk(request, 20)

    request = run(scenario)
    assert (request.silent, request.asked) == (False, [])


def test_silence_ends_it_at_last() -> None:
    request = run(lambda request: request.replied({"status": "ok"}))
    assert request.silent
