"""Folders: which files are read, in which order, and what is never opened."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from quoflow.loader.documents import LARGEST_FILE
from quoflow.loader.folder import Known, Loaded, load_rules

RULE = "name: {}\ntrigger: manual\nactions: [stop]\n"


def write(path: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(RULE.format(name))
    return path


def load(root: Path, *paths: Path) -> Loaded:
    return load_rules(paths or (root,), root, Known())


def list_problems(loaded: Loaded) -> list[tuple[str, str]]:
    return [(problem.file, problem.code) for problem in loaded.problems]


def list_names(loaded: Loaded) -> list[str]:
    return [rule.name for rule in loaded.rules]


def test_rules_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    """*.yaml and *.yml are read, sorted; hidden files, other names and quoflow.yaml are not."""
    for name in ("b.yaml", "a.yml", "c/d.YAML", ".hidden.yaml", ".git/x.yaml", "notes.txt", "quoflow.yaml"):
        write(tmp_path / name, Path(name).stem.strip("."))
    loaded = load(tmp_path)

    assert (list_names(loaded), loaded.problems) == (["a", "b", "d"], ())
    assert [rule.file for rule in loaded.rules] == ["a.yml", "b.yaml", "c/d.YAML"]


def test_several_paths_and_named_files(tmp_path: Path) -> None:
    """Several paths may be given; a file that is named is read whatever its name, and no file twice."""
    first, other = write(tmp_path / "one/a.yaml", "a"), write(tmp_path / "two/b.txt", "b")
    loaded = load(tmp_path, first.parent, other, first, first.parent)

    assert (list_names(loaded), loaded.problems) == (["a", "b"], ())


def test_a_rule_knows_its_file_and_line(tmp_path: Path) -> None:
    """File (relative to the root where it is below it) and line of the document stand in the rule."""
    outside = tmp_path / "outside"
    (tmp_path / "a.yaml").write_text("# first\n" + RULE.format("a") + "---\n\n" + RULE.format("b"))
    here = load(tmp_path, tmp_path)
    there = load(outside, tmp_path)

    assert [(rule.file, rule.line) for rule in here.rules] == [("a.yaml", 2), ("a.yaml", 7)]
    assert [rule.file for rule in there.rules] == [str(tmp_path / "a.yaml")] * 2


def test_a_missing_path_is_told(tmp_path: Path) -> None:
    """A path that is not there is a problem; what is there is read all the same."""
    write(tmp_path / "a.yaml", "a")
    loaded = load(tmp_path, tmp_path / "rules", tmp_path)

    assert (list_names(loaded), list_problems(loaded)) == (["a"], [("rules", "missing-path")])


def test_links_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    """A link to a file or folder outside is not followed; one that stays inside is, once."""
    secret = write(tmp_path / "outside/secret.yaml", "secret")
    rules = tmp_path / "rules"
    write(rules / "a.yaml", "a")
    (rules / "b.yaml").symlink_to(secret)
    (rules / "c").symlink_to(secret.parent)
    (rules / "d.yaml").symlink_to("a.yaml")
    (rules / "e.yaml").symlink_to("nowhere.yaml")
    loaded = load(rules)

    assert list_names(loaded) == ["a"]
    assert list_problems(loaded) == [("b.yaml", "symlink"), ("c", "symlink"), ("e.yaml", "symlink")]


def test_links_that_lead_back_are_refused(tmp_path: Path) -> None:
    """Folders that hold themselves, and links that hold each other, end."""
    write(tmp_path / "a/b/c.yaml", "c")
    (tmp_path / "a/b/up").symlink_to("..")
    (tmp_path / "x.yaml").symlink_to("y.yaml")
    (tmp_path / "y.yaml").symlink_to("x.yaml")
    loaded = load(tmp_path)

    assert (list_names(loaded), list_problems(loaded)) == (
        ["c"],
        [("a/b/up", "symlink"), ("x.yaml", "symlink"), ("y.yaml", "symlink")],
    )


def test_the_named_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    """Who writes the configuration may point it anywhere."""
    write(tmp_path / "real/a.yaml", "a")
    (tmp_path / "rules").symlink_to("real")

    assert list_names(load(tmp_path, tmp_path / "rules")) == ["a"]


def test_pipes_and_sockets_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A FIFO would wait for ever; it and sockets are told of, named directly or found."""
    os.mkfifo(tmp_path / "a.yaml")
    monkeypatch.chdir(tmp_path)  # a socket's path may have no more than 108 bytes
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("b.yaml")
        loaded = load(tmp_path, tmp_path, tmp_path / "a.yaml", Path("/dev/null"))

    assert list_problems(loaded) == [
        ("/dev/null", "not-a-file"),
        ("a.yaml", "not-a-file"),
        ("a.yaml", "not-a-file"),
        ("b.yaml", "not-a-file"),
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_files_and_folders_are_told(tmp_path: Path) -> None:
    """What may not be read is a problem; the rest is read."""
    write(tmp_path / "a.yaml", "a").chmod(0)
    write(tmp_path / "b/c.yaml", "c").parent.chmod(0)
    loaded = load(tmp_path)
    (tmp_path / "b").chmod(0o700)

    assert list_problems(loaded) == [("a.yaml", "unreadable"), ("b", "unreadable")]


def test_a_path_through_a_file_is_told(tmp_path: Path) -> None:
    """A path that cannot be looked at is a problem with the system's reason, not a traceback."""
    file = write(tmp_path / "a.yaml", "a")
    loaded = load(tmp_path, file / "b.yaml", tmp_path / "nul\0.yaml")

    assert [code for _, code in list_problems(loaded)] == ["unreadable", "unreadable"]


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    """A sparse file of a gigabyte is one problem, at once."""
    with (tmp_path / "a.yaml").open("wb") as stream:
        stream.truncate(1_000 * LARGEST_FILE)

    assert list_problems(load(tmp_path)) == [("a.yaml", "too-large")]


def test_names_that_are_not_utf8_are_shown(tmp_path: Path) -> None:
    """A file's name that is not UTF-8 can be printed."""
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.yaml")).write_text("- x\n")
    loaded = load(tmp_path)

    assert [problem.file.encode() for problem in loaded.problems] == ["caf\ufffd.yaml".encode()]


def test_deep_folders_end(tmp_path: Path) -> None:
    """Folders nested beyond 20 are a problem, not a recursion."""
    write(tmp_path.joinpath(*["d"] * 25) / "a.yaml", "a")

    assert [code for _, code in list_problems(load(tmp_path))] == ["too-deep"]


def test_duplicate_names_name_both_places(tmp_path: Path) -> None:
    """Of two rules with one name the first is kept, and the problem names both places."""
    write(tmp_path / "a.yaml", "same")
    write(tmp_path / "b.yaml", "same")
    loaded = load(tmp_path)

    assert [rule.file for rule in loaded.rules] == ["a.yaml"]
    assert [(one.file, one.line, one.code, "a.yaml:1" in one.message) for one in loaded.problems] == [
        ("b.yaml", 1, "duplicate-name", True)
    ]


def test_problems_are_sorted(tmp_path: Path) -> None:
    """Problems come by file, line and column."""
    for name in ("b", "a"):
        (tmp_path / f"{name}.yaml").write_text("name: x y\nfoo: bar\ntrigger: a\nactions: [stop]\n")
    places = [(one.file, one.line, one.column) for one in load(tmp_path).problems]

    assert places == sorted(places)
    assert len(places) == 6
