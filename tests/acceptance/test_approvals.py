"""Approvals: a person's yes, a person's no, and everything that is neither."""

from __future__ import annotations

import os
import pty
import select
import socket
import sqlite3
import subprocess
from contextlib import closing

import httpx
import pytest

from .conftest import ANNA, BILL, CORA, PLAIN, TEXTBACK

BY_HAND = """
name: by-hand
trigger: manual
actions:
  - send_message: {to: "+15555550111", from: Main Line, text: "By hand"}
"""


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

    again = asking.run("approvals", "approve", waiting[ANNA], "--yes")
    other = asking.run("approvals", "approve", waiting[ANNA], code=1, actor="bea")
    late = asking.run("approvals", "approve", waiting[BILL], code=1)
    assert "you had said so before" in again.out
    assert "already approved" in other.err
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
    firm = make_firm(*rules, approvals={"allow_auto": allowed}, guards={"loop": "off"})
    firm.begin()
    firm.quo.miss_call(ANNA)
    planned = {one["rule"]: one["gate"]["state"] for one in firm.preview()["writes"]}
    firm.once()

    assert planned == {name: "ready" if name in ready else "needs_approval" for name, _ in named}
    assert len(firm.quo.sent()) == len(ready)


def test_part_of_a_batch_may_be_refused(asking):
    """Exit 3 when some were decided and others not, each refused one by its id; 1 when none was."""
    first, second, third = (one["id"] for one in asking.list("approvals"))
    asking.run("approvals", "reject", first)
    ran = asking.run("approvals", "approve", first, second, code=3)

    assert f"approved {second}" in ran.out
    assert f"not approved {first}" in ran.err
    assert "already rejected" in ran.err
    assert [one["id"] for one in asking.list("approvals")] == [third]


def read_until(terminal, wanted):
    """Read what a terminal shows until something stands there; fail when nothing comes for half a minute."""
    shown = b""
    while wanted not in shown:
        ready, _, _ = select.select([terminal], [], [], 30)
        assert ready, shown
        shown += os.read(terminal, 1)
    return shown


def test_a_yes_to_all_covers_what_was_listed(asking):
    """What is asked for or edited between the listing and the yes is not covered by it; the edited is named."""
    listed = [one["id"] for one in asking.list("approvals")]
    terminal, inside = pty.openpty()
    process = subprocess.Popen(
        [*PLAIN, "approvals", "approve", "--all"], cwd=asking.root, env=asking.environ,
        stdin=inside, stdout=inside, stderr=inside,
    )  # fmt: skip
    os.close(inside)
    read_until(terminal, b"Approve these 3?")
    asking.run("approvals", "edit", listed[0], "--text", "Not what was shown")
    asking.quo.miss_call(ANNA)
    asking.once()
    os.write(terminal, b"y\n")
    told = read_until(terminal, b"not approved").decode()
    told += read_until(terminal, b"\n").decode()
    process.wait(30)
    os.close(terminal)
    asking.once()

    assert process.returncode == 3
    assert listed[0] in told.partition("not approved")[2]
    assert [one["to"] for one in asking.quo.sent()] == [BILL, CORA]
    assert [(one["to"], one["text"] == "Not what was shown") for one in asking.list("approvals")] == [
        (ANNA, True),
        (ANNA, False),
    ]


