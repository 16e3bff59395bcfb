"""`doctor`: each trap is set for real, and must be found."""

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import pytest

from proofbook.exceptions import StoreError
from proofbook.flow import door
from proofbook.flow.doctor import CHECKS, Place, examine
from proofbook.store import Store, layout

PIPELINE = "tasks:\n  - source: a.ipynb\n    product: out/a.ipynb\n"
DOOR = "".join(f"{line}\n" for line in door.LINES.values())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home, so that this machine's own Jupyter settings do not count."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def examined(root: Path, home: Path, **environment: str) -> dict[str, dict[str, Any]]:
    """What `proofbook doctor --json` says in `root`, by code."""
    fresh = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "LC_", "PYTHON"))}
    fresh |= {"HOME": str(home), "LANG": "C.UTF-8", **environment}
    words = [sys.executable, "-c", "from proofbook.cli import main; main()", "doctor", "--json"]
    done = subprocess.run(words, cwd=root, env=fresh, capture_output=True, check=False)
    assert done.returncode in {0, 5}, done.stderr.decode()
    told = json.loads(done.stdout)
    assert (done.returncode == 5) == (told["problems"] > 0)
    return {one["code"]: one for one in told["checks"]}


def distribution(folder: Path, name: str, version: str, *, entry_points: str = "") -> None:
    """An installed distribution, as `importlib.metadata` sees it."""
    where = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    where.mkdir(parents=True)
    (where / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (where / "entry_points.txt").write_text(entry_points)


def notebook(path: Path, *, kernel: str) -> None:
    metadata = {"kernelspec": {"name": kernel, "display_name": kernel}}
    nbformat.write(nbformat.v4.new_notebook(metadata=metadata), path)


def kernelspec(home: Path, name: str, content: object) -> Path:
    folder = home / "data" / "kernels" / name
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(content))
    return folder


def test_every_check_speaks_and_has_a_cure_where_one_is_needed(tmp_path: Path) -> None:
    found = examine(tmp_path)

    assert [one.code for one in found] == [check.code for check in CHECKS]
    assert len({one.code for one in found}) == len(found) == len({one.name for one in found})
    for one in found:
        assert one.what
        assert "\n" not in one.what + one.cure
        assert bool(one.cure) == (one.level != "ok")


