"""Guards: the settings as people write them, each guard's edges, and the order of the chain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from quoflow.core import guard_settings, guards, loops, phones, talks
from quoflow.core.guard_settings import GuardSettings
from quoflow.core.guards import GuardFacts
from quoflow.core.opt_out_ledger import Entry, Standing
from quoflow.core.plans import Gate, Write

LINE = "PNmain"
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # 12:00 in New York, 7:00 in Honolulu
NIGHT = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)  # 2:00 in New York
STOPPED = Standing(Entry("main", "+12125550123", "stop", "STOP", "AC1", NOON, "certain"), "certain")
NEW_YORK, UNKNOWN = "+12125550123", "+15555550123"
OPEN = {"from": "08:00", "to": "20:00"}


def text_to(number=NEW_YORK, *, segments=1):
    return Write(
        connection="main",
        action="send_message",
        to=number,
        from_="+15550001111",
        text="hello",
        payload={"content": "hello", "from": LINE},
        segments=segments,
        rule_version="0" * 12,
    )


TAG = replace(text_to("22395"), action="tag_contact", text=None, segments=0)


def facts(now=NOON, **known):
    return GuardFacts(now=now, timezone="America/New_York", **known)


def sent(hour=0, day=None, *, now=NOON, first_in_hour=None, first_in_day=None, **more):
    """Give texts of ours: `hour` in the last hour among `day` in the last day, the oldest of each as said."""
    early = [first_in_day or now - timedelta(hours=23)] * max((hour if day is None else day) - hour, 0)
    late = [first_in_hour or now - timedelta(minutes=59)] * min(hour, 1) + [now] * (hour - 1)
    return tuple(loops.Sent(at, line_id=LINE, rule="asks", normal_text=f"text {at}", **more) for at in [*early, *late])


def allow(**written):
    """All guards off but those written."""
    everything = dict.fromkeys(("quiet_hours", "contact_cap", "budget", "countries", "opt_out", "loop"), "off")
    return GuardSettings.model_validate({**everything, **written})


def test_the_defaults_are_those_of_the_reference():
    """Nothing said: 8 to 20, caps of 3 and 10, 5,000 segments and 25 dollars, US and CA, opt-outs and loops."""
    defaults = GuardSettings()

    assert (defaults.quiet_hours.from_, defaults.quiet_hours.to) == (time(8), time(20))
    assert (defaults.quiet_hours.reply_exempt, defaults.quiet_hours.timezone_field) == (None, None)
    assert (defaults.contact_cap.per_hour, defaults.contact_cap.per_day) == (3, 10)
    assert (defaults.budget.segments_per_day, defaults.budget.dollars_per_day) == (5000, Decimal(25))
    assert defaults.countries == ("US", "CA")
    assert defaults.opt_out == guard_settings.OptOut()
    assert (defaults.contact_cap.per_rule_per_day, defaults.contact_cap.per_conversation_per_day) == (None, None)
    assert defaults.loop.automatic_per_hour == 3
    assert (defaults.loop.faster_than, defaults.loop.same_text_within) == (timedelta(seconds=15), timedelta(hours=1))


def test_values_arrive_as_text():
    """The configuration is read as text, so every figure is written as one."""
    found = GuardSettings.model_validate(
        {
            "quiet_hours": {"from": "8:00", "to": "20:30", "reply_exempt": "10m"},
            "contact_cap": {"per_hour": "1", "per_day": "2"},
            "budget": {"segments_per_day": "100", "dollars_per_day": "0.50"},
            "countries": ["us"],
            "opt_out": {},
            "loop": {"automatic_per_hour": "4"},
        }
    )

    assert (found.quiet_hours.from_.hour, found.quiet_hours.to.minute) == (8, 30)
    assert found.quiet_hours.reply_exempt == timedelta(minutes=10)
    assert found.contact_cap == guard_settings.ContactCap(per_hour=1, per_day=2)
    assert found.budget.dollars_per_day == Decimal("0.50")
    assert found.countries == ("US",)
    assert found.loop.automatic_per_hour == 4


@pytest.mark.parametrize("name", list(GuardSettings.model_fields))
@pytest.mark.parametrize("word", ["off", "OFF", "Off"])
def test_each_guard_takes_off(name, word):
    """`off`, in any case, switches a guard off."""
    assert getattr(GuardSettings.model_validate({name: word}), name) is None


@pytest.mark.parametrize("name", list(GuardSettings.model_fields))
@pytest.mark.parametrize("nothing", [None, ""])
def test_no_guard_falls_by_an_empty_value(name, nothing):
    """A key with nothing behind it is an error that says what to write, never `off`."""
    with pytest.raises(ValidationError) as caught:
        GuardSettings.model_validate({name: nothing})

    assert "write `off`, or what it should be" in str(caught.value)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"quiet_hours": {"from": "8pm"}}, "`8pm` is not a time of day"),
        ({"quiet_hours": {"from": "21:00", "to": "20:00"}}, "earlier than `to`"),
        ({"quiet_hours": {"reply_exempt": "ten"}}, "is not a duration"),
        ({"contact_cap": {"per_hour": "0"}}, "greater than or equal to 1"),
        ({"contact_cap": {"per_minute": "1"}}, "Extra inputs"),
        ({"budget": {"dollars_per_day": "-1"}}, "greater than 0"),
        ({"countries": []}, "at least 1"),
        ({"countries": ["USA"]}, "should match"),
        ({"loop": "on"}, "valid dictionary"),
        ({"quiet": "off"}, "Extra inputs"),
    ],
)
def test_bad_settings_are_refused(written, words):
    """What cannot be is refused where it stands."""
    with pytest.raises(ValidationError) as caught:
        GuardSettings.model_validate(written)

    assert words in str(caught.value)


def test_settings_survive_being_written_and_read():
    """Their own JSON reads back as themselves, `off` included."""
    found = GuardSettings.model_validate({"quiet_hours": OPEN, "budget": "off"})

    written = found.model_dump(mode="json", by_alias=True)

    assert written["budget"] == "off"
    assert written["quiet_hours"] == {"from": "08:00", "to": "20:00", "reply_exempt": "off", "timezone_field": "off"}
    assert GuardSettings.model_validate(written) == found


def test_the_schema_takes_a_mapping_or_off():
    """Editors accept what the engine accepts, describe every key, and refuse an empty one."""
    schema = GuardSettings.model_json_schema(by_alias=True)
    good = [{"quiet_hours": OPEN, "budget": "off", "opt_out": {}, "countries": ["US"]}, dict.fromkeys(("loop",), "off")]

    assert all(part.get("description") for part in schema["properties"].values())
    for instance in good:
        jsonschema.validate(instance, schema)
    for instance in ({"budget": None}, {"budget": "on"}, {"loop": {"per_hour": 1}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(instance, schema)


def test_a_text_passes_when_no_guard_objects():
    """With the default settings and nothing against it a text is ready."""
    assert guards.check(text_to(), facts(), GuardSettings()) == Gate("ready")


def test_the_kill_switch_holds_everything():
    """A pause holds texts and tags, has no end of its own and cannot be switched off."""
    for write in (text_to(), TAG):
        gate = guards.check(write, facts(paused="holiday"), allow())

        assert (gate.state, gate.guard, gate.until) == ("held", "kill_switch", None)
        assert gate.reason == "kill switch: paused (holiday); passes after `quoflow resume`"


def test_an_opt_out_refuses():
    """Who asked us to stop is not texted, and the evidence is in the reason."""
    stopped = facts(opted_out=STOPPED)

    gate = guards.check(text_to(), stopped, GuardSettings())

    assert (gate.state, gate.guard) == ("refused", "opt_out")
    assert "they wrote 'STOP'" in gate.reason
    assert guards.check(text_to(), stopped, allow()).state == "ready"


@pytest.mark.parametrize(
    ("number", "state"),
    [(NEW_YORK, "ready"), ("+14165550123", "ready"), (UNKNOWN, "ready"), ("+442079460958", "refused")],
)
def test_only_allowed_countries_are_texted(number, state):
    """US and CA pass, others are refused; an unknown +1 area counts for the US."""
    assert guards.check(text_to(number), facts(), allow(countries=["US", "CA"])).state == state


@pytest.mark.parametrize(
    ("number", "country"),
    [("+18765550123", "JM"), ("+18095550123", "DO"), ("+12425550123", "BS"), ("+12465550123", "BB")],
)
def test_caribbean_numbers_are_not_american_although_they_begin_alike(number, country):
    """They share +1 and cost more: refused, with the reason, unless their country is named."""
    gate = guards.check(text_to(number), facts(), allow(countries=["US", "CA"]))

    assert (gate.state, gate.guard) == ("refused", "country")
    assert f"is in {country}; allowed: US, CA" in gate.reason
    assert "cost more" in gate.reason
    assert gate.reason.endswith(f"passes when `guards.countries` has {country}")
    assert guards.check(text_to(number), facts(), allow(countries=["US", country])).state == "ready"


@pytest.mark.parametrize("number", ["22395", "anonymous", "BRIGHTPIPES", "+12345", ""])
def test_short_codes_are_never_texted(number):
    """What is no full number is refused even where every country is allowed."""
    gate = guards.check(text_to(number), facts(), allow())

    assert (gate.state, gate.guard) == ("refused", "country")


@pytest.mark.parametrize(
    ("now", "number", "until"),
    [
        ("2026-11-23T12:59:59Z", NEW_YORK, "2026-11-23T13:00Z"),  # 7:59:59 in New York
        ("2026-11-23T13:00Z", NEW_YORK, None),
        ("2026-11-24T00:59:59Z", NEW_YORK, None),
        ("2026-11-24T01:00Z", NEW_YORK, "2026-11-24T13:00Z"),  # 20:00 in New York
        ("2026-11-23T17:00Z", UNKNOWN, "2026-11-23T18:00Z"),  # 13:00 in New York is 8:00 in Honolulu
        ("2026-11-23T18:00Z", UNKNOWN, None),
        ("2026-11-24T01:00Z", UNKNOWN, "2026-11-24T18:00Z"),
        ("2026-07-01T17:00Z", UNKNOWN, "2026-07-01T18:00Z"),  # 14:00 in New York in summer
        ("2026-03-08T08:00Z", NEW_YORK, "2026-03-08T12:00Z"),  # the night in which the clocks go forward
        ("2026-11-01T08:00Z", NEW_YORK, "2026-11-01T13:00Z"),  # the night in which they go back
    ],
)
def test_quiet_hours_hold_until_every_zone_is_open(now, number, until):
    """The window is open only where all zones of the area code are in it; then until the next such instant."""
    gate = guards.check(text_to(number), facts(datetime.fromisoformat(now)), allow(quiet_hours=OPEN))

    assert gate.state == ("held" if until else "ready")
    assert gate.until == (datetime.fromisoformat(until) if until else None)


def test_quiet_hours_give_their_figures():
    """The reason has the window, the clock that is closed, and when it passes on the configured clock."""
    gate = guards.check(text_to(), facts(NIGHT), allow(quiet_hours=OPEN))

    assert gate.guard == "quiet_hours"
    assert gate.reason == (
        "quiet hours: +1212***0123 may be texted 08:00 to 20:00 on its own clock, "
        "it is 02:00 in America/New_York; passes at 08:00 EST"
    )


def test_a_window_that_is_never_open_everywhere_refuses():
    """Three hours do not reach from New York to Honolulu: refused, not held for ever."""
    gate = guards.check(text_to(UNKNOWN), facts(), allow(quiet_hours={"from": "09:00", "to": "12:00"}))

    assert (gate.state, gate.until) == ("refused", None)
    assert "never open together" in gate.reason


@pytest.mark.parametrize(
    ("exempt", "ago", "state"), [("10m", 10, "ready"), ("10m", 11, "held"), ("off", 0, "held"), ("10m", None, "held")]
)
def test_an_answer_may_go_out_at_night(exempt, ago, state):
    """Within `reply_exempt` of their own text, and only then, the hour does not matter."""
    wrote = None if ago is None else NIGHT - timedelta(minutes=ago)

    gate = guards.check(
        text_to(), facts(NIGHT, last_inbound_at=wrote), allow(quiet_hours={**OPEN, "reply_exempt": exempt})
    )

    assert gate.state == state


def test_the_contact_s_own_zone_goes_before_the_number_s():
    """A New York number whose contact lives in Honolulu waits for Honolulu's morning, and no field counts as none."""
    moved = facts(NOON, contact_zone="Pacific/Honolulu")

    gate = guards.check(text_to(), moved, allow(quiet_hours=OPEN))

    assert gate.until == datetime(2026, 11, 23, 18, tzinfo=UTC)
    assert "it is 07:00 in Pacific/Honolulu" in gate.reason
    assert guards.check(text_to(), facts(NOON), allow(quiet_hours=OPEN)).state == "ready"


