"""How is the script changed while it runs? `/sandbox/faults`: PUT a new one, GET how it goes, DELETE to calm everything."""

from collections.abc import Callable, Mapping

from aftercart.errors import ConfigError
from aftercart.sandbox import scripts
from aftercart.sandbox.faults import CALM, Faults
from aftercart.sandbox.wire import Receive, Scope, Send, answer, read_body

PATH = "/sandbox/faults"
METHODS = ("PUT", "GET", "DELETE")


class Control:
    """Answers only on this machine, where the sandbox is."""

    def __init__(
        self, faults: Faults, *, standing: Callable[[], Mapping[str, object]]
    ) -> None:
        self._faults, self._standing = faults, standing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; a script with mistakes changes nothing and is answered with all of them."""
        body = await read_body(receive)
        try:
            if scope["method"] == "PUT":
                source = body.decode("utf-8", "replace")
                self._faults.play(scripts.parse(source, file="faults"))
            elif scope["method"] == "DELETE":
                self._faults.play(CALM)
        except ConfigError as error:
            await answer(send, 422, {"errors": [str(p) for p in error.problems]})
            return
        running = {"seconds": round(self._faults.elapsed, 3)}
        await answer(send, 200, running | dict(self._standing()))
