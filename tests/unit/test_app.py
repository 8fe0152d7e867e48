"""The parts as they are joined: what the demo runs with."""

from __future__ import annotations

from datetime import UTC, datetime

from quoflow import app


def test_the_demo_shows_its_texts_at_any_hour():
    """It has no quiet hours, as it wakes nobody, and its office never closes; its guards are those of everybody."""
    with app.open_demo(tell=lambda _: None) as (engine, _):
        chosen, office = engine.settings.guards, engine.settings.hours["office"]

    assert all(office.is_open(datetime(2026, 11, 22, hour, tzinfo=UTC), timezone="UTC") for hour in range(24))
    assert chosen.quiet_hours is None
    assert None not in (chosen.loop, chosen.opt_out, chosen.contact_cap, chosen.budget, chosen.countries)
