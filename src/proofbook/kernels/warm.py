"""The life of a warm kernel: from the moment it is forked to its end. It must look like one that was started cold."""

import ctypes
import gc
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from typing import Any

from proofbook.kernels import family, likeness
from proofbook.kernels.seat import native

__all__ = ["INLINE", "live", "prepare"]

INLINE = "module://matplotlib_inline.backend_inline"
_PR_SET_PDEATHSIG = 1
# whatever the notebook makes of `os`
_exit = os._exit
_LAST_ANSWER = 2.0
"""Seconds in which the answer to a request to shut down must be on its way."""
_libc = ctypes.CDLL(None, use_errno=True)
_libc.getenv.restype = ctypes.c_void_p
_libc.getenv.argtypes = [ctypes.c_char_p]


def live(order: dict[str, Any], *, raw: int, line: socket.socket, keeper: int, blas: Sequence[Any]) -> None:
    """
    Be a kernel, and end this process.

    Args:
        order: What the keeper asked for: `fork` (its name), `argv`, `cwd`, `env`, `umask`.
        raw: Where it writes what cannot go to the notebook.
        line: To the keeper; it is told when the kernel takes messages, and closed.
        keeper: Process id of the parent it will have.
        blas: Functions that set the number of threads of a loaded OpenBLAS.
    """
    code = 1
    try:
        _settle(order, raw=raw, keeper=keeper)
        _unfreeze_state(order, blas=blas)
        app = _boot(order["argv"], keeper=keeper)
        _tell_when_it_listens(line, order["fork"])
        app.start()
        _let_control_end(app)
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:  # noqa: BLE001  as the interpreter would at its end
        traceback.print_exc(file=sys.__stderr__)
    finally:
        _end(code)


def _settle(order: dict[str, Any], *, raw: int, keeper: int) -> None:
    """Take the place of a process that the keeper started itself."""
    os.setsid()
    while os.getppid() != keeper:
        # the process between is ending; should the keeper be gone, another parent comes
        if os.getppid() == 1:
            _exit(1)
        time.sleep(0.0002)
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != keeper:
        _exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (raw, 1), (raw, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(raw)
    os.umask(order["umask"])
    os.chdir(order["cwd"])
    # for those who look from outside: `family.marked`
    address, name = _libc.getenv(family.MARK.encode()), order["fork"].encode().ljust(16)[:16]
    if address:
        ctypes.memmove(address, name, len(name))
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv[:] = order["argv"]
    sys.orig_argv[:] = order["orig_argv"]
    likeness.adopt()


def _unfreeze_state(order: dict[str, Any], *, blas: Sequence[Any]) -> None:
    """What must be each kernel's own: random numbers, clocks, keys, threads of libraries."""
    gc.enable()
    random = sys.modules.get("numpy.random")
    if random is not None:
        random.seed()
    logging = sys.modules.get("logging")
    if logging is not None:
        logging._startTime = time.time()  # type: ignore[attr-defined]  # noqa: SLF001  what `relativeCreated` counts from
    process = sys.modules.get("multiprocessing.process")
    if process is not None:
        process.current_process().authkey = os.urandom(32)
    if blas:
        threads = _threads(order["env"])
        for setter in blas:
            setter(threads)


def _threads(env: dict[str, str]) -> int:
    """How many threads OpenBLAS takes when it is loaded, by its own rules."""
    available = len(os.sched_getaffinity(0))
    for name in ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"):
        digits = env.get(name, "").strip().partition(",")[0]
        if digits.isdecimal() and int(digits) > 0:
            return min(int(digits), available)
    return available


def prepare() -> None:
    """In the template, before a notebook's modules: make the application, and read the options all kernels have."""
    from ipykernel.kernelapp import IPKernelApp

    app: Any = IPKernelApp.instance()
    app.parse_command_line(native("")[1][1:])


def _boot(argv: list[str], *, keeper: int) -> Any:
    """Do what `ipykernel_launcher` does; the usual options were read in the template, but for the connection file."""
    from ipykernel.kernelapp import IPKernelApp

    app: Any = IPKernelApp.instance()
    app.parent_handle = keeper
    usual = native(argv[2])[1]
    if argv[1:] != usual[1:]:
        app.initialize(argv[1:])
        return app
    app.argv = argv[1:]
    for config in (app.config, app.cli_config):
        config.IPKernelApp.connection_file = argv[2]
    app.connection_file = argv[2]
    app.parse_command_line = lambda _=None: None
    try:
        app.initialize()
    finally:
        del app.parse_command_line
    _leave_trackers(app.kernel)
    return app


def _leave_trackers(kernel: Any) -> None:
    """At its end a kernel waits for its children, but not for dead ones, nor for those that wait for its end."""
    every = kernel._process_children  # noqa: SLF001  ipykernel has no option for it
    kernel._process_children = lambda: [child for child in every() if _to_wait_for(child)]  # noqa: SLF001


def _to_wait_for(child: Any) -> bool:
    """Whether a child of a kernel that ends (`psutil.Process`) is to be ended first."""
    import psutil

    try:
        return child.status() != psutil.STATUS_ZOMBIE and not family.tracks(child.pid)
    except psutil.Error:
        return False


def _tell_when_it_listens(line: socket.socket, name: str) -> None:
    """
    Tell the keeper that the kernel takes messages.

    Not before its loop turns: ipykernel's main thread hands its sockets to other threads while it starts, and a
    connection that comes in between can leave such a socket deaf.
    """
    from tornado.ioloop import IOLoop

    def tell() -> None:
        line.send(b'{"say": "booted", "name": "%s"}' % name.encode())
        line.close()

    IOLoop.current().add_callback(tell)


def _let_control_end(app: Any) -> None:
    """
    Wait for the thread that was told to shut down.

    ipykernel closes the way to the notebook first; the thread, which still flushes into it, then waits for ten seconds.
    """
    if app.control_thread is not None and app.control_thread.is_alive():
        app.control_thread.stop()
        app.control_thread.join(_LAST_ANSWER)


def _end(code: int) -> None:
    """What the interpreter does at its end, without taking apart what the kernel shares with its template."""
    import atexit
    import threading

    try:
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  the interpreter calls it too
        atexit._run_exitfuncs()  # noqa: SLF001  the interpreter calls it too
        for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
            if stream is not None:
                stream.flush()
    except BaseException:  # noqa: BLE001  nothing more can be done with it
        code = code or 1
    finally:
        _exit(code)
