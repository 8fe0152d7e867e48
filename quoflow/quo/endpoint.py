"""Where a workspace is reached and with which headers: the Maton gateway or Quo directly. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import quoflow
from quoflow.errors import QuoflowError

Gateway = Literal["maton", "direct"]

MATON_URL = "https://api.maton.ai"
DIRECT_URL = "https://api.openphone.com"

_KEY_HINTS: dict[Gateway, str] = {
    "maton": "Get a key at https://maton.ai/settings",
    "direct": "Make a key in the Quo app under Settings > API",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One way into one workspace.

    Attributes:
        gateway: `maton` (Bearer key, paths under /quo) or `direct` (the raw key, no prefix).
        base_url: the part before `/quo/v1` or `/v1`; a trailing slash, `/v1` or (for maton) `/quo` is tolerated.
        key: the API key; never printed.
        connection_id: Maton's connection, sent with every request when given.
        key_source: where the key came from, such as `environment variable MATON_API_KEY`, for messages.
        user_agent: the gateway blocks requests without one.

    Raises:
        QuoflowError: when the URL is not an http(s) URL, or the key or id cannot stand in a header.
    """

    gateway: Gateway
    base_url: str
    key: str = field(repr=False)
    connection_id: str | None = None
    key_source: str = ""
    user_agent: str = f"quoflow/{quoflow.__version__}"

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", _tidy_url(self.base_url, self.gateway))
        # A `Bearer ` that was copied along would become "Bearer Bearer …", or get 401 when sent directly.
        object.__setattr__(self, "key", self.key.strip().removeprefix("Bearer ").strip())
        source = f" (from {self.key_source})" if self.key_source else ""
        # Checked here because httpx would print a bad header, and with it the key, in its error.
        if not _is_header_safe(self.key):
            wrong = "holds characters that an API key cannot have" if self.key else "is empty"
            raise QuoflowError(f"The API key{source} {wrong}", self.key_hint)
        if self.connection_id is not None and not _is_header_safe(self.connection_id):
            raise QuoflowError(
                "The `connection_id` holds characters that it cannot have", "`quoflow connections list` shows the ids"
            )

    @property
    def key_hint(self) -> str:
        """Say where to get a key for this way in."""
        return _KEY_HINTS[self.gateway]

    @property
    def host(self) -> str:
        """Give the host's name, without port."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine: a sandbox, a test server, a tunnel."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def locate(self, path: str) -> str:
        """Give the URL of a path such as `/v1/messages` (under the gateway's prefix) or Maton's `/connections`."""
        is_own = path == "/connections" or path.startswith(("/connections/", "/connections?"))
        prefix = "/quo" if self.gateway == "maton" and not is_own else ""
        return f"{self.base_url}{prefix}{path}"

    def build_headers(self) -> dict[str, str]:
        """Give the headers that every request carries.

        Maton takes `Authorization: Bearer <key>`; Quo itself takes the raw key and answers 401 to a Bearer.
        """
        headers = {
            "Authorization": f"Bearer {self.key}" if self.gateway == "maton" else self.key,
            "User-Agent": self.user_agent,
            "Accept": "application/json",
        }
        if self.connection_id and self.gateway == "maton":
            headers["Maton-Connection"] = self.connection_id
        return headers


def _is_header_safe(value: str) -> bool:
    return bool(value) and value.isascii() and value.isprintable() and " " not in value


def _tidy_url(text: str, gateway: Gateway) -> str:
    url = text.strip().rstrip("/").removesuffix("/v1").rstrip("/")
    if gateway == "maton":
        url = url.removesuffix("/quo").rstrip("/")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    else:
        usable = usable and not parts.query and not parts.fragment and "@" not in parts.netloc
    if not usable or not url.isprintable() or " " in url:
        usual = MATON_URL if gateway == "maton" else DIRECT_URL
        raise QuoflowError(
            "The connection's `base_url` is not an http(s) URL", f"Write the part before /v1, such as {usual}"
        )
    return url
