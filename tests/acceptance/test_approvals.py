"""Approvals: a person's yes, a person's no, and everything that is neither."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from .conftest import ANNA, BILL, CORA, TEXTBACK


@pytest.fixture
def asking(make_firm):
    """A firm in which three texts wait for a yes: for Anna, Bill and Cora."""
    firm = make_firm(TEXTBACK)
    firm.begin()
    for peer in (ANNA, BILL, CORA):
        firm.quo.miss_call(peer)
    firm.once()
    return firm


def test_each_is_decided_by_itself(asking):
    """Yes to one, no to another: one is sent, one is not, one still waits; a second decision does not count."""
    waiting = {one["to"]: one["id"] for one in asking.list("approvals")}
    asking.run("approvals", "approve", waiting[ANNA])
    asking.run("approvals", "reject", waiting[BILL])
    asking.once()
    assert [one["to"] for one in asking.quo.sent()] == [ANNA]
    assert [one["to"] for one in asking.list("approvals")] == [CORA]

    again = asking.run("approvals", "approve", waiting[ANNA], "--yes", code=1)
    late = asking.run("approvals", "approve", waiting[BILL], code=1)
    assert waiting[ANNA] in again.err
    assert waiting[BILL] in late.err
    asking.once()

    assert len(asking.quo.sent()) == 1
    assert sorted(state for _, state in asking.states()) == ["cancelled", "needs_approval", "succeeded"]


def test_an_unknown_id_decides_nothing(asking):
    """One wrong id among right ones: a readable line, exit 1, and nothing at all is decided."""
    waiting = [one["id"] for one in asking.list("approvals")]
    ran = asking.run("approvals", "approve", waiting[0], "nonsense", code=1)

    assert (ran.out, len(ran.err.splitlines())) == ("", 1)
    assert "there is no approval nonsense" in ran.err
    assert "quoflow approvals list" in ran.err
    assert [one["id"] for one in asking.list("approvals")] == waiting


def test_all_needs_a_yes(asking):
    """Without a terminal `--all` is refused unless `--yes` stands there; ids and --all do not mix."""
    waiting = asking.list("approvals")
    asking.run("approvals", "approve", "--all", code=64)
    asking.run("approvals", "approve", code=64)
    asking.run("approvals", "approve", "--all", waiting[0]["id"], "--yes", code=64)
    assert asking.list("approvals") == waiting

    asking.run("approvals", "approve", "--all", "--yes")
    asking.once()
    assert len(asking.quo.sent()) == 3


def test_no_answer_means_no(asking):
    """After the time for an answer the question is gone, a late yes does not count, and nothing is sent."""
    (first, *_) = asking.list("approvals")
    late = asking.run("approvals", "approve", first["id"], code=1, ahead="25h")
    assert first["id"] in late.err
    asking.once(ahead="25h")

    assert asking.list("approvals", ahead="25h") == []
    assert asking.quo.sent() == []
    assert {state for _, state in asking.states()} == {"cancelled"}


def test_bytes_that_were_changed_after_the_yes_are_not_sent(asking):
    """A yes binds the bytes: what something else wrote into the database meanwhile fails in words, and is not sent."""
    asking.approve_all()
    with closing(sqlite3.connect(asking.root / "quoflow.db")) as database, database:
        database.execute("UPDATE steps SET payload = replace(payload, 'sorry', 'glad')")
    asking.once()

    assert asking.quo.sent() == []
    assert {(one["state"], "recorded" in one["reason"]) for one in asking.list("outbox")} == {("failed", True)}


def test_show_tells_every_byte(asking):
    """`approvals show` has the whole payload, and says what became of it."""
    (first, *_) = asking.list("approvals")
    shown = asking.run("approvals", "show", first["id"], "--json").json

    assert shown["state"] == "pending"
    assert first.items() <= shown.items()


@pytest.mark.parametrize(
    ("allowed", "ready"), [([], set()), (["trusted"], {"trusted"}), (["*"], {"trusted", "another"})]
)
def test_auto_counts_only_where_the_configuration_allows_it(make_firm, allowed, ready):
    """Both the rule and the configuration must say so; otherwise a person is asked."""
    named = [("trusted", "auto"), ("another", "auto"), ("careful", "required")]
    rules = [f"{TEXTBACK.replace('textback', name)}\napproval: {approval}\n" for name, approval in named]
    firm = make_firm(*rules, approvals={"allow_auto": allowed})
    firm.begin()
    firm.quo.miss_call(ANNA)
    planned = {one["rule"]: one["gate"]["state"] for one in firm.preview()["writes"]}
    firm.once()

    assert planned == {name: "ready" if name in ready else "needs_approval" for name, _ in named}
    assert len(firm.quo.sent()) == len(ready)
