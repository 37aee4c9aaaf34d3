"""The channels of the Messages API as commands: one for each channel, and below it one for each content.

They are made of the builders that are generated from the spec: `outbound.whatsapp.image(url, to=…, caption=…)` becomes
`shortcodekit send whatsapp image URL --to … --caption …`. So there is nothing to keep in step here.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import click

from shortcode_clients import UNSET
from shortcodekit import outbound

from .account import PRIVATE_KEY_FILE, account_options, failure, message_auth, opened
from .output import Daily, DailyGroup, Failure, Refused, json_option, printable, write_json

Builder = Callable[..., Any]


class _Send(Daily):
    interrupted = "interrupted: the message may have been sent"


def names() -> list[str]:
    """The channels."""
    return list(outbound.__all__)


def channel(name: str) -> click.Group:
    """The command of a channel."""
    module: ModuleType = getattr(outbound, name)
    builders = {each: made for each, made in vars(module).items() if _is_builder(made, module)}
    commands = {each: _command(name, each, builder) for each, builder in builders.items()}
    title = (inspect.getdoc(module) or "").partition(": ")[2].partition(".")[0]
    return DailyGroup(name, commands=commands, help=f"{title}: {', '.join(commands)}.", short_help=f"{title}.")


def _is_builder(made: object, module: ModuleType) -> bool:
    return inspect.isfunction(made) and made.__module__ == module.__name__


def _command(channel: str, content: str, builder: Builder) -> click.Command:
    (first, *others) = inspect.signature(builder).parameters.values()
    told, kinds = _told(builder), get_type_hints(builder, include_extras=False)
    is_text = kinds[first.name] is str
    params: list[click.Parameter] = [
        click.Argument([first.name], metavar=first.name.upper() + ("" if is_text else "_JSON"))
    ]
    params += [_option(each, told.get(each.name, ""), kinds[each.name]) for each in others]
    summary = (inspect.getdoc(builder) or "").partition("\n")[0]
    example = f"shortcodekit send {channel} {content} {_EXAMPLES.get(content, first.name.upper())} --to 447700900000 --from 447700900001"
    about = told.get(first.name, "")

    def run(**given: Any) -> None:
        arguments = {each.name: _value(each, given[each.name], kinds[each.name]) for each in (first, *others)}
        _send(builder, {name: value for name, value in arguments.items() if value is not UNSET}, given)

    made = _Send(
        content,
        params=params,
        callback=run,
        help=f"{summary}\n\n{first.name.upper()}: {about}\n\n\b\nExample:\n  {example}",
        short_help=summary,
    )
    for option in (json_option, _account):
        option(made)  # options are added to a command as to a function
    return made


def _account(command: Any) -> Any:
    """The options that say who sends, and where to."""
    for option in (
        click.option(
            "--dry-run",
            is_flag=True,
            allow_from_autoenv=False,
            help="Show the request as a curl command; send nothing.",
        ),
        click.option(
            "--auth",
            type=click.Choice(("token", "secret")),
            help="By a token of the application, or by key and secret; by default the first that is there.",
        ),
        click.option(
            "--application-id",
            metavar="ID",
            envvar="SHORTCODEKIT_APPLICATION_ID",
            show_envvar=True,
            help="The application that sends.",
        ),
        click.option(
            "--private-key-file",
            metavar="FILE",
            envvar=PRIVATE_KEY_FILE.variable,
            show_envvar=True,
            help="The file with the application's private key, in PEM.",
        ),
        account_options,
    ):
        option(command)
    return command


def _option(parameter: inspect.Parameter, told: str, kind: Any) -> click.Option:
    literal = next((each for each in (kind, *get_args(kind)) if get_origin(each) is Literal), None)
    several = any(get_origin(each) is list for each in (kind, *get_args(kind)))
    is_number = int in (kind, *get_args(kind))
    kinds: Any = click.Choice(get_args(literal)) if literal else click.INT if is_number else click.STRING
    return click.Option(
        [_flag(parameter.name), parameter.name],
        type=kinds,
        multiple=several,
        required=parameter.default is inspect.Parameter.empty,
        metavar=None if literal or is_number else "TEXT",
        help=f"{told} Can be given again." if several else told,
        allow_from_autoenv=False,
    )


def _flag(name: str) -> str:
    return "--" + name.rstrip("_").replace("_", "-")


def _value(parameter: inspect.Parameter, said: Any, kind: Any) -> Any:
    """What the builder takes for what was said."""
    if said is None or said == ():
        return UNSET
    if isinstance(said, tuple):
        return list(said)
    if any(get_origin(each) is dict for each in (kind, *get_args(kind))):
        try:
            document = json.loads(said)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise Failure(f'{parameter.name}: a JSON object, such as \'{{"key": "value"}}\'')
        return document
    return said


def _told(builder: Builder) -> dict[str, str]:
    """What the builder says of its arguments."""
    _, _, section = (inspect.getdoc(builder) or "").partition("Args:\n")
    told: dict[str, str] = {}
    name = ""
    for line in section.partition("\n\n")[0].splitlines():
        begins = re.match(r" {4}(\w+): (.*)", line)
        if begins:
            name = begins[1]
            told[name] = begins[2]
        else:
            told[name] += f" {line.strip()}"
    return told


_EXAMPLES: Final = {"text": '"Hello"'}


def _send(builder: Builder, arguments: dict[str, Any], given: dict[str, Any]) -> None:
    from shortcodekit import MessagesClient, errors  # noqa: PLC0415  # loads what connects: only who sends pays

    message = builder(**arguments)
    if given["dry_run"]:
        from .dry_run import dry_run  # noqa: PLC0415  # as above

        dry_run(MessagesClient, lambda client: client.send(message), given)
        return
    with opened(MessagesClient, message_auth(given), given) as client:
        try:
            answer = client.send(message)
        except (errors.ApiProblem, errors.Throttled) as error:
            raise Refused(error.reason, **_problem(error)) from None
        except errors.ShortcodeKitError as error:
            raise failure(error) from None
    if given["as_json"]:
        write_json(answer.to_dict())
    else:
        click.secho(f"accepted  {printable(answer.message_uuid)}", fg="green")


def _problem(error: Any) -> dict[str, Any]:
    answer = getattr(error, "answer", None)
    told = {"type": type(error).__name__, "may_have_been_sent": error.may_have_been_sent}
    return {**told, "answer": answer.to_dict()} if answer is not None else told
