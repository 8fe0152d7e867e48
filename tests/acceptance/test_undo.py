"""Changes of contacts: kept before they leave, told when somebody else was at it, and taken back by `quoflow undo`."""

from __future__ import annotations

import json
import sqlite3

import httpx

from quoflow.store import contact_lock

from .conftest import ANNA, CONNECTION, KEY, TEXTBACK

TAG = """
name: tag
trigger: call.missed
actions:
  - tag_contact: {add: [missed-call, callback], remove: [customer]}
"""


def tags_of(firm, contact="CTanna"):
    return {one["key"]: one["value"] for one in firm.quo.contact(contact)["custom_fields"]}["tags"]


def set_tags(firm, *tags):
    """Let a person change the tags in the Quo app."""
    contact = firm.quo.contact("CTanna")
    custom = [{"key": "tags", "value": list(tags)}, {"key": "note", "value": "back door"}]
    lists = {name: contact["default_fields"][name] for name in ("emails", "phoneNumbers")}
    ask(firm, "PATCH", {"defaultFields": lists, "customFields": custom})


def ask(firm, method, body=None):
    headers = {"Authorization": f"Bearer {KEY}", "Maton-Connection": CONNECTION}
    httpx.request(
        method, f"{firm.quo.url}/quo/v1/contacts/CTanna", headers=headers, json=body, timeout=10
    ).raise_for_status()


def read_journal(firm):
    with sqlite3.connect(firm.root / "quoflow.db") as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM journal ORDER BY at, attempt_id")]


def list_tags(image):
    return next(one["value"] for one in json.loads(image)["customFields"] if one["key"] == "tags")


def run_rule(firm):
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    return firm.list("runs")[0]["id"]


def test_undo_puts_back_what_the_run_changed(make_firm):
    """Everything of the contact is as before, numbers and addresses with their ids; a second undo does nothing."""
    firm = make_firm(TAG, auto=True)
    before = firm.quo.contact("CTanna")
    run = run_rule(firm)
    assert tags_of(firm) == ["missed-call", "callback"]

    told = firm.run("undo", run, "--yes").out
    after = firm.quo.contact("CTanna")
    patches = len(firm.quo.writes())
    again = firm.run("undo", run, "--yes").out

    assert {**after, "updated_at": 0} == {**before, "updated_at": 0}
    assert (told.count("was taken out again"), told.count("was put back")) == (2, 1)
    assert "nothing to do (undone at" in again
    assert (len(firm.quo.writes()), patches) == (2, 2)


def test_undo_leaves_alone_what_somebody_changed_since(make_firm):
    """A person removed one of our tags and added one of theirs: theirs stays, theirs stays away, ours is taken back."""
    firm = make_firm(TAG.replace("remove: [customer]", "remove: []"), auto=True)
    run = run_rule(firm)
    set_tags(firm, "customer", "missed-call", "theirs")
    done = firm.run("undo", run, "--yes", "--json").json

    assert tags_of(firm) == ["customer", "theirs"]
    (contact,) = done["contacts"]
    verdicts = {one["item"]: one["verdict"] for one in contact["fields"]}
    assert (contact["state"], verdicts) == ("restored", {"missed-call": "restore", "callback": "same"})


def test_undo_says_what_it_cannot_put_back(make_firm):
    """The contact is gone: nothing is written, and the exit code says that it was refused."""
    firm = make_firm(TAG, auto=True)
    run = run_rule(firm)
    ask(firm, "DELETE")

    told = firm.run("undo", run, "--yes", code=3).out
    assert "the contact is gone" in told


def test_undo_shows_before_it_writes(make_firm):
    """A dry run lists each change and writes nothing; without a terminal nothing happens unless --yes is said."""
    firm = make_firm(TAG, auto=True)
    run = run_rule(firm)
    shown = firm.run("undo", run, "--dry-run").out
    refused = firm.run("undo", run, code=64)

    assert [one["method"] for one in firm.quo.writes()] == ["PATCH"]
    assert "custom field tags, missed-call: would be taken out again (before nothing, we wrote missed-call)" in shown
    assert "--yes" in refused.err


