"""From a step's rendered parameters to the exact bytes of a text, and what every write is prepared with. Pure.

What the API itself would refuse (a blank text, a number that cannot be one, a line that is not ours) is refused here,
at plan time, in words. The other kinds of writes are prepared in modules of their own; `preparing` lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from quoflow.core import expressions, phones, plans, segments
from quoflow.core.facts import Contact, Line, Property, User
from quoflow.core.functions import Functions
from quoflow.core.parameters.messages import SendMessage
from quoflow.core.parameters.outside import Notify
from quoflow.core.rules import Rule

LONGEST_TEXT = 1600
"""Characters that one text may hold (Quo API reference, `POST /v1/messages`)."""

LONGEST_NOTICE = 4000
"""Characters that one of us is told at most: more than a summary of a call has, and no more than a chat shows."""


class Impossible(Exception):
    """The write cannot be made; the message says why, for a person."""


class NothingToDo(Exception):
    """The write would change nothing here; the message says why."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """What is known of the workspace beside its lines.

    Attributes:
        users: its members; none where they are not known, and are not checked then.
        properties: its contact properties.
        find_contact: gives a contact by its id, its external id or one of its numbers (E.164), from the facts of now.
    """

    users: tuple[User, ...] = ()
    properties: tuple[Property, ...] = ()
    find_contact: Callable[[str], Contact | None] = lambda _who: None


@dataclass(frozen=True, slots=True)
class Scene:
    """What planning may know: the rule's context, and the facts that writes are resolved against.

    Attributes:
        values: the context of expressions and templates, without `steps`.
        functions: the functions of the language, with `now` and calendars inside.
        lines: our lines, to resolve senders.
        region: how a number without a country code is read (ISO, such as US).
        tags_field: key of the custom field that holds tags, or None when the configuration names none.
        now: the time of this decision, UTC.
        workspace: what else is known of the workspace.
        targets: names of those whom `notify` can tell; what is for anybody else goes to the log.
    """

    rule: Rule
    connection: str
    values: Mapping[str, Any]  # plain data
    functions: Functions
    lines: tuple[Line, ...]
    region: str
    tags_field: str | None
    now: datetime
    workspace: Workspace = Workspace()
    targets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pen:
    """Renders templates against one context. `path` is where the step stands that they are of."""

    scene: Scene
    values: Mapping[str, Any]  # the scene's values with `steps`
    path: str = ""

    def write(self, source: str, *, limit: int = LONGEST_TEXT) -> str:
        """Render one template. Raises ExpressionError in words when it cannot be."""
        return expressions.render(source, self.values, self.scene.functions, limit=limit)

    def evaluate(self, source: str) -> object:
        """Give the value of one expression. Raises ExpressionError in words when it has none."""
        return expressions.evaluate(source, self.values, self.scene.functions)

    def holds(self, source: str) -> bool:
        """Whether a condition holds. Raises ExpressionError in words when it cannot be told."""
        return expressions.holds(source, self.values, self.scene.functions)


def rewrite_text(write: plans.Write, text: str) -> plans.Write:
    """Give a text with other words, by the same rules: recipient, sender and the rest of its body stay.

    Raises:
        Impossible: the API would refuse it.
    """
    words = _check_text(text)
    payload = {**write.payload, "content": words}
    return replace(write, text=words, payload=payload, segments=segments.count_segments(words))


def _check_text(rendered: str, *, most: int = LONGEST_TEXT) -> str:
    """Give the words that a text is made of, without blanks around them."""
    text = rendered.strip()
    if not text:
        raise Impossible("the text came out empty")
    if len(text) > most:
        raise Impossible(f"the text has {len(text)} characters; {most} is the most")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Impossible("the text has bytes in it that are no characters")
    return text


def prepare_text(parameters: SendMessage, pen: Pen) -> plans.Write:
    """Render a text and freeze its bytes. Raises Impossible or ExpressionError."""
    scene = pen.scene
    recipient = _resolve_recipient(parameters, pen)
    line = resolve_line(parameters.from_, pen, key="from")
    if recipient in {one.number for one in scene.lines}:
        raise Impossible(f"{recipient} is one of our own lines; quoflow does not text itself")
    _check_reach(line, recipient)
    text = _check_text(pen.write(parameters.text))
    payload: dict[str, Any] = {"content": text, "from": line.id, "to": [recipient]}
    if parameters.user:
        payload["userId"] = _resolve_user(parameters.user, line, pen)
    if parameters.done:
        payload["setInboxStatus"] = "done"
    return plans.Write(
        connection=scene.connection,
        action="send_message",
        to=recipient,
        from_=line.number,
        text=text,
        payload=payload,
        segments=segments.count_segments(text),
        rule_version=scene.rule.version,
    )


def _resolve_recipient(parameters: SendMessage, pen: Pen) -> str:
    contact = pen.values.get("contact") or {}
    written = pen.write(parameters.to) if parameters.to else contact.get("phone")
    if not written:
        raise Impossible("there is no number to text: it is hidden, the contact has none, or the step needs `to:`")
    return read_number(str(written), pen)


def _check_reach(line: Line, recipient: str) -> None:
    """Refuse what Quo does not let a line do: it says for each of US, CA and Intl whether texts may go there."""
    here = phones.country(recipient)
    region = here if here in ("US", "CA") else "Intl"
    if line.messaging.get(region) == "restricted":
        raise Impossible(f"`{line.name}` may not text {_REGIONS[region]}: {_REMEDIES[region]}")


_REGIONS = {"US": "the United States", "CA": "Canada", "Intl": "other countries than the United States and Canada"}
_REMEDIES = {
    "US": "US texting needs A2P 10DLC registration, in the Quo app under Settings > Trust center",
    "CA": "Quo restricts this line's texting to Canada",
    "Intl": "international messaging is off for this line; it is switched on in the Quo app",
}


def _resolve_user(source: str, line: Line, pen: Pen) -> str:
    """Give the id of the member that a template names by id, e-mail address or name, and who may use the line."""
    written, users = pen.write(source).strip(), pen.scene.workspace.users
    if not users:
        return written
    found = [user.id for user in users if written == user.id or written.casefold() in _list_names(user)]
    if len(found) != 1:
        known = ", ".join(f"`{user.email or user.id}`" for user in users)
        what = "none of the workspace's members" if not found else "the name of several members"
        raise Impossible(f"`{written}` is {what}; they are {known}")
    if line.user_ids and found[0] not in line.user_ids:
        raise Impossible(f"`{written}` has no access to `{line.name}`; share the line with them in the Quo app")
    return found[0]


def _list_names(user: User) -> set[str]:
    names = (user.email, user.first_name, f"{user.first_name or ''} {user.last_name or ''}".strip())
    return {name.casefold() for name in names if name}


def read_number(written: str, pen: Pen) -> str:
    """Read a number as people write it, in the configuration's region; give E.164. Raises Impossible."""
    number = phones.normalize(written, pen.scene.region)
    if number is None or not phones.is_textable(number):
        raise Impossible(f"`{written}` is not a number that can be texted")
    return number


