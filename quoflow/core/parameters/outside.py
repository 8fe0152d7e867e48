"""Steps that tell somebody or something that is not a customer. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from quoflow.core.parameters.base import Marker, Parameters, Template

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "user-agent"})


class Notify(Parameters):
    """Tell someone on our side: a named target of the configuration, or `log`."""

    to: str = Field("log", description="A target of `notify:` in quoflow.yaml; `log` writes to quoflow's own log.")
    text: Template = Field(min_length=1, description="What to tell them, 1 to 4,000 characters once rendered.")
    subject: Template | None = Field(
        None,
        min_length=1,
        description="The subject of the mail, or the first line in a chat; the rule's name unless said.",
    )


class Http(Parameters):
    """Ask a host that the configuration allows, or send it something: `steps.<id>.status`, `.text`, `.json`."""

    url: Template = Field(
        min_length=1,
        json_schema_extra={"pattern": "^https?://[^/?#{}@%]+"},
        description="Where: https://, a host of `http: {allow: […]}`, and a path. What is filled in is quoted.",
    )
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field(
        "GET", description="GET only looks; every other one is a write, and passes the gate."
    )
    query: Mapping[str, Template] = Field({}, description="What comes behind the `?`, by name; it is quoted.")
    headers: Mapping[str, Template] = Field({}, description="Headers by name; no secret belongs here.")
    secrets: Mapping[str, str] = Field(
        {}, description="Headers that are secret, by name: the NAME of a variable of `http: {secrets: […]}` for each."
    )
    json_: Annotated[Any, Marker("template")] = Field(
        None, alias="json", description="What is sent, as JSON; one `{{ }}` alone gives its value as it is."
    )
    body: Template | None = Field(None, min_length=1, description="What is sent, as text, in place of `json`.")

    @model_validator(mode="after")
    def _fits_together(self) -> Http:
        if self.json_ is not None and self.body is not None:
            raise ValueError("it sends one thing; write either `json` or `body`")
        if self.method == "GET" and (self.json_ is not None or self.body is not None):
            raise ValueError("a GET sends nothing; write `method: POST`, or say it with `query`")
        names = [name.lower() for name in (*self.headers, *self.secrets)]
        for name in (*self.headers, *self.secrets):
            if not _HEADER.fullmatch(name) or name.lower() in _OURS:
                raise ValueError(f"`{name}` is not a header that can be set; leave it out")
            if names.count(name.lower()) > 1:
                raise ValueError(f"the header `{name}` is there twice; leave one out")
        return self
