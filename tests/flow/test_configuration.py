"""The configuration file: everything that can be said in it, and what is said of a mistake in it."""

from pathlib import Path

import pytest

from proofbook.exceptions import ConfigurationError
from proofbook.flow import configuration
from proofbook.model.configuration import Configuration, Retry, RuleConfiguration, TaskConfiguration, size_in_bytes


def load(root: Path, text: str) -> Configuration:
    (root / "proofbook.toml").write_text(text)
    return configuration.load(root)


def refused(root: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(root, text)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2 GiB", 2 << 30), ("2GiB", 2 << 30), (" 1.5 MiB ", 3 << 19), ("500 MB", 500_000_000), ("1 kB", 1000),
        ("64 kib", 64 << 10), ("10 B", 10), ("1 TB", 10**12),
    ],
)  # fmt: skip
def test_a_size_is_a_number_and_a_unit(text: str, size: int) -> None:
    assert size_in_bytes(text) == size


@pytest.mark.parametrize("text", ["", "2", "2 G", "GiB", "-1 GiB", "two GiB", "1e9 B", "2 GiB 3", "0 GiB", "1 XB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="2 GiB"):
        size_in_bytes(text)


def test_a_task_has_what_holds_for_all_and_what_is_its_own(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        """
        cell_timeout = 60
        task_timeout = 600
        [retry]
        attempts = 3
        [tasks."train_*"]
        memory = "2 GiB"
        cpu = 2
        gpu = 1
        [tasks."*_large"]
        memory = "4 GiB"
        cell_timeout = 0
        [tasks.train_large]
        retry = {errors = ["ConnectionError"], wait = 0.5}
        """,
    )
    retry = Retry(attempts=3)

    assert loaded.task("ingest") == TaskConfiguration(cell_timeout=60, task_timeout=600, cpu=1, gpu=0, retry=retry)
    assert loaded.task("train_small") == TaskConfiguration(
        cell_timeout=60, task_timeout=600, cpu=2, gpu=1, memory="2 GiB", retry=retry
    )
    assert loaded.task("train_large") == TaskConfiguration(
        cell_timeout=None, task_timeout=600, cpu=2, gpu=1, memory="4 GiB",
        retry=Retry(attempts=2, wait=0.5, errors=["ConnectionError"]),
    )  # fmt: skip
    assert loaded.task("train_large").memory_bytes == 4 << 30


def test_a_name_wins_over_a_glob_that_stands_behind_it(tmp_path: Path) -> None:
    loaded = load(tmp_path, "[tasks.one]\ncpu = 3\n[tasks.'*']\ncpu = 2\n")

    assert loaded.task("one").cpu == 3
    assert loaded.task("two").cpu == 2


def test_rules_of_the_gate_keep_their_order(tmp_path: Path) -> None:
    loaded = load(tmp_path, "[gate.rules.'z*']\nmargin = 1\n[gate.rules.'a*']\ninforms = true\nexact = false\n")

    assert list(loaded.gate.rules) == ["z*", "a*"]
    assert loaded.gate.rules["a*"] == RuleConfiguration(informs=True, exact=False)


def test_without_a_file_everything_has_a_default_that_serves(tmp_path: Path) -> None:
    loaded = configuration.load(tmp_path)

    assert loaded == Configuration()
    assert (loaded.kernels, loaded.on_failure, loaded.preload_bytes) == ("warm", "finish", 1 << 30)
    assert loaded.retry == Retry(attempts=2, wait=1.0, errors=[])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("preload_memory = '1 Gb of it'", ["'1 Gb of it'", "2 GiB"]),
        ("[tasks.train]\nmemory = '2G'", ["tasks.train", "'2G'", "2 GiB"]),
        ("[tasks.train]\nmemroy = '2 GiB'", ["tasks.train", "'memroy'", "'memory'"]),
        ("[tasks.train]\ngpu = -1", ["tasks.train", "gpu = -1"]),
        ("[tasks.train]\ngpu = 0.5", ["tasks.train", "int"]),
        ("tasks = 3", ["object"]),
        ("[tasks]\ntrain = 3", ["tasks.train"]),
        ("[tasks.train.retry]\natempts = 3", ["tasks.train.retry", "'atempts'", "'attempts'"]),
        ("[retry]\nattempts = 0", ["attempts = 0"]),
        ("[retry]\nwait = -1", ["wait = -1"]),
        ("retry = 3", ["retry"]),
        ("on_failure = 'explode'", ["explode", "on_failure"]),
        ("run_timeout = -5", ["run_timeout = -5"]),
        ("cell_timeout = nan", ["cell_timeout = nan"]),
        ("run_timeuot = 5", ["'run_timeuot'", "'run_timeout'"]),
        ("[gate.rules.auc]\nmargni = 1", ["gate.rules.auc", "'margni'", "'margin'"]),
        ("[gate.rules.'a*']\nmargin = 'wide'", ["gate.rules.a*", "margin", "float"]),
        ("[gate.rules.auc]\nmargin = -1", ["gate.rules.auc", "margin = -1"]),
        ("[gate.rules.auc]\nnoise = nan", ["gate.rules.auc", "noise = nan"]),
        ("[gate.rules.auc]\nfloor = -inf", ["gate.rules.auc", "floor = -inf"]),
        ("[gate.rules.auc]\nfloor = 2\nceiling = 1", ["gate.rules.auc", "floor = 2 is above ceiling = 1"]),
        ("[gate.rules.auc]\nexact = true\nmargin = 1", ["gate.rules.auc", "margin contradicts it"]),
        ("[gate.rules.auc]\nbetter = 'up'", ["gate.rules.auc", "up", "better"]),
        ("[gate.rules]\nmargin = 1", ["gate.rules.margin"]),
        ("[gate]\nrules = 3", ["rules"]),
        ("[data]\nread = ['/data/*.csv']", ["data.read: '/data/*.csv' is no path or glob relative"]),
        ("[data]\nread = ['a.csv', '']", ["data.read: ''"]),
        ("[data]\nread = ['data/**.csv']", ["data.read: 'data/**.csv'"]),
        ("[gate]\ncause_budget = -1", ["cause_budget = -1"]),
        ("[gate]\nfalse_alarm = '1 per year'", ["gate", "'false_alarm'", "'false_alarms'"]),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, words: list[str]) -> None:
    message = refused(tmp_path, text)

    assert "proofbook.toml" in message
    for word in words:
        assert word in message, message
