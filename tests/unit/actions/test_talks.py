"""Talks: what was written and called between a line and a number, read anew."""

from __future__ import annotations

import pytest

from quoflow.actions import talks
from quoflow.core.facts import Line
from quoflow.quo import errors

ANNA, BILL = "+15555550111", "+15555550113"
LINES = (Line("PN1", "+15555550100", "Main Line"),)


def look(limit=10, peer=ANNA):
    return {"line_id": "PN1", "peer": peer, "limit": limit}


def test_the_latest_texts_with_one_number_are_read(office):
    """No more than were asked for, the newest first, and none of anybody else's."""
    for text in ("one", "two", "three"):
        office.happen("messages", peer=ANNA, text=text)
        office.happen("messages", peer=BILL, text="no")
        office.later(seconds=1)

    assert [one.text for one in talks.fetch_messages(look(2), LINES, office.quo)] == ["three", "two"]
    assert [one.peer for one in talks.fetch_messages(look(), LINES, office.quo)] == [ANNA] * 3


def test_the_latest_calls_with_one_number_are_read(office):
    """Calls name the other party, never our own line."""
    for peer in (ANNA, BILL, ANNA):
        office.happen("calls", peer=peer, ring="0s")
        office.later(seconds=1)

    assert [one.peer for one in talks.fetch_calls(look(), LINES, office.quo)] == [ANNA, ANNA]
    assert len(talks.fetch_calls(look(1), LINES, office.quo)) == 1


@pytest.mark.parametrize(("fetch", "path"), [(talks.fetch_messages, "messages"), (talks.fetch_calls, "calls")])
def test_nobody_is_an_empty_answer_and_a_refusal_an_error(office, fetch, path):
    """A number that never wrote or called has nothing; a server that refuses is not taken for that."""
    assert fetch(look(peer="+15555550199"), LINES, office.quo) == ()

    office.fault("403", path=f"/v1/{path}")
    with pytest.raises(errors.Forbidden):
        fetch(look(), LINES, office.quo)
