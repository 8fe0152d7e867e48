"""The mirror: what Quo told us comes back, new things are new once, and a call ends once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from quoflow.core.facts import Call, Contact, Conversation, Line, Message, Property, User
from quoflow.store import mirror, tables

ANN = Contact(
    id="CT1",
    first_name="Ann",
    last_name="Lee",
    company="Acme",
    role="Owner",
    emails=("ann@example.com",),
    phones=("+15555550123", "+15555550124"),
    fields={"tags": ["vip"], "age": 7},
    source="public-api",
    external_id="x1",
)


@pytest.fixture
def message(make):
    return Message(
        id="AC1",
        line_id="PN1",
        peer=make.peer,
        direction="incoming",
        text="Hi 👋",
        status="received",
        created_at=make.now,
        from_=make.peer,
        to=("+15555550100",),
        user_id="US1",
        conversation_id="CN1",
    )


@pytest.fixture
def call(make):
    return Call(id="AC9", line_id="PN1", peer=make.peer, direction="incoming", status="ringing", created_at=make.now)


# -- lines and users


def test_lines_are_replaced_whole(tx):
    """The last list of lines is the list; another connection's stays."""
    main = Line("PN1", "+15555550101", "Main", user_ids=("US1", "US2"), messaging={"US": "unrestricted"})
    other = Line("PN2", "+15555550100", "Sales")
    mirror.save_lines(tx, "main", [main, other])
    mirror.save_lines(tx, "second", [replace(main, name="Theirs")])

    assert mirror.list_lines(tx, "main") == (other, main)
    mirror.save_lines(tx, "main", [replace(main, name="Front desk")])
    assert mirror.list_lines(tx, "main") == (replace(main, name="Front desk"),)
    assert mirror.list_lines(tx, "second") == (replace(main, name="Theirs"),)
    mirror.save_lines(tx, "main", [])
    assert mirror.list_lines(tx, "main") == ()


def test_users_are_replaced_whole(tx):
    """The last list of users is the list."""
    ann = User("US1", "Ann", None, "ann@example.com", "owner")
    bob = User("US2", None, "Ray", None, None)
    mirror.save_users(tx, "main", [bob, ann, ann])

    assert mirror.list_users(tx, "main") == (ann, bob)
    mirror.save_users(tx, "main", [bob])
    assert mirror.list_users(tx, "main") == (bob,)


# -- contacts


def test_a_contact_is_found_by_each_of_its_numbers(tx, make):
    """A contact comes back whole, by id and by any number, in its own connection only."""
    ann = replace(ANN, created_at=make.at(-5), updated_at=make.at(-1))
    mirror.save_contacts(tx, "main", [ann], complete=False, now=make.now)

    assert mirror.find_contact(tx, "main", "CT1") == ann
    assert [mirror.find_contact_by_phone(tx, "main", phone) for phone in ann.phones] == [ann, ann]
    assert mirror.find_contact_by_phone(tx, "main", "+15555550199") is None
    assert mirror.find_contact_by_phone(tx, "second", ann.phones[0]) is None
    assert mirror.find_contact(tx, "second", "CT1") is None


def test_a_changed_number_is_found_under_the_new_one_only(tx, make):
    """The index of numbers follows the contact."""
    mirror.save_contacts(tx, "main", [ANN], complete=False, now=make.now)
    moved = replace(ANN, phones=("+15555550124", "+15555550125"))
    mirror.save_contacts(tx, "main", [moved], complete=False, now=make.now)
    found = [mirror.find_contact_by_phone(tx, "main", f"+1555555012{digit}") for digit in (3, 4, 5)]

    assert found == [None, moved, moved]


def test_a_shared_number_belongs_to_who_was_updated_last(tx, make):
    """Of several contacts with one number the latest updated is meant; one of unknown age comes last."""
    contacts = [
        Contact("CT1", phones=(make.peer,), updated_at=make.at(1)),
        Contact("CT2", phones=(make.peer,), updated_at=make.at(2)),
        Contact("CT3", phones=(make.peer,)),
    ]
    mirror.save_contacts(tx, "main", contacts, complete=True, now=make.now)

    assert mirror.find_contact_by_phone(tx, "main", make.peer) == contacts[1]
    mirror.save_contacts(tx, "main", [contacts[0], contacts[2]], complete=True, now=make.now)
    assert mirror.find_contact_by_phone(tx, "main", make.peer) == contacts[0]


def test_a_complete_list_ends_those_that_are_not_in_it(tx, make):
    """A contact that a complete list lacks is gone until it comes back; an incomplete list ends nobody."""
    bob = Contact("CT2", phones=("+15555550125",))
    mirror.save_contacts(tx, "main", [ANN, bob], complete=True, now=make.now)
    mirror.save_contacts(tx, "main", [bob], complete=False, now=make.now)
    assert mirror.count_contacts(tx, "main") == 2
    mirror.save_contacts(tx, "main", [bob], complete=True, now=make.at(1))

    assert mirror.count_contacts(tx, "main") == 1
    assert mirror.find_contact(tx, "main", "CT1") is None
    assert mirror.find_contact_by_phone(tx, "main", make.peer) is None
    gone_at = select(tables.contacts.c.gone_at).where(tables.contacts.c.id == "CT1")
    assert tx.scalar(gone_at) == make.at(1)

    mirror.save_contacts(tx, "main", [ANN], complete=False, now=make.at(2))
    assert mirror.find_contact(tx, "main", "CT1") == ANN
    assert mirror.find_contact_by_phone(tx, "main", make.peer) == ANN
    assert mirror.count_contacts(tx, "main") == 2


