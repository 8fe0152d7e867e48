"""Quo's API v1 as typed synchronous methods: one for each endpoint, the same through Maton and directly."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from quoflow.quo import errors, query, wire
from quoflow.quo.transport import Lease, Transport

LARGE_PAGE = 100  # the most that messages, calls and conversations allow
SMALL_PAGE = 50  # the most that users and contacts allow
MOST_PAGES = 10_000

ConversationState = Literal["done", "open", "read"]

M = TypeVar("M", bound=BaseModel)


class Quo:
    """One workspace's API. Lists are iterators that ask page by page while they are read.

    Every method raises `errors.QuoError`; those that write raise it as `errors.NotSentError` or `errors.Ambiguous`.

    Args:
        transport: how requests are made.
        on_skipped: told of every item of a list that could not be read; the others are given all the same.
        most_pages: where a list that does not end is cut off with an error.
        lease: when a write is too late to be sent; see the method `lease`.

    Attributes:
        warnings: the last hundred unreadable items.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        on_skipped: Callable[[wire.Skipped], None] | None = None,
        most_pages: int = MOST_PAGES,
        lease: Lease | None = None,
    ) -> None:
        self.transport = transport
        self.warnings: deque[wire.Skipped] = deque(maxlen=100)
        self._on_skipped = on_skipped
        self._most_pages = most_pages
        self._lease = lease

    def lease(self, seconds: float) -> Quo:
        """Give the same client for writes that must leave within so many seconds from now on.

        What would leave later is refused with `errors.LeaseOver`: then provably nothing was sent.
        """
        begun = Lease(self.transport.clock, self.transport.clock(), seconds)
        return Quo(self.transport, on_skipped=self._warn, most_pages=self._most_pages, lease=begun)

    @property
    def begun_lease(self) -> Lease | None:
        """Give the lease that writes of this client are under; None without one."""
        return self._lease

    @property
    def clock_skew(self) -> timedelta | None:
        """Give the server's clock minus ours at the last answer, to about a second; None before the first."""
        return self.transport.clock_skew

    def read_time(self) -> datetime | None:
        """Give Quo's time, to about a second, whatever our own clock says; None before the first answer."""
        return self.transport.read_server_time()

    # Lines and people

    def list_phone_numbers(self, user_id: str | None = None) -> Iterator[wire.PhoneNumber]:
        """Give our lines. Not paginated by Quo; `maxResults` is not among its parameters."""
        return self._walk(wire.PhoneNumber, "/v1/phone-numbers", {"userId": user_id})

    def list_users(self) -> Iterator[wire.User]:
        """Give the members of the workspace."""
        return self._walk(wire.User, "/v1/users", {"maxResults": SMALL_PAGE})

    def get_user(self, user_id: str) -> wire.User:
        """Give one member (US…)."""
        return self._get(wire.User, "users", user_id)

    # Messages

    def send_message(self, body: Mapping[str, Any]) -> wire.Message:
        """Send a text, exactly one try: `{"content", "from", "to": [number], "userId"?, "setInboxStatus"?}`.

        Raises:
            errors.NotSentError: when provably nothing was sent.
            errors.Ambiguous: when it may have been; also when the answer names no message.
        """
        return self._send(wire.Message, "POST", "/v1/messages", body)

    def list_messages(
        self,
        phone_number_id: str,
        participants: Iterable[str],
        *,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        user_id: str | None = None,
    ) -> Iterator[wire.Message]:
        """Give one conversation's texts, newest first: our line (PN…) with these numbers (E.164)."""
        params: query.Params = {
            "phoneNumberId": phone_number_id,
            "participants": tuple(participants),
            "userId": user_id,
            "createdAfter": created_after,
            "createdBefore": created_before,
            "maxResults": LARGE_PAGE,
        }
        return self._walk(wire.Message, "/v1/messages", params)

    def get_message(self, message_id: str) -> wire.Message:
        """Give one text (AC…)."""
        return self._get(wire.Message, "messages", message_id)

    # Calls and what is made of them

    def list_calls(
        self,
        phone_number_id: str,
        participant: str,
        *,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        user_id: str | None = None,
    ) -> Iterator[wire.Call]:
        """Give the calls between our line (PN…) and one number (E.164), newest first; Quo takes exactly one."""
        params: query.Params = {
            "phoneNumberId": phone_number_id,
            "participants": (participant,),
            "userId": user_id,
            "createdAfter": created_after,
            "createdBefore": created_before,
            "maxResults": LARGE_PAGE,
        }
        return self._walk(wire.Call, "/v1/calls", params)

    def get_call(self, call_id: str) -> wire.Call:
        """Give one call (AC…)."""
        return self._get(wire.Call, "calls", call_id)

    def get_recordings(self, call_id: str) -> tuple[wire.Recording, ...]:
        """Give a call's recordings; empty until they are made."""
        return tuple(self._walk(wire.Recording, query.build_path("v1", "call-recordings", call_id), {}))

    def get_summary(self, call_id: str) -> wire.Summary:
        """Give a call's summary; errors.NotFound until it is made."""
        return self._get(wire.Summary, "call-summaries", call_id)

    def get_transcript(self, call_id: str) -> wire.Transcript:
        """Give a call's transcript; errors.NotFound until it is made."""
        return self._get(wire.Transcript, "call-transcripts", call_id)

    def get_voicemail(self, call_id: str) -> wire.Voicemail:
        """Give a call's voicemail; errors.NotFound until it is made."""
        return self._get(wire.Voicemail, "call-voicemails", call_id)

    # Contacts

    def list_contacts(
        self,
        *,
        external_ids: Iterable[str] = (),
        sources: Iterable[str] = (),
        skipped: list[wire.Skipped] | None = None,
    ) -> Iterator[wire.Contact]:
        """Give contacts, all or by external id and source; Quo cannot look one up by number or name.

        What could not be read is put into `skipped`: who is missing from the list may be among it.
        """
        params: query.Params = {
            "externalIds": tuple(external_ids),
            "sources": tuple(sources),
            "maxResults": SMALL_PAGE,
        }
        return self._walk(wire.Contact, "/v1/contacts", params, skipped)

    def get_contact(self, contact_id: str) -> wire.Contact:
        """Give one contact."""
        return self._get(wire.Contact, "contacts", contact_id)

    def create_contact(self, body: Mapping[str, Any]) -> wire.Contact:
        """Create a contact; errors.Conflict when its external id is taken."""
        return self._send(wire.Contact, "POST", "/v1/contacts", body)

    def patch_contact(self, contact_id: str, body: Mapping[str, Any]) -> wire.Contact:
        """Patch a contact with `body` as it stands; arrays it leaves out are deleted: see `contacts.change_contact`."""
        return self._send(wire.Contact, "PATCH", query.build_path("v1", "contacts", contact_id), body)

    def delete_contact(self, contact_id: str) -> None:
        """Delete a contact; errors.NotFound when it is gone already."""
        self._write("DELETE", query.build_path("v1", "contacts", contact_id))

    def list_custom_fields(self) -> Iterator[wire.CustomFieldDefinition]:
        """Give the workspace's custom contact properties; they are made in the Quo app only."""
        return self._walk(wire.CustomFieldDefinition, "/v1/contact-custom-fields", {})

    # Conversations

    def list_conversations(
        self,
        *,
        phone_numbers: Iterable[str] = (),
        updated_after: datetime | None = None,
        updated_before: datetime | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        exclude_inactive: bool | None = None,
        user_id: str | None = None,
    ) -> Iterator[wire.Conversation]:
        """Give the conversations, the most recent activity first; `phone_numbers` holds lines, PN… or E.164."""
        params: query.Params = {
            "phoneNumbers": tuple(phone_numbers),
            "userId": user_id,
            "createdAfter": created_after,
            "createdBefore": created_before,
            "updatedAfter": updated_after,
            "updatedBefore": updated_before,
            "excludeInactive": exclude_inactive,
            "maxResults": LARGE_PAGE,
        }
        return self._walk(wire.Conversation, "/v1/conversations", params)

    def mark_conversation(self, conversation_id: str, state: ConversationState) -> None:
        """Mark a conversation done, open or read; errors.NotFound also where the workspace lacks the endpoint."""
        self._write("POST", query.build_path("v1", "conversations", conversation_id, f"mark-as-{state}"))

    # Anything else, to look at

    def get_raw(self, target: str, params: Iterable[tuple[str, str]] = ()) -> Any:
        """GET a path that a person typed, such as `/v1/contacts?maxResults=5`, and give its JSON as it is.

        Give the query with the path: a `+` in it stays a plus. `params` are further pairs, decoded already.

        Raises:
            UsageError: when it is no path of the API.
        """
        path, typed = query.split_target(target)
        for name, value in params:
            typed.setdefault(name.removesuffix("[]"), []).append(value)
        return self.transport.get_json(path, typed)

    def _get(self, model: type[M], family: str, item_id: str) -> M:
        path = query.build_path("v1", family, item_id)
        return self._parse(model, path, self.transport.get_json(path))

    def _send(self, model: type[M], method: str, path: str, body: Mapping[str, Any]) -> M:
        return self._parse(model, path, self._write(method, path, body))

    def _write(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # JSON
        return self.transport.send_json(method, path, body, lease=self._lease)

    def _parse(self, model: type[M], path: str, answer: object) -> M:
        try:
            return wire.parse_item(model, answer)
        except ValueError as error:
            raise errors.Unreadable(f"{errors.clean_text(path)}: the answer holds {error}") from None

    def _walk(
        self, model: type[M], path: str, params: query.Params, unread: list[wire.Skipped] | None = None
    ) -> Iterator[M]:
        seen: set[str] = set()
        token: str | None = None
        for _ in range(self._most_pages):
            answer = self.transport.get_json(path, {**params, "pageToken": token})
            try:
                page = wire.parse_page(model, answer)
            except ValueError as error:
                raise errors.Unreadable(f"{errors.clean_text(path)}: the answer holds {error}") from None
            for skipped in page.skipped:
                self._warn(skipped)
            if unread is not None:
                unread += page.skipped
            yield from page.items
            token = page.next_token
            if token is None:
                return
            if token in seen:
                raise errors.PagingError(f"{path}: Quo gives the same page token twice, the list has no end")
            seen.add(token)
        raise errors.PagingError(f"{path}: the list is longer than {self._most_pages} pages", "Narrow it down")

    def _warn(self, skipped: wire.Skipped) -> None:
        self.warnings.append(skipped)
        if self._on_skipped is not None:
            self._on_skipped(skipped)
