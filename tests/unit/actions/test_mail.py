"""Mail: one real SMTP session over loopback; TLS and login; and what each answer of the server proves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from quoflow.actions import mail
from quoflow.actions.errands import Errand, NoAddress, Outside
from quoflow.actions.keys import Keys
from quoflow.actions.outgoing import Way
from quoflow.actions.results import Done
from quoflow.core.outside_settings import SmtpTarget
from quoflow.quo.lease import Lease

from .mailroom import PEM, MailServer

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
WORDS = {"to": "owner", "rule": "refunds", "text": "Refund asked by Anna\n– call her"}


@pytest.fixture
def make_server():
    running = []

    def start(**options):
        running.append(MailServer(**options))
        return running[-1]

    yield start
    for one in running:
        one.close()


def target(server, **options):
    written = {"host": "127.0.0.1", "port": server.port, "security": server.tls, "from": "Pipes <phone@pipes.example>"}
    return SmtpTarget.model_validate({**written, "to": ["owner@pipes.example", "joe@pipes.example"], **options})


def deliver(server, *, environ=None, lease=None, payload=WORDS, **options):
    keys = Keys(environ or {}, PEM.parent)
    outside = Outside({}, keys, Way(lambda *_: (), lambda: 0.0))
    errand = Errand(payload=payload, key="step1", now=NOW, lease=lease)
    return mail.deliver(errand, target(server, **options), outside)


def test_a_mail_is_sent_once_to_everybody(make_server):
    """One mail with subject, words, date, an id of its own, and a mark that no machine should answer it."""
    server = make_server()
    done = deliver(server)

    assert done == Done()
    (sent,) = server.parsed
    assert sent.get_content().replace("\r\n", "\n") == "Refund asked by Anna\n– call her\n"
    assert {name: str(sent[name]) for name in ("From", "To", "Subject", "Message-ID", "Auto-Submitted")} == {
        "From": "Pipes <phone@pipes.example>",
        "To": "owner@pipes.example, joe@pipes.example",
        "Subject": "quoflow: refunds",
        "Message-ID": "<step1@pipes.example>",
        "Auto-Submitted": "auto-generated",
    }
    assert str(sent["Date"]) == "Tue, 24 Nov 2026 15:00:00 +0000"
    assert [one for one in server.commands if one.upper().startswith("RCPT")] == [
        "rcpt TO:<owner@pipes.example>",
        "rcpt TO:<joe@pipes.example>",
    ]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_password_goes_through_tls_only(make_server, tls):
    """The session is encrypted before the login; the certificate must be one that is trusted."""
    server = make_server(tls=tls)
    login = {"user": "phone", "password_env": "PW"}
    done = deliver(server, environ={"PW": "s3cret"}, ca_file="loopback.pem", **login)
    refused = deliver(server, environ={"PW": "s3cret"}, **login)

    assert done == Done()
    assert server.logins == [["phone", "s3cret"]]
    assert (refused.what, "certificate verify failed" in refused.reason) == ("hold", True)


def test_a_subject_holds_no_second_header(make_server):
    """Line breaks and control characters of a customer's words end up as blanks in one line."""
    server = make_server()
    nasty = "Hi\r\nBcc: victim@example.com\r\n\r\nbody\x00\u202e"
    deliver(server, payload={**WORDS, "subject": nasty, "text": "a\n.\nQUIT\n"})

    (sent,) = server.parsed
    assert sent["Bcc"] is None
    assert str(sent["Subject"]) == "Hi Bcc: victim@example.com body"
    assert sent.get_content().replace("\r\n", "\n") == "a\n.\nQUIT\n\n"


@pytest.mark.parametrize(
    ("moods", "what", "words"),
    [
        ({"MAIL": "550 not you"}, "hold", "answered 550 not you"),
        ({"RCPT": "550 no such user"}, "hold", "refuses the recipient: 550 no such user"),
        ({"RCPT": "451 later"}, "hold", "451 later"),
        ({"DATA": "452 full"}, "hold", "answered 452 full"),
        ({"DATA": "drop"}, "uncertain", "nobody knows"),
        ({"end": "452 full"}, "hold", "did not take the mail: 452 full"),
        ({"end": "554 looks like spam"}, "fail", "did not take the mail: 554 looks like spam"),
        ({"end": "drop"}, "uncertain", "nobody knows whether it took the mail"),
    ],
)
def test_what_each_answer_proves(make_server, moods, what, words):
    """Before the words are handed over nothing was sent; what breaks while they are proves nothing."""
    failure = deliver(make_server(**moods))

    assert (failure.what, words in failure.reason) == (what, True), failure
    assert failure.scope == ("notify:owner" if what == "hold" else None)


def test_a_login_that_is_refused_holds_the_target(make_server):
    """The password is not in the reason."""
    server = make_server(tls="starttls", AUTH="535 wrong")
    login = {"user": "phone", "password_env": "PW", "ca_file": "loopback.pem"}
    failure = deliver(server, environ={"PW": "s3cret"}, **login)

    assert (failure.what, failure.scope) == ("hold", "notify:owner")
    assert "535" in failure.reason
    assert "s3cret" not in failure.reason


def test_nobody_there_and_no_password_hold_the_target(make_server):
    """A server that is down and a variable that is not set are mended by a person; until then nothing is lost."""
    server = make_server()
    server.close()
    login = {"user": "phone", "password_env": "PW", "security": "starttls"}
    down, missing = deliver(server), deliver(server, **login)

    assert (down.what, "could not be reached" in down.reason) == ("hold", True)
    assert missing.reason == "its password is missing: the environment variable PW is not set"


def test_a_mail_past_its_lease_is_not_sent(make_server):
    """Too long after the guards' yes: nothing is handed over, and they are asked again."""
    server = make_server()
    failure = deliver(server, lease=Lease(lambda: 31.0, 0.0, 30.0))

    assert failure.what == "retry"
    assert server.mails == []
    assert "data" not in server.commands


def test_a_probe_logs_in_and_sends_nothing(make_server):
    """What `doctor` asks: the server lets us in, and no mail is begun; what is wrong is told without the password."""
    login = {"user": "phone", "password_env": "PW", "ca_file": "loopback.pem"}
    good, bad = make_server(tls="starttls"), make_server(tls="starttls", AUTH="535 wrong")
    outside = Outside({}, Keys({"PW": "s3cret"}, PEM.parent), Way(lambda *_: (), lambda: 0.0))
    mail.probe(target(good, **login), outside)
    with pytest.raises(NoAddress) as caught:
        mail.probe(target(bad, **login), outside)

    assert good.logins == [["phone", "s3cret"]]
    assert not [one for one in good.commands if one.split()[0].upper() in {"MAIL", "RCPT", "DATA"}]
    assert "535" in str(caught.value)
    assert "s3cret" not in str(caught.value)