def test_a_zone_that_is_none_leaves_every_zone_of_the_number_and_says_so():
    """A slip of the pen in the contact must not wake anybody."""
    slip = facts(NOON, contact_zone="Hawai")

    gate = guards.check(text_to(UNKNOWN), slip, allow(quiet_hours=OPEN))

    assert gate.state == "held"
    assert "the contact's time zone `Hawai` is none, so every zone of the number counts" in gate.reason
    assert guards.check(text_to(), slip, allow(quiet_hours=OPEN)).state == "ready"


@pytest.mark.parametrize(("max_age", "is_late"), [(timedelta(minutes=15), True), (timedelta(hours=12), False)])
def test_a_hold_says_at_once_that_it_will_be_too_late(max_age, is_late):
    """Held at 2:00 until 8:00: a text that may be 15 minutes late will not go, one that may be 12 hours late will."""
    gate = guards.check(text_to(), facts(NIGHT, due_at=NIGHT, max_age=max_age), allow(quiet_hours=OPEN))

    assert gate.state == "held"
    assert ("passes at 08:00 EST, when it will be too late: max_age is 15m" in gate.reason) == is_late


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),  # noqa: DTZ001  hypothesis wants them so
    st.sampled_from([NEW_YORK, UNKNOWN, "+19075551234", "+12085551234", "+17095551234"]),
    st.integers(0, 11),
    st.integers(12, 23),
)
def test_a_held_text_passes_at_its_time_and_not_a_minute_before(now, number, start, end):
    """`until` is the first whole minute at which the window is open in every zone."""
    now = now.replace(tzinfo=UTC)
    settings = allow(quiet_hours={"from": f"{start:02}:00", "to": f"{end:02}:59"})
    gate = guards.check(text_to(number), facts(now), settings)
    if gate.state != "held":
        return

    assert gate.until > now
    assert guards.check(text_to(number), facts(gate.until), settings).state == "ready"
    early = max(now, gate.until - timedelta(minutes=1))
    assert guards.check(text_to(number), facts(early), settings).state == "held"


