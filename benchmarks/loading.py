"""Reading and checking 1,000 rule files of about 20 lines, expressions parsed and typed, in this process."""

from __future__ import annotations

import tempfile
from pathlib import Path

from figures import Figure, take_median

from quoflow.loader.folder import Known, load_rules

FILES = 1_000
RULE = """# yaml-language-server: $schema=../schema/rule.schema.json
name: rule-{number}
description: Text back callers we missed, number {number}
trigger:
  message.received:
    line: Main Line
    text: {{contains: [word{number}, price, quote]}}
when:
  - is_open('office')
  - "'vip{number}' in contact.tags"
  - not: contact.company is defined and contact.company | lower == 'firm {number}'
max_age: 15m
throttle: {{once_within: 4h, key: "{{{{ contact.phone }}}}"}}
cancel_on: [message.received, message.sent]
actions:
  - send_message:
      text: >-
        Hi {{{{ contact.first_name or 'there' }}}}, sorry we missed you just now.
        Reply here and we will get right back to you, number {number}.
  - tag_contact: {{add: [missed-call-{number}]}}
  - wait: 30m
  - notify: "{{{{ contact.name }}}} has not called back since {{{{ event.time | time('%H:%M') }}}}"
"""


def write_rules(folder: Path, count: int = FILES) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"rule-{number:04d}.yaml").write_text(RULE.format(number=number), encoding="utf-8")


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "rules"
        write_rules(folder)

        def load() -> None:
            loaded = load_rules([folder], folder, Known(hours=("office",)))
            assert len(loaded.rules) == FILES, loaded.problems[:3]

        return [Figure(f"loading {FILES:,} rule files, in process", take_median(load, times=3), "s", "≤ 1")]
