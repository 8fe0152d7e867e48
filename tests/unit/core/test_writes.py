"""Writes: from rendered parameters to the exact bytes, and what is refused before the API would."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import contexts, preparing, steps, writes
from quoflow.core.events import Event
from quoflow.core.expressions import ExpressionError
from quoflow.core.facts import Contact, Line, User
from quoflow.core.functions import Functions
from quoflow.core.parameters.contacts import TagContact
from quoflow.core.parameters.messages import SendMessage
from quoflow.core.rules import Rule

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
MAIN = Line(id="PN1", number="+15555550100", name="Main Line")
SALES = Line(id="PN2", number="+15555550102", name="Sales")
SHUT = Line("PN3", "+15555550103", "Shut", ("US1",), {"US": "restricted", "CA": "unrestricted", "Intl": "restricted"})
USERS = (
    User("US1", "Maria", "Berg", "maria@example.com", "owner"),
    User("US2", "Omar", None, "omar@example.com", "member"),
    User("US3", "Maria", "Cruz", None, "member"),
)
ANNA = Contact(id="CT1", first_name="Anna", phones=("+15555550111",))


def make_pen(
    *, peer="+15555550111", contact=ANNA, line=MAIN, lines=(MAIN, SALES), tags_field="tags", variables=None, users=()
):
    event = Event(
        id="message.received:AC1", kind="message.received", connection="main", occurred_at=NOW, peer=peer,
        line_id=line.id if line else None,
        data={"message": {"id": "AC1", "text": "{{ 7 * 7 }}", "from": peer, "to": "+15555550100"}},
    )  # fmt: skip
    values = contexts.build_values(
        event, contact=contact, line=line, rule="r", variables=variables or {}, tags_field=tags_field
    )
    scene = writes.Scene(
        rule=Rule(name="r", version="v1", document={}, triggers=(), steps=()),
        connection="main",
        values=values,
        functions=Functions(now=NOW),
        lines=lines,
        region="US",
        tags_field=tags_field,
        now=NOW,
        workspace=writes.Workspace(users=users),
    )
    return writes.Pen(scene, values)


def send(pen=None, **parameters):
    model = SendMessage.model_validate({"text": "Hello", **parameters})
    return preparing.prepare_write("send_message", model, pen or make_pen())


def tag(pen=None, **parameters):
    return preparing.prepare_write("tag_contact", TagContact.model_validate(parameters), pen or make_pen())


def test_a_text_goes_to_the_events_contact_from_the_events_line():
    """With nothing said, the answer goes back the way the event came; the body is the API's and nothing more."""
    write = send()

    assert write.payload == {"content": "Hello", "from": "PN1", "to": ["+15555550111"]}
    assert (write.to, write.from_, write.text, write.segments) == ("+15555550111", "+15555550100", "Hello", 1)
    assert (write.connection, write.action, write.rule_version) == ("main", "send_message", "v1")


def test_user_and_done_go_into_the_body():
    """The sending user and `done` are the API's userId and setInboxStatus."""
    payload = send(user="US1", done=True).payload

    assert (payload["userId"], payload["setInboxStatus"]) == ("US1", "done")


def test_a_customers_text_is_a_value_never_a_template():
    """What a customer writes is not evaluated, whatever it looks like."""
    assert send(text="You wrote {{ message.text }}").text == "You wrote {{ 7 * 7 }}"


def test_the_text_is_sent_without_blanks_around_it():
    """Leading and trailing blanks of a YAML block are no part of the text."""
    assert send(text="\n  Hello \n").payload["content"] == "Hello"


@pytest.mark.parametrize("words", ["   ", "{{ '' }}", "\n\t"])
def test_a_blank_text_is_impossible(words):
    """The API refuses a text of blanks only, so it is refused here, in words."""
    with pytest.raises(writes.Impossible, match="the text came out empty"):
        send(text=words)


def test_a_text_of_1600_characters_passes_and_one_more_does_not():
    """The API's limit of 1,600 characters is exact."""
    long = make_pen(variables={"long": "a" * 1600})

    assert len(send(long, text="{{ vars.long }}").text) == 1600
    with pytest.raises(ExpressionError, match=r"1,?600"):
        send(long, text="{{ vars.long }}!")


@pytest.mark.parametrize("written", ["+15555550199", "(555) 555-0199", "555.555.0199", "{{ '5555550199' }}"])
def test_a_recipient_is_read_in_the_region(written):
    """However people write a number, what is sent is E.164."""
    assert send(to=written).payload["to"] == ["+15555550199"]


@pytest.mark.parametrize("written", ["bob", "911", "22395", "+1"])
def test_a_recipient_that_cannot_be_texted_is_impossible(written):
    """A short code, a word or half a number is refused with the number in the message."""
    with pytest.raises(writes.Impossible, match=r"is not a number that can be texted"):
        send(to=written)


@pytest.mark.parametrize("peer", [None, ""])
def test_a_hidden_caller_cannot_be_texted(peer):
    """Where the caller hides the number, the reason says so and what to do."""
    with pytest.raises(writes.Impossible, match="hidden"):
        send(make_pen(peer=peer, contact=None))


def test_quoflow_does_not_text_its_own_lines():
    """A text to one of our own lines would loop: it is refused."""
    with pytest.raises(writes.Impossible, match="one of our own lines"):
        send(to="+15555550102")


@pytest.mark.parametrize("written", ["Sales", " sales ", "PN2", "+15555550102", "(555) 555-0102"])
def test_a_sender_is_named_by_name_number_or_id(written):
    """Our lines are found by any of their names; the body holds the PN id, `from_` the number."""
    write = send(from_=written)

    assert (write.payload["from"], write.from_) == ("PN2", "+15555550102")


