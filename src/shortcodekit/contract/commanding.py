"""A client of any language as a command: a process that makes one call for each line, and answers each by a line.

The command finds in its environment where the judging server is and whose credentials it uses. A call is a line of JSON on its standard
input, `{"call": "resubscribe", "arguments": {"number": "…"}}`; the answer is a line of JSON on its standard output: `{"result": …}`,
`{"error": "…"}` for an error of the client's own family, or `{"unsupported": true}`. What is written to standard error is of no account,
and shown where the command ends. It is started once, and again after it ended: then it has not answered.
"""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import IO, Any, Final

from attrs import Factory, define, field

from .calling import ClientAccount
from .reproducing import shown

VARIABLES: Final[Mapping[str, str]] = {
    "SHORTCODEKIT_BASE_URL": "where requests go, for both hosts of the service; it has no slash at its end",
    "SHORTCODEKIT_API_KEY": "the account's key",
    "SHORTCODEKIT_API_SECRET": "its secret",
    "SHORTCODEKIT_SIGNATURE_SECRET": "what requests are signed with, by a client that signs; any of the five methods will do",
    "SHORTCODEKIT_APPLICATION_ID": "the application, for a client that makes tokens for the Messages API",
    "SHORTCODEKIT_PRIVATE_KEY": "its private key, in PEM",
    "SHORTCODEKIT_TIMEOUT": "for how many seconds the client may wait for an answer",
}
"""What the command finds in its environment."""
_LONGEST: Final = 1 << 20
"""How long a line may be."""
_SHOWN: Final = 200
"""How much of a line is shown."""
_LINES: Final = 1000
"""How many lines without an answer in them are read."""


class ToldError(Exception):
    """An error of the client's own family, as the command told it, with what was told beside: `status`, `retryable`, `accepted`."""

    def __init__(self, text: str, shown: str, **told: Any) -> None:
        super().__init__(text)
        self._shown = shown
        for name, value in told.items():
            setattr(self, name, value)

    @property
    def told(self) -> str:
        """What came, in a report."""
        return f"it answered the error {self._shown[:_SHOWN]!r}"


class Unanswered(Exception):
    """There was no answer to a call, or one that is none; the text says what there was instead."""

    def __init__(self, text: str, *, printed: Sequence[str] = (), code: int | None = None) -> None:
        super().__init__(text)
        self.printed = tuple(printed)
        """Lines on standard output that are no answers."""
        self.code = code
        """The exit code, where the command ended."""

    @property
    def told(self) -> str:
        """What came, in a report."""
        return str(self)


@define
class Command:
    """The command, which runs from its first call on. `close` ends it, and whatever it started."""

    words: tuple[str, ...]
    patience: float
    """For how many seconds an answer is waited for."""
    environment: Mapping[str, str] = field(factory=dict, repr=False)
    hide: Callable[[str], str] = str
    """Makes a text out of one in which secrets may stand."""
    _running: _Running | None = None

    def calls(self, url: str, account: ClientAccount) -> ProcessCalls:
        """The calls of the client; it has to ask the server at `url`."""
        self.environment, self.hide = _environment(url, account), _hiding(account)
        return ProcessCalls(self)

    def ask(self, line: str) -> Mapping[str, Any]:
        """The answer to a line; `Unanswered` when there is none, `OSError` when the command cannot be started.

        One that makes one call and ends is started again for the next one.
        """
        ends = time.monotonic() + self.patience
        is_fresh = self._running is None or self._running.process.poll() is not None
        try:
            return self._answer(line, ends)
        except Unanswered as none:
            self.close()
            if is_fresh or none.code != 0:
                raise
        try:
            return self._answer(line, ends)
        except Unanswered:
            self.close()
            raise

    def _answer(self, line: str, ends: float) -> Mapping[str, Any]:
        if self._running is None or self._running.process.poll() is not None:
            self.close()
            self._running = _Running.started(self.words, self.environment, self.hide)
        return self._running.answer(line, ends)

    def close(self) -> None:
        """Ends it: by the end of its input, or else by force."""
        if self._running is not None:
            self._running.end()
            self._running = None


