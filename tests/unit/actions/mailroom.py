"""A mail server on loopback for tests: real SMTP with TLS and a login, and a mood for each stage."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from contextlib import ExitStack, suppress
from email import message_from_bytes
from email.policy import default
from pathlib import Path

PEM = Path(__file__).parents[2] / "data" / "loopback.pem"


class MailServer:
    """Takes mails, and keeps them. `moods` maps a stage (MAIL, RCPT, DATA, end, AUTH) to an answer, or to `drop`."""

    def __init__(self, *, tls="none", **moods):
        self.tls, self.moods = tls, moods
        self.mails, self.logins, self.commands = [], [], []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def parsed(self):
        return [message_from_bytes(one, policy=default) for one in self.mails]

    def close(self):
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with ExitStack() as opened, suppress(OSError):
                opened.enter_context(connection)
                self._talk(self._encrypt(connection, opened) if self.tls == "tls" else connection, opened)

    def _encrypt(self, connection, opened):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(PEM)
        return opened.enter_context(context.wrap_socket(connection, server_side=True))

    def _talk(self, connection, opened):
        lines = opened.enter_context(connection.makefile("rb"))

        def say(text):
            connection.sendall(f"{text}\r\n".encode())

        say("220 mail ready")
        while line := lines.readline():
            word = line.split()[0].upper().decode()
            self.commands.append(line.strip().decode())
            mood = self.moods.get(word)
            if mood == "drop":
                return
            if word == "EHLO":
                extra = (
                    "250-STARTTLS\r\n" if self.tls == "starttls" and not isinstance(connection, ssl.SSLSocket) else ""
                )
                say(f"250-mail\r\n{extra}250 AUTH PLAIN")
            elif word == "STARTTLS":
                say("220 go ahead")
                connection = self._encrypt(connection, opened)
                lines = opened.enter_context(connection.makefile("rb"))
            elif word == "AUTH":
                self.logins.append(base64.b64decode(line.split()[2]).decode().split("\0")[1:])
                say(mood or "235 welcome")
            elif word == "DATA":
                say(mood or "354 go on")
                if mood is None and not self._take(lines, say):
                    return
            elif word == "QUIT":
                say("221 bye")
                return
            else:
                say(mood or "250 fine")

    def _take(self, lines, say):
        body = bytearray()
        while (line := lines.readline()) != b".\r\n":
            body += line.removeprefix(b".")
        mood = self.moods.get("end")
        if mood != "drop":
            say(mood or "250 taken")
        if mood is None or mood == "drop":
            self.mails.append(bytes(body))
        return mood != "drop"
