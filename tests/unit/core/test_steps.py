"""Steps: what each kind may say, and where its templates are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from quoflow.core import steps


def read(kind, **written):
    return steps.STEPS[kind].model_validate(written)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (read("send_message", text="Hi"), [(("text",), "Hi")]),
        (
            read("send_message", text="Hi", to="{{ a }}", user="{{ u }}", **{"from": "Main"}),
            [(("text",), "Hi"), (("to",), "{{ a }}"), (("from",), "Main"), (("user",), "{{ u }}")],
        ),
        (read("tag_contact", add="vip"), [(("add", 0), "vip")]),
        (
            read("tag_contact", add=["a", "b"], remove=["{{ c }}"]),
            [(("add", 0), "a"), (("add", 1), "b"), (("remove", 0), "{{ c }}")],
        ),
        (read("notify", text="Hi", to="owner"), [(("text",), "Hi")]),
        (read("wait", duration="30m"), []),
        (read("fetch_transcript"), []),
        (read("fetch_summary"), []),
        (read("if"), []),
        (read("stop", reason="{{ a }}"), [(("reason",), "{{ a }}")]),
        (read("fail", reason="{{ a }}"), [(("reason",), "{{ a }}")]),
        (read("log", text="{{ a }}"), [(("text",), "{{ a }}")]),
        (read("set", values={"a": "{{ b }}", "c": True}), [(("values", "a"), "{{ b }}")]),
    ],
)
def test_templates_are_listed_with_the_path_of_their_key(parameters, expected):
    """Each template comes with the keys that lead to it in the file; plain strings are left out."""
    assert list(steps.list_templates(parameters)) == expected


@pytest.mark.parametrize(
    ("kind", "written", "words"),
    [
        ("send_message", {}, "text"),
        ("send_message", {"text": ""}, "at least 1 character"),
        ("send_message", {"text": "x", "txt": "y"}, "Extra inputs"),
        ("tag_contact", {}, "say which tags to `add` or to `remove`"),
        ("tag_contact", {"add": [], "remove": []}, "say which tags"),
        ("fetch_transcript", {"on_timeout": "retry"}, "'fail' or 'continue'"),
        ("fetch_summary", {"timeout": "soon"}, "is not a duration"),
        ("wait", {}, "duration"),
        ("stop", {"why": "x"}, "Extra inputs"),
    ],
)
def test_what_a_step_may_not_say_is_refused(kind, written, words):
    """Missing, unknown and impossible parameters are errors."""
    with pytest.raises(ValidationError) as caught:
        read(kind, **written)

    assert words in str(caught.value)


def test_defaults_are_those_of_the_reference():
    """Fetching waits an hour and then fails; a notification goes to the log; a text leaves the inbox alone."""
    fetch = read("fetch_transcript")

    assert (fetch.timeout, fetch.on_timeout) == (timedelta(hours=1), "fail")
    assert read("notify", text="x").to == "log"
    assert read("send_message", text="x").done is False


def test_every_kind_is_known_once():
    """Writes and reads are kinds of steps, and none is both."""
    assert set(steps.STEPS) >= steps.WRITES | steps.READS
    assert not steps.WRITES & steps.READS


@pytest.mark.parametrize("kind", sorted(steps.STEPS))
def test_every_parameter_is_described(kind):
    """Descriptions are the reference that editors show; none is missing."""
    model = steps.STEPS[kind]

    assert model.__doc__
    assert [name for name, info in model.model_fields.items() if not info.description] == []
