"""A person follows a real build: its log, a console in a failed kernel, a post-mortem afterwards."""

import json
import re
import signal
import subprocess
import time

import pexpect
import psutil
import pytest

from tests.ploomber.conftest import DOOR, Folder

TASKS = """\
tasks:
  - source: notebooks/shares.ipynb
    product: {nb: output/shares.ipynb}
  - source: notebooks/words.ipynb
    product: {nb: output/words.ipynb}
"""
PARAMETERS = ("upstream = None\nproduct = None", ["parameters"])
SHARES = [
    PARAMETERS,
    ("def share(late, flown):\n    return late / flown", []),
    ("# Share of late flights\nshares = {'UA': share(3, 10)}\nshares['AA'] = share(1, 0)", []),
]
WORDS = [PARAMETERS, ("print('hello', 'there')\nprint('\\x1b]0;owned\\x07')", [])]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    made = Folder(tmp_path_factory.mktemp("following"))
    made.write("shares", SHARES)
    made.write("words", WORDS)
    (made.root / "pipeline.yaml").write_text(DOOR + TASKS)
    return made


@pytest.fixture(scope="module")
def built(folder: Folder) -> "subprocess.CompletedProcess[str]":
    """Without a terminal."""
    return folder.run("proofbook", "build", "--debug", "shares")


def _plain(text: str) -> str:
    return re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|[=>]|\][^\x07]*\x07)", "", text)


def test_without_a_terminal_it_says_how_to_look_and_does_not_wait(
    built: "subprocess.CompletedProcess[str]",
) -> None:
    assert built.returncode == 1, built.stdout + built.stderr
    assert "shares failed in cell 4: ZeroDivisionError: division by zero" in built.stdout
    assert "no console: standard input and output are no terminal" in built.stdout
    assert "`proofbook debug latest shares`" in built.stdout


@pytest.mark.usefixtures("built")
def test_the_log_has_kernels_cells_what_they_printed_and_the_failure(folder: Folder) -> None:
    said = folder.run("proofbook", "logs")
    assert said.returncode == 0, said.stderr
    assert re.search(r"words +kernel started (warm|cold) in", said.stdout)
    assert re.search(r"words +\| hello there", said.stdout)
    assert re.search(r"shares +cell 4 of 4: Share of late flights", said.stdout)
    assert re.search(r"shares +failed after .* in cell 4: ZeroDivisionError: division by zero", said.stdout)
    assert "\x1b" not in said.stdout
    assert "\x07" not in said.stdout
    assert said.stdout.splitlines()[-1].split("  ", 1)[1].strip().startswith("run 1 failed in")


@pytest.mark.usefixtures("built")
def test_the_log_of_one_task_as_json(folder: Folder) -> None:
    document = json.loads(folder.run("proofbook", "logs", "1", "words", "--json").stdout)
    assert (document["run"], document["ending"]) == (1, "failed")
    assert {event.get("task") for event in document["events"]} == {"words", None}
    lines = folder.run("proofbook", "logs", "1", "words", "--json", "--follow").stdout.splitlines()
    assert [json.loads(line) for line in lines] == document["events"]


