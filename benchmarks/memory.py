"""Memory over many events: what the process holds after each tenth of them, and what a million would add.

The events go into the inbox in batches, as polling puts them there; each is matched against rules that look at its
text and its sender, and one in a hundred is answered, over HTTP. Ten thousand people write, with a new text each time.
"""

from __future__ import annotations

import gc
import os
from datetime import timedelta
from pathlib import Path

from figures import Figure
from stage import Stage, make_phone, open_stage

from quoflow.core.events import Event
from quoflow.runtime import intake, polling, worker
from quoflow.store import inbox

EVENTS = 50_000
BATCH = 1_000
PEOPLE = 10_000
RULES = """name: answer
trigger: {message.received: {text: {contains: refund}}}
approval: auto
actions:
  - send_message: {text: "We have your message: {{ message.text }}"}
---
name: watch
trigger: message.received
when: "'vip' in contact.tags and 'angry' in message.text"
actions:
  - notify: {text: "{{ message.text }}"}
"""


def measure(events: int = EVENTS) -> list[Figure]:
    """Give what the process holds at a fifth and at the end, and the growth between, for a million events."""
    held: list[float] = []
    with open_stage(0, rules=RULES) as stage:
        polling.poll_connection(stage.engine, "main")
        for begun in range(0, events, BATCH):
            _handle_batch(stage, begun)
            gc.collect()
            held.append(_read_memory())
        answered = len(stage.ask("sent"))
    assert answered == events // 100, answered
    early, late = held[len(held) // 5], held[-1]
    growth = (late - early) / (events - events // 5) * 1_000_000
    return [
        Figure(f"memory after {events // 5:,} events", early, "MB"),
        Figure(f"memory after {events:,} events", late, "MB"),
        Figure("a million events more would add", growth, "MB", "flat"),
    ]


def _handle_batch(stage: Stage, begun: int) -> None:
    engine = stage.engine
    now = engine.clock()
    new = [make_event(number, now - timedelta(seconds=1)) for number in range(begun, begun + BATCH)]
    with engine.database.write() as tx:
        inbox.add_events(tx, new, now=now)
    intake.take_in_all(engine)
    while worker.work_once(engine):
        pass


def make_event(number: int, at: object) -> Event:
    asks = number % 100 == number // PEOPLE % 100  # nobody twice, within a million
    peer, text = make_phone(number % PEOPLE), f"text {number}{' refund' if asks else ''}"
    message = {"id": f"AC{number}", "text": text, "from": peer, "to": "+15555550100", "direction": "incoming"}
    return Event(
        id=f"message.received:AC{number}",
        kind="message.received",
        connection="main",
        occurred_at=at,
        line_id="PN1",
        peer=peer,
        direction="incoming",
        data={"message": {**message, "status": "received"}},
    )


def _read_memory() -> float:
    """Give the resident memory of this process in MB, as Linux counts it."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000
