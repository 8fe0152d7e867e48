"""Who and what a workspace has: phone numbers and users."""

from __future__ import annotations

from typing import Any

from quoflow.core import phones
from quoflow.sandbox.exchange import FieldProblem, Refused, Reply, answer_data
from quoflow.sandbox.queries import USER_ID
from quoflow.sandbox.session import Routes, Session
from quoflow.sandbox.world import Line, User

_OPEN = {"US": "unrestricted", "CA": "unrestricted", "Intl": "unrestricted"}


def write_line(session: Session, line: Line) -> dict[str, Any]:  # JSON
    """Write a phone number as the API shows it."""
    users = [session.world.users[user_id] for user_id in line.user_ids]
    row = {
        "id": line.id,
        "groupId": f"GR{line.id[2:]}",
        "number": line.number,
        "formattedNumber": phones.format_phone(line.number, "US"),
        "name": line.name,
        "symbol": None,
        "forward": None,
        "portRequestId": None,
        "portingStatus": None,
        "users": [{**_write_person(user), "groupId": f"GR{line.id[2:]}"} for user in users],
        "restrictions": {"messaging": line.messaging.model_dump(), "calling": _OPEN},
        "createdAt": session.writer.stamp(line.created_at, line.id),
        "updatedAt": session.writer.stamp(line.created_at, line.id),
    }
    return session.writer.row(row, ("symbol", "forward", "portRequestId", "portingStatus"))


def write_user(session: Session, user: User) -> dict[str, Any]:  # JSON
    """Write a user as the API shows it."""
    row = {
        **_write_person(user),
        "createdAt": session.writer.stamp(user.created_at, user.id),
        "updatedAt": session.writer.stamp(user.created_at, user.id),
    }
    return session.writer.row(row, ("firstName", "lastName"))


def _write_person(user: User) -> dict[str, Any]:  # JSON
    return {
        "id": user.id,
        "email": user.email,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "role": user.role,
    }


def _list_lines(session: Session) -> Reply:
    params = session.params
    user_id = params.text("userId", USER_ID)
    params.check()
    lines = session.world.lines.values()
    return answer_data([write_line(session, line) for line in lines if user_id is None or user_id in line.user_ids])


def _list_users(session: Session) -> Reply:
    return session.page(list(session.world.users.values()), session.params, most=50, write=write_user)


def _get_user(session: Session) -> Reply:
    user_id = session.words[0]
    if not user_id.startswith("US"):
        problem = FieldProblem("/userId", "Expected string to match '^US(.*)$'")
        raise Refused(400, "The id is not valid", problems=[problem])
    user = session.world.users.get(user_id)
    if user is None:
        raise Refused(404, f"User {user_id} not found")
    return answer_data(write_user(session, user))


ROUTES: Routes = {
    ("GET", "phone-numbers", 0): _list_lines,
    ("GET", "users", 0): _list_users,
    ("GET", "users", 1): _get_user,
}
