"""What a look at contacts makes of what it reads: differences, without our own writes and without stale news."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from quoflow.quo import images, translate, wire
from quoflow.runtime import contact_sweep, journaling
from quoflow.runtime.engine import Engine
from quoflow.settings import Settings
from quoflow.store import cursors, journal, mirror
from quoflow.store.database import Database

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
IMAGE = {
    "id": "CT1",
    "defaultFields": {"firstName": "Anna", "phoneNumbers": [{"id": "PH1", "name": "mobile", "value": "+15555550111"}]},
    "customFields": [{"id": "CF1", "key": "tags", "name": "Tags", "type": "multi-select", "value": ["customer"]}],
    "createdAt": "2026-11-01T10:00:00Z",
    "updatedAt": "2026-11-20T10:00:00Z",
}


def make_image(*, at=None, tags=("customer",), **plain):
    custom = [{**IMAGE["customFields"][0], "value": list(tags)}]
    changed = {"updatedAt": at.isoformat()} if at else {}
    return {**IMAGE, "defaultFields": {**IMAGE["defaultFields"], **plain}, "customFields": custom, **changed}


def read(image):
    return translate.read_contact(wire.Contact.model_validate(image))


@pytest.fixture
def engine(tmp_path):
    database = Database.open(tmp_path / "quoflow.db", clock=lambda: NOW)
    settings = Settings.model_validate(
        {"connections": {"main": {"base_url": "http://127.0.0.1:1", "api_key_env": "X"}}, "tags": {"field": "tags"}}
    )
    parts = {"database": database, "settings": settings, "clock": lambda: NOW, "tell": lambda _: None}
    needed = [field.name for field in fields(Engine) if field.default is field.default_factory is MISSING]
    yield Engine(**{**dict.fromkeys(needed), **parts})
    database.close()


@pytest.fixture
def tx(engine):
    with engine.database.write() as transaction:
        done = NOW - timedelta(days=1)
        cursors.save_state(transaction, cursors.ConnectionState("main", baseline_at=done, baseline_done_at=done))
        mirror.save_contacts(transaction, "main", [read(IMAGE)], complete=True, now=NOW)
        yield transaction


def learn(tx, engine, *images_read, gone=()):
    events = contact_sweep.learn(tx, engine, "main", [read(one) for one in images_read], gone=gone)
    return [(event.kind, event.data.get("change", {}).get("names", [])) for event in events]


def test_differences_are_events_once(tx, engine):
    """New, changed and gone, each when it is first read; the same again is nothing."""
    new = {**make_image(firstName="Ida"), "id": "CT2", "createdAt": NOW.isoformat()}
    changed = make_image(at=NOW, company="Berg")

    assert learn(tx, engine, changed, new) == [("contact.updated", ["company"]), ("contact.created", [])]
    assert learn(tx, engine, changed, new) == []
    assert learn(tx, engine, changed, gone=["CT2"]) == [("contact.deleted", [])]
    assert learn(tx, engine, changed, gone=["CT2", "CT9"]) == []
    assert learn(tx, engine, changed, new) == []  # who was gone and is back, after an erasure, is no news


def test_history_is_no_event(tx, engine):
    """A contact from before the first look that was not read then is history, and so is all of the first look."""
    old = {**make_image(), "id": "CT2"}
    state = cursors.read_state(tx, "main")

    assert learn(tx, engine, IMAGE, old) == []
    cursors.save_state(tx, replace(state, baseline_done_at=None))
    assert (
        learn(tx, engine, make_image(at=NOW, company="Berg"), {**old, "id": "CT3", "createdAt": NOW.isoformat()}) == []
    )


def test_what_was_read_before_a_write_is_stale(tx, engine):
    """A page that was read before our change and is saved after it neither undoes it nor makes an event."""
    mirror.save_contacts(tx, "main", [read(make_image(at=NOW, tags=["vip"]))], complete=False, now=NOW)

    assert learn(tx, engine, IMAGE) == []
    assert mirror.find_contact(tx, "main", "CT1").fields["tags"] == ["vip"]
    cut = make_image(at=NOW - timedelta(seconds=0), tags=["vip"], company="Berg")
    assert learn(tx, engine, cut) == [("contact.updated", ["company"])]


def keep_entry(tx, wanted, attempt="a1"):
    """Keep a change as it is kept before its write leaves; of a deletion nothing is wanted."""
    before = images.write_image(wire.Contact.model_validate(IMAGE))
    image = images.write_image(wire.Contact.model_validate(wanted)) if wanted else {}
    given = {"attempt_id": attempt, "run_id": "r1", "step_id": "s1", "contact_id": "CT1", "at": NOW}
    journal.save_entry(tx, journal.Entry(connection="main", before=before, wanted=image, **given))


def test_our_own_write_is_no_event_though_we_died_before_its_answer(tx, engine):
    """The journal knows what was wanted; what somebody else changed beside it is theirs."""
    keep_entry(tx, make_image(tags=["customer", "vip"]))

    assert learn(tx, engine, make_image(at=NOW, tags=["customer", "vip"])) == []
    assert learn(tx, engine, make_image(at=NOW + timedelta(seconds=9), tags=["customer", "vip"], role="owner")) == [
        ("contact.updated", ["role"])
    ]


def test_what_is_read_back_is_an_event_where_it_is_not_ours(tx, engine):
    """After our write the contact is read back: our change is none, an edit at the same moment is one."""
    keep_entry(tx, make_image(tags=["customer", "vip"]))
    after = images.write_image(
        wire.Contact.model_validate(make_image(at=NOW, tags=["customer", "vip"], company="Berg"))
    )

    journaling.save_read_back(tx, engine, "a1", "main", after=after, conflict=["company is different"])

    found = tx.exec_driver_sql("SELECT kind, data FROM events").all()
    assert [kind for kind, _ in found] == ["contact.updated"]
    assert '"names": ["company"]' in found[0][1]
    assert learn(tx, engine, make_image(at=NOW + timedelta(minutes=1), tags=["customer", "vip"], company="Berg")) == []
    assert journal.list_unfinished(tx, "main", "CT1") == ()


def test_our_own_deletion_is_no_event_though_we_died_before_its_answer(tx, engine):
    """Whoever we wanted to be gone is gone without news; who is there all the same is compared as ever."""
    keep_entry(tx, {})

    assert learn(tx, engine, make_image(at=NOW, company="Berg")) == [("contact.updated", ["company"])]
    assert learn(tx, engine, gone=["CT1"]) == []
    assert mirror.find_contact(tx, "main", "CT1") is None