def test_a_text_cannot_be_taken_back(make_firm):
    """The tag of a run that also texted is undone, the text is told and the code is 3; a run of texts alone fails."""
    both = f"{TEXTBACK.strip()}\n  - tag_contact: {{add: [missed-call]}}\n"
    only = TEXTBACK.replace("name: textback", "name: only").replace("sorry", "so sorry")
    firm = make_firm(both, only, auto=True)
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    runs = {one["rule"]: one["id"] for one in firm.list("runs")}

    told = firm.run("undo", runs["textback"], "--yes", code=3).out
    refused = firm.run("undo", runs["only"], "--yes", code=1).err
    assert tags_of(firm) == ["customer"]
    assert "a text cannot be taken back" in told
    assert "a text cannot be taken back" in refused


def test_the_kill_switch_holds_an_undo_too(make_firm):
    """While everything is paused an undo changes nothing; afterwards it does."""
    firm = make_firm(TAG, auto=True)
    run = run_rule(firm)
    firm.run("pause", "wait")
    refused = firm.run("undo", run, "--yes", code=1)
    assert ("paused (wait)" in refused.err, tags_of(firm)) == (True, ["missed-call", "callback"])

    firm.run("resume")
    firm.run("undo", run, "--yes")
    assert tags_of(firm) == ["customer"]


def test_a_run_that_may_still_write_is_not_undone(make_firm):
    """A run that waits has not come to its end: the error says how to end it."""
    firm = make_firm(f"{TAG.strip()}\n  - wait: 2h\n  - tag_contact: {{add: [late]}}\n", auto=True)
    run = run_rule(firm)
    refused = firm.run("undo", run, "--yes", code=1)
    assert f"quoflow runs cancel {run}" in refused.err

    firm.run("runs", "cancel", run)
    firm.run("undo", run, "--yes")
    assert tags_of(firm) == ["customer"]


def test_an_undo_is_on_record(make_firm):
    """It is journalled with both versions like any change, and audited with who did it; the values are not repeated."""
    firm = make_firm(TAG, auto=True)
    run = run_rule(firm)
    firm.run("undo", run, "--yes")

    change, undo = read_journal(firm)
    assert (change["is_undo"], undo["is_undo"], undo["run_id"]) == (0, 1, run)
    assert (list_tags(undo["before"]), list_tags(undo["wanted"])) == (["missed-call", "callback"], ["customer"])
    assert list_tags(undo["after"]) == ["customer"]
    assert (change["undone_at"] is None, undo["undone_at"]) == (False, None)
    with sqlite3.connect(firm.root / "quoflow.db") as database:
        (row,) = database.execute("SELECT actor, subject, data FROM audit WHERE kind = 'contact.undone'").fetchall()
    assert (row[0], row[1]) == (change["undone_by"], "CTanna")
    assert json.loads(row[2]) | {"undo": ""} == {
        "run": run, "undo": "", "restored": ["custom field tags"], "left": [],
    }  # fmt: skip


def test_what_was_there_is_kept_before_the_write_leaves(make_firm):
    """The answer to the PATCH is lost: what the contact was before is known all the same, and can be put back."""
    firm = make_firm(TAG, auto=True)
    firm.begin()
    firm.quo.fault("reset_after", "/v1/contacts/", method="PATCH")
    firm.quo.miss_call(ANNA)
    firm.once()
    run = firm.list("runs")[0]["id"]
    (entry,) = read_journal(firm)
    assert (list_tags(entry["before"]), list_tags(entry["wanted"])) == (["customer"], ["missed-call", "callback"])

    firm.run("undo", run, "--yes")
    assert tags_of(firm) == ["customer"]


