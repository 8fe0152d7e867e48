"""One request on its way through the simulated Quo, with all that a handler needs. No clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from quoflow.sandbox.exchange import Reply, Request
from quoflow.sandbox.queries import Pages, Params, answer_page
from quoflow.sandbox.scenario import Options
from quoflow.sandbox.wire import Writer
from quoflow.sandbox.world import World

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Session:
    """A request that was let in.

    Attributes:
        family: the first word of the native path, such as `messages`.
        words: the words of the path after the family: ids and verbs.
        by_gateway: whether it came through the gateway.
    """

    request: Request
    family: str
    words: tuple[str, ...]
    by_gateway: bool
    now: datetime
    world: World
    options: Options
    pages: Pages
    writer: Writer

    @property
    def params(self) -> Params:
        """Give a reader of the query."""
        return Params(self.request.query)

    def page(
        self, rows: Sequence[_T], params: Params, *, most: int, write: Callable[[Session, _T], dict[str, Any]]
    ) -> Reply:
        """Answer with one page of rows, as `maxResults` (up to `most`) and `pageToken` ask.

        Raises:
            Refused: 400 when a parameter or the token is wrong.
        """
        size, token = params.limit(most), params.text("pageToken")
        params.check()
        query = (("", self.request.path), *sorted(pair for pair in self.request.query if pair[0] != "pageToken"))
        start = 0 if token is None else self.pages.find(token, query, self.now)
        end = start + size
        following = None
        if end < len(rows):
            following = self.pages.remember(query, end, token=self.world.new_id("pt_"), now=self.now)
        written = [write(self, row) for row in rows[start:end]]
        return answer_page(written, following, leave_out_null=self.options.oddities)


Handler = Callable[[Session], Reply]
Routes = dict[tuple[str, str, int], Handler]
"""(method, family, number of words after it) → what answers."""