def resolve_line(source: str | None, pen: Pen, *, key: str) -> Line:
    """Give the line that a template names by its name, number or id; the event's line without one.

    Raises:
        Impossible: it is none of ours, or the event has none; `key` is where to say one.
    """
    known = pen.scene.lines
    names = ", ".join(f"`{line.name}`" for line in known) or "none"
    if source is None:
        current = (pen.values.get("line") or {}).get("id")
        for line in known:
            if line.id == current:
                return line
        raise Impossible(f"the event has no line of ours; say `{key}:` with one of {names}")
    written = pen.write(source).strip()
    number = phones.normalize(written, pen.scene.region)
    for line in known:
        if written.casefold() == line.name.strip().casefold() or written == line.id or number == line.number:
            return line
    raise Impossible(f"`{written}` is none of our lines; they are {names}")


def prepare_notice(parameters: Notify, pen: Pen) -> plans.Write:
    """Render what one of us is told and freeze it. Raises Impossible or ExpressionError."""
    rule = pen.scene.rule
    payload = {"to": parameters.to, "text": write_notice(parameters, pen), "rule": rule.name}
    if parameters.subject:
        payload["subject"] = _check_text(pen.write(parameters.subject))
    return plans.Write(
        connection=pen.scene.connection,
        action="notify",
        to=parameters.to,
        from_=None,
        text=payload["text"],
        payload=payload,
        segments=0,
        rule_version=rule.version,
    )


def write_notice(parameters: Notify, pen: Pen) -> str:
    """Render what `notify` tells. Raises Impossible where there is nothing, or too much, to tell."""
    return _check_text(pen.write(parameters.text, limit=LONGEST_NOTICE), most=LONGEST_NOTICE)
