"""Tags: merged into the contact, nothing else of it lost, and done once however often."""

from __future__ import annotations

import json

import pytest

from quoflow.actions import tags
from quoflow.quo import contacts, errors, images


def payload(contact_id="CT1", *, add=(), remove=(), field="tags"):
    return {"contact_id": contact_id, "field": field, "add": list(add), "remove": list(remove)}


def ignore(before, wanted):
    del before, wanted


def read(office, contact_id="CT1"):
    contact = office.sandbox.world.contacts[contact_id]
    fields = {item["key"]: item["value"] for item in contact.custom_fields}
    numbers = [item["value"] for item in contact.default_fields["phoneNumbers"]]
    emails = [item["value"] for item in contact.default_fields["emails"]]
    return fields, numbers, emails


def find(office, wanted):
    return tuple(tags.find_tags(wanted, office.quo, since=office.time))


def test_a_tag_is_merged_and_everything_else_is_kept(office):
    """Phones, e-mails and other fields survive a PATCH that would delete what it leaves out."""
    done = tags.tag_contact(payload(add=["missed"], remove=["lead"]), office.quo, ignore)

    fields, numbers, emails = read(office)
    assert fields == {"tags": ["customer", "missed"], "note": "back door"}
    assert (numbers, emails) == (["+15555550111", "+15555550112"], ["anna@example.com", "a@example.com"])
    assert done.outcome == {"changed": True, "tags": ["customer", "missed"], "conflict": []}
    assert done.message_id is None


def test_a_tag_that_is_there_writes_nothing(office):
    """Doing it twice is doing it once: the second time nothing is sent."""
    done = tags.tag_contact(payload(add=["customer"], remove=["lead"]), office.quo, ignore)

    assert (done.outcome["changed"], office.posts) == (False, [])


def test_a_contact_without_the_field_gets_it(office):
    """A contact that never had a tag can be given one."""
    tags.tag_contact(payload("CT2", add=["lead"]), office.quo, ignore)

    assert read(office, "CT2")[0] == {"tags": ["lead"]}


def test_the_ids_of_what_is_kept_go_along(office):
    """The body names the items by their ids, so that they stay the same items."""
    tags.tag_contact(payload(add=["missed"]), office.quo, ignore)

    body = json.loads(office.posts[0]["body"])
    assert all(item["id"] for item in body["defaultFields"]["phoneNumbers"] + body["defaultFields"]["emails"])


def test_a_missing_field_says_how_to_make_it(office):
    """Where the workspace has no such property, the error says where to make it, and nothing is written."""
    with pytest.raises(errors.TagFieldMissing) as caught:
        tags.tag_contact(payload("CT2", add=["x"], field="labels"), office.quo, ignore)

    assert "`labels`" in caught.value.message
    assert "multi-select" in caught.value.hint
    assert office.posts == []


def test_tags_that_are_set_are_found(office):
    """After an uncertain write, the contact itself says whether it was done."""
    wanted = payload(add=["missed"], remove=["customer"])
    assert find(office, wanted) == ()

    tags.tag_contact(wanted, office.quo, ignore)

    (found,) = find(office, wanted)
    assert found.outcome["tags"] == ["missed"]


@pytest.mark.parametrize("wanted", [payload(add=["customer", "vip"]), payload(add=["customer"], remove=["customer"])])
def test_tags_that_are_half_set_are_not_found(office, wanted):
    """One tag is there, another is missing or should be gone: the write was not done."""
    assert find(office, wanted) == ()


def test_both_images_are_kept_before_the_write_leaves(office):
    """When the images cannot be kept nothing is written; when they are, they are what was there and what is wanted."""
    kept = []

    def keep(before, wanted):
        kept.append([images.read_image(one) for one in (before, wanted)])
        assert office.posts == []
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk"):
        tags.tag_contact(payload(add=["missed"]), office.quo, keep)

    assert office.posts == []
    ((before, wanted),) = kept
    assert contacts.read_tags(before, "tags") == ("customer",)
    assert contacts.read_tags(wanted, "tags") == ("customer", "missed")


def test_nothing_is_kept_where_nothing_changes(office):
    """A tag that is there already makes no entry that an undo could take for ours."""
    kept = []
    tags.tag_contact(payload(add=["customer"]), office.quo, lambda *images: kept.append(images))

    assert kept == []


def test_a_conflict_stands_in_the_outcome(office):
    """Somebody takes our tag away before we read back: the outcome says so, with the contact as it then was."""
    handle = office.sandbox.handle

    def interfere(request):
        reply = handle(request)
        if request.method == "PATCH":
            (field,) = [one for one in office.sandbox.world.contacts["CT1"].custom_fields if one["key"] == "tags"]
            field["value"] = ["customer", "theirs"]
        return reply

    office.sandbox.handle = interfere
    done = tags.tag_contact(payload(add=["missed"]), office.quo, ignore)

    assert done.conflict == ("custom field `tags` is different",)
    assert done.outcome == {"changed": True, "tags": ["customer", "theirs"], "conflict": list(done.conflict)}
    assert contacts.read_tags(images.read_image(done.after), "tags") == ("customer", "theirs")
