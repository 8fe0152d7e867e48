"""quoflow: automation rules for the Quo business phone, with a gate before every write."""

from __future__ import annotations

__version__ = "0.1.0"
