"""How Sphinx makes the site. Nothing of it asks another host: fonts are the reader's, search runs in the browser."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]

project = "shortcodekit"
author = "the shortcodekit contributors"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = "shortcodekit"
html_static_path = [str(Path(__file__).parent / "static")]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
html_show_search_summary = False  # the browser would fetch each page that it found, and may not from a disk
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
# Some names, such as RestError, are those of models in two packages; in a signature they stand without the package.
suppress_warnings = ["ref.python"]
# Headings get the anchors that GitHub gives them, so that links work in both places.
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_block", "deflist"]
highlight_language = "text"  # a block without a language is what someone types, or what a program says

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_class_signature = "mixed"
python_use_unqualified_type_names = True
maximum_signature_line_length = 80
toc_object_entries = False


def setup(app: Any) -> None:
    """Reads docstrings as Markdown."""
    from docs.site.docstrings import restructured  # noqa: PLC0415  # the path to it is set above

    known = _known()

    def process(_app: Any, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
        lines[:] = restructured(lines, known)

    app.connect("autodoc-process-docstring", process)


def _known() -> dict[str, str]:
    """Where each public name is documented."""
    modules = ("shortcodekit.contract", "shortcodekit.sandbox", "shortcodekit.webhooks", "shortcodekit")
    names = {name: f"{module}.{name}" for module in modules for name in import_module(module).__all__}
    errors = import_module("shortcodekit.errors")
    return names | {
        name: f"shortcodekit.errors.{name}" for name, kind in vars(errors).items() if isinstance(kind, type)
    }