def test_a_good_project_has_no_problem(tmp_path: Path, home: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text(PIPELINE + DOOR)
    notebook(tmp_path / "a.ipynb", kernel="python3")

    found = examined(tmp_path, home)

    assert [one for one in found.values() if one["level"] == "problem"] == []
    for code in ("D101", "D102", "D105", "D106", "D202", "D203", "D301", "D302", "D303", "D304", "D401"):
        assert found[code]["level"] == "ok", found[code]


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_python_that_nobody_tested(tmp_path: Path, version: tuple[int, int]) -> None:
    check = next(check for check in CHECKS if check.name == "python")

    assert check.diagnose(Place(root=tmp_path, python=version)).level == "problem"


def test_a_pinned_package_in_another_version(tmp_path: Path, home: Path) -> None:
    distribution(tmp_path / "site", "papermill", "2.4.0")

    said = examined(tmp_path, home, PYTHONPATH=str(tmp_path / "site"))["D102"]

    assert said["level"] == "problem"
    assert "papermill==2.7.0 (found 2.4.0)" in said["what"]
    assert said["cure"] == "pip install 'papermill==2.7.0'"


@pytest.mark.parametrize(
    ("code", "name", "bad", "good", "word"),
    [
        ("D103", "networkx", "3.6.1", "3.5", "KeyError: 'links'"),
        ("D104", "pandas", "3.1.0", "2.3.0", "papermill_dataframe"),
    ],
)
def test_versions_that_break_others(
    tmp_path: Path, home: Path, code: str, name: str, bad: str, good: str, word: str
) -> None:
    distribution(tmp_path / "bad", name, bad)
    distribution(tmp_path / "good", name, good)

    said = examined(tmp_path, home, PYTHONPATH=str(tmp_path / "bad"))[code]

    assert said["level"] == "warning"
    assert word in said["what"]
    assert examined(tmp_path, home, PYTHONPATH=str(tmp_path / "good"))[code]["level"] == "ok"


@pytest.mark.parametrize("group", ["papermill.engine", "papermill.io"])
def test_a_plugin_that_papermill_imports_at_start(tmp_path: Path, home: Path, group: str) -> None:
    distribution(tmp_path / "site", "slow-plugin", "1.0", entry_points=f"[{group}]\nslow = slow_plugin:Thing\n")

    said = examined(tmp_path, home, PYTHONPATH=str(tmp_path / "site"))["D105"]

    assert said["level"] == "warning"
    assert "slow-plugin" in said["what"]


def test_a_lock_that_is_not_what_is_installed(tmp_path: Path, home: Path) -> None:
    (tmp_path / "requirements.lock").write_text(
        "# made by a tool\n"
        "papermill==2.7.0 \\\n    --hash=sha256:0000\n    # via proofbook\n"
        "ploomber==0.1\n"
        "not-there==1.0 ; python_version >= '3.0'\n"
        "for-another-python==1.0 ; python_version < '3.0'\n"
        "-e .\n"
    )

    said = examined(tmp_path, home)["D106"]

    assert said["level"] == "warning"
    assert "2 of 3 packages" in said["what"]
    assert "ploomber 0.23.3, locked 0.1; not-there missing, locked 1.0" in said["what"]


def test_ploombers_extension_in_jupyter_and_the_cure_that_is_named(tmp_path: Path, home: Path) -> None:
    pytest.importorskip("jupyter_server")
    settings = home / "settings"
    (settings / "jupyter_server_config.d").mkdir(parents=True)
    for name in ("ploomber", "ploomber_extension"):
        said = {"ServerApp": {"jpserver_extensions": {name: True}}}
        (settings / "jupyter_server_config.d" / f"{name}.json").write_text(json.dumps(said))
    environment = {"JUPYTER_CONFIG_DIR": str(settings), "JUPYTER_PREFER_ENV_PATH": "0"}
    found = examined(tmp_path, home, **environment)["D201"]
    assert found["level"] == "warning"
    assert "error 500" in found["what"]

    for name in ("ploomber", "ploomber_extension"):
        words = [sys.executable, "-m", "jupyter", "server", "extension", "disable", name, "--user"]
        subprocess.run(words, env={**os.environ, "HOME": str(home), **environment}, check=True, capture_output=True)
        before, found = found, examined(tmp_path, home, **environment)["D201"]
        assert before["cure"].endswith(f"disable {name}")

    assert found["level"] == "ok"


def test_a_kernel_that_a_notebook_names_and_nobody_has(tmp_path: Path, home: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    notebook(tmp_path / "a.ipynb", kernel="conda-env-old")
    notebook(tmp_path / "no_task.ipynb", kernel="also-not-there")

    said = examined(tmp_path, home)["D202"]

    assert said["level"] == "problem"
    assert "a.ipynb names the kernel 'conda-env-old'" in said["what"]
    assert "no_task" not in said["what"]
    kernelspec(home, "conda-env-old", {"argv": ["python"], "display_name": "Old", "language": "python"})
    assert examined(tmp_path, home, JUPYTER_DATA_DIR=str(home / "data"))["D202"]["level"] == "ok"


@pytest.mark.parametrize(
    ("kernel", "metadata", "offered"),
    [
        ("conda-env-old", {"language_info": {"name": "python"}}, True),
        ("conda-env-old", {"kernelspec": {"language": "python"}}, True),
        ("julia-1.9", {"language_info": {"name": "julia"}}, False),
        ("julia-1.9", {}, False),
        ("a; rm -r b", {"language_info": {"name": "python"}}, False),
    ],
)
def test_only_for_a_python_notebook_a_python_kernel_is_the_cure(
    tmp_path: Path, kernel: str, metadata: dict[str, Any], offered: bool
) -> None:
    spec = {"name": kernel, "display_name": kernel, **metadata.get("kernelspec", {})}
    made = nbformat.v4.new_notebook(metadata={**metadata, "kernelspec": spec})
    nbformat.write(made, tmp_path / "a.ipynb")
    check = next(check for check in CHECKS if check.name == "kernels")

    said = check.diagnose(Place(root=tmp_path))

    assert said.level == "problem"
    assert (f"ipykernel install --sys-prefix --name {kernel}" in said.cure) == offered, said.cure


def test_without_a_pipeline_every_notebook_is_asked_for_its_kernel(tmp_path: Path, home: Path) -> None:
    (tmp_path / "deep").mkdir()
    notebook(tmp_path / "deep/b.ipynb", kernel="nowhere")
    (tmp_path / "broken.ipynb").write_text("{")

    assert "deep/b.ipynb" in examined(tmp_path, home)["D202"]["what"]


@pytest.mark.parametrize(
    ("content", "level", "word"),
    [
        ({"argv": ["/gone/bin/python", "-m", "ipykernel_launcher"]}, "problem", "does not exist"),
        ({"argv": []}, "problem", "not a kernel's description"),
        ({"argv": ["/bin/sh", "-c", "true"]}, "warning", "another Python"),
        ({"argv": [sys.executable, "-m", "ipykernel_launcher"]}, "ok", sys.executable),
        ({"argv": ["python", "-m", "ipykernel_launcher"]}, "ok", sys.executable),
    ],
    ids=["gone", "broken", "other", "this", "bare"],
)
def test_the_interpreter_that_python3_runs(tmp_path: Path, home: Path, content: object, level: str, word: str) -> None:
    kernelspec(home, "python3", content)

    said = examined(tmp_path, home, JUPYTER_DATA_DIR=str(home / "data"), JUPYTER_PREFER_ENV_PATH="0")["D203"]

    assert (said["level"], word in said["what"]) == (level, True), said


def test_bytecode_switched_off(tmp_path: Path, home: Path) -> None:
    said = examined(tmp_path, home, PYTHONDONTWRITEBYTECODE="1")["D301"]

    assert said["level"] == "warning"
    assert "unset PYTHONDONTWRITEBYTECODE" in said["cure"]


def test_a_locale_that_is_not_utf8(tmp_path: Path, home: Path) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    said = examined(tmp_path, home, **ascii_only)["D302"]

    assert said["level"] == "problem"
    assert examined(tmp_path, home, **{**ascii_only, "PYTHONUTF8": "1"})["D302"]["level"] == "ok"


def test_a_store_that_cannot_be_written(tmp_path: Path, home: Path) -> None:
    (tmp_path / ".proofbook").write_text("a file")

    said = examined(tmp_path, home)["D303"]

    assert said["level"] == "problem"
    assert "is a file" in said["what"]


def test_a_folder_in_which_nobody_can_write() -> None:
    check = next(check for check in CHECKS if check.name == "store-folder")

    said = check.diagnose(Place(root=Path("/proc")))

    assert said.level == "problem"
    assert "/proc cannot be written" in said.what


def test_looking_leaves_nothing_behind(tmp_path: Path, home: Path) -> None:
    home.rename(tmp_path.parent / f"{tmp_path.name}-home")

    examined(tmp_path, tmp_path.parent / f"{tmp_path.name}-home")

    assert list(tmp_path.iterdir()) == []


def mounted(root: Path, *, kind: str = "ext4", options: str = "rw") -> Path:
    """The kernel's table of mounts, written by hand: a file system of `kind` at `root`, and a network one beside it."""
    shown = str(root).replace(" ", "\\040")
    mounts = root.parent / "mountinfo"
    mounts.write_text(
        f"22 1 8:1 / / rw - xfs /dev/sda1 rw\n40 22 0:40 / {shown} {options},relatime shared:1 - {kind} host:/x rw\n"
        f"41 22 0:41 / {root.parent}/a rw - nfs host:/y rw\n"
    )
    return mounts


@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize(
    "kind",
    [
        *("nfs4", "cifs", "ocfs2", "gfs2", "fuse.sshfs", "fuse.glusterfs"),
        *("ext4", "virtiofs", "fuse.fuse-overlayfs", "fuse.encfs"),
    ],
)
def test_doctor_and_store_judge_a_file_system_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, forced: bool
) -> None:
    root = tmp_path / "a b"
    root.mkdir()
    mounts = mounted(root, kind=kind)
    check = next(check for check in CHECKS if check.name == "file-system")
    environment = {layout.FORCE: "1"} if forced else {}

    said = check.diagnose(Place(root=root, mounts=mounts, environment=environment))

    monkeypatch.setattr(layout.filesystem, "at", partial(layout.filesystem.at, mounts=mounts))
    monkeypatch.setenv(layout.FORCE, "1" if forced else "")
    refusal = ""
    try:
        Store.open(root).close()
    except StoreError as error:
        refusal = str(error)
    assert (said.level == "problem") == bool(refusal)
    assert (kind in said.what, str(root) in said.what) == (True, True)
    if refusal:
        assert "PROOFBOOK_ALLOW_NETWORK_STORE=1" in refusal
        assert "PROOFBOOK_ALLOW_NETWORK_STORE=1" in said.cure
    elif said.level == "warning":
        assert forced


def test_a_file_system_that_is_mounted_read_only(tmp_path: Path) -> None:
    root = tmp_path / "a b"
    root.mkdir()
    check = next(check for check in CHECKS if check.name == "file-system")

    said = check.diagnose(Place(root=root, mounts=mounted(root, options="ro")))

    assert (said.level, "read-only" in said.what) == ("problem", True)


def test_a_store_that_is_a_symbolic_link_is_refused_by_both(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".proofbook").symlink_to("elsewhere")
    check = next(check for check in CHECKS if check.name == "store-folder")

    assert check.diagnose(Place(root=tmp_path)).level == "problem"
    with pytest.raises(StoreError, match="symbolic link"):
        Store.open(tmp_path)


def test_little_room_on_the_disk(tmp_path: Path) -> None:
    script = (
        "mount -t tmpfs -o size=1m none small && cd small && "
        f"exec {sys.executable} -c 'from proofbook.cli import main; main()' doctor --json"
    )
    (tmp_path / "small").mkdir()
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], cwd=tmp_path, capture_output=True, check=False)
    if not done.stdout:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.decode()[:100]}")

    said = {one["code"]: one for one in json.loads(done.stdout)["checks"]}

    assert said["D305"]["level"] == "problem"
    assert "tmpfs" in said["D304"]["what"]
    assert done.returncode == 5


