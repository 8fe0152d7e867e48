"""What stands between a rule and a customer's phone: the guards' verdicts on a write. Pure.

Every text passes kill switch → opt-out → country → quiet hours → contact cap → budget → loop → age, in this order,
at plan time and again in the transaction that takes the intent. The first guard that objects decides. Other writes
(tags) pass the kill switch and the age only: nobody is disturbed by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from quoflow.core import opt_out_ledger, phones, schedule
from quoflow.core.durations import format_duration
from quoflow.core.guard_settings import GuardSettings, QuietHours
from quoflow.core.plans import Gate, Write

CENTS_PER_SEGMENT = 1
"""What a segment costs in the United States and Canada (Quo's SMS pricing)."""

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_PAUSE = timedelta(minutes=1)
_DAYS_AHEAD = 4


@dataclass(frozen=True, slots=True)
class GuardFacts:
    """What the guards decide by, read in the transaction that asks. Times are aware.

    Attributes:
        now: the time of this decision.
        paused: why everything is paused, or None; `recovering`, what is wrong with the database's state.
        opted_out: what stands against texting the recipient, or None.
        answered_by_quo: the word that this write would answer, where Quo itself answers it (STOP, START), or None.
        sent_last_hour: automatic texts to this contact in the last 60 minutes over all rules and lines, those on
            their way and unknown ones included; `sent_last_day` in the last 24 hours.
        segments_today: segments sent since the last midnight in `timezone`.
        due_at: when the write was due, and `max_age`, how late it may be; None where it cannot be late.
        last_inbound_at: when the recipient last wrote to us, or None.
        timezone: the configured IANA zone: the budget's midnight, and the clock of the reasons.
        first_in_hour: when the first of `sent_last_hour` was sent, and `first_in_day` of `sent_last_day`; where they
            are not known, a held write waits for the whole window.
        sent_in_conversation: those of `sent_last_hour` on the same line, or None to count all of them.
    """

    now: datetime
    paused: str | None = None
    recovering: str | None = None
    opted_out: opt_out_ledger.Standing | None = None
    answered_by_quo: str | None = None
    sent_last_hour: int = 0
    sent_last_day: int = 0
    segments_today: int = 0
    due_at: datetime | None = None
    max_age: timedelta | None = None
    last_inbound_at: datetime | None = None
    timezone: str = "UTC"
    first_in_hour: datetime | None = None
    first_in_day: datetime | None = None
    sent_in_conversation: int | None = None


def check(write: Write, facts: GuardFacts, settings: GuardSettings) -> Gate:
    """Give what the guards say of a write: ready, held (until a time, where one is known), or refused.

    The first guard that objects decides; its reason has its name, the figures, and when the write would pass.
    """
    guards = _TEXT_GUARDS if write.action == "send_message" else _OTHER_GUARDS
    objections = (guard(write, facts, settings) for guard in guards)
    return next((gate for gate in objections if gate is not None), Gate("ready"))


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
        return Gate("refused", f"country: `{write.to}` is not a full phone number", guard="country")
    if settings.countries is None or (country := phones.country(write.to)) in settings.countries:
        return None
    allowed = ", ".join(settings.countries)
    return Gate("refused", f"country: {phones.mask(write.to)} is in {country}; allowed: {allowed}", guard="country")


def _check_quiet_hours(write: Write, facts: GuardFacts, settings: GuardSettings) -> Gate | None:
    window = settings.quiet_hours
    if window is None or _is_answer(facts, window):
        return None
    zones = [ZoneInfo(name) for name in phones.zones(write.to)]
    closed = [zone for zone in zones if not _is_open(window, facts.now, zone)]
    if not closed:
        return None
    until = _find_opening(window, facts.now, zones)
    hours = f"{window.from_:%H:%M} to {window.to:%H:%M}"
    clock = f"it is {facts.now.astimezone(closed[0]):%H:%M} in {closed[0].key}"
    reason = f"quiet hours: {phones.mask(write.to)} may be texted {hours} on its own clock, {clock}"
    if until is None:
        return Gate("refused", f"{reason}; its {len(zones)} zones are never open together", guard="quiet_hours")
    return _hold("quiet_hours", reason, until, facts)


def _check_contact_cap(write: Write, facts: GuardFacts, settings: GuardSettings) -> Gate | None:
    cap = settings.contact_cap
    if cap is None:
        return None
    who = phones.mask(write.to)
    holds = []
    if facts.sent_last_hour >= cap.per_hour:
        reason = f"contact cap: {_count(facts.sent_last_hour)} to {who} in the last hour (cap {cap.per_hour})"
        holds.append((_find_release(facts.first_in_hour, _HOUR, facts), reason))
    if facts.sent_last_day >= cap.per_day:
        reason = f"contact cap: {_count(facts.sent_last_day)} to {who} in the last 24 hours (cap {cap.per_day})"
        holds.append((_find_release(facts.first_in_day, _DAY, facts), reason))
    if not holds:
        return None
    until, reason = max(holds)
    return _hold("contact_cap", reason, until, facts)


def _check_budget(write: Write, facts: GuardFacts, settings: GuardSettings) -> Gate | None:
    budget = settings.budget
    if budget is None:
        return None
    affordable = min(budget.segments_per_day, int(budget.dollars_per_day * 100 / CENTS_PER_SEGMENT))
    if facts.segments_today + write.segments <= affordable:
        return None
    dollars = f"${affordable * CENTS_PER_SEGMENT / 100:.2f}"
    reason = (
        f"budget: {facts.segments_today} segments today and {write.segments} more are over {affordable} ({dollars})"
    )
    if write.segments > affordable:
        return Gate("refused", f"{reason}; never passes", guard="budget")
    return _hold("budget", reason, _find_midnight(facts), facts)


def _check_loop(write: Write, facts: GuardFacts, settings: GuardSettings) -> Gate | None:
    sent = facts.sent_last_hour if facts.sent_in_conversation is None else facts.sent_in_conversation
    if settings.loop is None or sent < settings.loop.automatic_per_hour:
        return None
    most = settings.loop.automatic_per_hour
    reason = f"loop: {_count(sent)} in the conversation with {phones.mask(write.to)} in the last hour (at most {most})"
    return _hold("loop", reason, _find_release(facts.first_in_hour, _HOUR, facts), facts)


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
    _check_age,
)


