"""Makes of docstrings, which are Markdown, the reStructuredText that Sphinx's autodoc takes.

Docstrings use little of either: paragraphs, lists, code in backticks, and indented code. `Args:` of the generated builders
becomes a list, too.
"""

from __future__ import annotations

import re
from typing import Final

_CODE: Final = re.compile(r"(?P<before>\w?)(?P<mark>`+)(?P<code>.+?)(?P=mark)(?P<after>\w?)")
_ITEM: Final = re.compile(r"^( *)- ")
_ARGUMENT: Final = re.compile(r"^    (\w+): (.*)$")


def restructured(lines: list[str], known: dict[str, str]) -> list[str]:
    """The same in reStructuredText. `known` tells under which full name a name in backticks is documented."""
    text = re.sub(r"`[^`]+`", lambda found: found[0].replace("\n", " "), "\n".join(_arguments(lines)))
    made: list[str] = []
    in_list = in_code = False
    for line in text.splitlines():
        indented = line.startswith("    ") and not in_list
        if indented and not in_code and (not made or not made[-1].strip()):
            made += [".. code-block:: python", ""]
            in_code = True
        elif line.strip() and not indented:
            in_code = False
        if in_code:
            made.append(line)
            continue
        item = _ITEM.match(line)
        if item and not in_list and made and made[-1].strip():
            made.append("")
        in_list = bool(item) or (in_list and (line.startswith("  ") or not line.strip()))
        made.append(
            _CODE.sub(lambda found: _marked(found, known), line.replace("\\", "\\\\") if "`" not in line else line)
        )
    return [*made, ""]


def _arguments(lines: list[str]) -> list[str]:
    made: list[str] = []
    inside = False
    for line in lines:
        if line.strip() == "Args:":
            inside = True
            made += ["Parameters:", ""]
        elif inside and (found := _ARGUMENT.match(line)):
            made.append(f"- `{found[1]}`: {found[2]}")
        elif inside and line.startswith("        "):
            made.append(f"  {line.strip()}")
        else:
            inside = inside and not line.strip()
            made.append(line)
    return made


def _marked(found: re.Match[str], known: dict[str, str]) -> str:
    """Code, and a link where it is the name of something that is documented."""
    code = found["code"]
    marked = f":py:obj:`{code} <{known[code]}>`" if code in known else f"``{code}``"
    before, after = found["before"], found["after"]
    return (f"{before}\\ " if before else "") + marked + (f"\\ {after}" if after else "")
