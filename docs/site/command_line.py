"""Writes the page about the command line, from the commands themselves: what `--help` says, with what it leaves out."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

_PREFIX = "SHORTCODEKIT"


def command_line_page(command: click.Command) -> str:
    """The page about a command and all commands below it."""
    lines = [
        "# The command line",
        "",
        "What the commands take. Options count in this order: the command line, the environment, ",
    ]
    lines[-1] += "the file `shortcodekit.toml`."
    for path, each in _below(command, (str(command.name),)):
        lines += ["", f"(command-{'-'.join(path)})=", f"## {' '.join(path)}", "", *_usage(each, path)]
        lines += [*_told(each.help or ""), *_parameters(each, path)]
        if isinstance(each, click.Group):
            lines += ["", "Commands below it:", ""]
            context = click.Context(each)
            names = [(name, each.get_command(context, name)) for name in each.list_commands(context)]
            lines += [f"- [`{' '.join((*path, name))}`](#command-{'-'.join((*path, name))}): "
                      f"{below.get_short_help_str(200)}" for name, below in names if below is not None]  # fmt: skip
        lines += _told(each.epilog or "")
    return "\n".join(lines) + "\n"


def _below(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None and not found.hidden:
                yield from _below(found, (*path, name))


def _usage(command: click.Command, path: tuple[str, ...]) -> list[str]:
    pieces = command.collect_usage_pieces(click.Context(command))
    return ["```text", " ".join([*path, *pieces]), "```", ""]


def _told(text: str) -> Iterator[str]:
    """Prose as it is; what click is told to leave alone (its mark is a line with a backspace) as a block."""
    for block in re.split(r"\n\s*\n", inspect.cleandoc(text).split("\f")[0]):
        if block.startswith("\b\n"):
            yield from ["", "```text", *block.removeprefix("\b\n").splitlines(), "```"]
        elif block:
            yield from [
                "",
                re.sub(r"--[a-z][a-z-]*|[A-Z]+_[A-Z_]+(?:=\S+)?|\$\{\w+\}", r"`\g<0>`", block).replace("``", "`"),
            ]


def _parameters(command: click.Command, path: tuple[str, ...]) -> Iterator[str]:
    context = click.Context(command, info_name=path[-1], auto_envvar_prefix="_".join((_PREFIX, *path[1:])).upper())
    for each in command.get_params(context):
        if isinstance(each, click.Argument):
            yield from ["", f"`{each.make_metavar(context)}`" + (": **required**" if each.required else ""), ":"]
        elif isinstance(each, click.Option) and not each.hidden:
            yield from ["", _option(each, context), f": {_quoted(each.help or '')}"]
            further = list(_further(each, context))
            if further:
                yield from ["", "  {.source}", f"  {'; '.join(further)}"]


def _option(option: click.Option, context: click.Context) -> str:
    names = [f"`{name}`" for name in (*option.opts, *option.secondary_opts)]
    takes = "" if option.is_flag or option.count else f" `{option.make_metavar(context)}`"
    return " ".join([", ".join(names) + takes, *(["· **required**"] if option.required else [])])


def _further(option: click.Option, context: click.Context) -> Iterator[str]:
    if isinstance(option.default, str | int | float) and not isinstance(option.default, bool) and option.default != "":
        yield f"by default `{option.default}`"
    if option.multiple:
        yield "can be given again"
    if option.allow_from_autoenv and option.expose_value and option.name and context.auto_envvar_prefix:
        yield f"in the environment `{context.auto_envvar_prefix}_{option.name.upper()}`"


def _quoted(text: str) -> str:
    """Help as Markdown: what would be markup stands in quotes of code."""
    return re.sub(
        r"'[^' ]*[${<*=][^']*'|\$\{\w+\}|(?<!\S)--[a-z][a-z-]*", lambda found: f"`{found[0].strip(chr(39))}`", text
    )