def _is_answer(facts: GuardFacts, window: QuietHours) -> bool:
    if window.reply_exempt is None or facts.last_inbound_at is None:
        return False
    return facts.now - facts.last_inbound_at <= window.reply_exempt


def _is_open(window: QuietHours, instant: datetime, zone: ZoneInfo) -> bool:
    return window.from_ <= instant.astimezone(zone).time() < window.to


def _find_opening(window: QuietHours, now: datetime, zones: Sequence[ZoneInfo]) -> datetime | None:
    """Find the next instant at which the window is open in every zone: it is an opening of one of them."""
    openings = set()
    for zone in zones:
        today = now.astimezone(zone).date()
        walls = (datetime.combine(today + timedelta(days=day), window.from_) for day in range(_DAYS_AHEAD))
        openings |= {schedule.find_instant(wall, zone) for wall in walls}
    later = sorted(opening for opening in openings if opening > now)
    return next((opening for opening in later if all(_is_open(window, opening, zone) for zone in zones)), None)


def _find_midnight(facts: GuardFacts) -> datetime:
    zone = ZoneInfo(facts.timezone)
    tomorrow = facts.now.astimezone(zone).date() + timedelta(days=1)
    return schedule.find_instant(datetime.combine(tomorrow, time()), zone)


def _find_release(first: datetime | None, window: timedelta, facts: GuardFacts) -> datetime:
    """Find when the oldest text leaves a window; never now, so that a held write is not asked about in a circle."""
    return max((first or facts.now) + window, facts.now + _PAUSE)


def _hold(guard: str, reason: str, until: datetime, facts: GuardFacts) -> Gate:
    return Gate("held", f"{reason}; passes at {_format_time(until, facts)}", until=until, guard=guard)


def _format_time(instant: datetime, facts: GuardFacts) -> str:
    zone = ZoneInfo(facts.timezone)
    local, today = instant.astimezone(zone), facts.now.astimezone(zone)
    return f"{local:%H:%M %Z}" if local.date() == today.date() else f"{local:%Y-%m-%d %H:%M %Z}"


def _count(texts: int) -> str:
    return f"{texts} text{'' if texts == 1 else 's'}"