def test_the_contact_cap_holds_until_the_hour_frees():
    """The fourth text in an hour waits until the first one is an hour old."""
    full = facts(sent=sent(3, first_in_hour=NOON - timedelta(minutes=25)))

    gate = guards.check(text_to("+15550104567"), full, allow(contact_cap={}))

    assert gate == Gate(
        "held",
        "contact cap: 3 texts to +1555***4567 in the last hour (cap 3); passes at 12:35 EST",
        until=NOON + timedelta(minutes=35),
        guard="contact_cap",
    )


def test_the_later_of_two_caps_decides():
    """Where the hour and the day are both full, the text waits for the day."""
    full = sent(3, 10, first_in_hour=NOON - timedelta(minutes=5), first_in_day=NOON - timedelta(hours=20))

    gate = guards.check(text_to(), facts(sent=full), allow(contact_cap={}))

    assert gate.until == NOON + timedelta(hours=4)
    assert "10 texts to +1212***0123 in the last 24 hours (cap 10)" in gate.reason


@pytest.mark.parametrize(("hour", "day", "state"), [(2, 9, "ready"), (3, 9, "held"), (2, 10, "held"), (5, 5, "held")])
def test_the_contact_cap_counts_to_its_edge(hour, day, state):
    """Three in an hour and ten in a day go out, the next ones wait."""
    assert guards.check(text_to(), facts(sent=sent(hour, day)), GuardSettings()).state == state


