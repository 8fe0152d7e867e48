"""A storm, and a long silence: nothing lost or doubled in the one, nothing stale sent after the other."""

from __future__ import annotations

from .conftest import ANNA, ANSWER, BILL, CORA, UNLIMITED

COUNT = 60
FRESH = f"{ANSWER}max_age: 15m\n"


def test_after_days_of_outage_nothing_stale_is_sent_and_the_report_is_short(make_firm):
    """A backlog is worked off in one pass: no late answer, a few lines and a sum, and what is new is answered."""
    firm = make_firm(FRESH, auto=True, guards=UNLIMITED)
    firm.begin()
    for number in range(COUNT):
        firm.quo.write(f"text {number}", (ANNA, BILL, CORA)[number % 3])
    ran = firm.run("run", "--once", "--json", ahead="72h")
    firm.quo.write("now", ANNA)
    firm.once()

    report = {key: ran.json[key] for key in ("events", "runs", "skipped", "skipped_by")}
    told = [line for line in ran.err.splitlines() if "answer" in line]
    skipped = {"connection": "main", "rule": "answer", "reason": "too old", "count": COUNT}
    begun = 2  # Bill and Cora are new to us: their first texts begin conversations
    assert report == {"events": COUNT + begun, "runs": 0, "skipped": COUNT, "skipped_by": [skipped]}
    assert len(told) == 6
    assert f"skipped {COUNT} in all, too old" in told[-1]
    assert firm.quo.texts() == ["Got it: now"]


def test_a_storm_of_429_loses_and_doubles_nothing(make_firm):
    """Where a third of all requests is one too many, reads and sends alike, each text still goes out exactly once."""
    firm = make_firm(ANSWER, auto=True, guards=UNLIMITED)
    firm.begin()
    firm.quo.fault("429", times=None, probability=0.3, seed=7)
    wanted = [f"text {number}" for number in range(8)]
    for text in wanted:
        firm.quo.write(text, ANNA)
    with firm.serving() as service:
        service.wait_for(lambda: len(firm.quo.sent()) == len(wanted), within=60)
        assert service.stop() == 0
    firm.quo.clear_faults()
    firm.once(ahead="1h")

    assert sorted(firm.quo.texts()) == [f"Got it: {text}" for text in wanted]
    assert {one["state"] for one in firm.list("outbox")} == {"sent"}
