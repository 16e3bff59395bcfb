"""
What is wrong with an environment, and the cure for each: the traps that people fall into with these tools.

One function a check. A check looks, says what it saw in one line, and never raises for what it looks at.
"""

from proofbook.flow.doctor.examination import CHECKS, examine
from proofbook.flow.doctor.finding import Diagnosis, Place

__all__ = ["CHECKS", "Diagnosis", "Place", "examine"]