def test_a_cap_never_says_now():
    """Where a place is free in a second, the text still waits for a minute, so that nothing asks in a circle."""
    full = sent(3, first_in_hour=NOON - timedelta(minutes=59, seconds=59))

    gate = guards.check(text_to(), facts(sent=full), allow(contact_cap={}))

    assert gate.until == NOON + timedelta(minutes=1)


def test_a_cap_that_was_overrun_waits_until_there_is_room():
    """With five texts in an hour that takes three, the text waits until the third oldest has left the hour."""
    full = tuple(loops.Sent(NOON - timedelta(minutes=minutes)) for minutes in (50, 40, 30, 20, 10))

    gate = guards.check(text_to(), facts(sent=full), allow(contact_cap={"per_hour": "3", "per_day": "99"}))

    assert gate.until == NOON + timedelta(minutes=30)
    assert guards.check(text_to(), facts(gate.until, sent=full), allow(contact_cap={})).state == "ready"


@pytest.mark.parametrize(
    ("cap", "other", "state"),
    [
        ({"per_rule_per_day": "2"}, {}, "held"),
        ({"per_rule_per_day": "3"}, {}, "ready"),
        ({"per_rule_per_day": "2"}, {"rule": "another"}, "ready"),
        ({"per_conversation_per_day": "2"}, {}, "held"),
        ({"per_conversation_per_day": "3"}, {}, "ready"),
        ({"per_conversation_per_day": "2"}, {"line_id": "PNsales"}, "ready"),
    ],
)
def test_caps_of_a_rule_and_of_a_conversation_count_their_own(cap, other, state):
    """Two texts of the day count where they are of the rule that asks, or from the line that it writes from."""
    full = tuple(replace(one, **other) for one in sent(0, 2))

    gate = guards.check(text_to(), facts(sent=full, rule="asks"), allow(contact_cap=cap))

    assert gate.state == state
    if state == "held":
        assert gate.until == NOON + timedelta(hours=1)
        assert "2 texts to +1212***0123" in gate.reason
        assert "(cap 2)" in gate.reason


