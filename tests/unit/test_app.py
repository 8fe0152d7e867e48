"""The parts as they are joined: what the demo runs with."""

from __future__ import annotations

from quoflow import app


def test_the_demo_shows_its_texts_at_any_hour():
    """Nobody is woken by the demo, so it has no quiet hours; the other guards are those of everybody."""
    with app.open_demo(tell=lambda _: None) as (engine, _):
        chosen = engine.settings.guards

    assert chosen.quiet_hours is None
    assert None not in (chosen.loop, chosen.opt_out, chosen.contact_cap, chosen.budget, chosen.countries)
