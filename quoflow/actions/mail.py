"""Notifications by mail: one message to a provider's server, and what its answer proves.

Until the server is given the words, nothing was sent. It takes them over with a 2xx after the last one (RFC 5321,
section 4.2.5): what breaks between proves nothing.
"""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses, parseaddr

import httpx

from quoflow.actions.errands import Errand, NoAddress, Outside
from quoflow.actions.outgoing import WITHIN, describe
from quoflow.actions.results import HOLD, Done, Failure
from quoflow.core.outside_settings import SmtpTarget

LONGEST_SUBJECT = 200


def deliver(errand: Errand, target: SmtpTarget, outside: Outside) -> Done | Failure:
    """Send a notification as one mail, once, and say what came of it."""
    message = build_message(errand, target)
    try:
        server = open_session(target, outside)
    except (NoAddress, smtplib.SMTPException, OSError) as error:
        return Failure("hold", _explain(target, error), HOLD, errand.scope)
    try:
        _address(server, target)
        if errand.lease is not None and errand.lease.measure_delay() is not None:
            return Failure("retry", "not sent: too much time lies between the guards' yes and now")
        return _hand_over(server, message, target, errand)
    except (smtplib.SMTPException, OSError) as error:
        return Failure("hold", _explain(target, error), HOLD, errand.scope)
    finally:
        server.close()


def probe(target: SmtpTarget, outside: Outside) -> None:
    """Log in to a target's server and leave again. Raises NoAddress with the reason when that cannot be done."""
    try:
        server = open_session(target, outside)
    except (smtplib.SMTPException, OSError) as error:
        raise NoAddress(_explain(target, error)) from error
    with suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()


def build_message(errand: Errand, target: SmtpTarget) -> EmailMessage:
    """Build the mail: subject and words as they are, in one line and in plain text."""
    message = EmailMessage(policy=SMTP)
    message["From"] = target.from_
    message["To"] = ", ".join(target.to)
    message["Subject"] = flatten(errand.subject)
    message["Date"] = format_datetime(errand.now)
    message["Message-ID"] = f"<{errand.key}@{_find_domain(target)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{errand.text}\n")
    return message


def flatten(text: str) -> str:
    """Make a text one line that can stand in a header: no breaks, no control characters, 200 characters at most."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:LONGEST_SUBJECT]


def open_session(target: SmtpTarget, outside: Outside) -> smtplib.SMTP:
    """Connect to a target's server, by TLS, and log in.

    Raises:
        NoAddress: its password is not there, or its certificates cannot be read.
        SMTPException, OSError: it cannot be reached, or does not let us in.
    """
    password = outside.read_password(target)
    name, port = _find_domain(target), target.real_port
    if target.security == "tls":
        context = _make_context(target, outside)
        server: smtplib.SMTP = smtplib.SMTP_SSL(target.host, port, name, timeout=WITHIN, context=context)
    else:
        server = smtplib.SMTP(target.host, port, name, timeout=WITHIN)
    try:
        if target.security == "starttls":
            server.starttls(context=_make_context(target, outside))
        server.ehlo_or_helo_if_needed()
        if target.user and password:
            server.login(target.user, password)
    except (smtplib.SMTPException, OSError, NoAddress):
        server.close()
        raise
    return server


def _make_context(target: SmtpTarget, outside: Outside) -> ssl.SSLContext:
    if target.ca_file is None:
        return httpx.create_ssl_context()
    path = outside.keys.root / target.ca_file
    try:
        return ssl.create_default_context(cafile=path)
    except (OSError, ValueError) as error:
        raise NoAddress(f"its certificates {path} cannot be read ({describe(error)})") from None


def _address(server: smtplib.SMTP, target: SmtpTarget) -> None:
    """Say who it is from and to. Raises SMTPException when the server does not take all of them."""
    _, sender = parseaddr(target.from_)
    code, said = server.mail(sender)
    if code != 250:
        raise smtplib.SMTPSenderRefused(code, said, sender)
    for _, recipient in getaddresses(target.to):
        code, said = server.rcpt(recipient)
        if code not in (250, 251):
            raise smtplib.SMTPRecipientsRefused({recipient: (code, said)})


def _hand_over(server: smtplib.SMTP, message: EmailMessage, target: SmtpTarget, errand: Errand) -> Done | Failure:
    try:
        code, said = server.data(message.as_bytes())
    except smtplib.SMTPDataError as error:  # it does not even want to hear it
        return Failure("hold", _explain(target, error), HOLD, errand.scope)
    except (smtplib.SMTPException, OSError) as error:
        return Failure("uncertain", f"{_explain(target, error)}; nobody knows whether it took the mail")
    if 200 <= code < 300:
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        return Done()
    reason = f"{target.host} did not take the mail: {code} {_decode(said)}"
    return Failure("hold", reason, HOLD, errand.scope) if code < 500 else Failure("fail", reason)


def _find_domain(target: SmtpTarget) -> str:
    return parseaddr(target.from_)[1].rpartition("@")[2]


def _explain(target: SmtpTarget, error: Exception) -> str:
    """Say what went wrong, without a word of what was sent: no password, no recipient."""
    if isinstance(error, NoAddress):
        return str(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return f"{target.host} refuses the recipient: {code} {_decode(said)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{target.host} answered {error.smtp_code} {_decode(error.smtp_error)}"
    return f"{target.host} could not be reached ({describe(error)})"


def _decode(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return flatten(text)
