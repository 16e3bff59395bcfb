"""What is known of how far one number moves by itself: bounds and probabilities of a further run."""

import math
from dataclasses import dataclass
from typing import Literal

from proofbook.gate import tails
from proofbook.gate.scales import Scale, back, forth

__all__ = ["Estimate", "Source"]

Source = Literal["declared", "reruns", "interval", "ranks"]


@dataclass(frozen=True)
class Estimate:
    """How much noise there is on one scale, and where its middle lies."""

    source: Source
    scale: Scale
    worse: int
    """-1 where lower is worse, 1 where higher is."""
    centre: float
    deviation: float
    spread: float
    """Of a further run about the centre, where the centre is itself uncertain."""
    count: int
    """How many values the deviation rests on."""
    ordered: tuple[float, ...] = ()
    """ranks: the values of production's level."""

    def probability(self, value: float, *, better: bool = False) -> float:
        """How likely noise alone is to be as bad as this value of the record, or (`better`) as good."""
        way = -self.worse if better else self.worse
        distance = (forth(value, self.scale) - self.centre) * way
        if self.ordered:
            return (1 + sum((one - value) * way >= 0 for one in self.ordered)) / (1 + len(self.ordered))
        if self.spread == 0:
            return 0.0 if distance > 0 else 1.0
        return tails.probability(self.count, distance / self.spread)

    def bound(self, level: float) -> float:
        """The value beyond which a candidate is worse than noise explains, in the record's unit."""
        if self.ordered:
            allowed = math.floor(level * (1 + len(self.ordered)) + 1e-9)
            if allowed < 1:
                return math.inf * self.worse
            return sorted(self.ordered, reverse=self.worse > 0)[allowed - 1]
        reach = tails.critical(self.count, level) * self.spread if self.spread else 0.0
        return back(self.centre + self.worse * reach, self.scale)

    def reach(self, level: float) -> float:
        """How far its bound lies from its middle, in the record's unit."""
        return abs(self.bound(level) - back(self.centre, self.scale))

    def beyond(self, value: float, *, deviations: float) -> float:
        """The value that lies so many deviations further to the worse, in the record's unit."""
        return back(forth(value, self.scale) + self.worse * deviations * self.deviation, self.scale)
