"""What stands between a rule and a customer's phone: the guards' verdicts on a write. Pure.

Every text passes kill switch → opt-out → country → quiet hours → contact cap → budget → loop → a person who talks to
them (for a rule with `unless_human`) → age, in this order, at plan time and again in the transaction that takes the
intent. The first guard that objects decides. Other writes (tags) pass the kill switch and the age only: nobody is
disturbed by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from quoflow.core import likeness, loops, opt_out_ledger, optouts, phones, quiet_hours, schedule, segments, talks
from quoflow.core.durations import format_duration
from quoflow.core.guard_settings import ContactCap, GuardSettings, QuietHours
from quoflow.core.plans import Gate, Write
from quoflow.core.rules import Purpose

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class GuardFacts:
    """What the guards decide by, read in the transaction that asks. Times are aware.

    Attributes:
        now: the time of this decision.
        paused: why everything is paused, or None; `recovering`, what is wrong with the database's state.
        opted_out: what stands against texting the recipient, or None.
        answered_by_quo: the word that this write would answer, where Quo itself answers it (STOP, START), or None.
        sent: our texts to this contact in the last 24 hours over all rules and lines, those on their way and unknown
            ones included, oldest first.
        segments_today: segments sent at most since the last midnight in `timezone`.
        due_at: when the write was due, and `max_age`, how late it may be; None where it cannot be late.
        last_inbound_at: when the recipient last wrote to us, or None.
        answer: their latest text on the line of this write, where a text of ours went before it, or None.
        talk: when a person of ours last texted or spoke with the recipient; None where none has, or it is not asked.
        unless_human: how long after that the rule keeps quiet; None where it does not mind.
        purpose: what the rule's texts are for.
        is_about_theirs: whether the run is about something of theirs, a text or a call, and not of the clock or ours.
        is_first: whether this line and the recipient never had to do with each other; asked for marketing only.
        contact_zone: what the contact's time-zone field holds; None where it holds nothing, or there is no such field.
        timezone: the configured IANA zone: the budget's midnight, and the clock of the reasons.
        rule: the rule that asks.
        step_id: the step whose write it is, where that is known.
        is_automatic: whether no person approves this write.
        jitter: from 0 to 1: how far what waits for a morning is put off, so that it does not all go at once.
    """

    now: datetime
    paused: str | None = None
    recovering: str | None = None
    opted_out: opt_out_ledger.Standing | None = None
    answered_by_quo: str | None = None
    sent: Sequence[loops.Sent] = ()
    segments_today: int = 0
    due_at: datetime | None = None
    max_age: timedelta | None = None
    last_inbound_at: datetime | None = None
    answer: loops.Answer | None = None
    talk: talks.Talk | None = None
    unless_human: timedelta | None = None
    purpose: Purpose = "transactional"
    is_about_theirs: bool = True
    is_first: bool = False
    contact_zone: object = None
    timezone: str = "UTC"
    rule: str = ""
    step_id: str | None = None
    is_automatic: bool = True
    jitter: float = 0.0


def check(write: Write, facts: GuardFacts, settings: GuardSettings) -> Gate:
    """Give what the guards say of a write: ready, held (until a time, where one is known), or refused.

    The first guard that objects decides; its reason has its name, the figures, and when the write would pass.
    """
    guards = _TEXT_GUARDS if write.action == "send_message" else _OTHER_GUARDS
    objections = (guard(write, facts, settings) for guard in guards)
    objection = next((gate for gate in objections if gate is not None), None)
    return Gate("ready", _warn(write, facts)) if objection is None else objection


def _warn(write: Write, facts: GuardFacts) -> str:
    """Say what a person should know of a text that passes; nothing else hangs on it."""
    if facts.purpose != "marketing" or not facts.is_first or optouts.tells_how_to_stop(write.text or ""):
        return ""
    who = phones.mask(write.to)
    return f"marketing: the first text to {who} does not say how to opt out; add such as `Reply STOP to end.`"


def _check_kill_switch(_: Write, facts: GuardFacts, __: GuardSettings) -> Gate | None:
    if facts.recovering is not None:
        reason = f"kill switch: recovery mode ({facts.recovering}); passes after `quoflow resume --recovered`"
        return Gate("held", reason, guard="kill_switch")
    if facts.paused is None:
        return None
    return Gate("held", f"kill switch: paused ({facts.paused}); passes after `quoflow resume`", guard="kill_switch")


def _check_opt_out(write: Write, facts: GuardFacts, settings: GuardSettings) -> Gate | None:
    if settings.opt_out is None:
        return None
    if facts.opted_out is not None:
        return _object_to(facts.opted_out, write, facts, settings)
    if facts.answered_by_quo is None:
        return None
    reason = f"opt-out: it would answer {facts.answered_by_quo.upper()!r}, which Quo itself answers"
    return Gate("refused", reason, guard="opt_out")


def _object_to(
    standing: opt_out_ledger.Standing, write: Write, facts: GuardFacts, settings: GuardSettings
) -> Gate | None:
    """Refuse what goes against an opt-out; hold it where a person has yet to say whether it is one."""
    who, why = phones.mask(write.to), opt_out_ledger.describe(standing)
    if not standing.is_pending:
        lifted = "they write START" if standing.basis == "certain" else "`quoflow optouts lift`"
        return Gate("refused", f"opt-out: {who} asked us to stop ({why}); passes after {lifted}", guard="opt_out")
    if (late := _check_age(write, facts, settings)) is not None:
        return late  # it would wait for a person for ever
    reason = f"opt-out: {who} probably asked us to stop ({why}); `quoflow optouts confirm|lift` decides"
    return Gate("held", reason, guard="opt_out")


def _check_country(write: Write, _: GuardFacts, settings: GuardSettings) -> Gate | None:
    if not phones.is_textable(write.to):
        reason = f"country: `{write.to}` is no full phone number but a short code, a name or a hidden caller"
        return Gate("refused", f"{reason}; these are never texted", guard="country")
    if settings.countries is None or (country := phones.country(write.to)) in settings.countries:
        return None
    allowed = ", ".join(settings.countries)
    reason = f"country: {phones.mask(write.to)} is in {country}; allowed: {allowed}"
    if write.to.startswith("+1"):
        reason += ". Not every +1 number is American or Canadian, and texts to the others cost more"
    return Gate("refused", f"{reason}; passes when `guards.countries` has {country}", guard="country")


def _check_quiet_hours(write: Write, facts: GuardFacts, settings: GuardSettings) -> Gate | None:
    window = settings.quiet_hours
    if window is None or _is_answer(facts, window):
        return None
    own = quiet_hours.read_zones(facts.contact_zone)
    zones = own or tuple(ZoneInfo(name) for name in phones.zones(write.to))
    closed = quiet_hours.find_closed(window, facts.now, zones, jitter=facts.jitter)
    if closed is None:
        return None
    clock = f"it is {facts.now.astimezone(closed.zone):%H:%M} in {closed.zone.key}"
    hours = f"{window.from_:%H:%M} to {window.to:%H:%M}"
    reason = f"quiet hours: {phones.mask(write.to)} may be texted {hours} on its own clock, {clock}"
    if facts.contact_zone is not None and not own:
        reason += f" (the contact's time zone `{facts.contact_zone}` is none, so every zone of the number counts)"
    if closed.until is None:
        return Gate("refused", f"{reason}; its {len(zones)} zones are never open together", guard="quiet_hours")
    return _hold("quiet_hours", reason, closed.until, facts)


def _check_contact_cap(write: Write, facts: GuardFacts, settings: GuardSettings) -> Gate | None:
    if settings.contact_cap is None:
        return None
    holds = []
    for most, window, sent, what in _list_caps(write, facts, settings.contact_cap):
        until = None if most is None else loops.find_release(sent, most, window, facts.now)
        if until is not None:
            texts = loops.count_texts(sum(one.at > facts.now - window for one in sent))
            span = "the last hour" if window == _HOUR else "the last 24 hours"
            holds.append((until, f"contact cap: {texts} to {phones.mask(write.to)}{what} in {span} (cap {most})"))
    if not holds:
        return None
    until, reason = max(holds)
    return _hold("contact_cap", reason, _put_off(until, facts), facts)


def _list_caps(
    write: Write, facts: GuardFacts, cap: ContactCap
) -> Sequence[tuple[int | None, timedelta, Sequence[loops.Sent], str]]:
    by_rule = [one for one in facts.sent if one.rule == facts.rule]
    return (
        (cap.per_hour, _HOUR, facts.sent, ""),
        (cap.per_day, _DAY, facts.sent, ""),
        (cap.per_rule_per_day, _DAY, by_rule, f" by {facts.rule}"),
        (cap.per_conversation_per_day, _DAY, _list_conversation(write, facts), " from this line"),
    )


def _list_conversation(write: Write, facts: GuardFacts) -> Sequence[loops.Sent]:
    return [one for one in facts.sent if one.line_id == write.payload.get("from")]


def _check_budget(write: Write, facts: GuardFacts, settings: GuardSettings) -> Gate | None:
    budget = settings.budget
    if budget is None:
        return None
    more = max(write.segments, segments.count_at_most(write.text or ""))
    affordable = min(budget.segments_per_day, int(budget.dollars_per_day * 100 / budget.cents_per_segment))
    if facts.segments_today + more <= affordable:
        return None
    dollars = f"${affordable * budget.cents_per_segment / 100:.2f}"
    reason = f"budget: {facts.segments_today} segments today and {more} more are over {affordable} ({dollars})"
    if more > affordable:
        return Gate("refused", f"{reason}; never passes", guard="budget")
    return _hold("budget", reason, _find_midnight(facts), facts)


def _check_loop(write: Write, facts: GuardFacts, settings: GuardSettings) -> Gate | None:
    if settings.loop is None:
        return None
    sent = _list_conversation(write, facts)
    found = loops.find_loop(
        settings.loop,
        facts.now,
        sent=sent,
        others=[one for one in sent if facts.step_id is None or one.step_id != facts.step_id],
        normal_text=likeness.fold_text(write.text) if write.text else None,
        answer=facts.answer,
        is_automatic=facts.is_automatic,
    )
    if found is None:
        return None
    return _hold("loop", f"loop: {phones.mask(write.to)}: {found.reason}", _put_off(found.until, facts), facts)


def _check_talk(write: Write, facts: GuardFacts, settings: GuardSettings) -> Gate | None:
    """Keep quiet while a person of ours talks to them; up to the write's age, whatever it was that held it so long."""
    if facts.unless_human is None or facts.talk is None or facts.now >= (until := facts.talk.at + facts.unless_human):
        return None
    ago = format_duration(max(facts.now - facts.talk.at, timedelta(0)))
    did = "texted" if facts.talk.what == "text" else "spoke with"
    reason = f"unless_human: a person of ours {did} {phones.mask(write.to)} {ago} ago"
    if (late := _check_age(write, facts, settings)) is not None:
        return Gate("refused", f"{reason}; {late.reason}", guard="unless_human")
    reason += f", and the rule keeps quiet for {format_duration(facts.unless_human)}"
    gate = _hold("unless_human", reason, until, facts)
    if facts.due_at is None or facts.max_age is None:
        return gate
    given_up = facts.due_at + facts.max_age + timedelta(seconds=1)
    return replace(gate, until=min(until, given_up))


