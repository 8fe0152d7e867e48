"""The audit, through the real command: everything that was decided and done is in it, and no change stays hidden."""

from __future__ import annotations

import csv
import json
import sqlite3

import pytest

from .conftest import ANNA, ANSWER, BILL, KEY, TEXTBACK


def kinds(firm):
    """List what is in the audit, oldest first."""
    return [entry["kind"] for entry in reversed(firm.list("audit"))]


def change(firm, statement):
    """Change the database behind quoflow's back."""
    connection = sqlite3.connect(firm.root / "quoflow.db")
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.fixture
def firm(make_firm):
    """A firm that asked, sent one text, refused one, was paused and resumed."""
    firm = make_firm(TEXTBACK)
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.quo.miss_call(BILL)
    firm.once()
    anna = next(one["id"] for one in firm.list("approvals") if one["to"] == ANNA)
    firm.run("approvals", "approve", anna)
    firm.run("pause", "Anna rang from +15555550111")
    firm.once()
    firm.run("resume")
    firm.once()
    return firm


def test_everything_that_was_decided_and_done_is_in_it(firm):
    """Start, decision, pause, the guard that held, resume, intent and outcome stand in the order they happened in."""
    listed = kinds(firm)

    assert [kind for kind in listed if not kind.startswith("approval.requested")] == [
        "schema.migrated",
        "configuration.changed",
        "approval.approved",
        "paused",
        "write.held",
        "resumed",
        "write.intended",
        "write.sent",
    ]
    assert "entries hold" in firm.run("audit", "verify").out


def test_a_guard_that_holds_on_is_recorded_once(make_firm):
    """A write that is looked at again and again while it is held does not fill the log."""
    firm = make_firm(ANSWER, auto=True)
    firm.begin()
    firm.run("pause", "flood")
    firm.quo.write("Hello?", ANNA)
    for ahead in ("0s", "2m", "4m", "6m"):
        firm.once(ahead=ahead)

    assert kinds(firm).count("write.held") == 1


def test_a_changed_rule_or_configuration_is_recorded_with_the_next_start(firm):
    """Each start that differs from the last leaves the hashes and the names of the rules that changed; others none."""
    firm.write_rules(TEXTBACK.replace("sorry", "so sorry"), ANSWER)
    firm.once()
    firm.once()
    firm.once(QUOFLOW_TIMEZONE="Europe/Berlin")
    latest, rules, *_ = [one["data"] for one in firm.list("audit") if one["kind"] == "configuration.changed"]

    assert (rules["added"], rules["changed"], rules["configuration_changed"]) == (["answer"], ["textback"], False)
    assert (latest["added"], latest["changed"], latest["configuration_changed"]) == ([], [], True)
    assert kinds(firm).count("configuration.changed") == 3


def test_no_number_and_no_key_is_in_it(firm):
    """Neither the list, nor an export of either format, nor the table in the file holds a customer's whole number."""
    listed = firm.run("audit", "list", "--json").out
    shown = [listed, firm.run("audit", "list").out, firm.run("audit", "export").out]
    shown.append(firm.run("audit", "export", "--format", "csv").out)
    connection = sqlite3.connect(firm.root / "quoflow.db")
    shown.append(repr(connection.execute("SELECT * FROM audit").fetchall()))
    connection.close()

    for text in shown:
        assert ":0111" in text
        assert "5555550111" not in text
        assert KEY not in text


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE kind = 'approval.approved'", "is not as it was written"),
        ("DELETE FROM audit WHERE kind = 'paused'", "does not follow"),
        ("DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)", "the end was removed"),
    ],
    ids=["changed", "removed", "cut"],
)
def test_a_change_in_the_database_is_named(firm, statement, said):
    """`audit verify` names the first broken entry and fails; `db check` says it too."""
    change(firm, statement)

    assert said in firm.run("audit", "verify", code=1).err
    assert firm.run("audit", "verify", "--json", code=1).json["ok"] is False
    assert said in firm.run("db", "check", code=1).err


def test_a_change_in_an_export_is_named(firm):
    """An exported file is verified without the database: each kind of change is named."""
    export = firm.root / "audit.jsonl"
    firm.run("audit", "export", "-o", "audit.jsonl")
    lines = export.read_text().splitlines(keepends=True)
    head = json.loads(lines[-1])["head"]["hash"]

    assert export.stat().st_mode & 0o777 == 0o600
    assert head in firm.run("audit", "verify", "audit.jsonl").out
    assert "would overwrite" in firm.run("audit", "export", "-o", "audit.jsonl", code=1).err
    for changed, said in (
        (lines[:2] + lines[3:], "does not follow"),
        ([*lines[:1], lines[1].replace('"quoflow"', '"eve"', 1), *lines[2:]], "not as it was written"),
        (lines[:-1], "cut short"),
        (lines[:-2] + lines[-1:], "end was changed"),
        ([*lines[:2], "nonsense\n", *lines[2:]], "audit.jsonl:3: this is no entry"),
    ):
        export.write_text("".join(changed))
        assert said in firm.run("audit", "verify", "audit.jsonl", code=1).err
    firm.quo.miss_call(ANNA)
    firm.once()
    assert firm.run("audit", "verify", "--head", head).code == 0
    assert "written anew" in firm.run("audit", "verify", "--head", "0" * 64, code=1).err


def test_a_spreadsheet_takes_no_cell_for_a_formula(firm):
    """What begins like a formula is defused in CSV, and every entry is a row."""
    firm.run("pause", "=HYPERLINK(1)")
    change(firm, "UPDATE audit SET actor = '=1+1' WHERE id = 1")
    rows = list(csv.DictReader(firm.run("audit", "export", "--format", "csv").out.splitlines()))

    assert rows[0]["actor"] == "'=1+1"
    assert len(rows) == len(firm.list("audit"))


def test_the_log_is_listed_from_a_time_on(firm):
    """`--since` takes an age or a time; anything else is a usage error."""
    assert firm.run("audit", "list", "--since", "1h", "--json").json == firm.list("audit")
    assert firm.run("audit", "list", "--since", "2126-01-01T00:00:00Z", "--json").json == []
    assert "neither a duration" in firm.run("audit", "list", "--since", "soon", code=64).err
