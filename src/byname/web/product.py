"""What does the web stand on? An open home with its identity policy; `encounter.Byname` is one."""

from __future__ import annotations

from typing import Protocol

from byname.home import Home
from byname.identity.policy import Policy


class Product(Protocol):
    """The opened product, as far as pages need it."""

    @property
    def home(self) -> Home: ...

    @property
    def policy(self) -> Policy: ...