def test_a_contact_is_found_by_whatever_it_is_known_by(tx, make):
    """By Quo's id, the external id or a number, and by none of them once it is forgotten; read again, it is back."""
    ann = replace(ANN, external_id="crm-1")
    mirror.save_contacts(tx, "main", [ann], complete=False, now=make.now)
    known = (ann.id, "crm-1", ann.phones[0])
    assert [mirror.find_anyone(tx, "main", one) for one in known] == [ann] * 3
    assert mirror.find_anyone(tx, "main", "crm-2") is None

    mirror.mark_gone(tx, "main", [ann.id], now=make.now)
    assert [mirror.find_anyone(tx, "main", one) for one in known] == [None] * 3
    assert mirror.list_contacts(tx, "main") == ()
    mirror.save_contacts(tx, "main", [ann], complete=False, now=make.at(1))
    assert mirror.find_anyone(tx, "main", "crm-1") == ann


def test_contact_properties_are_replaced_whole(tx):
    """One that was taken away in the Quo app is gone here, too."""
    plan, seats = Property("plan", "Plan", "string"), Property("seats", "Seats", "number")
    mirror.save_properties(tx, "main", [seats, plan])
    assert mirror.list_properties(tx, "main") == (plan, seats)

    mirror.save_properties(tx, "main", [seats])
    assert mirror.list_properties(tx, "main") == (seats,)
    assert mirror.list_properties(tx, "other") == ()


def test_contacts_that_did_not_change_are_not_written(tx, make):
    """Reading the same contacts again costs no writes."""
    contacts = [replace(ANN, id=f"CT{number}") for number in range(1200)]
    mirror.save_contacts(tx, "main", contacts, complete=True, now=make.now)
    before = tx.scalar(text("SELECT total_changes()"))
    mirror.save_contacts(tx, "main", contacts, complete=True, now=make.at(1))

    assert tx.scalar(text("SELECT total_changes()")) == before
    assert mirror.count_contacts(tx, "main") == 1200


