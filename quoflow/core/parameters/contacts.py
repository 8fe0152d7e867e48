"""Steps that change contacts. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, model_validator

from quoflow.core.parameters.base import Parameters, Template, Templates, Texts

WHOSE = "Whose: a contact's id or number; the event's contact unless said."


class TagContact(Parameters):
    """Add or remove tags: options of the multi-select custom field named in the configuration."""

    contact: Template | None = Field(None, description=WHOSE)
    add: Templates = Field((), description="A tag or a list of tags to add.")
    remove: Templates = Field((), description="A tag or a list of tags to remove.")

    @model_validator(mode="after")
    def _says_something(self) -> TagContact:
        if not self.add and not self.remove:
            raise ValueError("say which tags to `add` or to `remove`")
        return self


class ContactFields(Parameters):
    """What a step may write of a contact. What comes out empty is left as it is."""

    first_name: Template | None = Field(None, description="Their first name.")
    last_name: Template | None = Field(None, description="Their last name.")
    company: Template | None = Field(None, description="Their company.")
    role: Template | None = Field(None, description="Their role there.")
    emails: Templates = Field((), description="An e-mail address or a list of them to add; those that are there stay.")
    phones: Templates = Field((), description="A number or a list of them to add; those that are there stay.")
    fields: Mapping[str, Templates] = Field(
        {}, description="Values of contact properties, by key or name; each must fit its property's type."
    )


class UpdateContact(ContactFields):
    """Change a contact: only what is named, everything else of it stays."""

    contact: Template | None = Field(None, description=WHOSE)
    remove_emails: Templates = Field((), description="An e-mail address or a list of them to take out.")
    remove_phones: Templates = Field((), description="A number or a list of them to take out.")
    clear: Texts = Field(
        (), description="Fields to empty: last_name, company, role, or contact properties by key or name."
    )

    @model_validator(mode="after")
    def _says_something(self) -> UpdateContact:
        if not self.model_fields_set - {"contact"}:
            raise ValueError("say what to change, such as `company` or `fields`")
        return self


class DeleteContact(Parameters):
    """Delete a contact. A person is always asked, unless the configuration lets this rule do it alone."""

    contact: Template | None = Field(None, description=WHOSE)


class _NewContact(ContactFields):
    """What a contact may be made with. Without numbers it gets the event's."""

    external_id: Template | None = Field(
        None, description="Their id in another system, 1 to 75 characters; made from rule and event unless said."
    )
    source: Template | None = Field(
        None, description="Where they come from, for people who look at them in Quo; 1 to 72 characters."
    )


class CreateContact(_NewContact):
    """Make a contact, once, whatever happens; whoever is there already is left as they are."""


class UpsertContact(_NewContact):
    """Change the contact with this external id or number, or make one where there is none."""