@pytest.mark.parametrize(
    ("budget", "today", "segments", "state"),
    [
        ({"segments_per_day": "10"}, 7, 3, "ready"),
        ({"segments_per_day": "10"}, 8, 3, "held"),
        ({"segments_per_day": "10"}, 0, 11, "refused"),
        ({"dollars_per_day": "0.10"}, 9, 1, "ready"),
        ({"dollars_per_day": "0.10"}, 10, 1, "held"),
        ({"dollars_per_day": "0.009"}, 0, 1, "refused"),
        ({}, 2499, 1, "ready"),
        ({}, 2500, 1, "held"),  # 25 dollars, at a cent a segment
    ],
)
def test_the_budget_holds_what_the_day_cannot_pay(budget, today, segments, state):
    """Segments and dollars both count; what no day could pay is refused."""
    gate = guards.check(text_to(segments=segments), facts(segments_today=today), allow(budget=budget))

    assert gate.state == state


@pytest.mark.parametrize(("cents", "state"), [("1", "ready"), ("8", "held")])
def test_the_budget_goes_by_the_price_that_is_set(cents, state):
    """A dollar buys 100 segments at 1 cent, and 12 at 8."""
    budget = {"dollars_per_day": "1", "cents_per_segment": cents}

    assert guards.check(text_to(), facts(segments_today=12), allow(budget=budget)).state == state


def test_the_budget_counts_what_may_be_charged_at_most():
    """A text of 71 accents is one segment by the standard, two by Quo's page: the budget takes two."""
    accents = replace(text_to(), text="é" * 71)

    assert guards.check(accents, facts(segments_today=8), allow(budget={"segments_per_day": "10"})).state == "ready"
    assert guards.check(accents, facts(segments_today=9), allow(budget={"segments_per_day": "10"})).state == "held"


def test_the_budget_frees_at_local_midnight():
    """A held text passes at the next midnight of the configured zone."""
    gate = guards.check(text_to(), facts(segments_today=2500), allow(budget={}))

    assert gate.until == datetime(2026, 11, 24, tzinfo=ZoneInfo("America/New_York"))
    assert gate.reason == (
        "budget: 2500 segments today and 1 more are over 2500 ($25.00); passes at 2026-11-24 00:00 EST"
    )


@pytest.mark.parametrize(
    ("line_id", "texts", "state"), [(LINE, 2, "ready"), (LINE, 3, "held"), ("PNsales", 9, "ready")]
)
def test_the_loop_breaker_counts_the_conversation(line_id, texts, state):
    """Three texts an hour from this line to this number; those from another line are another conversation."""
    full = tuple(replace(one, line_id=line_id) for one in sent(texts))

    gate = guards.check(text_to(), facts(sent=full), allow(loop={}))

    assert gate.state == state
    if state == "held":
        assert (gate.guard, gate.until) == ("loop", NOON + timedelta(minutes=1))
        assert "3 texts of ours in this conversation in the last hour (at most 3)" in gate.reason


