"""
Memory of eight warm kernels beside eight cold ones with the same imports.

Proportional set size: a page that several processes share counts for each of them in parts. The warm side counts all
that it needs: the kernels, the template they were forked from, and the keeper. Looked at twice: after the imports, and
after each kernel has done the work of one of the ten notebooks, which writes to pages that were shared until then.

    python benchmarks/kernel_memory.py --rounds 1 --kernels 4
"""

import asyncio
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

import machine
import psutil
import ten_notebooks
from rounds import Result, arguments

from proofbook.kernels.pool import Pool

ROOT = Path(__file__).parent.parent
IMPORTS = f"import {', '.join(ten_notebooks.MODULES)}"
Sizes = dict[str, int]


async def measure(mode: Literal["warm", "cold"], kernels: int) -> Sizes:
    """Bytes of `kernels` kernels, by moment; all of this process's descendants, the pool's own processes among them."""
    sizes: Sizes = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        pool = Pool(root=Path(folder), mode=mode, modules=ten_notebooks.MODULES if mode == "warm" else (), spare=0)
        pool.start()
        started: list[Any] = []
        try:
            for _ in range(kernels):  # one by one: those that were started are buried when a later one fails
                kernel = await pool.kernel("python3", cwd=folder)
                started.append(kernel)
            cold = [one.note for one in started if not one.warm]
            if mode == "warm" and cold:
                sys.exit(f"{len(cold)} of {kernels} kernels are not warm: {cold[0]}")
            if mode == "warm" and pool.refused():
                sys.exit(f"the template has not imported all: {pool.refused()}")
            clients = [await _client(one) for one in started]
            await asyncio.gather(*(_run(client, IMPORTS) for client in clients))
            sizes["after the imports"], sizes["after the imports, kernels alone"] = _size(), _size(started)
            work = _work(Path(folder))
            await asyncio.gather(*(_run(client, work) for client in clients))
            sizes["after a notebook's work"], sizes["after a notebook's work, kernels alone"] = _size(), _size(started)
            for client in clients:
                client.stop_channels()
        finally:
            for one in started:
                await one.bury()
            await pool.close()
    return sizes


async def _client(kernel: Any) -> Any:
    client = kernel.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    return client


async def _run(client: Any, code: str) -> None:
    reply = await client.execute_interactive(code, timeout=120, output_hook=lambda _: None)
    if reply["content"]["status"] != "ok":
        sys.exit(f"the kernel says {reply['content'].get('ename')}: {reply['content'].get('evalue')}")


def _work(folder: Path) -> str:
    """The cells of the first of the ten notebooks, without its record."""
    step = ten_notebooks.steps(None)[0]
    given = {"seed": 1, "product": {"table": str(folder / "table.csv")}}
    return "\n".join([*(f"{name} = {value!r}" for name, value in given.items()), *step.cells])


def _size(kernels: list[Any] | None = None) -> int:
    """Bytes of proportional set size of these kernels, or of all that descends from this process."""
    pids = [one.pid for one in psutil.Process(os.getpid()).children(recursive=True)]
    if kernels is not None:
        pids = [one.pid for one in kernels]
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
        except OSError:  # it has just ended
            continue
        total += sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
    return total


def main() -> None:
    """Measure warm and cold in turns."""
    parser = arguments(__doc__)
    parser.add_argument("--kernels", type=int, default=8, help="of each kind (default: %(default)s)")
    options = parser.parse_args()
    result = Result("kernel memory", machine=machine.describe(Path(tempfile.gettempdir())))
    seen: dict[str, list[Sizes]] = {"cold": [], "warm": []}
    modes: tuple[Literal["cold", "warm"], ...] = ("cold", "warm")
    for turn in range(1, options.rounds + 1):
        for mode in modes:
            seen[mode].append(asyncio.run(measure(mode, options.kernels)))
            said = seen[mode][-1]["after the imports"] / 1e6
            print(f"  round {turn} of {options.rounds}: {mode}: {said:.0f} MB", file=sys.stderr, flush=True)
    print(f"{'proportional set size, MB':<44}  {'cold':>7}  {'warm':>7}  {'ratio':>6}   {options.kernels} kernels each")
    moments: dict[str, dict[str, float]] = {}
    for moment in seen["cold"][0]:
        cold, warm = (statistics.median(sizes[moment] for sizes in seen[mode]) / 1e6 for mode in modes)
        print(f"{moment:<44}  {cold:7.0f}  {warm:7.0f}  {warm / cold:6.2f}")
        moments[moment] = {"cold_mb": cold, "warm_mb": warm}
        if moment == "after the imports":
            claim = f"{options.kernels} warm kernels, template and keeper: share of {options.kernels} cold ones' memory"
            result.reach(claim, warm / cold, most=0.4)
    result.note("moments", moments)
    result.end(options)


if __name__ == "__main__":
    main()
