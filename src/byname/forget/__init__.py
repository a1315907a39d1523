"""How is a customer erased everywhere, and how does she get everything that is held about her?"""

from __future__ import annotations

from byname.forget.erasure import Erased, erase, resume
from byname.forget.leftovers import leftovers, sweep
from byname.forget.takeout import export, readable

__all__ = ["Erased", "erase", "export", "leftovers", "readable", "resume", "sweep"]
