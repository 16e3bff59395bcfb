"""Says something, and looks around, while it is imported."""

import sys
import warnings
from pathlib import Path

FOLDER = Path.cwd().name
ARGUMENT = Path(sys.argv[0]).name

print("noisy_of_corpus is imported")
warnings.warn("noisy_of_corpus is old", DeprecationWarning, stacklevel=2)
