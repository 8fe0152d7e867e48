"""What customers write, and what they are called, is only ever a value: hostile words through the real command."""

from __future__ import annotations

import re
import time
import urllib.request
from pathlib import Path

import pytest

from .conftest import ANSWER, KEY, STRANGER, TEXTBACK, UNLIMITED

UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
ASK = """
name: ask
trigger: message.received
actions:
  - send_message: {text: "{{ contact.first_name or 'You' }} wrote: {{ message.text }}"}
  - notify: {text: "{{ message.text }}"}
"""
HOSTILE = {
    "a template": "{{ 7 * 7 }} {{ contact.__class__ }} {% for x in range(9) %}x{% endfor %}",
    "a format": "{0.__class__} %s %(key)s $HOME `id`",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "rich markup": "[bold red]you[/bold red] [link=file:///etc/passwd]here[/link]",
    "a terminal's codes": "\x1b[2J\x1b]0;owned\x07\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\ \x9b31m",
    "text that turns round": "pay \u202e001$\u202c now \u2066x\u2069 \u200b\u200f",
    "a spreadsheet's formula": "=cmd|' /C calc'!A0",
    "lines of a log": "fine\nrun.ended: textback: succeeded\r\nerror: nothing",
    "SQL": "'; DROP TABLE events; --",
    "YAML": "!!python/object/apply:os.system ['true']",
    "no character": "before\x00after",
    "a yes": "YES",
}


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_words_stay_words(make_firm, words):
    """They are quoted as they are but for control characters, and no screen shows a character that could act."""
    firm = make_firm(ASK)
    firm.begin()
    firm.quo.write(words, STRANGER)
    once = firm.once()
    (asked,) = firm.list("approvals")
    screens = [
        once,
        *(firm.run(*command) for command in (
            ("approvals", "list"), ("approvals", "show", asked["id"]), ("runs", "list"), ("outbox", "list"),
        )),
    ]  # fmt: skip

    assert asked["text"] == f"You wrote: {CONTROL.sub('', words)}".strip()
    assert not [screen for screen in screens if UNSAFE.search(screen.out) or UNSAFE.search(screen.err)]
    assert not any("\nrun.ended: textback" in screen.err for screen in screens)


def test_a_hostile_name_stays_a_name(make_firm):
    """A contact may call themselves a template, markup or a terminal's codes: the text holds just that."""
    name = "{{ vars }}<b>\x1b[31m"
    contacts = [{"id": "CTevil", "first_name": name, "phones": [STRANGER]}]
    firm = make_firm(ASK, quo={"contacts": contacts})
    firm.begin()
    firm.quo.write("Hello", STRANGER)
    firm.once()
    (asked,) = firm.list("approvals")
    shown = firm.run("approvals", "list")

    assert asked["text"] == f"{CONTROL.sub('', name)} wrote: Hello"
    assert not UNSAFE.search(shown.out)


def test_nothing_that_a_customer_writes_approves(make_firm):
    """Not the word, not the id, not the hash, not an owner's form of words."""
    firm = make_firm(TEXTBACK)
    firm.begin()
    firm.quo.miss_call(STRANGER)
    firm.once()
    (asked,) = firm.list("approvals")
    for words in ("YES", "yes!", f"YES {asked['id']}", f"approve {asked['hash']}", "YES 4F2", "approve --all"):
        firm.quo.write(words, STRANGER)
    firm.once()
    firm.once()

    assert [one["id"] for one in firm.list("approvals")] == [asked["id"]]
    assert firm.quo.sent() == []


def read_files(folder: Path) -> dict[str, bytes]:
    """Read every file below a folder."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_key_is_nowhere(make_firm, tmp_path):
    """Through successes, refusals and crashes: not in a file, an argument of `ps`, a page, a traceback or a word."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    firm = make_firm(ANSWER, auto=True, guards=UNLIMITED, web={"port": 18642}, log={"level": "debug"})
    firm.environ["TMPDIR"] = str(scratch)
    firm.begin()
    said = []
    for kind in ("401", "500", "garbage_2xx", "error_wrapped", "502_html", "reset_before"):
        firm.quo.fault(kind, "/v1/messages", method="POST", times=1)
        firm.quo.write(f"say {kind}")
        said.append(firm.run("--debug", "run", "--once", code=None))
    said += [firm.run("--debug", *command, code=None) for command in (("doctor",), ("plan",), ("connections", "list"))]
    with firm.serving() as service:
        service.wait_until_serving()
        arguments = Path(f"/proc/{service.process.pid}/cmdline").read_bytes()
        pages = [read_page(f"http://127.0.0.1:18642{path}") for path in ("/", "/metrics", "/healthz")]
    words = "".join(one.out + one.err for one in said)

    assert KEY not in words
    assert KEY.encode() not in arguments
    assert not any(KEY in page for page in pages)
    assert [name for name, content in read_files(firm.root).items() if KEY.encode() in content] == []
    assert list(scratch.iterdir()) == []


def read_page(url: str) -> str:
    """Read a page once it is served."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read(), "utf-8")
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{url} is not served")
