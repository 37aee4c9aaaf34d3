"""What keeps a sandbox from starting."""

from __future__ import annotations

from shortcodekit.errors import ShortcodeKitError


class SandboxError(ShortcodeKitError):
    """A sandbox cannot start: a port that is taken, a file that is none of its own, an extra that is missing.

    The message is one line for a person; put right what it names, and start again.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason, may_have_been_sent=False)

    def __str__(self) -> str:
        return self.reason