def _check_age(_: Write, facts: GuardFacts, __: GuardSettings) -> Gate | None:
    if facts.due_at is None or facts.max_age is None or facts.now - facts.due_at <= facts.max_age:
        return None
    late = format_duration(max(facts.now - facts.due_at - facts.max_age, timedelta(seconds=1)))
    due = _format_time(facts.due_at, facts)
    reason = f"too late by {late}: it was due at {due} and max_age is {format_duration(facts.max_age)}"
    return Gate("refused", reason, guard="max_age")


_OTHER_GUARDS = (_check_kill_switch, _check_age)
_TEXT_GUARDS = (
    _check_kill_switch,
    _check_opt_out,
    _check_country,
    _check_quiet_hours,
    _check_contact_cap,
    _check_budget,
    _check_loop,
    _check_talk,
    _check_age,
)


def _is_answer(facts: GuardFacts, window: QuietHours) -> bool:
    """Whether it answers what they wrote just now. Marketing never does, a reply does, the rest if it is about that."""
    if window.reply_exempt is None or facts.last_inbound_at is None or facts.purpose == "marketing":
        return False
    if facts.purpose != "reply" and not facts.is_about_theirs:
        return False
    return facts.now - facts.last_inbound_at <= window.reply_exempt


def _find_midnight(facts: GuardFacts) -> datetime:
    zone = ZoneInfo(facts.timezone)
    tomorrow = facts.now.astimezone(zone).date() + timedelta(days=1)
    return schedule.find_instant(datetime.combine(tomorrow, time()), zone)


def _put_off(until: datetime, facts: GuardFacts) -> datetime:
    """Give a time that is not now, so that a held write is not asked about in a circle."""
    return max(until, facts.now + _PAUSE)


def _hold(guard: str, reason: str, until: datetime, facts: GuardFacts) -> Gate:
    reason = f"{reason}; passes at {_format_time(until, facts)}"
    if facts.due_at is not None and facts.max_age is not None and until - facts.due_at > facts.max_age:
        reason += f", when it will be too late: max_age is {format_duration(facts.max_age)}"
    return Gate("held", reason, until=until, guard=guard)


def _format_time(instant: datetime, facts: GuardFacts) -> str:
    zone = ZoneInfo(facts.timezone)
    local, today = instant.astimezone(zone), facts.now.astimezone(zone)
    return f"{local:%H:%M %Z}" if local.date() == today.date() else f"{local:%Y-%m-%d %H:%M %Z}"
