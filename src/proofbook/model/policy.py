"""What the rules of release said of one step of one run: who asked, what was looked at, what came out."""

from typing import Literal

from msgspec import Struct

__all__ = ["TRANSITIONS", "Look", "Outcome", "Ruling", "Transition"]

Transition = Literal["seal", "check", "approve", "promote", "rollback"]
TRANSITIONS: tuple[Transition, ...] = ("seal", "check", "approve", "promote", "rollback")


class Look(Struct, frozen=True, kw_only=True):
    """A part of an expression, and what it came to."""

    part: str
    value: str
    """As the language writes it: `true`, `"main"`, `[1, 2]`; or why there is none."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What one rule came to."""

    rule: str
    at: Transition
    """Rules of `seal` are asked at each check too."""
    passes: bool
    require: str
    """The expression."""
    because: str
    """The sentence that is shown where it refuses."""
    remedy: str = ""
    """What to do then."""
    error: str = ""
    """Why the expression gave no answer; it refuses then."""
    overridable: bool = False
    stricter: Literal["review", "no"] = "no"
    """At a check: what the decision becomes where it refuses."""
    looks: tuple[Look, ...] = ()

    def line(self) -> str:
        """A refusal in one line."""
        seen = "; ".join(f"{look.part} is {look.value}" for look in self.looks[:3])
        requires = f"requires `{' '.join(self.require.split())}`: " if self.require else ""
        return f"policy rule {self.rule}: {self.because} ({requires}{self.error or seen or 'false'})"


class Ruling(Struct, frozen=True, kw_only=True):
    """What all rules of one transition came to."""

    transition: Transition
    run: int
    manifest: str
    channel: str
    policy: str
    """Digest of the policy file."""
    facts: str = ""
    """Digest of the facts as JSON: with them and the file, the same comes out again."""
    by: str = ""
    at: str = ""
    """The `now` of the expressions."""
    outcomes: tuple[Outcome, ...] = ()
    overridden: bool = False
    """A person let it pass all the same."""

    @property
    def refused(self) -> tuple[Outcome, ...]:
        """The rules that refuse."""
        return tuple(outcome for outcome in self.outcomes if not outcome.passes)
