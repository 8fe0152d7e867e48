"""Column types: what goes in comes out, and sorts as it should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, String, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError

from quoflow.core.lifecycle import StepState
from quoflow.store.columns import FreeText, Json, Strings, UtcDateTime, state_of

table = Table(
    "values",
    MetaData(),
    Column("id", String),
    Column("at", UtcDateTime),
    Column("texts", Strings),
    Column("text", FreeText),
    Column("data", Json),
    Column("state", state_of(StepState)),
)


@pytest.fixture(scope="module")
def engine():
    made = create_engine("sqlite://")
    table.metadata.create_all(made)
    yield made
    made.dispose()


def keep(engine, **values):
    """Write one row and read it back, in a transaction that is given up."""
    with engine.connect() as connection:
        connection.execute(insert(table), values)
        row = connection.execute(select(table)).mappings().one()
        connection.rollback()
    return row


ZONES = [UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=12)), timezone(timedelta(minutes=330))]
EPOCH = datetime(1970, 1, 2, tzinfo=UTC)

instants = st.builds(
    lambda after, zone: (EPOCH + after).astimezone(zone),
    st.timedeltas(timedelta(0), timedelta(days=90_000)),
    st.sampled_from(ZONES),
)


@given(at=instants)
def test_an_instant_comes_back_in_utc(engine, at):
    """Any aware time comes back as the same instant, in UTC."""
    kept = keep(engine, at=at)["at"]

    assert kept == at
    assert kept.tzinfo is UTC


@given(times=st.lists(instants, max_size=8))
def test_instants_sort_as_time_does(engine, times):
    """Whatever zone they were written in, the database sorts instants by time."""
    with engine.connect() as connection:
        if times:
            connection.execute(insert(table), [{"at": at} for at in times])
        listed = connection.scalars(select(table.c.at).order_by(table.c.at)).all()
        connection.rollback()

    assert listed == sorted(times)


def test_a_naive_time_is_refused(engine):
    """A time without a zone is an error at once, and not a wrong instant later."""
    with pytest.raises(StatementError, match="without a time zone"):
        keep(engine, at=datetime(2026, 11, 23))  # noqa: DTZ001 - what is tested


@given(texts=st.lists(st.text(), max_size=4))
def test_strings_come_back_as_a_tuple(engine, texts):
    """A tuple of strings comes back as it was."""
    assert keep(engine, texts=tuple(texts))["texts"] == tuple(texts)


@given(text=st.text(st.characters(exclude_categories=("Cs",))))
def test_text_comes_back_as_it_was(engine, text):
    """What people write comes back character for character, NUL and emoji included."""
    assert keep(engine, text=text)["text"] == text


def test_half_a_character_becomes_a_question_mark(engine):
    """A lone surrogate from JSON stops nothing."""
    assert keep(engine, text="so sad \ud83d")["text"] == "so sad ?"


def test_none_is_null(engine):
    """Nothing is kept as NULL, in every type."""
    row = keep(engine, id=None, at=None, text=None, data=None, state=None)

    assert (row["at"], row["text"], row["data"], row["state"]) == (None, None, None, None)
    with engine.connect() as connection:
        connection.execute(insert(table), {"data": None})
        assert connection.scalar(select(table.c.data.is_(None))) is True


def test_a_state_comes_back_as_a_member(engine):
    """A state comes back as its enumeration's member, and is kept as its value."""
    with engine.connect() as connection:
        connection.execute(insert(table), {"state": StepState.NEEDS_APPROVAL})

        assert connection.scalar(select(table.c.state)) is StepState.NEEDS_APPROVAL
        assert connection.exec_driver_sql('SELECT state FROM "values"').scalar() == "needs_approval"
