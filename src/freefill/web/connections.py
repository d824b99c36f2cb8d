"""Connections that are closed where no request comes: a sender that dribbles its head would hold one for ever."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 20.0  # for a whole head, from the connection, or from the last answer


class Patient(H11Protocol):
    """uvicorn's protocol with a deadline for heads; bodies have one of their own (guard.py)."""

    head_s = HEAD_S

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait_for_a_head(None)

    def on_response_complete(self) -> None:
        """Begin to wait for the next one."""
        last = self.cycle  # the next one may begin in the call below
        super().on_response_complete()
        self._wait_for_a_head(last)

    def _wait_for_a_head(self, last: object) -> None:
        self.loop.call_later(self.head_s, self._give_up, last)

    def _give_up(self, last: object) -> None:
        if self.cycle is last and not self.transport.is_closing():  # no request has begun since
            self.transport.close()
