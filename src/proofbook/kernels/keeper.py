"""
The process that owns every kernel: it starts them, tells their end, and leaves none behind when its driver is gone.

It is small, has one thread and imports next to nothing. The driver speaks to it in lines of JSON over a socket; the
end of that socket is the driver's end. Processes whose parents died come to it (PR_SET_CHILD_SUBREAPER), so that it
finds them all. It is started by `line.Line`, never by hand.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from typing import Any

from proofbook.kernels import family
from proofbook.kernels.wards import (
    PR_SET_PDEATHSIG,
    TRACKING,
    Template,
    Ward,
    die_with_keeper,
    end_all,
    last_words,
    prctl,
    quoted,
    send_signal,
)

__all__ = ["Keeper", "main"]

_PR_SET_CHILD_SUBREAPER = 36
_HANG = 20.0
"""Seconds after which the import of one module is given up."""
_START_LIMIT = 60.0
"""Seconds in which the kernel's own parts must be imported."""
_RESTARTS = 40
_POSTAL = 1 << 20


class Keeper:
    """The keeper's whole state, and its loop."""

    def __init__(self, driver: socket.socket, *, parent: int) -> None:
        self.driver = driver
        self.parent = parent
        self.incoming = b""
        self.outgoing = b""
        self.environments: dict[int, dict[str, str]] = {}
        self.wards: dict[str, Ward] = {}
        self.template: Template | None = None
        self.order: dict[str, Any] | None = None
        self.broken = ""
        self.generation = 0
        self.refused: dict[str, str] = {}
        self.costs: dict[str, list[float]] = {}
        self.waiting: dict[str, dict[str, Any]] = {}
        self.asked: dict[str, dict[str, Any]] = {}
        self.checks: set[int] = set()
        self.stuck = False
        self.ends = 0
        self.trackers: dict[int, float] = {}
        self.lines: dict[int, Template] = {}
        self.raw = os.memfd_create("proofbook-template")
        self.poll = select.poll()
        self.wakeup, self._alarm = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._alarm, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.poll.register(self.wakeup, select.POLLIN)
        self.poll.register(driver, select.POLLIN)

    def run(self) -> None:
        """Serve until the driver is gone."""
        while os.getppid() == self.parent:
            for descriptor, _ in self.poll.poll(self._patience()):
                if descriptor == self.wakeup:
                    os.read(self.wakeup, 4096)
                elif descriptor == self.driver.fileno():
                    if not self._hear():
                        return
                elif descriptor in self.lines:
                    self._listen(self.lines[descriptor])
            self._bury()
            self._watch()
            self._serve()
            if not self._flush():
                return

    def tell(self, **event: Any) -> None:
        """Say something to the driver."""
        self.outgoing += json.dumps(event).encode() + b"\n"

    # the driver

    def _hear(self) -> bool:
        """Do what the driver asks. Returns False when it is gone."""
        try:
            piece = self.driver.recv(_POSTAL, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not piece:
            return False
        *lines, self.incoming = (self.incoming + piece).split(b"\n")
        for line in lines:
            order = json.loads(line)
            getattr(self, f"do_{order.pop('do')}")(order)
        return True

    def _flush(self) -> bool:
        while self.outgoing:
            try:
                sent = self.driver.send(self.outgoing, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
            except BlockingIOError:
                self.poll.modify(self.driver, select.POLLIN | select.POLLOUT)
                return True
            except OSError:
                return False
            self.outgoing = self.outgoing[sent:]
        self.poll.modify(self.driver, select.POLLIN)
        return True

    def do_env(self, order: dict[str, Any]) -> None:
        """Know an environment by a number."""
        self.environments[order["number"]] = order["env"]

    def do_template(self, order: dict[str, Any]) -> None:
        """Have a template as ordered, in place of the one there was."""
        order.update(env=self.environments[order["env"]], raw=self.raw)
        self.order, self.broken, self.refused, self.costs = order, "", {}, {}
        self._replace()

    def do_warm(self, order: dict[str, Any]) -> None:
        """Fork a kernel as soon as the template can."""
        self.waiting[order["name"]] = order

    def do_cold(self, order: dict[str, Any]) -> None:
        """Start a kernel's program."""
        ward = self._ward(order["name"])
        env = self._environment(order)
        try:
            process = subprocess.Popen(
                order["argv"],
                cwd=order["cwd"],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=ward.raw,
                stderr=ward.raw,
                umask=order["umask"],
                start_new_session=True,
                preexec_fn=die_with_keeper,  # noqa: PLW1509  this process has one thread
            )
        except (OSError, ValueError) as error:
            self._fail(
                order["name"], f"{error.strerror}: {error.filename}" if isinstance(error, OSError) else str(error)
            )
            return
        ward.pid, process.returncode = process.pid, 0
        self.tell(event="started", name=ward.name, pid=ward.pid, generation=0)

    def do_signal(self, order: dict[str, Any]) -> None:
        """Signal a kernel's group; with `tree`, end it and all that it started."""
        name = order["name"]
        ward = self.wards.get(name)
        if ward is None or not ward.pid:
            # one that has not begun never will: if it is being forked, its ward is gone when that is told
            self.waiting.pop(name, None)
            self.asked.pop(name, None)
            self._fail(name, "it was ended before it began")
            return
        if order.get("tree") and order["number"] == signal.SIGKILL:
            self._kill(ward)
            return
        below = family.descendants(ward.pid) if order.get("tree") else []
        send_signal(-ward.pid, order["number"])
        for pid in below:
            send_signal(pid, order["number"])

    def _kill(self, ward: Ward) -> None:
        """End a kernel and all that it started, at once; but resource trackers may first do what they are there for."""
        below = family.descendants(ward.pid) if ward.pid else []
        for orphan in family.children(os.getpid()):
            if orphan != ward.pid and family.marked(orphan) == ward.name:
                below += [orphan, *family.descendants(orphan)]
        trackers = {pid for pid in below if family.tracks(pid)}
        for pid in trackers:
            self.trackers.setdefault(pid, time.monotonic() + TRACKING)
        # the group has its number as long as the kernel is not reaped; a fork that has just begun has no group yet
        kernel = [ward.pid] if ward.pid else []
        if kernel and not trackers:
            kernel.append(-ward.pid)
        for pid in (*kernel, *below):
            if pid not in trackers:
                send_signal(pid, signal.SIGKILL)

    def do_check(self, order: dict[str, Any]) -> None:
        """Look whether what the template has imported is still what is installed."""
        self.checks.add(order["number"])
        if self.template is None or not self.template.ready:
            self._checked()
            return
        try:
            self.template.send({"check": order["number"]})
        except BlockingIOError:
            # it does not read: the driver sees that no answer comes
            return
        except OSError:
            self._checked()

    def _checked(self) -> None:
        """Answer for a template that does not any more: its forks are none that anybody is given."""
        for number in self.checks:
            self.tell(event="checked", number=number)
        self.checks.clear()

    def do_stuck(self, order: dict[str, Any]) -> None:
        """Give a template up that does not fork though it could; the first time have another."""
        if self.template is None or self.template.generation != order["generation"]:
            return
        if self.stuck:
            self._give_up("the template did not answer, nor did the one before it")
            return
        self.stuck = True
        self._replace()

    # kernels

    def _environment(self, order: dict[str, Any]) -> dict[str, str]:
        """What jupyter_client would give it, and by what the keeper knows its descendants."""
        own = {"JPY_PARENT_PID": str(os.getpid()), family.MARK: order["name"]}
        return {**self.environments[order["env"]], **order["extra"], **own}

    def _ward(self, name: str) -> Ward:
        self.wards[name] = Ward(name, raw=os.memfd_create(f"proofbook-{name}"))
        return self.wards[name]

    def _fail(self, name: str, why: str) -> None:
        ward = self.wards.pop(name, None)
        if ward is not None:
            os.close(ward.raw)
        self.tell(event="failed", name=name, why=why)

    def _bury(self) -> None:
        """Reap all that has died. What a kernel leaves behind dies with it."""
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            code = found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
            ward = next((ward for ward in self.wards.values() if ward.pid == found.si_pid), None)
            if ward is None:
                # a kernel comes to this process only after its fork was told: the word lies there, unread
                self._listen_to_all()
                ward = next((ward for ward in self.wards.values() if ward.pid == found.si_pid), None)
            if ward is not None:
                # before it is reaped, its number can belong to no other group
                self._kill(ward)
            os.waitpid(found.si_pid, 0)
            self.trackers.pop(found.si_pid, None)
            if ward is not None:
                self._leave(ward, code)
            elif self.template is not None and found.si_pid == self.template.pid:
                self._lost(code)

    def _leave(self, ward: Ward, code: int) -> None:
        # those that left its group and whose parents are dead are children of this process now
        ward.pid = 0
        self.ends += 1
        self._kill(ward)
        del self.wards[ward.name]
        self.tell(event="ended", name=ward.name, code=code, said=last_words(ward.raw))
        os.close(ward.raw)

    # the template

    def _replace(self) -> None:
        """Start the template anew; the one there was forks no more."""
        self._retire()
        assert self.order is not None  # noqa: S101  only called where there is an order
        self.generation += 1
        os.ftruncate(self.raw, 0)
        os.lseek(self.raw, 0, os.SEEK_SET)
        wanted = [module for module in self.order["modules"] if module not in self.refused]
        try:
            self.template = Template({**self.order, "modules": wanted}, generation=self.generation)
        except OSError as error:
            self._give_up(f"it cannot be started: {error}")
            return
        self.lines[self.template.line.fileno()] = self.template
        self.poll.register(self.template.line, select.POLLIN)

    def _retire(self) -> None:
        if self.template is not None:
            send_signal(self.template.pid, signal.SIGKILL)
            self.template = None
            self.waiting = {**self.asked, **self.waiting}
            self.asked = {}
            self._checked()

    def _give_up(self, why: str) -> None:
        self._retire()
        self.broken = why
        self.tell(event="broken", why=why)

    def _lost(self, code: int) -> None:
        """The template died by itself: of the module that it was importing, or nobody knows why."""
        assert self.template is not None  # noqa: S101  looked up by the caller
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        module = self.template.loading
        if module and self.generation < _RESTARTS:
            self._refuse(module, f"importing it ended the process ({how})")
            return
        for name in [*self.asked]:
            del self.asked[name]
            self._fail(name, f"the template died ({how})")
        self._give_up(f"the template died ({how})" + quoted(last_words(self.raw)))

    def _refuse(self, module: str, why: str) -> None:
        self.refused[module] = why
        self.costs.clear()
        self.tell(event="refused", module=module, why=why, spoils=True)
        self._replace()

    def _watch(self) -> None:
        template = self.template
        if template is None or template.ready:
            return
        since = time.monotonic() - template.since
        if template.loading and since > _HANG:
            self._refuse(template.loading, f"importing it took longer than {_HANG:g} s")
        elif since > _START_LIMIT:
            self._give_up(f"it did not start within {_START_LIMIT:g} s")

    def _patience(self) -> float | None:
        """Milliseconds that nothing may happen."""
        loading = self.template is not None and not self.template.ready
        if self.waiting and not loading:
            # the template has not read what it was asked before
            return 20.0
        return 1000.0 if loading or self.trackers else None

    def _serve(self) -> None:
        """Pass on the requests for kernels, or say that there will be none."""
        template = self.template
        if template is None:
            for name in [*self.waiting]:
                del self.waiting[name]
                self._fail(name, self.broken or "there is no template")
            return
        if not template.ready:
            return
        for name, order in [*self.waiting.items()]:
            ward = self.wards.get(name) or self._ward(name)
            env = self._environment(order)
            # a kernel that has ended may have installed something
            look = self.ends != template.ends
            try:
                template.send({"fork": name, **order, "env": env, "look": look}, ward.raw)
            except BlockingIOError:
                return
            except OSError as error:
                del self.waiting[name]
                self._fail(name, f"the template cannot be asked: {error}")
                continue
            template.ends = self.ends
            self.asked[name] = self.waiting.pop(name)

    def _listen_to_all(self) -> None:
        """Take in all that templates have said so far: then no process they told of has been reaped."""
        for template in [*self.lines.values()]:
            while template.line.fileno() in self.lines and self._listen(template):
                pass

    def _listen(self, template: Template) -> bool:
        """Take in one message. Returns whether there may be more."""
        try:
            piece = template.line.recv(_POSTAL, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            # it died with requests unread; this is told once, and before what it had said
            return True
        except OSError:
            piece = b""
        if not piece:
            # it is dead, and so is each child that had not booted yet
            self.poll.unregister(template.line)
            del self.lines[template.line.fileno()]
            template.line.close()
            return False
        message = json.loads(piece)
        what = message.pop("say")
        if what in ("forked", "booted") or template is self.template:
            getattr(self, f"hear_{what}")(template, **message)
        return True

    def hear_forked(self, template: Template, name: str, pid: int) -> None:
        """A kernel exists; it boots by itself now."""
        ward = self.wards.get(name)
        if ward is None or ward.pid or name in self.waiting:
            # it was given up while it was forked, or its template was: then another one's turn comes. Its number is
            # still its own, as nothing is reaped while a template's word lies unread
            send_signal(-pid, signal.SIGKILL)
            send_signal(pid, signal.SIGKILL)
            return
        self.asked.pop(name, None)
        ward.pid = pid
        self.tell(event="started", name=name, pid=pid, generation=template.generation)

    def hear_booted(self, template: Template, name: str) -> None:  # noqa: ARG002  as the others
        """A kernel takes messages."""
        self.tell(event="booted", name=name)

    def hear_unforked(self, template: Template, name: str, why: str) -> None:  # noqa: ARG002  as the others
        """The template could not fork."""
        self.asked.pop(name, None)
        self._fail(name, why)

    def hear_loading(self, template: Template, module: str) -> None:
        """A module is imported from now on."""
        template.loading, template.since = module, time.monotonic()

    def hear_loaded(self, template: Template, module: str, seconds: float, size: int) -> None:
        """A module was imported."""
        template.loading = ""
        self.costs[module] = [seconds, size]

    def hear_refuse(self, template: Template, module: str, why: str, poisoned: bool) -> None:
        """A module must not be preloaded; where it left something behind, by no means in this process."""
        template.loading = ""
        if poisoned:
            self._refuse(module, why)
        else:
            self.refused[module] = why
            self.tell(event="refused", module=module, why=why)

    def hear_ready(self, template: Template, seconds: float) -> None:
        """The template can fork."""
        template.ready, template.loading = True, ""
        self.tell(event="ready", generation=template.generation, costs=self.costs, seconds=seconds)

    def hear_fresh(self, template: Template, number: int) -> None:  # noqa: ARG002  as the others
        """What was imported is what is installed."""
        self.checks.discard(number)
        self.tell(event="checked", number=number)

    def hear_stale(self, template: Template, path: str, number: int | None = None) -> None:
        """A file that was imported has changed."""
        self.tell(event="stale", generation=template.generation, path=path)
        if number is not None:
            self.checks.discard(number)
            self.tell(event="checked", number=number)
        self._replace()


def main(descriptor: int, driver: int, folder: str) -> None:
    """
    Keep kernels until the driver is gone.

    Args:
        descriptor: Of the socket to the driver.
        driver: Process id of the driver.
        folder: Where sockets lie; removed at the end.
    """
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    # the end of the socket says it as well, unless a child of the driver's still holds its other end
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    # it wakes the loop, which looks at its parent: it also comes when only the thread that started this one has ended
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, lambda *_: None)
    line = socket.socket(fileno=descriptor)
    os.set_inheritable(descriptor, False)
    try:
        if os.getppid() == driver:
            Keeper(line, parent=driver).run()
    except Exception as error:  # noqa: BLE001  the driver hears what broke its keeper
        message = json.dumps({"event": "broken", "why": f"the keeper failed: {type(error).__name__}: {error}"})
        line.send(message.encode() + b"\n", socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    finally:
        end_all(folder)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
