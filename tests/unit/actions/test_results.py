"""Results: what follows a failed write, by what is provable about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.actions import results
from quoflow.quo import errors


def leaves(kind=errors.QuoError):
    below = kind.__subclasses__()
    return [kind] if not below else [leaf for one in below for leaf in leaves(one)]


def classify(error, *, tries=1, jitter=0.5):
    return results.classify_failure(error, tries=tries, jitter=jitter)


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (errors.Interrupted, "uncertain"),
        (errors.ServerFailed, "uncertain"),
        (errors.Unreadable, "uncertain"),
        (errors.Unauthorized, "hold"),
        (errors.OutOfCredits, "hold"),
        (errors.RateLimited, "retry"),
        (errors.Unreachable, "retry"),
        (errors.LeaseOver, "retry"),
        (errors.Conflict, "retry"),
        (errors.Refused, "fail"),
        (errors.Forbidden, "fail"),
        (errors.NotFound, "fail"),
        (errors.TagFieldMissing, "fail"),
        (errors.ContactReadOnly, "fail"),
        (errors.WriteRefused, "fail"),
    ],
)
def test_each_error_has_one_consequence(kind, what):
    """Ambiguous is reconciled, a key or credits hold, pace and network retry, the rest fails for good."""
    failure = classify(kind("It went wrong", "Do this"))

    assert (failure.what, failure.reason) == (what, "It went wrong. Do this")


@pytest.mark.parametrize("kind", leaves())
def test_nothing_that_may_have_happened_is_ever_retried(kind):
    """Whatever errors are added to the tree: an ambiguous one is never retried, held or failed."""
    assert (classify(kind("x")).what == "uncertain") == kind.is_ambiguous


def test_conflicts_are_given_up_after_a_few():
    """Someone who always changes the contact first is not fought for ever."""
    assert [classify(errors.Conflict("x"), tries=tries).what for tries in (1, 2, 3)] == ["retry", "retry", "fail"]


def test_a_server_that_names_a_time_is_obeyed():
    """Retry-After counts, and a little more so that all do not come at once."""
    assert classify(errors.RateLimited("x", retry_after=7)).after == timedelta(seconds=7.5)


@given(tries=st.integers(1, 200), jitter=st.floats(0, 1))
def test_pauses_grow_and_stay_within_five_minutes(tries, jitter):
    """However often it failed, the next try comes after at least half a doubling and at most five minutes."""
    after = classify(errors.Unreachable("x"), tries=tries, jitter=jitter).after.total_seconds()

    assert min(2.0**tries, 300) / 2 <= after <= min(2.0**tries, 300)


def test_a_hold_is_looked_at_again_in_a_minute():
    """What a person mends is noticed without a restart."""
    assert classify(errors.OutOfCredits("x")).after == timedelta(seconds=60)


@pytest.mark.parametrize(
    ("error", "scope"),
    [
        (errors.Unauthorized("x"), "key"),
        (errors.OutOfCredits("x", code="0200402"), "writes"),
        (errors.Forbidden("x", code="0202403"), "PNmain"),
        (errors.Forbidden("x", code="0204403"), "PNmain"),
        (errors.Refused("x", code="0206400"), "PNmain"),
        (errors.Forbidden("x", code="0299403"), None),
        (errors.Forbidden("x"), None),
        (errors.Refused("x", code="0101400"), None),
    ],
)
def test_what_stands_still_is_decided_by_code(error, scope):
    """A key, an account or a line stands still where Quo's answer speaks of it; one recipient's refusal fails alone."""
    failure = results.classify_failure(error, tries=1, jitter=0.5, line_id="PNmain")

    assert (failure.what, failure.scope) == ("hold" if scope else "fail", scope)


def test_what_is_no_text_holds_no_line():
    """A line's code on a write that has no line is that write's failure alone."""
    assert classify(errors.Forbidden("x", code="0202403")).what == "fail"
