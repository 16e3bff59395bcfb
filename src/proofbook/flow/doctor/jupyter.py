"""Jupyter: its server extensions and its kernels, read from the files that Jupyter reads."""

import json
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_path
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from proofbook.analyze import source
from proofbook.exceptions import NotebookError
from proofbook.flow.doctor.finding import Place, Said
from proofbook.flow.kernels import NATIVE, installed
from proofbook.model.notebook import Notebook

__all__ = ["kernel_interpreter", "kernels", "ploomber_extension"]

_SETTING = "jupyter_server_config"
_EXTENSIONS = ("ploomber", "ploomber_extension")
_CURE = "start it with `proofbook lab`, which leaves it off; or: jupyter server extension disable"
_BARE = re.compile(r"python(3(\.\d+)?)?")
_NAME = re.compile(r"\w[\w.-]*")
"""A name that can be pasted into a shell."""
_MOST = 200
"""Notebooks that are looked at where there is no pipeline to name them."""


def ploomber_extension(place: Place) -> Said:  # noqa: ARG001
    """Ploomber's server extension, which makes every listing of today's server fail."""
    if find_spec("jupyter_server") is None:
        return "ok", "Jupyter's server is not installed", ""
    on = [name for name in _EXTENSIONS if _enabled_extensions().get(name)]
    if "ploomber" in on:
        cure = f"{_CURE} ploomber"
        return "warning", "plain `jupyter lab` loads Ploomber's extension, and lists no files (error 500)", cure
    if on:
        cure = f"{_CURE} ploomber_extension"
        return "warning", "plain `jupyter lab` loads Ploomber's telemetry (ploomber_extension)", cure
    return "ok", "Ploomber's server extensions are off", ""


def kernels(place: Place) -> Said:
    """The kernels that the project's notebooks name."""
    known = installed()
    missing: dict[str, Notebook] = {}
    for path in _notebooks(place.root):
        try:
            notebook = source.read(place.root / path, shown=path)
        except NotebookError:
            # lint has more to say of it
            continue
        if notebook.kernel and notebook.kernel.lower() not in known:
            missing.setdefault(notebook.kernel, notebook)
    if not missing:
        return "ok", f"installed: {', '.join(sorted(known)) or 'none'}", ""
    what = "; ".join(f"{one.path} names the kernel {name!r}, which is not installed" for name, one in missing.items())
    cures = [f"choose an installed kernel ({', '.join(sorted(known)) or 'there is none'})"]
    for name, one in missing.items():
        if _says_python(one) and _NAME.fullmatch(name):
            cures.append(f"{sys.executable} -m ipykernel install --sys-prefix --name {name}")
            break
    else:
        cures.append(f"install the kernel {next(iter(missing))!r}, as its language's own kernel package explains")
    return "problem", what, ", or: ".join(cures)


def kernel_interpreter(place: Place) -> Said:
    """Whether `python3` runs this Python, and so finds the packages that are installed here."""
    folder = installed().get(NATIVE)
    if folder is None:
        return "ok", f"{NATIVE} runs {sys.executable}", ""
    try:
        words = json.loads((folder / "kernel.json").read_bytes())["argv"]
        program = str(words[0])
    except (ValueError, KeyError, IndexError, TypeError):
        return "problem", f"{folder / 'kernel.json'} is not a kernel's description", _reinstall(folder)
    # jupyter_client puts its own interpreter where only `python` stands
    if _BARE.fullmatch(program):
        return "ok", f"{NATIVE} runs {sys.executable}", ""
    found = shutil.which(program, path=place.environment.get("PATH"))
    if found is None:
        return "problem", f"the kernel {NATIVE} runs {program}, which does not exist ({folder})", _reinstall(folder)
    # not resolved: an environment's interpreter is a link to the one that it was made from
    if Path(found).absolute().parent != Path(sys.executable).absolute().parent:
        what = f"the kernel {NATIVE} runs {found}, another Python than this one ({sys.executable}): other packages"
        return "warning", what, _reinstall(folder)
    return "ok", f"{NATIVE} runs {found}", ""


def _says_python(notebook: Notebook) -> bool:
    """Whether the notebook itself says that it is Python; without a word, `julia-1.9` would count as Python too."""
    told = [notebook.metadata.get(name) for name in ("language_info", "kernelspec")]
    languages = [part.get(key) for part, key in zip(told, ("name", "language"), strict=True) if isinstance(part, dict)]
    return notebook.language == "python" and any(languages)


def _reinstall(folder: Path) -> str:
    return f"remove {folder}, or: {sys.executable} -m ipykernel install --sys-prefix"


def _enabled_extensions() -> dict[str, bool]:
    enabled: dict[str, bool] = {}
    for folder in map(Path, jupyter_config_path()):
        # the earlier folder wins, and in a folder the file itself over what lies in its .d
        for file in (folder / f"{_SETTING}.json", *sorted((folder / f"{_SETTING}.d").glob("*.json"), reverse=True)):
            for name, on in _extensions_in(file).items():
                enabled.setdefault(name, bool(on))
    return enabled


def _extensions_in(file: Path) -> dict[str, Any]:
    try:
        said = json.loads(file.read_bytes())["ServerApp"]["jpserver_extensions"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return said if isinstance(said, dict) else {}


def _notebooks(root: Path) -> list[str]:
    pipeline = root / "pipeline.yaml"
    if not pipeline.is_file():
        found = (path.relative_to(root) for path in root.glob("**/*.ipynb"))
        return sorted(str(path) for path in found if not any(part.startswith(".") for part in path.parts))[:_MOST]
    try:
        document = YAML(typ="safe").load(pipeline.read_bytes())
        tasks = document["tasks"] if isinstance(document, dict) else document
        sources = [str(task["source"]) for task in tasks if isinstance(task, dict) and "source" in task]
    except (YAMLError, UnicodeDecodeError, KeyError, TypeError):
        # the check of the door says what is wrong with the file
        return []
    return [name for name in sources if (root / name).is_file() and name.endswith((".ipynb", ".py"))]
