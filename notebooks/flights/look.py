"""One look for every plot of the pipeline."""

__all__ = ["BLUE", "GREY", "LOOK", "ORANGE", "RED"]

BLUE, ORANGE, GREY, RED = "#1f5fa8", "#c8691c", "#7d8790", "#b3261e"

LOOK = {
    "figure.figsize": (8.0, 3.6),
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
}
"""Matplotlib settings: `plt.rcParams.update(LOOK)`."""
