"""Asks a serving program over HTTP, by connections that stay open."""

from __future__ import annotations

import contextlib
import http.client
import queue
import socket
from collections.abc import Mapping

PING_TIMEOUT_SECONDS = 2.0
"""How long ``/ping`` may take, as on AWS."""


class AnswerTimeoutError(Exception):
    """A serving program did not answer in time."""


class ServingClient:
    """The client of one serving program at a time.

    Parameters
    ----------
    timeout_seconds
        How long an invocation may take.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._port = 0
        self._idle: queue.LifoQueue[http.client.HTTPConnection] = queue.LifoQueue()

    def turn_to(self, port: int) -> None:
        """Ask the program at `port` from now on."""
        self._port = port
        self.close()

    def ping(self) -> bool:
        """Whether ``/ping`` answers 200."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=PING_TIMEOUT_SECONDS
        )
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Send one request to ``/invocations``; answers status, headers (lower case) and body.

        Raises
        ------
        AnswerTimeoutError
            After the time that an invocation may take.
        OSError
            If the program went away.
        """
        try:
            return self._invoke(body, headers)
        except TimeoutError as error:
            raise AnswerTimeoutError from error
        except http.client.HTTPException as error:
            raise OSError(f"the model server broke off: {error!r}") from error

    def close(self) -> None:
        """Close the connections that rest."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    def _invoke(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        connection, reused = self._connection()
        try:
            connection.request("POST", "/invocations", body, dict(headers))
            response = connection.getresponse()
            content = response.read()
        except TimeoutError:
            connection.close()
            raise
        except (OSError, http.client.HTTPException):
            connection.close()
            if not reused:
                raise
            # The server may close a connection that rested; a new one tells whether it lives.
            self.close()
            return self._invoke(body, headers)
        self._idle.put(connection)
        answered = {name.lower(): value for name, value in response.getheaders()}
        return response.status, answered, content

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        with contextlib.suppress(queue.Empty):
            return self._idle.get_nowait(), True
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=self._timeout_seconds
        )
        connection.connect()
        # Headers and body go out in two writes; with Nagle's algorithm the second waits 40 ms.
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, False
