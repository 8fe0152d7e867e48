"""Plans: canonical bytes and the hash that an approval binds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import plans

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=4), part, max_size=3),
    max_leaves=8,
)
WRITE = plans.Write(
    connection="main",
    action="send_message",
    to="+15550104567",
    from_="+15550001111",
    text="Héllo 🙂",
    payload={"content": "Héllo 🙂", "from": "PNmain", "to": ["+15550104567"]},
    segments=1,
    rule_version="0123456789ab",
)


def reorder(value):
    """The same plain data with its keys the other way round."""
    if isinstance(value, dict):
        return {key: reorder(value[key]) for key in reversed(value)}
    return [reorder(part) for part in value] if isinstance(value, list) else value


def test_canonical_json_has_one_form():
    """Keys are sorted, there are no spaces, and text stays text."""
    assert plans.encode_canonical({"b": [1, None, True], "a": "é"}) == '{"a":"é","b":[1,null,true]}'


def test_the_hash_is_the_same_for_ever():
    """The hash of a known write never changes: approvals given before an upgrade still bind."""
    assert plans.hash_canonical({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert WRITE.hash == "0ff7a35eb8d23d65fd0b02e26e8418a35be9e4b89d75b57d9b8ca948658f3eaf"


@given(JSON)
def test_the_order_of_keys_does_not_matter(value):
    """Equal data has equal bytes, in whatever order its keys were set."""
    assert plans.encode_canonical(reorder(value)) == plans.encode_canonical(value)


@pytest.mark.parametrize(
    "change",
    [
        {"connection": "other"},
        {"action": "tag_contact"},
        {"to": "+15550104568"},
        {"from_": "+15550002222"},
        {"from_": None},
        {"payload": {**WRITE.payload, "content": "Héllo 🙂 "}},
        {"payload": {**WRITE.payload, "setInboxStatus": "done"}},
        {"rule_version": "0123456789ac"},
    ],
)
def test_every_part_that_is_approved_is_in_the_hash(change):
    """Another connection, action, recipient, sender, content or rule version is another hash."""
    assert replace(WRITE, **change).hash != WRITE.hash


@pytest.mark.parametrize("change", [{"segments": 2}, {"text": None}])
def test_what_follows_from_the_content_is_not_in_the_hash(change):
    """The count of segments and the text shown add nothing to the bytes that are sent."""
    assert replace(WRITE, **change).hash == WRITE.hash


def test_a_gate_says_nothing_more_than_it_knows():
    """A ready gate has no reason, time or guard."""
    assert plans.Gate("ready") == plans.Gate(state="ready", reason="", until=None, guard=None)