def test_an_unknown_sender_is_impossible_and_lists_ours():
    """A line that is not ours is refused with the names of those that are."""
    with pytest.raises(writes.Impossible, match="`Marketing` is none of our lines; they are `Main Line`, `Sales`"):
        send(from_="Marketing")


def test_an_event_without_a_line_needs_a_sender():
    """A schedule has no line: the reason says what to write."""
    with pytest.raises(writes.Impossible, match="say `from:` with one of `Main Line`, `Sales`"):
        send(make_pen(line=None))


def test_the_line_must_still_be_there():
    """A line that has left the workspace since the event cannot send."""
    with pytest.raises(writes.Impossible, match="no line of ours"):
        send(make_pen(lines=(SALES,)))


@pytest.mark.parametrize(
    ("written", "expected"),
    [("US2", "US2"), ("OMAR@example.com", "US2"), (" omar ", "US2"), ("maria cruz", "US3"), ("{{ 'US1' }}", "US1")],
)
def test_a_user_is_named_by_id_address_or_name(written, expected):
    """Names fit in any case; what is sent is the id."""
    assert send(make_pen(users=USERS), user=written).payload["userId"] == expected


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("US9", "`US9` is none of the workspace's members; they are `maria@example.com`, `omar@example.com`, `US3`"),
        ("maria", "`maria` is the name of several members"),
        ("", "none of the workspace's members"),
    ],
)
def test_a_user_who_is_none_of_the_workspace_is_impossible(written, words):
    """Quo would answer 404 or 403; the reason lists who there is."""
    with pytest.raises(writes.Impossible) as caught:
        send(make_pen(users=USERS), user=f"{written}{{{{ '' }}}}")

    assert words in str(caught.value)


def test_a_user_must_have_access_to_the_line():
    """A member who may not use the line cannot send from it; one who may can."""
    pen = make_pen(lines=(SHUT,), line=SHUT, users=USERS)
    assert send(pen, user="US1", to="+14165550100").payload["userId"] == "US1"

    with pytest.raises(writes.Impossible, match="`Omar` has no access to `Shut`"):
        send(pen, user="Omar", to="+14165550100")


@pytest.mark.parametrize(
    ("to", "words"),
    [("+12125550100", "A2P 10DLC"), ("+442079460958", "international messaging is off"), ("+14165550100", None)],
)
def test_a_line_texts_only_where_quo_lets_it(to, words):
    """Quo says for each line whether it may text the US, Canada and the rest; what it does not say is open."""
    assert send(make_pen(lines=(MAIN,)), to=to).payload["to"] == [to]
    pen = make_pen(lines=(SHUT,), line=SHUT)
    if words is None:
        assert send(pen, to=to).payload["to"] == [to]
        return
    with pytest.raises(writes.Impossible, match=words):
        send(pen, to=to)


def test_the_number_of_quos_own_examples_is_possible():
    """+15555555555 is no number that anybody has, and yet what Quo's documentation uses: possible is enough."""
    assert send(to="+15555555555").payload["to"] == ["+15555555555"]
    assert send(to="(555) 555-5555").payload["to"] == ["+15555555555"]


def test_a_tag_names_the_contact_the_field_and_each_tag_once():
    """The payload is the change to merge, not a body that would replace the contact."""
    write = tag(add=["missed", " missed ", "{{ 'vip' }}", "{{ '' }}"], remove="lead")

    assert write.payload == {"contact_id": "CT1", "field": "tags", "add": ["missed", "vip"], "remove": ["lead"]}
    assert (write.to, write.text, write.segments) == ("+15555550111", None, 0)


def test_tagging_without_a_contact_is_nothing_to_do():
    """A number that is no contact is named in the reason."""
    with pytest.raises(writes.NothingToDo, match=r"\+15555550199 is not among the contacts"):
        tag(make_pen(peer="+15555550199", contact=None), add="missed")


def test_tagging_without_a_field_says_what_to_configure():
    """Where the configuration names no field for tags, the reason says which key to set."""
    with pytest.raises(writes.Impossible, match=r"set `tags: \{field: …\}`"):
        tag(make_pen(tags_field=None), add="missed")


def test_every_write_step_kind_can_be_prepared():
    """A write kind without a function here would be forgotten: the two tables agree."""
    assert preparing._PREPARE.keys() == steps.WRITES


@given(first=st.text(min_size=1, max_size=40), second=st.text(min_size=1, max_size=40))
def test_different_texts_have_different_hashes_and_equal_ones_the_same(first, second):
    """An approval binds the bytes: the hash tells two texts apart, and only by their bytes."""
    pens = (make_pen(variables={"words": f"x{words}x"}) for words in (first, second))
    one, two = (send(pen, text="{{ vars.words }}") for pen in pens)

    assert (one.hash == two.hash) == (one.payload == two.payload)


def test_other_words_keep_the_rest_of_a_text():
    """An edit changes the words and what hangs on them: recipient, sender and the body's other fields stay."""
    before = send(user="US1", done=True)
    write = writes.rewrite_text(before, "  Grüße – " + "x" * 70 + "\n")

    assert write.text == "Grüße – " + "x" * 70
    assert write.payload == {**before.payload, "content": write.text}
    assert (write.to, write.from_, write.rule_version, write.segments) == (before.to, before.from_, "v1", 2)
    assert write.hash != before.hash


@pytest.mark.parametrize(
    ("text", "says"), [(" \n", "empty"), ("x" * 1601, "1601 characters"), ("caf\udce9", "no characters")]
)
def test_other_words_are_held_to_the_same_rules(text, says):
    """What could not be planned cannot be edited in."""
    with pytest.raises(writes.Impossible, match=says):
        writes.rewrite_text(send(), text)