def test_a_loop_is_held_for_what_goes_without_approval():
    """A machine's answer and the same text again hold an automatic write, with the figures and the end of the hour."""
    machine = facts(answer=loops.Answer(NOON - timedelta(minutes=10), timedelta(seconds=4)))
    again = facts(sent=[loops.Sent(NOON - timedelta(minutes=20), line_id=LINE, normal_text="hello")])

    for known, end in ((machine, "12:50"), (again, "12:40")):
        gate = guards.check(text_to(), known, allow(loop={}))

        assert (gate.state, gate.guard) == ("held", "loop")
        assert gate.reason.startswith("loop: +1212***0123: ")
        assert gate.reason.endswith(f"; passes at {end} EST")
        assert guards.check(text_to(), replace(known, is_automatic=False), allow(loop={})).state == "ready"


def test_an_earlier_attempt_at_the_same_write_is_no_repetition():
    """A lost text that its rule sends again is not held for its own sake; the same text of another step is."""
    lost = facts(sent=[loops.Sent(NOON - timedelta(minutes=5), line_id=LINE, normal_text="hello", step_id="s1")])

    states = [guards.check(text_to(), replace(lost, step_id=step), allow(loop={})).state for step in ("s1", "s2", None)]

    assert states == ["ready", "held", "held"]


@pytest.mark.parametrize(("minutes", "state"), [(0, "ready"), (15, "ready"), (16, "refused"), (-5, "ready")])
@pytest.mark.parametrize("write", [text_to(), TAG])
def test_what_is_too_late_is_refused(write, minutes, state):
    """A write later than its max_age is refused, texts and tags alike; at the edge it still goes."""
    late = facts(due_at=NOON - timedelta(minutes=minutes), max_age=timedelta(minutes=15))

    gate = guards.check(write, late, allow())

    assert gate.state == state
    if state == "refused":
        assert gate.reason == "too late by 1m: it was due at 11:44 EST and max_age is 15m"


@pytest.mark.parametrize("known", [{"due_at": NOON - timedelta(days=9)}, {"max_age": timedelta(0)}])
def test_what_has_no_due_time_or_no_max_age_is_not_late(known):
    """Lateness needs both."""
    assert guards.check(text_to(), facts(**known), allow()).state == "ready"


def test_tags_pass_what_protects_a_phone():
    """A tag for an opted-out short code at night over every cap is ready: nobody is disturbed by it."""
    strict = allow(quiet_hours=OPEN, contact_cap={}, budget={}, countries=["CA"], opt_out={}, loop={})
    worst = facts(NIGHT, opted_out=STOPPED, sent=sent(99, now=NIGHT), segments_today=99999)

    assert guards.check(TAG, worst, strict).state == "ready"


def test_the_chain_has_its_order():
    """With everything against a text, taking away the first objection shows the next one of the chain."""
    strict = allow(quiet_hours=OPEN, contact_cap={}, budget={}, countries=["CA"], opt_out={}, loop={})
    known = facts(
        NIGHT,
        paused="now",
        opted_out=STOPPED,
        sent=sent(9, 99, now=NIGHT),
        segments_today=9999,
        due_at=NIGHT - timedelta(hours=1),
        max_age=timedelta(0),
    )
    without = [
        ("kill_switch", {"paused": None}),
        ("opt_out", {"opted_out": None}),
        ("country", None),
        ("quiet_hours", None),
        ("contact_cap", None),
        ("budget", {"segments_today": 0}),
        ("loop", {"sent": ()}),
        ("max_age", {"max_age": None}),
    ]

    for name, change in without:
        gate = guards.check(text_to(), known, strict)

        assert gate.guard == name
        if change is None:
            strict = strict.model_copy(update={"countries" if name == "country" else name: None})
        else:
            known = replace(known, **change)
    assert guards.check(text_to(), known, strict) == Gate("ready")


def test_no_reason_shows_a_whole_number():
    """Reasons mask the customer's number, whichever guard speaks."""
    worst = facts(NIGHT, opted_out=STOPPED, sent=sent(9, now=NIGHT), segments_today=9999)
    each = [
        {"opt_out": {}},
        {"countries": ["CA"]},
        {"quiet_hours": OPEN},
        {"contact_cap": {}},
        {"budget": {}},
        {"loop": {}},
    ]

    for written in each:
        gate = guards.check(text_to(), worst, allow(**written))

        assert gate.state != "ready"
        assert NEW_YORK not in gate.reason
        assert NEW_YORK[2:] not in gate.reason
    assert phones.mask(NEW_YORK) != NEW_YORK


