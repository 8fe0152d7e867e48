"""A YAML file as plain data, for what is neither rules nor configuration: the sandbox's scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from quoflow.errors import InvalidFiles, QuoflowError
from quoflow.loader.documents import read_documents
from quoflow.loader.nodes import to_plain


def read_plain(path: Path) -> Any:  # JSON, without numbers
    """Read the one document of a file; every scalar is text, but true, false and null.

    Raises:
        InvalidFiles: with every problem, at its place.
        QuoflowError: when the file cannot be read, or holds more than one document.
    """
    try:
        source = path.read_bytes()
    except OSError as error:
        raise QuoflowError(f"{path} cannot be read: {error.strerror}", "Name a file that can be") from None
    read = read_documents(source, str(path))
    if read.problems:
        raise InvalidFiles(read.problems)
    if len(read.documents) > 1:
        raise QuoflowError(f"{path} holds {len(read.documents)} documents", "Leave one, and take the `---` out")
    return to_plain(read.documents[0]) if read.documents else {}
