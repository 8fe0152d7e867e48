"""Finds rule files below the paths of the configuration and reads them all; nothing outside is ever opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from quoflow.core.rules import Rule
from quoflow.errors import Problem
from quoflow.loader.calls import check_calls
from quoflow.loader.documents import LARGEST_FILE, read_documents
from quoflow.loader.known import Known
from quoflow.loader.rules import build_rules

__all__ = ["Known", "Loaded", "Stock", "find_tests", "load_rules", "take_stock"]

SUFFIXES = (".yaml", ".yml")
CONFIGURATION = "quoflow.yaml"
TESTS = (".test.yaml", ".test.yml")
"""What holds tests of rules, and no rules: `quoflow test` reads those."""
DEEPEST = 20

Stock = tuple[tuple[tuple[str, int, int, int], ...], tuple[Problem, ...]]
"""The rules' files (path, time of change in ns, size, inode) and what cannot be read: equal while nothing changes."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rules that have no error, in the order of their files, and every problem."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]


def load_rules(paths: Sequence[Path], root: Path, known: Known) -> Loaded:
    """Read and check every rule below the paths.

    Args:
        paths: files, which are read whatever their name, and folders, of which *.yaml and *.yml are read.
        root: files are named relative to it where they are below it.
        known: what the configuration says.
    """
    finder = _Finder(root)
    rules: list[Rule] = []
    problems: list[Problem] = []
    for file in [file for path in paths for file in finder.find(path)]:
        source = finder.read(file)
        if source is None:
            continue
        name = finder.name(file)
        found, told = build_rules(read_documents(source, name), name, known)
        rules += found
        problems += told
    kept, doubles = _drop_doubles(rules)
    is_whole = not any(one.severity == "error" for one in (*finder.problems, *problems))
    kept, calls = check_calls(kept, is_whole=is_whole)
    ordered = sorted((*finder.problems, *problems, *doubles, *calls), key=lambda one: (one.file, one.line, one.column))
    return Loaded(kept, tuple(ordered))


def take_stock(paths: Sequence[Path], root: Path) -> Stock:
    """List every file that `load_rules` would read, with what changes when it is written, and what stands in the way.

    Nothing is read. A file that is written in place keeps its inode and gets a new time; one that is put in its place
    has another inode.
    """
    finder = _Finder(root)
    found: list[tuple[str, int, int, int]] = []
    for file in [file for path in paths for file in finder.find(path)]:
        try:
            status = file.stat()
        except OSError:
            continue  # gone since it was found: the next look shows that
        found.append((str(file), status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found), tuple(finder.problems)


def find_tests(paths: Sequence[Path], root: Path) -> tuple[tuple[tuple[Path, str], ...], tuple[Problem, ...]]:
    """Find the files of tests below the paths, each with its name for people, and what is wrong with the paths."""
    finder = _Finder(root, wants_tests=True)
    found = tuple((file, finder.name(file)) for path in paths for file in finder.find(path))
    return found, tuple(finder.problems)


def _drop_doubles(rules: Sequence[Rule]) -> tuple[tuple[Rule, ...], list[Problem]]:
    """Keep the first rule of each name; tell of the others with both places."""
    first: dict[str, Rule] = {}
    problems = []
    for rule in rules:
        other = first.setdefault(rule.name, rule)
        if other is not rule:
            message = f"another rule is called `{rule.name}`, too: {other.file}:{other.line}"
            hint = "give each rule its own name"
            problems.append(Problem(rule.file, rule.line, 1, "name", "duplicate-name", message, hint))
    return tuple(first.values()), problems


@dataclass(slots=True)
class _Finder:
    """Walks paths; each real file is read once."""

    root: Path
    wants_tests: bool = False
    problems: list[Problem] = field(default_factory=list)
    seen: set[Path] = field(default_factory=set)

    def name(self, file: Path) -> str:
        """Name a file for people: relative to the root where it is below it."""
        try:
            shown = file.relative_to(self.root)
        except ValueError:
            shown = file
        return os.fsencode(shown).decode("utf-8", "replace")

    def find(self, path: Path) -> Iterator[Path]:
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            hint = "make the folder, or correct `rules:` in quoflow.yaml"
            self._add(path, "missing-path", "there is no such file or folder", hint)
            return
        except (OSError, ValueError) as error:
            self._refuse(path, error)
            return
        if stat.S_ISDIR(mode):
            yield from self._walk(path, path.resolve(), depth=0)
        else:
            yield from self._take(path, mode)

    def _walk(self, folder: Path, top: Path, *, depth: int) -> Iterator[Path]:
        if depth > DEEPEST:
            self._add(folder, "too-deep", f"folders are nested more than {DEEPEST} deep", "move the rules up")
            return
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            self._refuse(folder, error)
            return
        for entry in entries:
            if not entry.name.startswith("."):
                yield from self._visit(folder / entry.name, top, depth=depth)

    def _visit(self, path: Path, top: Path, *, depth: int) -> Iterator[Path]:
        try:
            if path.is_symlink() and not self._stays_inside(path, top):
                return
            mode = path.stat().st_mode
        except OSError as error:
            self._refuse(path, error)
            return
        if stat.S_ISDIR(mode):
            yield from self._walk(path, top, depth=depth + 1)
        elif self.is_wanted(path.name.lower()):
            yield from self._take(path, mode)

    def is_wanted(self, name: str) -> bool:
        """Tell whether a file of this name, in small letters, is one that is looked for."""
        if self.wants_tests:
            return name.endswith(TESTS)
        return name.endswith(SUFFIXES) and not name.endswith(TESTS) and name != CONFIGURATION

    def _stays_inside(self, path: Path, top: Path) -> bool:
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "it leads back to itself"
            self._add(path, "symlink", f"this link leads nowhere ({reason})", "delete it")
            return False
        if not target.is_relative_to(top):
            self._add(path, "symlink", "this link leaves the rules folder", "put the file itself here")
            return False
        if path.parent.resolve().is_relative_to(target):
            self._add(path, "symlink", "this link leads back to a folder that it is in", "delete it")
            return False
        return True

    def _take(self, path: Path, mode: int) -> Iterator[Path]:
        if not stat.S_ISREG(mode):
            self._add(path, "not-a-file", "this is a pipe, socket or device, not a file", "rules are read from files")
            return
        real = path.resolve()
        if real not in self.seen:
            self.seen.add(real)
            yield path

    def read(self, path: Path) -> bytes | None:
        """Read a file, no more of it than can be used; without waiting, should it have become a pipe meanwhile."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as stream:
                if stat.S_ISREG(os.fstat(descriptor).st_mode):
                    return stream.read(LARGEST_FILE + 1)
        except OSError as error:
            self._refuse(path, error)
        return None

    def _refuse(self, path: Path, error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        self._add(path, "unreadable", f"this cannot be read ({reason})", "check its name and permissions")

    def _add(self, path: Path, code: str, message: str, hint: str) -> None:
        self.problems.append(Problem(self.name(path), 1, 1, "", code, message, hint))