@pytest.mark.parametrize(
    ("content", "level", "word"),
    [
        (None, "warning", "no pipeline.yaml"),
        (PIPELINE, "warning", "lacks executor, on_render, on_finish, on_failure"),
        (PIPELINE + "executor: parallel\n", "warning", "line 4: `executor: parallel`"),
        ("tasks: [", "problem", "not valid YAML"),
        (PIPELINE + DOOR, "ok", "opens"),
    ],
    ids=["none", "plain", "other", "broken", "ours"],
)
def test_a_pipeline_that_does_not_call_us(tmp_path: Path, content: str | None, level: str, word: str) -> None:
    if content is not None:
        (tmp_path / "pipeline.yaml").write_text(content)
    check = next(check for check in CHECKS if check.name == "door")

    said = check.diagnose(Place(root=tmp_path))

    assert (said.level, word in said.what) == (level, True), said


def test_git_that_is_missing_or_has_no_commit(tmp_path: Path, home: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "git is not installed" in examined(tmp_path, home, PATH=str(empty))["D402"]["what"]
    if shutil.which("git") is None:
        pytest.skip("git is not installed")

    assert (
        "not a git repository" in examined(tmp_path, home, GIT_CEILING_DIRECTORIES=str(tmp_path.parent))["D402"]["what"]
    )
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert examined(tmp_path, home)["D402"]["level"] == "warning"
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    subprocess.run(["git", "-C", tmp_path, *identity, "commit", "-q", "--allow-empty", "-m", "first"], check=True)

    assert examined(tmp_path, home)["D402"]["level"] == "ok"


def test_a_check_that_cannot_look_says_so_and_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    git = tmp_path / "bin" / "git"
    git.write_text("not a program")
    git.chmod(0o755)
    check = next(check for check in CHECKS if check.name == "git")

    said = check.diagnose(Place(root=tmp_path, environment={"PATH": str(git.parent)}))

    assert said.level == "warning"
    assert "could not be examined" in said.what
