"""The machine around the notebook."""

from tests.lint.factory import Case

_PIP = "error `pip install` changes the environment while the notebook runs"

CASES = {
    "PB403": [
        Case("os.chdir", ["import os", "os.chdir('..')"], ["2:1:1 error `os.chdir()` changes the working directory"]),
        Case(
            "under another name",
            ["from os import chdir as go\ngo('..')"],
            ["1:2:1 error `os.chdir()` changes the working directory"],
        ),
        Case("a magic", ["x = 1\n%cd .."], ["1:2:1 error `%cd` changes the working directory"]),
        Case("automagic", ["cd .."], ["1:1:1 error `%cd` changes the working directory"]),
        Case("pushd", ["%pushd data"], ["1:1:1 error `%pushd` changes the working directory"]),
        Case(
            "in a function",
            ["import os\ndef go():\n    os.chdir('..')"],
            ["1:3:5 warning `os.chdir()` changes the working directory"],
        ),
        Case(
            "imported in the function itself",
            ["def go():\n    import os\n    os.chdir('..')"],
            ["1:3:5 warning `os.chdir()` changes the working directory"],
        ),
        Case(
            "the name is another's only later",
            ["import os\nos.chdir('..')", "os = None"],
            ["1:2:1 error `os.chdir()` changes the working directory"],
        ),
        Case("comes back by itself", ["import contextlib\nwith contextlib.chdir('data'):\n    pass"]),
        Case("a variable called cd", ["cd = 1\ncd"]),
        Case("a subshell's own folder", ["!cd data && ls"]),
        Case("a bash cell's own folder", ["%%bash\ncd data\nls"]),
        Case("another object's chdir", ["class Ftp:\n    def chdir(self, to): ...", "os = Ftp()\nos.chdir('x')"]),
    ],
    "PB404": [
        Case("a command", ["!pip install polars"], [f"1:1:1 {_PIP}"]),
        Case(
            "quietly",
            ["!pip3 -q install polars"],
            ["1:1:1 error `pip3 -q install` changes the environment while the notebook runs"],
        ),
        Case("by way of the interpreter", ["import sys\n!{sys.executable} -m pip install polars"], [f"1:2:1 {_PIP}"]),
        Case("a magic", ["%pip install polars"], [f"1:1:1 {_PIP}"]),
        Case("automagic", ["pip install polars"], [f"1:1:1 {_PIP}"]),
        Case(
            "conda",
            ["%conda install -y polars"],
            ["1:1:1 error `conda install` changes the environment while the notebook runs"],
        ),
        Case(
            "apt",
            ["!sudo apt-get -y install graphviz"],
            ["1:1:1 error `apt-get -y install` changes the environment while the notebook runs"],
        ),
        Case("a bash cell", ["%%bash\ncd /tmp\npip install polars"], [f"1:3:1 {_PIP}"]),
        Case("an assigned command", ["out = !pip install polars"], [f"1:1:7 {_PIP}"]),
        Case("os.system", ["import os\nos.system('pip install polars')"], [f"1:2:1 {_PIP}"]),
        Case(
            "subprocess",
            ["import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', 'polars'])"],
            [f"1:2:1 {_PIP}"],
        ),
        Case("a list of what is there", ["!pip list"]),
        Case("pip freeze", ["%pip freeze"]),
        Case("text that speaks of it", ["print('pip install polars')"]),
        Case("a comment in a bash cell", ["%%bash\n# pip install polars\nls"]),
        Case("a comment", ["# !pip install polars"]),
        Case("a variable called pip", ["pip = 1\npip"]),
        Case("a folder called pip", ["!ls pip installed"]),
    ],
    "PB406": [
        Case("input", ["x = input('?')"], ["1:1:5 error `input()` waits for a person to type"]),
        Case(
            "getpass",
            ["from getpass import getpass\ngetpass()"],
            ["1:2:1 error `getpass()` waits for a person to type"],
        ),
        Case("breakpoint", ["x = 1\nbreakpoint()"], ["1:2:1 error `breakpoint()` stops in the debugger"]),
        Case("pdb", ["import pdb; pdb.set_trace()"], ["1:1:13 error `set_trace()` stops in the debugger"]),
        Case("in a function", ["def f():\n    breakpoint()"], ["1:2:5 warning `breakpoint()` stops in the debugger"]),
        Case("debug", ["%debug"], ["1:1:1 error `%debug` waits in the debugger"]),
        Case("a debugged cell", ["%%debug\nx = 1"], ["1:1:1 error `%%debug` waits in the debugger"]),
        Case("help", ["import os\nos.path?"], ["1:2:1 warning `os.path?` shows help that nobody will read"]),
        Case("help as a magic", ["%pinfo print"], ["1:1:1 warning `%pinfo print` shows help that nobody will read"]),
        Case(
            "an empty widget",
            ["import ipywidgets as w\nw.FileUpload()"],
            ["1:2:1 error `FileUpload()` holds no value in a headless run"],
        ),
        Case("an own function called input", ["def input(x):\n    return x", "input(1)"]),
        Case("a parameter called input", ["def f(input):\n    return input(1)"]),
        Case("a method called input", ["class A:\n    def input(self): ...", "A().input()"]),
        Case("the debugger switched off", ["%pdb off"]),
        Case("a widget with a default", ["import ipywidgets as w\nw.IntSlider(value=3), w.DatePicker(value=None)"]),
        Case("a question mark in a text", ["print('why?')"]),
    ],
    "PB408": [
        Case("exit", ["exit()"], ["1:1:1 error `exit()` ends the kernel"]),
        Case("sys.exit", ["import sys\nif True:\n    sys.exit(0)"], ["1:3:5 error `sys.exit()` ends the kernel"]),
        Case("os._exit", ["import os\nos._exit(1)"], ["1:2:1 error `os._exit()` ends the kernel"]),
        Case("SystemExit", ["raise SystemExit(3)"], ["1:1:1 error `raise SystemExit` ends the kernel"]),
        Case(
            "in a function",
            ["import sys\ndef main():\n    sys.exit(0)"],
            ["1:3:5 warning `sys.exit()` ends the kernel when this function is called"],
        ),
        Case("an own exit", ["def exit():\n    pass", "exit()"]),
        Case("a method", ["class A:\n    def exit(self): ...", "A().exit()"]),
        Case("another exception", ["raise ValueError('no flights')"]),
    ],
}
