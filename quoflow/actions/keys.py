"""Secrets of the world outside, read where they are needed and never kept: from a variable, or from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LONGEST = 4_096


class NoSecret(Exception):
    """It is not there; the message says what to do, and holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Where secrets are: the process's variables, and files by their path below the configuration's folder."""

    environ: Mapping[str, str]
    root: Path

    def read(self, *, env: str | None, file: str | None) -> str | None:
        """Give the secret that is kept in a variable or in a file, without blanks around it; None where none is named.

        Raises:
            NoSecret: when it is named and not there.
        """
        if env:
            found = self.environ.get(env, "").strip()
            if not found:
                raise NoSecret(f"the environment variable {env} is not set")
            return found
        return None if file is None else self._read_file(self.root / file)

    def _read_file(self, path: Path) -> str:
        try:
            with path.open(encoding="utf-8") as stream:
                found = stream.read(LONGEST).strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise NoSecret(f"the file {path} cannot be read ({reason})") from None
        if not found:
            raise NoSecret(f"the file {path} is empty")
        return found
