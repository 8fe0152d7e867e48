"""Own writes: a text that quoflow sent triggers nothing, a person's of the same words does."""

from __future__ import annotations

from quoflow.runtime import polling, service
from quoflow.store import mirror

from .conftest import ANNA, BILL

REPLY = "name: reply\ntrigger: message.received\napproval: auto\nactions: [{send_message: {text: Thanks!}}]\n"
WATCH = "name: watch\ntrigger: message.sent\nactions: [{notify: somebody wrote}]\n"


def test_our_own_text_is_known_by_its_id(make_shop):
    """Read as often as you like, at once and after weeks, it is no event."""
    shop = make_shop(REPLY, WATCH)
    shop.write("Hello")
    for _ in range(3):
        shop.work()
        shop.later(hours=30)
    assert shop.texts == [(ANNA, "Thanks!")]
    assert shop.events("message.sent") == []


def test_a_text_that_is_read_before_its_answer_is_ours(make_shop):
    """Between the request and its answer nobody knows its id: its intent, with the same words, is on the disk."""
    shop = make_shop(REPLY, WATCH)
    shop.write("Hello")
    seen = []

    def look():
        polling.poll_connection(shop.engine, "main")
        (sent,) = shop.sandbox.world.sent
        seen.extend([sent["id"], shop.ask(mirror.list_strangers, "main", [sent["id"]])])

    shop.meanwhile = look
    shop.work(times=3)
    assert seen == [shop.sandbox.world.sent[0]["id"], set()]
    assert shop.events("message.sent") == []


def test_a_text_whose_answer_is_lost_is_ours(make_shop):
    """It may have been accepted: until somebody knows, words like it are ours."""
    shop = make_shop(REPLY, WATCH)
    shop.write("Hello")
    shop.happen("faults", kind="reset_after", method="POST", path="/v1/messages", times=1)
    shop.work(times=3)

    assert shop.texts == [(ANNA, "Thanks!")]
    assert shop.events("message.sent") == []


def test_the_same_words_of_a_person_trigger(make_shop):
    """Once no intent waits for them: after ours is known, to somebody else meanwhile, and when ours was never sent."""
    shop = make_shop(REPLY, WATCH)
    typed = []
    shop.write("Hello", ANNA)
    shop.meanwhile = lambda: typed.append(shop.type("Thanks!", BILL))
    shop.work(times=2)
    typed.append(shop.type("Thanks!", ANNA))
    shop.work(times=2)

    assert shop.texts == [(ANNA, "Thanks!")]
    assert sorted(shop.events("message.sent")) == sorted(f"message.sent:{one}" for one in typed)


def test_the_same_words_of_a_person_from_before_trigger(make_shop):
    """What they typed before our attempt began, and is read while it is on its way, is theirs."""
    shop = make_shop(REPLY.replace("Thanks!", '"{{ message.text }} to you"'), WATCH)
    shop.write("Good morning", ANNA)
    shop.work()  # a first text has its conversation read just before it
    shop.later(minutes=5)
    shop.write("Hello", ANNA)
    polling.poll_connection(shop.engine, "main")
    typed = shop.type("Hello to you", ANNA)
    shop.later(minutes=1)
    shop.meanwhile = lambda: polling.poll_connection(shop.engine, "main")
    service.do_due_work(shop.engine)
    shop.work()

    assert shop.events("message.sent") == [f"message.sent:{typed}"]
    assert shop.texts == [(ANNA, "Good morning to you"), (ANNA, "Hello to you")]
