"""What happens around the office: customers write and call, colleagues text and edit, time passes."""

from __future__ import annotations

from datetime import datetime, timedelta

from quoflow.sandbox.happenings import happen_call, happen_message
from quoflow.sandbox.scenario import CallEntry, MessageEntry

from . import firm
from .clock import EPOCH
from .office import Office
from .oracle import Saying


class Town(Office):
    """A life with people in it."""

    # -- time

    def tick(self) -> None:
        """A few seconds pass."""
        self.clock.sleep(self.dice.choice((1, 5, 35)))

    def pass_time(self) -> None:
        """Minutes or hours pass."""
        minutes = self.dice.choice((1, 3, 3, 11, 16, 21, 60, 130, 300, 780))
        self.note(f"{minutes} minutes pass")
        self.clock.sleep(minutes * 60)

    def step_clock(self) -> None:
        """Our wall clock is set."""
        by = self.dice.choice((timedelta(hours=-2), timedelta(days=30), timedelta(minutes=9), timedelta(minutes=-9)))
        self.note(f"our clock is set by {by}")
        self.seen[f"clock {'forward' if by > timedelta(0) else 'back'}"] += 1
        self.clock.step(by)

    # -- customers and colleagues

    def customer_texts(self) -> None:
        """A customer writes something ordinary."""
        text = self.dice.choice(("Hello", "Can I book for Monday?", "can you stop by at 5", "don't stop", "Thanks!"))
        self.text(self.dice.choice(firm.CUSTOMERS), text)

    def customer_stops(self) -> None:
        """A customer opts out."""
        self.text(
            self.dice.choice(list(firm.ZONES)[1:]), self.dice.choice(("STOP", "stop.", "Unsubscribe", "ARRÊT")), "stop"
        )

    def customer_starts(self) -> None:
        """A customer opts in again."""
        self.text(self.dice.choice(list(firm.ZONES)[1:]), "START", "start")

    def text(self, peer: str, text: str, says: str = "", *, at: datetime | None = None) -> None:
        """Let a text arrive."""
        line = self.dice.choice(("Main", "Sales"))
        entry = MessageEntry(peer=(peer,), text=text, line=line)
        self.world_moves()
        message = happen_message(self.sandbox.world, entry, at or self.sandbox.now(), self.sandbox.options)
        self.note(f"{peer} writes to {line}: {text}{' (seen late)' if at else ''}")
        if says:
            self.oracle.sayings.append(Saying(message.id, peer, says, message.created_at))

    def late_text(self) -> None:
        """A text becomes visible minutes after it was written."""
        at = max(self.sandbox.now() - timedelta(minutes=self.dice.randrange(1, 9)), EPOCH)
        self.text(self.dice.choice(firm.CUSTOMERS), "Hello? (delayed)", at=at)

    def customer_calls(self) -> None:
        """A customer rings; often nobody answers."""
        peer = self.dice.choice(firm.CUSTOMERS)
        is_answered = self.dice.random() < 0.2
        ring = self.dice.choice(("0s", "20s"))
        entry = CallEntry(peer=peer, ring=ring, answered=is_answered, line=self.dice.choice(("Main", "Sales")))
        self.world_moves()
        happen_call(self.sandbox.world, entry, self.sandbox.now())
        self.note(f"{peer} calls, and is {'answered' if is_answered else 'missed'}")

    def colleague_texts(self) -> None:
        """One of us writes by hand."""
        peer = self.dice.choice(list(firm.ZONES)[1:])
        entry = MessageEntry(peer=(peer,), direction="outgoing", text=f"Maria here, no {next(self.texts)}")
        self.world_moves()
        happen_message(self.sandbox.world, entry, self.sandbox.now(), self.sandbox.options)
        self.note(f"Maria writes to {peer}")

    def edit_contact(self) -> None:
        """One of us edits a contact in the app."""
        contact = self.sandbox.world.contacts[self.dice.choice(list(firm.CONTACTS))]
        stamp = str(next(self.texts))
        what = self.dice.choice(("note", "email", "name"))
        if what == "note":
            others = [one for one in contact.custom_fields if one["key"] != "note"]
            contact.custom_fields = [*others, {"id": f"CFnote{contact.id}", "key": "note", "value": f"note {stamp}"}]
        elif what == "email":
            email = {"name": "email", "value": f"{stamp}@example.com", "id": f"EM{stamp}"}
            contact.default_fields = {
                **contact.default_fields, "emails": [*contact.default_fields["emails"][:2], email]
            }  # fmt: skip
        else:
            contact.default_fields = {**contact.default_fields, "lastName": f"Name{stamp}"}
        contact.updated_at = self.sandbox.now()
        self.oracle.edited.add(contact.id)
        self.note(f"somebody edits the {what} of {contact.id}")

    def world_moves(self) -> None:
        """Let Quo do what is due there."""
        self.sandbox.advance(timedelta(0))
