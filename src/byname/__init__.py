"""byname: the open customer-intimacy platform. `byname.open("home")` is the way in from Python (byname/api.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from byname.api import Opened, open

__all__ = ["Opened", "open"]


def __getattr__(name: str) -> Any:
    """Read api.py only when it is asked for, so that `byname --help` stays quick."""
    if name in __all__:
        from byname import api

        return getattr(api, name)
    raise AttributeError(f"module 'byname' has no attribute {name!r}")
