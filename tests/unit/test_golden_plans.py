"""Golden plans: rules and events in a folder, and what must come of them. New behaviour is a new folder.

`tests/golden/plan/<case>/` holds `rules.yaml`, `events.yaml` and `expected.json`. The pack's rules have theirs in
`tests/golden/pack/<rule>.yaml` and `.json`. After a wanted change write the expectations anew with
`UPDATE_GOLDEN=1 pytest tests/unit/test_golden_plans.py`, and read the difference.
"""

import json
import os
from pathlib import Path

import pytest

from quoflow.loader.plain import read_plain

from .golden import load, plan_event, plan_events

ROOT = Path(__file__).parents[2]
CASES = sorted(path for path in (ROOT / "tests" / "golden" / "plan").iterdir() if path.is_dir())
PACK = [file for file in sorted((ROOT / "rules").glob("*.yaml")) if not file.name.endswith(".test.yaml")]


def expect(file, told):
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(json.dumps(told, indent=2, ensure_ascii=False, default=str) + "\n")

    assert json.loads(json.dumps(told, default=str)) == json.loads(file.read_text())


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_plans_are_as_expected(folder):
    """What a rule would do for an event is exactly what its folder says, byte for byte."""
    written = read_plain(folder / "events.yaml")
    told = plan_events(load(folder / "rules.yaml"), written["events"], written.get("contacts") or [])

    expect(folder / "expected.json", told)


@pytest.mark.parametrize("file", PACK, ids=lambda file: file.stem)
def test_the_pack_does_what_it_says(file):
    """Each rule of the pack, for events that are for it and for some that are not: what it would do, byte for byte."""
    case = ROOT / "tests" / "golden" / "pack" / file.name
    assert case.exists(), f"write {case.relative_to(ROOT)}: an event that the rule is for, and one that it is not for"

    read = read_plain(case)
    (rule,) = load(file)
    known = {"people": read.get("contacts") or [], "talks": read.get("conversations") or []}
    told = {one["what"]: plan_event(rule, one, **known) for one in read["events"]}

    assert {one["verdict"] for one in told.values()} & {"no", "skipped"}
    assert "yes" in {one["verdict"] for one in told.values()}
    expect(case.with_suffix(".json"), told)


def test_there_are_cases():
    """The golden folder is found, so that the test above cannot pass by finding nothing."""
    assert len(CASES) >= 6
