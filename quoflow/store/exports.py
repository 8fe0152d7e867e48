"""The audit as a file: a line of JSON for each entry, and a closing one with the head, so that a cut end shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ValidationError

from quoflow.core import chain
from quoflow.errors import StoreError

_HINT = "verify a file that `quoflow audit export` wrote, of format jsonl"


class _Line(BaseModel):
    """One entry as it is written."""

    id: int
    at: AwareDatetime
    actor: str
    kind: str
    connection: str | None
    subject: str
    data: dict[str, object]
    previous: str | None
    hash: str | None


class _Head(BaseModel):
    """Which entry is the last."""

    id: int
    hash: str


class _Closing(BaseModel):
    """The last line."""

    head: _Head


def write_lines(entries: Iterable[chain.Entry], head: chain.Head) -> Iterator[str]:
    """Give the lines of an export, each with its end."""
    for entry in entries:
        yield f"{json.dumps(chain.describe_entry(entry))}\n"
    yield f"{json.dumps({'head': {'id': head.id, 'hash': head.hash}})}\n"


def verify_file(path: Path, *, known: str = "") -> chain.Verified:
    """Walk along the chain of an export; see `chain.verify`.

    Raises:
        StoreError: when the file cannot be read, or is no export.
    """
    closing: list[chain.Head] = []
    try:
        with path.open(encoding="utf-8") as lines:
            found = chain.verify(_read_lines(path, lines, closing), None, known=known)
            if found.problem:
                return found
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} cannot be read: {error}", _HINT) from error
    if not closing:
        problem = f"the file ends after entry {found.head.id} without its closing line: it was cut short"
        return chain.Verified(found.count, found.head, problem)
    if closing[0] != found.head:
        problem = (
            f"the file closes with entry {closing[0].id}, but its last is entry {found.head.id}: the end was changed"
        )
        return chain.Verified(found.count, found.head, problem)
    return found


def _read_lines(path: Path, lines: Iterable[str], closing: list[chain.Head]) -> Iterator[chain.Entry]:
    for number, line in enumerate(lines, 1):
        if closing:
            raise StoreError(f"{path}:{number}: something follows the closing line", _HINT)
        try:
            if line.startswith('{"head"'):
                read = _Closing.model_validate_json(line).head
                closing.append(chain.Head(read.id, read.hash))
                continue
            entry = _Line.model_validate_json(line)
        except ValidationError as error:
            raise StoreError(f"{path}:{number}: this is no entry of an audit", _HINT) from error
        yield chain.Entry(**dict(entry))