# -- a person of ours who talks to them


def talked(minutes_ago=5.0, *, what="text", waits=15, now=NOON, **more):
    """Give facts of a rule that waits for so many minutes of silence, and of a talk so long ago."""
    talk = talks.Talk(now - timedelta(minutes=minutes_ago), what)
    return facts(now, talk=talk, unless_human=timedelta(minutes=waits), **more)


def test_a_text_waits_while_a_person_of_ours_talks():
    """It is held until nobody has talked for as long as the rule says; a tag is not."""
    told = "unless_human: a person of ours texted +1212***0123 5m ago, and the rule keeps quiet for 15m"
    gate = guards.check(text_to(), talked(), allow())

    assert gate == Gate(
        "held", f"{told}; passes at 12:10 EST", until=NOON + timedelta(minutes=10), guard="unless_human"
    )
    assert guards.check(TAG, talked(), allow()) == Gate("ready")


def test_a_call_is_told_as_one():
    """A call that goes on was a moment ago."""
    gate = guards.check(text_to(), talked(0, what="call"), allow())

    assert "a person of ours spoke with +1212***0123 0s ago" in gate.reason


@pytest.mark.parametrize("known", [talked(15), facts(talk=talks.Talk(NOON, "text")), talked(14.9, waits=14)])
def test_a_text_goes_after_the_silence_and_where_the_rule_does_not_mind(known):
    """To the second; and a rule that says nothing is not held."""
    assert guards.check(text_to(), known, allow()) == Gate("ready")


def test_a_text_that_people_talk_past_its_age_is_refused():
    """Held up to its age, in the last second too; behind it the reason says both."""
    age = {"due_at": NOON, "max_age": timedelta(minutes=12)}
    at_first = guards.check(text_to(), talked(5, waits=30, **age), allow())
    at_last = guards.check(text_to(), talked(5, now=NOON + timedelta(minutes=12), **age), allow())
    too_late = guards.check(text_to(), talked(5, now=NOON + timedelta(minutes=13), **age), allow())

    assert at_first.until == NOON + timedelta(minutes=12, seconds=1)  # it is given up then
    assert "passes at 12:25 EST, when it will be too late: max_age is 12m" in at_first.reason
    assert (at_last.state, too_late.state, too_late.guard) == ("held", "refused", "unless_human")
    assert too_late.reason.startswith("unless_human: a person of ours texted +1212***0123 5m ago; too late by 1m")


@pytest.mark.parametrize(
    ("purpose", "is_about_theirs", "state"),
    [
        ("transactional", True, "ready"),
        ("transactional", False, "held"),
        ("reply", True, "ready"),
        ("reply", False, "ready"),
        ("marketing", True, "held"),
        ("marketing", False, "held"),
    ],
)
def test_only_an_answer_goes_at_night(purpose, is_about_theirs, state):
    """`reply_exempt` is for answers: marketing never is one, a reply is, the rest where it is about what they did."""
    known = facts(NIGHT, last_inbound_at=NIGHT - timedelta(minutes=5), purpose=purpose, is_about_theirs=is_about_theirs)
    gate = guards.check(text_to(), known, allow(quiet_hours={**OPEN, "reply_exempt": "10m"}))

    assert gate.state == state


@pytest.mark.parametrize(
    ("purpose", "is_first", "text", "is_told"),
    [
        ("marketing", True, "20 % off", True),
        ("marketing", True, "20 % off. Reply STOP to end.", False),
        ("marketing", False, "20 % off", False),
        ("transactional", True, "Your plumber comes at nine", False),
    ],
)
def test_a_first_marketing_text_should_say_how_to_opt_out(purpose, is_first, text, is_told):
    """It passes, for what it says is for a person to judge; but that person is told."""
    write = replace(text_to(), text=text)
    gate = guards.check(write, facts(purpose=purpose, is_first=is_first), allow())

    assert (gate.state, gate.guard) == ("ready", None)
    assert gate.reason == (
        "marketing: the first text to +1212***0123 does not say how to opt out; add such as `Reply STOP to end.`"
        if is_told
        else ""
    )
