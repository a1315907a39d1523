"""What could not be used, and why; can it be mended and sent through again?"""

from __future__ import annotations
