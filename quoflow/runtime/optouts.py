"""Opt-outs at work: learned from what people write, entered, confirmed and lifted by a person, told in the feed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from quoflow.core import facts, opt_out_ledger, optouts, phones, plans
from quoflow.core.opt_out_ledger import Entry
from quoflow.errors import UsageError
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import audit, inbox, opt_outs, runs
from quoflow.store.database import Connection

_LONGEST_WORD = 40
"""Characters of a whole message that stand for it in reasons; the evidence has it all."""

Deed = Literal["stop", "confirm", "lift"]
"""What a person may enter: do not text it, yes they asked us to stop, no they did not."""

_DONE = {"stop": "added", "confirm": "confirmed", "lift": "lifted"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a person's word about a number on one connection.

    Attributes:
        text: what stood before, in words; or why there was nothing to do.
    """

    connection: str
    is_done: bool
    text: str


def learn(tx: Connection, engine: Engine, connection: str, message: facts.Message) -> None:
    """Enter what a message that arrived says of opting out, if anything."""
    said = optouts.classify(message.text)
    if said is None or not message.peer:
        return
    certain = said.certainty == "certain"
    entry = Entry(
        connection=connection,
        phone=message.peer,
        says=said.says,
        word=message.text.strip()[:_LONGEST_WORD] if certain else said.phrase,
        message_id=message.id,
        at=message.created_at,
        certainty=said.certainty,
        evidence=message.text,
        recorded_at=engine.clock(),
    )
    if opt_outs.enter(tx, entry):
        engine.tell(_describe_learned(entry))


def _describe_learned(entry: Entry) -> Notice:
    who = opt_out_ledger.name_number(entry.phone)
    if entry.certainty == "likely":
        text = f"{who} probably asked us to stop ({entry.word!r}): not texted until `quoflow optouts confirm|lift` says"
        return Notice("optout.likely", text, entry.connection)
    done = "asked us to stop" if entry.says == "stop" else "may be texted again, if nothing else stands against it"
    return Notice("optout.learned", f"{who} {done} ({entry.word!r})", entry.connection)


def find_answered_word(tx: Connection, write: plans.Write, *, event_id: str | None) -> str | None:
    """Give the word that a text would answer where Quo itself answers it: its run is for STOP, START or the like."""
    event = inbox.find_event(tx, connection=write.connection, event_id=event_id) if event_id else None
    if event is None or event.kind != "message.received" or event.peer != write.to:
        return None
    said = optouts.classify(str((event.data.get("message") or {}).get("text") or ""))
    return said.phrase if said is not None and said.certainty == "certain" else None


def read_number(engine: Engine, number: str) -> str:
    """Read a number as people write it, in the configured region; give E.164.

    Raises:
        UsageError: when it is no phone number.
    """
    found = phones.normalize(number, engine.settings.region)
    if found is None:
        hint = "write it whole, such as +15555550123, or as it is dialled there"
        raise UsageError(f"`{number}` is no phone number in {engine.settings.region}", hint)
    return found


def decide(
    engine: Engine, phone: str, deed: Deed, *, connections: Iterable[str], actor: str, reason: str
) -> tuple[Answer, ...]:
    """Enter a number, or confirm or lift what stands against it, on each connection; audited.

    To confirm or to lift changes nothing where nothing stands. What is held is asked about again at once.
    """
    with engine.database.write() as tx:
        answers = tuple(
            _decide_one(tx, engine, _make_entry(engine, phone, deed, connection=one, actor=actor, reason=reason))
            for one in connections
        )
        if any(answer.is_done for answer in answers):
            runs.wake_held(tx, now=engine.clock())
    return answers


def _make_entry(engine: Engine, phone: str, deed: Deed, *, connection: str, actor: str, reason: str) -> Entry:
    now = engine.clock()
    return Entry(
        connection=connection,
        phone=phone,
        says=deed,
        word=reason,
        message_id=f"person:{engine.new_id()}",
        at=now,
        certainty="person",
        actor=actor,
        recorded_at=now,
    )


def _decide_one(tx: Connection, engine: Engine, entry: Entry) -> Answer:
    known = opt_outs.list_entries(tx, connection=entry.connection, phone=entry.phone)
    standing = opt_out_ledger.fold(known)
    if entry.says != "stop" and standing is None:
        return Answer(entry.connection, is_done=False, text="nothing stands against texting it")
    if entry.says != "lift" and standing is not None and standing.basis == "person":
        return Answer(entry.connection, is_done=False, text=f"already {opt_out_ledger.describe(standing)}")
    place = opt_out_ledger.place_after if entry.says == "stop" else opt_out_ledger.place_on
    opt_outs.enter(tx, replace(entry, at=place(known, entry.at)))
    before = opt_out_ledger.describe(standing) if standing else ""
    audit.record(
        tx,
        at=engine.clock(),
        actor=str(entry.actor),
        kind=f"optout.{_DONE[entry.says]}",
        connection=entry.connection,
        subject=entry.phone,
        data={"reason": entry.word, "before": before},
    )
    return Answer(entry.connection, is_done=True, text=before)
