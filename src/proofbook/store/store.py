"""The store beside a pipeline: what everything else calls."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from proofbook.disk.locks import Held, Lock
from proofbook.exceptions import StoreError
from proofbook.model.policy import Ruling
from proofbook.model.record import Record
from proofbook.model.run import Run, TaskRun
from proofbook.model.verdict import GateResult
from proofbook.store import layout, verify
from proofbook.store.blobs import Blobs
from proofbook.store.channels import Channels, Permit
from proofbook.store.database import Database
from proofbook.store.livelog import LiveLog, Tail, place
from proofbook.store.replays import Replays
from proofbook.store.results import Results
from proofbook.store.runs import Runs
from proofbook.store.values import Damage, Generation, Kind, Purpose, RecordPoint, Replay, RunSummary

__all__ = ["Store"]


class Store:
    """
    `.proofbook/`: blobs, runs, results, what the gate said, channels. Open it with `Store.open`.

    It may be used by several threads; after a fork the child opens its own. Reading works in a read-only folder, and
    whatever would write raises StoreError there.
    """

    def __init__(self, database: Database) -> None:
        self.folder = database.path.parent
        self.writable = database.writable
        lock = Lock(self.folder / "write.lock")
        self.blobs = Blobs(self.folder, lock=lock, writable=database.writable)
        self._database = database
        self._runs = Runs(database, self.blobs)
        self._results = Results(database, self.blobs)
        self._channels = Channels(database, self.blobs, self._runs)
        self._replays = Replays(database, self.blobs)

    @classmethod
    def open(cls, root: Path, *, create: bool = True) -> "Store":
        """
        The store of the pipeline in `root`; builds that were killed since the last time become `interrupted` here.

        Args:
            root: The folder of `pipeline.yaml`.
            create: Make the store where there is none.

        Raises:
            NotFoundError: There is no store, and `create` is off.
            StoreError: It is damaged, made by a newer Proofbook, on a network file system ...
        """
        store = cls(layout.prepare(root, create=create))
        store._runs.repair()
        return store

    def close(self) -> None:
        """Let go of runs that were reserved and not sealed; keep the results that were to be remembered later."""
        self._results.flush()
        self._runs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def build_lock(self, wait: float = 0.0) -> Held:
        """
        The lock that one build at a time holds; a context manager.

        Args:
            wait: Seconds to wait for another build.

        Raises:
            LockHeldError: Another build held it all the time; its pid and since when are named.
            StoreError: The store is read-only.
        """
        if not self.writable:
            raise StoreError(f"the store {self.folder} is read-only: nothing can be built here")
        return Lock(self.folder / "build.lock", what="another build").acquire(wait)

    def reserve(self, pipeline: str) -> int:
        """
        A number for a run that begins now. If this process ends before `seal`, the run shows as `interrupted`.

        Args:
            pipeline: Name of the pipeline file.
        """
        return self._runs.reserve(pipeline)

    def seal(self, run: Run) -> str:
        """
        Make a reserved run a fact, durably and in one transaction; its blobs must be in the store.

        Returns:
            The digest of its manifest.
        """
        self._results.flush()
        return self._runs.seal(run)

    def live_log(self, number: int) -> LiveLog:
        """The log of a reserved run, for its build to write; others read it with `tail`."""
        return LiveLog(self.folder, number)

    def tail(self, number: int) -> Tail | None:
        """The log of a run that is being built, or was killed; None where there is none, as of every sealed run."""
        try:
            return Tail(place(self.folder, number))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"the log of run {number} cannot be read ({error.strerror})") from error

    def building(self, number: int) -> bool:
        """Whether the run is being built at this moment."""
        return self._runs.building(number)

    def abandon(self, number: int) -> None:
        """Give up a reserved run without a manifest: it stays in the list as `interrupted`."""
        self._runs.abandon(number)

    def remember(self, task_run: TaskRun, *, run: int, later: bool = False) -> None:
        """
        Keep the result of a task that ran to a good end, for later builds; its blobs must be in the store.

        Args:
            task_run: Status `ran`, with a key.
            run: Number of the run that did the work.
            later: Keep it with the next attempt, or at the next `flush`. Until then it is lost if this process is
                killed: the task then runs again.
        """
        self._results.remember(task_run, run=run, later=later)

    def keeping(self) -> AbstractContextManager[None]:
        """As long as this context lasts, asking for results and remembering them is cheaper: one connection serves."""
        return self._database.keeping()

    def flush(self) -> None:
        """Keep, durably, the results that were to be remembered later."""
        self._results.flush()

    def attempt(self, task: str, key: str, *, run: int) -> None:
        """
        Note that a task begins, before it does: earlier results for that key do not count until it succeeds again.

        Where there are none, nothing is written.

        Args:
            task: Its name.
            key: Digest of its inputs.
            run: Number of the run that it begins in.
        """
        self._results.attempt(task, key, run=run)

    def recall(self, task: str, key: str) -> Iterator[TaskRun]:
        """The good results of `task` for that key, newest first, whose blobs are all there; none after a failure."""
        return self._results.recall(task, key)

    def latest(self, task: str) -> TaskRun | None:
        """The newest good result of `task`, for whatever key; None where it never ran to a good end."""
        return self._results.latest(task)

    def durations(self) -> dict[str, float]:
        """Task to the seconds that it took when it ran to a good end the last time."""
        return self._results.durations()

    def runs(self, limit: int | None = None) -> tuple[RunSummary, ...]:
        """The newest runs, newest first; running and interrupted ones too."""
        return self._runs.summaries(limit)

    def number(self, reference: str | int) -> int:
        """The number of the sealed run named by a number, `latest`, a channel, or 6 digits of its digest."""
        return self._runs.number(reference)

    def run(self, reference: str | int) -> Run:
        """That run, from its verified manifest. Raises NotFoundError, BlobCorruptError."""
        return self._runs.load(self._runs.number(reference))

    def manifest(self, number: int) -> str:
        """The digest of a sealed run. Raises NotFoundError."""
        return self._runs.manifest(number)

    def record_history(self, name: str, limit: int = 50, *, task: str | None = None) -> tuple[RecordPoint, ...]:
        """One record in the newest sealed runs, newest first."""
        return self._runs.record_history(name, limit, task)

    def keep_replay(
        self,
        manifest: str,
        purpose: Purpose,
        variant: dict[str, Any],
        records: tuple[Record, ...],
        *,
        run: int | None = None,
    ) -> None:
        """
        Keep what a run recorded when it was built again; the newest of a variant counts.

        Args:
            manifest: Digest of the run that was built again.
            purpose: Why.
            variant: What was exchanged, as JSON.
            records: Of all tasks; their blobs must be in the store.
            run: Number of the run for whose sake it was done.
        """
        self._replays.keep(manifest, purpose, variant, records, run=run)

    def replays(self, manifest: str, purpose: Purpose) -> tuple[Replay, ...]:
        """The replays of a run for that purpose: the newest of each variant, oldest variant first."""
        return self._replays.of(manifest, purpose)

    def looks(self, eval_set: str) -> int:
        """How many sealed runs were measured on the evaluation set with that digest."""
        return self._replays.looks(eval_set)

    def save_gate(self, result: GateResult) -> None:
        """Keep what the gate said of a sealed run; earlier words on it stay."""
        self._channels.save_gate(result)

    def gate(self, number: int, *, channel: str | None = None) -> GateResult | None:
        """The newest word of the gate on a run, against `channel` or whichever; None where there is none."""
        return self._channels.gate(number, channel=channel)

    def keep_ruling(self, ruling: Ruling) -> None:
        """Keep what a policy said of a step, allowed or refused, in the audit; its blobs must be in the store."""
        self._channels.keep_ruling(ruling)

    def rulings(self, number: int) -> tuple[Ruling, ...]:
        """What policies said of the approvals, promotions and rollbacks of a run, oldest first."""
        return self._channels.rulings(number)

    def generation(self, channel: str) -> Generation | None:
        """What a channel holds now; None where it never held anything."""
        return self._channels.generation(channel)

    def generations(self, channel: str) -> tuple[Generation, ...]:
        """The history of a channel, newest first."""
        return self._channels.generations(channel)

    def channels(self) -> tuple[str, ...]:
        """All channels that ever held a run."""
        return self._channels.names()

    def advance(
        self,
        channel: str,
        number: int,
        *,
        expected: int,
        kind: Kind,
        by: str,
        reason: str | None = None,
        permit: Permit | None = None,
    ) -> Generation:
        """
        Put a run into a channel, as a new generation; in one transaction.

        Args:
            channel: Small letters, digits, `-`, `_`.
            number: A sealed run; every blob of it is read and hashed first.
            expected: Number of the channel's current generation, 0 where it has none.
            kind: `promote`, or `rollback` where it was there before.
            by: Who does it.
            reason: Why, in their words.
            permit: Asked within the transaction; raises to refuse, returns whether the gate is overridden.

        Raises:
            ConflictError: The channel holds another generation than `expected`.
            BlobCorruptError: The run is damaged.
        """
        return self._channels.advance(
            channel, number, expected=expected, kind=kind, by=by, reason=reason, permit=permit
        )

    def verify(self) -> tuple[Damage, ...]:
        """Read everything, change nothing: all that is damaged, by name."""
        return verify.verify(self._database, self.blobs)
