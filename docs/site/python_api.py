"""Writes the pages about the Python API: which names there are is asked of the packages, the rest is in their docstrings.

The pages name what Sphinx's autodoc is to read. `docstrings.py` makes its text of the docstrings, which are Markdown.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, Final, get_args

import shortcode_clients
import shortcodekit
from shortcode_clients import CodeTable

from .docstrings import restructured

Pages = dict[str, str]
"""Texts in reStructuredText, by the names of their pages."""

_WITH_EXTRAS: Final = ("sandbox", "contract")
"""What `shortcodekit` does not export, since it needs more than the core."""


def python_pages() -> Pages:
    """All pages about the packages, by their names."""
    pages = {"shortcodekit": _page(shortcodekit, "shortcodekit")}
    parts = [name for name in shortcodekit.__all__ if inspect.ismodule(getattr(shortcodekit, name))]
    own = [name for name in parts if getattr(shortcodekit, name).__name__.startswith("shortcodekit")]
    for name in sorted({*own, *_WITH_EXTRAS}):
        module = import_module(f"shortcodekit.{name}")
        pages[name] = _page(module, f"shortcodekit.{name}")
    pages["shortcode_clients"] = _page(shortcode_clients, "shortcode_clients")
    for found in pkgutil.iter_modules(shortcode_clients.__path__):
        if found.ispkg and not found.name.startswith("_"):
            pages |= _generated(found.name)
    return pages


def _generated(name: str) -> Pages:
    """The pages about a generated package: the package itself, its models, its code tables."""
    package = import_module(f"shortcode_clients.{name}")
    models = import_module(f"{package.__name__}.models")
    codes = import_module(f"{package.__name__}.codes")
    return {
        name: _page(package, package.__name__),
        f"{name}.models": _page(models, models.__name__, inherited=False),
        f"{name}.codes": _codes(codes),
    }


def _page(module: ModuleType, name: str, *, inherited: bool = True) -> str:
    lines = [_heading(name), f".. automodule:: {name}", "   :no-members:", ""]
    for member in _names(module):
        lines += _entry(name, member, getattr(module, member), inherited=inherited)
    return "\n".join(lines) + "\n"


def _heading(name: str, line: str = "=") -> str:
    return f"{name}\n{line * len(name)}\n\n"


def _names(module: ModuleType) -> Iterator[str]:
    """What a module is for, in its own order where that says something."""
    if hasattr(module, "__all__"):
        yield from module.__all__
    else:
        for name, value in vars(module).items():
            if inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_"):
                yield name


def _entry(module: str, name: str, value: object, *, inherited: bool) -> list[str]:
    where = f"{module}.{name}"
    if inspect.ismodule(value):
        return _of_module(name, value)
    if inspect.isclass(value) and value.__module__.startswith("shortcode_clients.") and module == "shortcodekit":
        return [f"``{name}`` is :py:obj:`{_public(value)}`.", ""]
    if inspect.isclass(value):
        below = ["   :inherited-members: Exception"] if inherited else []
        return [f".. autoclass:: {where}", "   :members:", *below, "   :member-order: bysource", ""]
    if inspect.isroutine(value):
        return [f".. autofunction:: {where}", ""]
    members = [each.__name__ for each in get_args(value) if inspect.isclass(each)]
    kind = " | ".join(members) if members else type(value).__name__
    return [f".. py:data:: {name}", f"   :module: {module}", f"   :type: {kind}", ""]


def _public(value: Any) -> str:
    """Where something generated is documented: the first package that exports it."""
    packages = value.__module__.split(".")
    if packages[1].startswith("_"):
        return f"shortcode_clients.{value.__name__}"
    return f"{'.'.join(packages[:3])}.{value.__name__}"


def _of_module(name: str, module: ModuleType) -> list[str]:
    """A module within a package: where it is told of, or what it holds."""
    if ".outbound." in module.__name__:
        return [_heading(name, "-"), f".. automodule:: {module.__name__}", "   :members:", ""]
    page = module.__name__.removeprefix("shortcodekit.").removeprefix("shortcode_clients.")
    if page.count(".") and page.split(".")[1] not in {"models", "codes"}:
        about = (module.__doc__ or "").split("\n\n")[0].replace("\n", " ")
        return ["\n".join(restructured([f"- `{module.__name__}`: {about}"], {}))]
    return [f"- :doc:`{module.__name__} <{page}>`", ""]


def _codes(module: ModuleType) -> str:
    """The names of a package's codes. What they mean and what follows is told beside the specs."""
    lines = [_heading(module.__name__), *restructured((module.__doc__ or "").splitlines(), {})]
    tables = {name: table for name, table in vars(module).items() if isinstance(table, CodeTable)}
    for name, table in tables.items():
        lines += [_heading(name, "-"), ".. list-table::", "   :header-rows: 1", ""]
        lines += ["   * - constant", "     - value", "     - meaning"]
        for constant, value in vars(module).items():
            if constant.startswith(f"{name}_") and isinstance(value, str | int):
                meaning = restructured([table.explain(value).meaning], {})[0]
                lines += [f"   * - ``{constant}``", f"     - ``{value!r}``", f"     - {meaning}"]
        lines.append("")
    return "\n".join(lines) + "\n"