@pytest.mark.usefixtures("built")
def test_the_post_mortem_of_what_was_recorded(folder: Folder) -> None:
    command = folder.command("proofbook", "debug", "1", "shares")
    asked = "w\np late\nu\np shares\nq\n"
    said = subprocess.run(command, cwd=folder.root, input=asked, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [
        "run 1, task shares: ZeroDivisionError: division by zero",
        "> cell 3(2)share()",
        "-> return late / flown",
        "  cell 4(3)<module>",
        "-> shares['AA'] = share(1, 0)",
        "> cell 3(2)share()",
        "-> return late / flown",
        "1",
        "> cell 4(3)<module>",
        "-> shares['AA'] = share(1, 0)",
        "{'UA': 0.3}",
    ]
    document = json.loads(folder.run("proofbook", "debug", "1", "shares", "--json").stdout)
    assert document["frames"][-1]["locals"] == {"late": "1", "flown": "0"}


@pytest.mark.usefixtures("built")
def test_a_post_mortem_of_a_task_that_did_not_fail(folder: Folder) -> None:
    said = folder.run("proofbook", "debug", "1", "words")
    assert said.returncode == 2
    assert said.stderr == "error: task words of run 1 did not fail, it ran; these failed: shares\n"


def test_in_a_terminal_a_console_is_attached_and_the_build_goes_on_when_it_ends(folder: Folder) -> None:
    environment = {**folder.environment, "TERM": "xterm-256color"}
    program, *arguments = folder.command("proofbook", "build", "--debug", "shares")
    build = pexpect.spawn(
        program, arguments, cwd=str(folder.root), env=environment, encoding="utf-8", timeout=90, dimensions=(40, 120)
    )
    try:
        build.expect("this is a console in it")
        build.expect(r"In \[")
        kernels = [
            process.pid for process in psutil.Process(build.pid).children(recursive=True) if process.pid != build.pid
        ]
        # the variable of the failed cell, and an expression of it
        build.send("shares\r")
        build.expect("'UA': 0.3")
        build.expect(r"In \[")
        # the traceback, with the kernel's own debugger
        build.send("%debug\r")
        build.expect("ipdb> ")
        build.send("p 40 + flown + 2\r")
        build.expect("42")
        build.expect("ipdb> ")
        build.send("q\r")
        build.expect(r"In \[")
        # Ctrl-C reaches the cell and not the build
        build.send("while True: pass\r\r")
        for _ in range(20):
            time.sleep(1)
            build.sendintr()
            if build.expect(["KeyboardInterrupt", pexpect.TIMEOUT], timeout=2) == 0:
                break
        build.expect(r"In \[")
        time.sleep(0.5)
        build.sendeof()
        build.expect(pexpect.EOF)
        said = _plain(build.before)
    finally:
        build.close(force=True)
    assert build.exitstatus == 1
    assert "failed" in said
    assert "ZeroDivisionError: division by zero" in said
    assert "report: " in said
    left = [pid for pid in kernels if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]
    assert left == []


def test_a_build_that_is_told_to_end_takes_its_console_with_it(folder: Folder) -> None:
    environment = {**folder.environment, "TERM": "xterm-256color"}
    program, *arguments = folder.command("proofbook", "build", "--debug", "shares")
    build = pexpect.spawn(
        program, arguments, cwd=str(folder.root), env=environment, encoding="utf-8", timeout=90, dimensions=(40, 120)
    )
    try:
        build.expect(r"In \[")
        started = psutil.Process(build.pid).children(recursive=True)
        build.kill(signal.SIGTERM)
        build.expect(pexpect.EOF, timeout=30)
    finally:
        build.close(force=True)
    assert build.exitstatus == 130
    _, left = psutil.wait_procs(started, timeout=5)
    assert [process.cmdline() for process in left] == []


@pytest.mark.usefixtures("built")
def test_a_task_that_is_not_there_cannot_be_debugged(folder: Folder) -> None:
    said = folder.run("proofbook", "build", "--debug", "nonsense")
    assert said.returncode == 2
    assert said.stderr.splitlines()[-1] == "error: there is no task 'nonsense' to debug; tasks: shares, words"
    assert "Traceback" not in said.stderr


def test_a_build_is_followed_from_elsewhere_while_it_runs(folder: Folder) -> None:
    folder.write(
        "words", [PARAMETERS, ("import time\nfor n in range(8):\n    print('n is', n)\n    time.sleep(0.5)", [])]
    )
    build = folder.start("proofbook", "build")
    live = folder.root / ".proofbook" / "live"
    until = time.monotonic() + 60
    while not (live.is_dir() and any(live.iterdir())):
        assert time.monotonic() < until
        time.sleep(0.05)
    follower = folder.start("proofbook", "logs", "latest", "words", "-f")
    with follower:
        assert follower.stdout is not None
        came = [(time.monotonic(), line) for line in follower.stdout]
    assert follower.returncode == 0
    build.communicate(timeout=60)
    numbers = [at for at, line in came if "n is" in line]
    assert len(numbers) == 8
    # not all at once, but as they were printed
    assert numbers[-1] - numbers[0] > 1.0
    assert re.search(r"run \d+ failed in", came[-1][1])