def test_a_conflict_stands_in_the_run_and_in_the_feed(make_firm):
    """The contact cannot be vouched for at reading back: the write is done once, and the run says what is not known."""
    firm = make_firm(TAG, auto=True)
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.quo.fault("404", "/v1/contacts/CTanna", method="GET", probability=0.8, seed=0)  # hits the second look
    told = firm.once().err

    (step,) = firm.list("runs")[0]["steps"]
    assert (step["state"], step["reason"][:32]) == ("succeeded", "conflict: could not be read back")
    assert step["outcome"]["conflict"] == [step["reason"].removeprefix("conflict: ")]
    assert "a contact is not as it was written: could not be read back" in told
    assert [one["method"] for one in firm.quo.writes()] == ["PATCH"]


def test_a_second_try_does_not_cover_the_first_image(make_firm):
    """The first try was lost, a person changed the contact, the second went through: each has its own image."""
    firm = make_firm(TAG.replace("remove: [customer]", "remove: []"), auto=True)
    firm.begin()
    firm.quo.fault("reset_before", "/v1/contacts/", method="PATCH")
    firm.quo.miss_call(ANNA)
    firm.once()
    set_tags(firm, "customer", "vip")
    firm.once(ahead="1m")
    run = firm.list("runs")[0]["id"]
    first, second = read_journal(firm)
    assert [list_tags(one["before"]) for one in (first, second)] == [["customer"], ["customer", "vip"]]

    firm.run("undo", run, "--yes")
    assert tags_of(firm) == ["customer", "vip"]


def test_a_refused_change_leaves_nothing_to_undo(make_firm):
    """Quo said no: nothing was changed, so a tag that a person sets later is theirs, and an undo lets it be."""
    firm = make_firm(TAG, auto=True)
    firm.begin()
    firm.quo.fault("403", "/v1/contacts/", method="PATCH")
    firm.quo.miss_call(ANNA)
    firm.once()
    run = firm.list("runs")[0]["id"]
    set_tags(firm, "missed-call", "callback")

    told = firm.run("undo", run, "--yes").out
    assert "there is nothing to undo" in told
    assert (tags_of(firm), read_journal(firm)) == (["missed-call", "callback"], [])


def test_the_next_rule_sees_the_tag_at_once(make_firm):
    """What a write has changed counts for the next event, without waiting for the contacts to be read again."""
    rule = TAG.replace("actions:", "when: \"'missed-call' not in contact.tags\"\nactions:")
    firm = make_firm(rule, auto=True, poll={"contacts_every": "1h"})
    with firm.serving() as service:
        service.wait_for(lambda: "first look done" in service.log)
        firm.quo.miss_call(ANNA)
        service.wait_for(lambda: firm.states() == [("tag", "succeeded")])
        firm.quo.miss_call(ANNA)
        events = 'SELECT count(*) FROM events WHERE kind = "call.missed" AND state = "handled"'
        with sqlite3.connect(firm.root / "quoflow.db") as database:
            service.wait_for(lambda: database.execute(events).fetchone() == (2,))

    assert firm.states() == [("tag", "succeeded")]


def test_two_runs_do_not_overwrite_each_other(make_firm):
    """Two rules tag one contact for one call: both tags stand, and undoing one run leaves the other's."""
    twin = "name: twin\ntrigger: call.missed\nactions:\n  - tag_contact: {add: [twin]}\n"
    firm = make_firm(TAG, twin, auto=True)
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    assert sorted(tags_of(firm)) == ["callback", "missed-call", "twin"]

    runs = {one["rule"]: one["id"] for one in firm.list("runs")}
    firm.run("undo", runs["tag"], "--yes")
    assert sorted(tags_of(firm)) == ["customer", "twin"]


def test_a_change_waits_for_its_turn(make_firm):
    """While another process changes contacts the worker leaves them alone, says so, and takes it up afterwards."""
    firm = make_firm(TAG, auto=True)
    firm.begin()
    firm.quo.miss_call(ANNA)
    with contact_lock.hold(firm.root / "quoflow.db", waits=False) as is_ours:
        firm.once()
        (waiting,) = firm.list("outbox")
        assert (is_ours, firm.quo.writes()) == (True, [])
        assert (waiting["state"], "changing contacts" in waiting["reason"]) == ("queued", True)

    firm.once(ahead="10s")
    assert tags_of(firm) == ["missed-call", "callback"]
