"""Reloading: what is being written is left alone, what is broken changes nothing, and what is whole is taken over."""

from __future__ import annotations

from dataclasses import MISSING, fields
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from quoflow.loader.folder import load_rules, take_stock
from quoflow.loader.known import Known
from quoflow.runtime import reloading
from quoflow.runtime.engine import Engine
from quoflow.runtime.reloading import Reloader
from quoflow.runtime.rulebook import Rulebook, make_set
from quoflow.settings import Settings
from quoflow.store import rule_versions, tables
from quoflow.store.database import Database

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


class Shop:
    """A folder of rules, and an engine that works with them."""

    def __init__(self, folder):
        self.root, self.folder, self.told = folder, folder / "rules", []
        self.folder.mkdir()
        self.write("a", "one")
        self.database = Database.open(folder / "quoflow.db", clock=lambda: NOW)
        untouched = {one.name: None for one in fields(Engine) if one.default is one.default_factory is MISSING}
        settings = Settings.model_validate({"connections": {"main": {"api_key_env": "MATON_API_KEY"}}})
        parts = {
            "database": self.database,
            "settings": settings,
            "rulebook": Rulebook(make_set(self.load().rules)),
            "clock": lambda: NOW,
            "tell": self.told.append,
        }
        self.engine = Engine(**(untouched | parts))
        self.reloader = Reloader(self.engine, take_stock=self.take_stock, load=self.load, loaded=self.take_stock())

    def write(self, name, text, *, key="notify"):
        words = f"name: {name}\ntrigger: call.missed\nactions: [{{{key}: {text}}}]\n"
        (self.folder / f"{name}.yaml").write_text(words)

    def load(self):
        return load_rules([self.folder], self.root, Known())

    def take_stock(self):
        return take_stock([self.folder], self.root)

    def look(self, times=2):
        """Look so often; give whether any look took something over."""
        return True in [self.reloader.look() for _ in range(times)]

    @property
    def names(self):
        return [rule.name for rule in self.engine.rules]

    @property
    def news(self):
        return [one.text for one in self.told]


@pytest.fixture
def shop(tmp_path):
    opened = Shop(tmp_path)
    yield opened
    opened.database.close()


def test_nothing_is_read_while_nothing_changes(shop):
    """However often it is looked."""
    assert not shop.look(5)
    assert shop.told == []


def test_an_edit_is_taken_over_when_it_has_stood_still(shop):
    """The first look sees it, the second takes it over, whole: rules and index are of one set."""
    shop.write("b", "two")
    shop.write("a", "other")
    first = shop.look(1)
    after_first = list(shop.names)
    present = (shop.look(1), shop.names, shop.engine.find_rule("b") is not None)

    assert (first, after_first) == (False, ["a"])
    assert present == (True, ["a", "b"], True)
    assert shop.news == ["the rules have changed: added b; changed a"]


def test_what_is_still_being_written_is_left_alone(shop):
    """As long as each look finds another state, none is read."""
    for size in range(1, 5):
        shop.write("a", "x" * size, key="notfy")
        assert not shop.look(1)

    assert shop.told == []


def test_a_broken_edit_keeps_the_last_good_set_and_is_told_once(shop):
    """With file, line and column; the good rules beside it are not taken over either, until it is mended."""
    shop.write("b", "two")
    shop.write("c", "three", key="notfy")
    assert not shop.look(5)
    told = shop.news

    assert shop.names == ["a"]
    assert told[0].startswith("an edit of the rules is not taken over, it has 1 error: the rules from before go on")
    assert [text.split(" error")[0] for text in told[1:]] == ["rules/c.yaml:3:12:"]

    shop.write("c", "three")
    assert shop.look()
    assert shop.names == ["a", "b", "c"]


def test_a_folder_that_is_gone_is_broken(shop):
    """It may be a disk that is not there: no rule is taken for deleted."""
    shop.folder.rename(shop.root / "elsewhere")

    assert not shop.look()
    assert shop.names == ["a"]
    assert "there is no such file or folder" in shop.news[1]


def test_the_last_rule_can_be_deleted(shop):
    """An empty folder is no mistake."""
    (shop.folder / "a.yaml").unlink()

    assert shop.look()
    assert (shop.names, shop.news) == ([], ["the rules have changed: removed a"])


def test_each_version_is_recorded(shop):
    """The audit has the change, and the store each rule's document by its version."""
    shop.write("a", "other")
    shop.look()
    with shop.database.read() as tx:
        document = rule_versions.find_document(tx, shop.engine.find_rule("a").version)
        of_rules = tables.audit.c.kind == "configuration.changed"
        changes = tx.scalar(select(func.count()).select_from(tables.audit).where(of_rules))

    assert (document["actions"], changes) == ([{"notify": "other"}], 1)


def test_what_the_disk_does_not_take_is_tried_at_the_next_look(shop):
    """The new rules are at work; what follows from them is made up for."""
    shop.write("a", "other")
    shop.look(1)
    with shop.database.write() as tx:
        tx.exec_driver_sql("ALTER TABLE identity RENAME TO away")
    with pytest.raises(OperationalError):
        shop.look(1)
    with shop.database.write() as tx:
        tx.exec_driver_sql("ALTER TABLE away RENAME TO identity")
    shop.look(1)

    assert shop.reloader.is_settled
    assert shop.news == ["the rules have changed: changed a"]


def test_many_names_are_cut_short():
    """Five of them, and how many more."""
    rules = {f"r{number}": None for number in range(7)}

    assert reloading.describe_change({}, rules) == "added r0, r1, r2, r3, r4 and 2 more"
