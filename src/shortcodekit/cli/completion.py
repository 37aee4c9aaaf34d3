"""`shortcodekit completion`: what makes a shell complete the command's words."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from .output import Daily, json_option, write_json

_SHELLS = ("bash", "fish", "zsh")


@click.command(cls=Daily)
@click.argument("shell", type=click.Choice(_SHELLS))
@json_option
def completion(shell: str, *, as_json: bool) -> None:
    """Print the script that makes a shell complete commands, options, codes and methods.

    \b
    Put one of these lines into the file that the shell reads at its start:
      ~/.bashrc                    eval "$(shortcodekit completion bash)"
      ~/.zshrc                     eval "$(shortcodekit completion zsh)"
      ~/.config/fish/config.fish   shortcodekit completion fish | source
    """  # noqa: D301  # click wants the character
    from .command import shortcodekit  # noqa: PLC0415  # it leads here

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101  # click has these three
    script = kind(shortcodekit, {}, "shortcodekit", "_SHORTCODEKIT_COMPLETE").source()
    if as_json:
        write_json({"shell": shell, "script": script})
    else:
        click.echo(script)