phones = st.lists(st.sampled_from(["+1", "+2", "+3"]), max_size=3).map(tuple)
readings = st.lists(
    st.tuples(st.dictionaries(st.sampled_from(["CT1", "CT2", "CT3"]), phones), st.booleans()), max_size=6
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(readings=readings)
def test_the_index_of_numbers_is_what_the_contacts_say(database, make, readings):
    """After any sequence of lists, numbers lead to exactly the contacts that are there and have them."""
    there = {}
    with database.write() as tx:
        for read, complete in readings:
            there = ({} if complete else there) | read
            contacts = [Contact(name, phones=numbers) for name, numbers in read.items()]
            mirror.save_contacts(tx, "main", contacts, complete=complete, now=make.now)
        index = {(row.phone, row.contact_id) for row in tx.execute(select(tables.contact_phones))}
        count = mirror.count_contacts(tx, "main")
        tx.rollback()

    assert index == {(number, name) for name, numbers in there.items() for number in numbers}
    assert count == len(there)


# -- conversations


def test_a_conversation_comes_back_with_how_far_it_was_read(tx, make):
    """A conversation is kept once and updated, with the time up to which it was read."""
    first = Conversation("CN1", "PN1", (make.peer,), created_at=make.now)
    then = replace(first, name="Ann", assigned_to="US1", last_activity_at=make.at(3), last_activity_id="AC1")
    mirror.save_conversation(tx, "main", first, synced_until=make.at(1))
    mirror.save_conversation(tx, "main", then, synced_until=make.at(4))

    assert mirror.find_conversation(tx, "main", "CN1") == mirror.SyncedConversation(then, make.at(4))
    assert mirror.find_conversation(tx, "second", "CN1") is None


# -- messages


def test_a_message_is_new_once_and_follows_its_status(tx, make, message):
    """A message is given the first time it is read; later readings update it."""
    delivered = replace(message, status="delivered")

    assert mirror.save_messages(tx, "main", [message]) == (message,)
    assert mirror.save_messages(tx, "main", [delivered]) == ()
    assert mirror.save_messages(tx, "second", [message]) == (message,)
    assert mirror.list_messages(tx, "main", line_id="PN1", peer=make.peer, since=make.now) == (delivered,)


def test_a_message_twice_in_one_list_is_new_once(tx, message):
    """A page that shifted gives a message twice: the last reading counts."""
    read_again = replace(message, status="delivered")

    assert mirror.save_messages(tx, "main", [message, read_again]) == (read_again,)


def test_ours_stays_ours(tx, message):
    """A message that quoflow sent is marked so for good, whichever reading says it."""
    mirror.save_messages(tx, "main", [message, replace(message, id="AC2")])
    mirror.save_messages(tx, "main", [message], ours={"AC1"})
    mirror.save_messages(tx, "main", [replace(message, status="delivered")])
    table = tables.messages

    assert tx.scalars(select(table.c.id).where(table.c.is_ours)).all() == ["AC1"]


def test_messages_are_listed_by_line_and_number_from_a_time_on(tx, make, message):
    """Messages of one line and number are listed, oldest first."""
    late = replace(message, id="AC2", created_at=make.at(2))
    early = replace(message, id="AC3", created_at=make.at(1))
    others = [
        replace(message, id="AC4", line_id="PN2", created_at=make.at(1)),
        replace(message, id="AC5", peer="+15555550199", created_at=make.at(1)),
    ]
    mirror.save_messages(tx, "main", [late, message, early, *others])

    assert mirror.list_messages(tx, "main", line_id="PN1", peer=make.peer, since=make.at(1)) == (early, late)


def test_the_last_time_they_wrote_is_over_all_lines(tx, make, message):
    """Only what they wrote counts, to whichever line."""
    assert mirror.last_inbound_at(tx, "main", peer=make.peer) is None
    ours = replace(message, id="AC2", direction="outgoing", created_at=make.at(5))
    mirror.save_messages(tx, "main", [message, replace(message, id="AC3", line_id="PN2", created_at=make.at(2)), ours])

    assert mirror.last_inbound_at(tx, "main", peer=make.peer) == make.at(2)


# -- calls


def test_a_call_comes_back_whole(tx, make, call):
    """Every field of a call is kept."""
    full = replace(
        call,
        status="completed",
        answered_at=make.at(1),
        completed_at=make.at(2),
        duration=60,
        answered_by="US1",
        initiated_by="US2",
        user_id="US3",
        ai_handled=True,
        forwarded_from="+15555550101",
        forwarded_to="+15555550102",
        conversation_id="CN1",
    )
    mirror.save_calls(tx, "main", [full])

    assert mirror.find_call(tx, "main", call.id) == full
    assert mirror.find_call(tx, "second", call.id) is None


def test_a_call_is_given_when_new_and_when_it_ends(tx, make, call):
    """A ringing call is given once, the same call over once more, and never again."""
    over = replace(call, status="completed", completed_at=make.at(1))

    assert mirror.save_calls(tx, "main", [call]) == (call,)
    assert mirror.save_calls(tx, "main", [replace(call, status="in-progress")]) == ()
    assert mirror.save_calls(tx, "main", [over]) == (over,)
    assert mirror.save_calls(tx, "main", [over]) == ()


def test_a_stale_reading_does_not_reopen_a_call(tx, make, call):
    """What is over stays over, whatever a slow page says."""
    over = replace(call, status="missed")
    mirror.save_calls(tx, "main", [over])

    assert mirror.save_calls(tx, "main", [call]) == ()
    assert mirror.find_call(tx, "main", call.id) == over
    assert mirror.list_open_calls(tx, "main", since=make.at(-60)) == ()


def test_an_ended_call_is_still_completed(tx, make, call):
    """Details that come after the end, such as the duration, are kept."""
    over = replace(call, status="completed")
    mirror.save_calls(tx, "main", [over])
    detailed = replace(over, completed_at=make.at(1), duration=60)

    assert mirror.save_calls(tx, "main", [detailed]) == ()
    assert mirror.find_call(tx, "main", call.id) == detailed


STATUSES = ["queued", "ringing", "in-progress", "answered", "completed", "missed", "no-answer", "something-new"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    reads=st.lists(
        st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(STATUSES), st.booleans()), max_size=4), max_size=6
    )
)
def test_every_call_ends_exactly_once(database, make, call, reads):
    """Over any sequence of readings a call is given as over once if any reading had it over, else never."""
    given_over, open_given = [], []
    lists = [
        [
            replace(call, id=name, status=status, completed_at=make.now if completed else None)
            for name, status, completed in read
        ]
        for read in reads
    ]
    with database.write() as tx:
        for read in lists:
            for one in mirror.save_calls(tx, "main", read):
                (given_over if one.is_over else open_given).append(one.id)
        still_open = {one.id for one in mirror.list_open_calls(tx, "main", since=make.now)}
        tx.rollback()
    seen = {one.id for read in lists for one in read}
    ended = {one.id for read in lists for one in read if one.is_over}

    assert sorted(given_over) == sorted(ended)
    assert still_open == seen - ended
    assert len(open_given) == len(set(open_given))


def test_open_calls_are_those_that_began_lately_and_are_not_over(tx, make, call):
    """Calls that may still be going on are listed, oldest first, from a time on."""
    earlier = replace(call, id="AC7", created_at=make.now - timedelta(minutes=1))
    too_old = replace(call, id="AC6", created_at=make.now - timedelta(hours=9))
    answered = replace(call, id="AC8", status="answered", created_at=make.at(1))
    over = replace(call, id="AC5", status="answered", completed_at=make.at(2))
    mirror.save_calls(tx, "main", [answered, call, earlier, too_old, over])

    assert mirror.list_open_calls(tx, "main", since=make.at(-60)) == (earlier, call, answered)