def test_processes_that_decide_at_once_decide_once(asking):
    """Approve and reject in four processes at the same time: one decision for each question, and texts to match."""
    ids = [one["id"] for one in asking.list("approvals")]
    processes = [
        subprocess.Popen(
            [*PLAIN, "approvals", word, *ids], cwd=asking.root, env=asking.environ,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for word in ("approve", "reject") * 2
    ]  # fmt: skip
    said = "".join(process.communicate(timeout=60)[0] for process in processes)
    asking.once()
    decided = {one: (f"approved {one}" in said, f"rejected {one}" in said) for one in ids}
    yes = [one for one in ids if decided[one] == (True, False)]

    assert all(sum(both) == 1 for both in decided.values()), said
    assert len(asking.quo.sent()) == len(yes)
    assert asking.list("approvals") == []


def test_edit_then_approve(asking):
    """Other words are frozen anew: another id and hash, who did it, and exactly they are sent; the old yes is void."""
    (first, *_) = asking.list("approvals")
    edited = asking.run(
        "approvals", "edit", first["id"], "--text", "Sorry! – We call at 4.", "--json", actor="bea"
    ).json
    asking.run("approvals", "approve", first["id"], code=1)
    asking.once()
    assert asking.quo.sent() == []
    assert (edited["edited_by"], edited["text"], edited["to"]) == ("bea", "Sorry! – We call at 4.", first["to"])
    assert (edited["replaces"], edited["expires_at"]) == (first["id"], first["expires_at"])
    assert edited["hash"] != first["hash"]

    asking.run("approvals", "approve", edited["id"])
    asking.once()

    assert [(one["to"], one["text"]) for one in asking.quo.sent()] == [(first["to"], "Sorry! – We call at 4.")]
    assert asking.run("approvals", "show", first["id"], "--json").json["state"] == "superseded"
    with closing(sqlite3.connect(asking.root / "quoflow.db")) as database:
        (kept,) = database.execute("SELECT actor, data FROM audit WHERE kind = 'approval.edited'").fetchall()
    assert kept[0] == "bea"
    assert first["hash"] in kept[1]
    assert edited["hash"] in kept[1]


def test_what_cannot_be_sent_cannot_be_edited_in(asking):
    """Blank, too long, the same, or no text at all: a readable line, and the question stands as it was."""
    waiting = asking.list("approvals")
    for text in (" ", "x" * 1601, waiting[0]["text"]):
        ran = asking.run("approvals", "edit", waiting[0]["id"], "--text", text, code=1)
        assert len(ran.err.splitlines()) == 1
    asking.run("approvals", "edit", "nonsense", "--text", "Hi", code=1)

    assert asking.list("approvals") == waiting


def test_a_tag_cannot_be_edited(make_firm):
    """Only texts have words."""
    firm = make_firm("name: tag\ntrigger: call.missed\nactions:\n  - tag_contact: {add: [missed]}\n")
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    (waiting,) = firm.list("approvals")
    ran = firm.run("approvals", "edit", waiting["id"], "--text", "Hi", code=1)

    assert "no text" in ran.err
    assert firm.list("approvals") == [waiting]


def test_the_guards_see_the_edited_text_too(asking):
    """An edit and a yes pass no guard: while quoflow is paused nothing goes out."""
    (first, *_) = asking.list("approvals")
    edited = asking.run("approvals", "edit", first["id"], "--text", "Hello", "--json").json
    asking.run("approvals", "approve", edited["id"])
    asking.run("pause")
    asking.once()
    assert asking.quo.sent() == []

    asking.run("resume")
    asking.once()
    assert asking.quo.texts() == ["Hello"]


def test_two_approvers(make_firm):
    """It takes two people: one who says yes twice is one, and the list says how many have."""
    firm = make_firm(TEXTBACK, approvals={"approvers": 2})
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    (waiting,) = firm.list("approvals")
    assert (waiting["votes"], waiting["votes_needed"]) == ([], 2)
    for _ in range(2):
        firm.run("approvals", "approve", waiting["id"], actor="ann")
    firm.once()
    assert [one["votes"] for one in firm.list("approvals")] == [["ann"]]
    assert "1 of 2" in firm.run("approvals").out
    assert firm.quo.sent() == []

    firm.run("approvals", "approve", waiting["id"], actor="bea")
    firm.once()

    assert len(firm.quo.sent()) == 1
    assert firm.run("approvals", "show", waiting["id"], "--json").json["decided_by"] == "ann, bea"


def test_nobody_approves_what_they_wished_for(make_firm):
    """With self_approval: false the one who edited, and the one who fired the rule by hand, need somebody else."""
    firm = make_firm(TEXTBACK, BY_HAND, approvals={"self_approval": False})
    firm.begin()
    firm.quo.miss_call(BILL)
    firm.once()
    (missed,) = firm.list("approvals")
    edited = firm.run("approvals", "edit", missed["id"], "--text", "Hello", "--json", actor="ann").json["id"]
    firm.run("trigger", "by-hand", actor="bea")
    firm.once()
    (by_hand,) = (one for one in firm.list("approvals") if one["rule"] == "by-hand")
    assert by_hand["asked_by"] == "bea"
    refused = firm.run("approvals", "approve", edited, by_hand["id"], actor="ann", code=3)
    assert "somebody else must" in refused.err
    assert edited in refused.err
    firm.run("approvals", "approve", edited, actor="bea")
    firm.once()

    assert [one["to"] for one in firm.quo.sent()] == [ANNA, BILL]


def test_the_name_is_the_systems_not_a_variables(asking):
    """Whoever sets USER or LOGNAME does not become somebody else."""
    (first, *_) = asking.list("approvals")
    names = dict.fromkeys(("USER", "LOGNAME", "USERNAME", "LNAME"), "mallory")
    asking.run("approvals", "approve", first["id"], **names)

    assert asking.run("approvals", "show", first["id"], "--json").json["decided_by"] not in ("mallory", "", None)


@pytest.mark.parametrize(
    ("rules", "now"),
    [
        ([TEXTBACK], "unchanged"),
        ([TEXTBACK.replace("sorry", "so sorry")], "changed"),
        ([f"{TEXTBACK}enabled: false\n"], "disabled"),
        ([BY_HAND], "deleted"),
    ],
)
def test_a_rule_that_changed_since_is_shown(asking, rules, now):
    """The write stays as it was asked; whoever decides sees what has become of its rule."""
    (first, *_) = asking.list("approvals")
    asking.write_rules(*rules)
    shown = asking.run("approvals", "show", first["id"], "--json").json
    words = asking.run("approvals", "show", first["id"]).out

    assert (shown["rule_now"], shown["rule_version"]) == (now, first["rule_version"])
    assert f"rule_now  {now}" in words
    assert {one["text"] for one in asking.list("approvals")} >= {first["text"]}


def test_bytes_without_a_yes_of_their_own_are_asked_for(asking):
    """A yes covers the bytes that it was given for: where others are on their way, a person is asked again."""
    asking.approve_all()
    with closing(sqlite3.connect(asking.root / "quoflow.db")) as database, database:
        database.execute("UPDATE approvals SET hash = 'of other bytes'")
    asking.once()

    assert asking.quo.sent() == []
    assert len(asking.list("approvals")) == 3
    asking.approve_all()
    asking.once()
    assert len(asking.quo.sent()) == 3


def test_auto_that_is_allowed_no_more_asks(make_firm):
    """A write that was held under `allow_auto` goes to a person when the configuration does not allow it any more."""
    firm = make_firm(TEXTBACK, auto=True)
    firm.begin()
    firm.run("pause")
    firm.quo.miss_call(ANNA)
    firm.once()
    assert firm.states() == [("textback", "held")]
    firm.configure(approvals={"allow_auto": []})
    firm.run("resume")
    firm.once()
    assert firm.quo.sent() == []
    assert firm.states() == [("textback", "needs_approval")]

    firm.approve_all()
    firm.once()
    assert len(firm.quo.sent()) == 1


def test_nothing_on_the_web_decides(asking):
    """Neither a link that is looked at nor a form that is posted reaches a decision: the page only reads."""
    waiting = asking.list("approvals")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    one = waiting[0]["id"]
    paths = ["/", f"/?approve={one}", "/approvals", f"/approvals/{one}", f"/approvals/{one}/approve", f"/approve/{one}"]
    asking.configure(web={"port": port})
    with asking.serving() as service, httpx.Client(base_url=f"http://127.0.0.1:{port}") as web:
        service.wait_until_serving()
        service.wait_for(lambda: is_listening(port))
        for path in paths:
            web.get(path)
            assert web.post(path, data={"decision": "approve"}).status_code in (404, 405)
    asking.once()

    assert asking.list("approvals") == waiting
    assert asking.quo.sent() == []


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
