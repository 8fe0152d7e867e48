"""Time zones by name, and what is said of what is none."""

from __future__ import annotations

import pytest

from quoflow.core.zones import check_zone, find_zone


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("America/New York", "did you mean `America/New_York`?"),
        ("new york", "did you mean `America/New_York`?"),
        ("Denver", "did you mean `America/Denver`?"),
        ("America/Chigaco", "did you mean `America/Chicago`?"),
        ("america/denver", "did you mean `America/Denver`?"),
        ("America", "write one such as America/New_York"),
        ("../etc/passwd", "write one such as America/New_York"),
        ("", "write one such as America/New_York"),
        ("Middle-earth", "write one such as America/New_York"),
    ],
)
def test_what_is_no_zone_is_told_with_what_was_probably_meant(name, hint):
    """A city alone, blanks, wrong capitals and slips lead to the zone; anything else to an example."""
    with pytest.raises(ValueError, match="is not an IANA time zone") as raised:
        check_zone(name)

    assert str(raised.value).endswith(hint)


def test_a_zone_is_found_by_its_name():
    """The name comes back as it was, and the zone is the one of that name."""
    assert check_zone("Europe/Paris") == find_zone("Europe/Paris").key
