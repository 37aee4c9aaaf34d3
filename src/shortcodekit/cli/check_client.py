"""`shortcodekit check client`: judges a client of any language, which is started as a command."""

from __future__ import annotations

from typing import Any

import click
from attrs import define

from shortcodekit.contract.calling import ClientBench, listening, made_up_account
from shortcodekit.contract.client_alert_laws import CALLS
from shortcodekit.contract.client_requests import CapturedBench, kindly
from shortcodekit.contract.commanding import Command, ToldError, Unanswered
from shortcodekit.contract.judge import Request
from shortcodekit.contract.judging import CLIENT_LAWS, REQUEST_LAWS, BoundLaw, bound_to_client

from .command import Failure
from .verdicts import judge, told


@click.command("client", context_settings={"allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True)
@click.option(
    "--timeout",
    type=click.FloatRange(0.01, 600),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="For how many seconds the client may wait for an answer; it is told so as SHORTCODEKIT_TIMEOUT.",
)
@click.option(
    "--patience",
    type=click.FloatRange(0.1, 3600),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="For how many seconds an answer of the command is waited for, the time that it takes to start included.",
)
@told
def client(**options: Any) -> None:
    """Judge a client of any language: a command that makes the calls that it reads.

    It finds the address of the judging server, and a made-up account, in its environment, as SHORTCODEKIT_BASE_URL,
    SHORTCODEKIT_API_KEY, SHORTCODEKIT_API_SECRET and so on. A call is a line of JSON on its standard input, its answer a line on its
    standard output; docs/contract-client.md has the form, and examples in Python and in JavaScript. Of a command that reads nothing,
    makes its calls by itself and ends, the requests are judged, and nothing else.

    \b
    Examples:
      shortcodekit check client -- python adapter.py
      shortcodekit check client --junit laws.xml -- node adapter.mjs
      shortcodekit check client --law clients/alerts-are-valid -- python adapter.py
    """  # noqa: D301  # click wants the character
    words = tuple(options["command"])
    account = made_up_account(options["seed"], options["timeout"])
    command, name = Command(words, options["patience"]), f"the client {' '.join(words)}"
    with listening() as peer, listening() as elsewhere:
        bench = ClientBench(
            command.calls, ToldError, account, options["seed"], 1, peer, elsewhere, patience=2 * command.patience + 5
        )
        laws = bound_to_client(bench, CLIENT_LAWS)
        try:
            alone = _begun(command, laws[0])
            if alone is None:
                judge(laws, name, options)
            _judge_requests(alone, bench, name, options)
        finally:
            command.close()


@define
class _Alone:
    """What a command did that read nothing, and ended."""

    captured: list[Request]
    code: int
    told: str


def _begun(command: Command, law: BoundLaw) -> _Alone | None:
    """Makes the first call, to see whether the command answers calls; what it did where it makes calls by itself."""
    bench: ClientBench = law.bench
    bench.peer.reply = kindly
    calls = command.calls(bench.peer.url, bench.account)
    for call in CALLS.values():
        bench.peer.take()
        try:
            call(calls)
        except NotImplementedError:
            continue
        except ToldError as error:
            _has_called(bench, f": {law.shown(error.told)}")
        except Unanswered as none:
            return _explained(none, command, law)
        except (OSError, ValueError) as error:
            raise Failure(_not_started(command.words, error)) from None
        _has_called(bench, "")
        return None
    raise Failure("the command answers that each call is unsupported, so nothing can be judged")


def _has_called(bench: ClientBench, told: str) -> None:
    if not bench.peer.asked:
        raise Failure(
            f"the command answered a call without a request to the judging server{told}\n"
            "Does its client use the address in SHORTCODEKIT_BASE_URL?"
        )


def _not_started(words: tuple[str, ...], error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    hint = "\nA line for a shell has to be given to one: -- sh -c '…'" if len(words) == 1 and " " in words[0] else ""
    return f"the command cannot be started: {words[0]}: {reason}{hint}"


def _explained(none: Unanswered, command: Command, law: BoundLaw) -> _Alone:
    """What a command did by itself, where it did something; else why nothing can be judged."""
    captured, told = law.bench.peer.take(), law.shown(none.told)
    if none.code is not None and captured:
        return _Alone(captured, none.code, told)
    asked = f"It made {len(captured)} requests" if len(captured) != 1 else "It made 1 request"
    if none.code is not None:
        hint = (
            f"{asked} to the address in SHORTCODEKIT_BASE_URL. A command reads calls, and answers each by a line;"
            " or it makes calls by itself."
        )
    elif none.printed:
        hint = "Its standard output is for answers alone: what else it has to say goes to standard error."
    else:
        hint = (
            f"{asked}, and was waited for {command.patience:g} seconds. Does it read its standard input line by line, and write out each"
            " answer at once (flush)? --patience waits longer."
        )
    raise Failure(f"the command does not answer calls, so nothing can be judged: {told}\n{hint}")


def _judge_requests(alone: _Alone, bench: ClientBench, name: str, options: dict[str, Any]) -> None:
    captured = CapturedBench(
        bench.make, bench.error, bench.account, bench.seed, 1, bench.peer, bench.elsewhere, captured=alone.captured
    )
    laws = bound_to_client(captured, REQUEST_LAWS)
    if alone.code != 0 and all(law.judged().broken is None for law in laws):
        count = len(alone.captured)
        raise Failure(
            f"the command does not answer calls, and made {count} request{'' if count == 1 else 's'} by itself,"
            f" all valid; but {alone.told}"
        )
    captured.calls = 0
    note = "The command read no calls and made some by itself: only its requests were judged, not what it makes of answers."
    judge(laws, name, options, note)
