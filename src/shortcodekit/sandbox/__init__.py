"""A stand-in for the service on your own machine: it keeps state, signs, retries, and shows the recipients' phones.

`shortcodekit sandbox` starts one from the command line; `Sandbox` is one inside a process, for tests. It needs
`shortcodekit[sandbox]`.
"""

from __future__ import annotations

from importlib.util import find_spec

from .errors import SandboxError
from .settings import Settings

for _needed in ("starlette", "uvicorn"):
    if find_spec(_needed) is None:
        raise ImportError(f"the sandbox needs {_needed}: pip install 'shortcodekit[sandbox]'", name=_needed)

from .embedded import Faults, Phone, Sandbox  # noqa: E402  # after what is missing could be named

__all__ = ["Faults", "Phone", "Sandbox", "SandboxError", "Settings"]