@define
class _Running:
    process: subprocess.Popen[bytes]
    hide: Callable[[str], str]
    lines: queue.Queue[bytes | None] = Factory(lambda: queue.Queue(_LINES))
    errors: deque[str] = Factory(lambda: deque(maxlen=20))
    threads: list[threading.Thread] = Factory(list)

    @classmethod
    def started(cls, words: Sequence[str], environment: Mapping[str, str], hide: Callable[[str], str]) -> _Running:
        pipe = subprocess.PIPE
        process = subprocess.Popen(  # it is what the user wants to have started
            words, env={**os.environ, **environment}, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
        running = cls(process, hide)
        for read, of in ((running._read_lines, process.stdout), (running._read_errors, process.stderr)):
            running.threads.append(threading.Thread(target=read, args=(of,), daemon=True))
        for thread in running.threads:
            thread.start()
        return running

    def answer(self, line: str, ends: float) -> Mapping[str, Any]:
        printed: list[str] = []
        with suppress(queue.Empty):
            if self._note(self.lines.get_nowait(), printed) is not None:
                raise Unanswered("it answered the call before this one twice")
        with suppress(BrokenPipeError, ConnectionError):  # it ended: that is told below
            if self.process.stdin is not None:
                self.process.stdin.write(line.encode("ascii") + b"\n")
                self.process.stdin.flush()
        while (left := ends - time.monotonic()) > 0 and len(printed) < _LINES:
            over = self.process.poll() is not None
            try:
                said = self.lines.get(timeout=min(left, 0.5 if over else 0.05))
            except queue.Empty:
                if over:
                    break
                continue
            if said is None:
                break
            answer = self._note(said, printed)
            if answer is not None:
                if printed:
                    break
                return answer
        raise self._none(printed, ends)

    def _note(self, said: bytes | None, printed: list[str]) -> Mapping[str, Any] | None:
        """The answer that a line is; another line is kept, and waited behind: a script may print it, and end."""
        if said is None or not said.strip():
            return None
        with suppress(ValueError, RecursionError):
            answer = json.loads(said)
            if isinstance(answer, dict) and len(answer.keys() & {"result", "error", "unsupported"}) == 1:
                return answer
        printed.append(self.hide(said.decode("utf-8", "replace").strip())[:_SHOWN])
        return None

    def _none(self, printed: Sequence[str], ends: float) -> Unanswered:
        if printed:
            text = f"it printed a line that is no answer: {printed[0]!r}"
        elif (code := self._ended(ends)) is not None:
            how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
            text = f"it ended with {how}, and did not answer{self._last_words()}"
        else:
            text = "it did not answer in time"
        return Unanswered(text, printed=printed, code=self._ended(ends))

    def _ended(self, ends: float) -> int | None:
        """The exit code; where its output has ended, it is about to end as well."""
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(max(0.0, min(2.0, ends - time.monotonic())))
        return None

    def _last_words(self) -> str:
        self.threads[1].join(1)
        said = [each for each in self.errors if each.strip()]
        return f"; its last words: {self.hide(said[-1].strip())[:_SHOWN]!r}" if said else ""

    def end(self) -> None:
        with suppress(OSError):
            if self.process.stdin is not None:
                self.process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(0.5)
        with suppress(ProcessLookupError, PermissionError):
            _kill(self.process)
        self.process.wait()
        until = time.monotonic() + 2  # what it started may have fled, and keep the other end open
        while any(thread.is_alive() for thread in self.threads) and time.monotonic() < until:
            with suppress(queue.Empty):
                self.lines.get(timeout=0.01)
        for thread, stream in zip(self.threads, (self.process.stdout, self.process.stderr), strict=True):
            if stream is not None and not thread.is_alive():
                stream.close()

    def _read_lines(self, stream: IO[bytes]) -> None:
        for line in _lines(stream):
            self.lines.put(line)
        self.lines.put(None)

    def _read_errors(self, stream: IO[bytes]) -> None:
        self.errors.extend(_words(line) for line in _lines(stream))


def _lines(stream: IO[bytes]) -> Iterable[bytes]:
    return iter(lambda: stream.readline(_LONGEST), b"")


def _words(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kills a process and what it started: a command is often a script that starts another one."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _environment(url: str, account: ClientAccount) -> dict[str, str]:
    values = (
        url, account.api_key, account.api_secret, account.signature_secret, account.application_id, account.private_key,
        f"{account.timeout:g}",
    )  # fmt: skip
    direct = ",".join(filter(None, (os.environ.get("NO_PROXY", os.environ.get("no_proxy", "")), "127.0.0.1")))
    return {**dict(zip(VARIABLES, values, strict=True)), "NO_PROXY": direct, "no_proxy": direct}


def _hiding(account: ClientAccount) -> Callable[[str], str]:
    """Hides the secrets of an account, and each line of its key."""
    secrets = {"API_SECRET": account.api_secret, "SIGNATURE_SECRET": account.signature_secret}
    lines = [each for each in account.private_key.splitlines() if each and not each.startswith("-----")]
    key = re.compile("|".join(map(re.escape, lines)) or "(?!)")
    return lambda text: shown(key.sub("$PRIVATE_KEY", text), secrets)


# ---- calls ---------------------------------------------------------------------------------------------------------------


def _is_parts(result: Any) -> bool:
    return isinstance(result, list) and all(isinstance(each, dict) for each in result)


_SHAPES: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "send_alert": (_is_parts, "the list of parts, each an object"),
    "opt_outs": (lambda result: isinstance(result, list), "the list of numbers"),
    "resubscribe": (lambda result: isinstance(result, bool), "true or false"),
    "send_message": (lambda result: isinstance(result, str), "the message_uuid, a text"),
}
_BESIDE: Final = frozenset({"status", "retryable", "accepted"})
"""What an error may tell beside its text."""


class _Part(SimpleNamespace):
    """A part as it was told."""

    def __repr__(self) -> str:
        return json.dumps(vars(self))


@define
class ProcessCalls:
    """What a client can do, done by a command: see `Calls`."""

    command: Command
    line: str = ""
    """The last call, as the command got it."""

    def send_alert(self, to: str, custom: Mapping[str, str], **said: Any) -> list[Any]:
        """Sends an alert; arguments that are not given are not in the line."""
        parts = self._ask("send_alert", to=to, custom=dict(custom), **said)
        return [_Part(**each) for each in parts]

    def opt_outs(self) -> list[str]:
        """Asks for all opt-outs."""
        numbers: list[str] = self._ask("opt_outs")
        return numbers

    def resubscribe(self, number: str) -> bool:
        """Subscribes a number again."""
        return bool(self._ask("resubscribe", number=number))

    def send_message(self, document: Mapping[str, Any]) -> str:
        """Sends a message."""
        return str(self._ask("send_message", document=document))

    def _ask(self, call: str, **arguments: Any) -> Any:
        self.line = json.dumps({"call": call, "arguments": arguments})
        answer = self.command.ask(self.line)
        if "unsupported" in answer:
            raise NotImplementedError(call)
        if "error" in answer:
            beside = {name: answer[name] for name in _BESIDE if answer.get(name) is not None}
            accepted = beside.get("accepted", [])
            if not isinstance(answer["error"], str) or not isinstance(accepted, list):
                raise Unanswered("it answered an `error` that is no text, or `accepted` that is no list of parts")
            raise ToldError(answer["error"], self.command.hide(answer["error"]), **beside)
        fits, wanted = _SHAPES[call]
        if not fits(answer["result"]):
            raise Unanswered(f"it answered the result {json.dumps(answer['result'])[:80]}, which is not {wanted}")
        return answer["result"]
