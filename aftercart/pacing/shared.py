"""The buckets of all processes, in Redis: one small script, so that no two processes take the same token."""

from collections.abc import Mapping
from pathlib import Path

import structlog

from aftercart.model import Channel
from aftercart.pacing.bucket import Bucket, Grant

_SCRIPT = Path(__file__).with_name("shared.lua").read_text()
#: A Redis that does not answer must not hold up what is sent.
_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class Shared:
    """The buckets of a deployment. While Redis is away each process goes by its own."""

    def __init__(self, url: str, limits: Mapping[Channel, int]) -> None:
        # the client comes with the broker, and a shop without one does not load it
        from redis import Redis
        from redis.exceptions import RedisError

        self._limits = dict(limits)
        self._error = RedisError
        self._own = {channel: Bucket(limits[channel]) for channel in Channel}
        self._redis = Redis.from_url(
            url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
        )
        self._run = self._redis.register_script(_SCRIPT)
        self._away = False

    def take(self, channel: Channel, wanted: int, *, urgent: bool = False) -> Grant:
        """As `Pace.take`."""
        told = self._ask(channel, "take", wanted, int(urgent))
        if told is None:
            return self._own[channel].take(wanted, urgent=urgent)
        granted, wait, rate = told
        return Grant(granted, wait / 1e6, rate / 1e3)

    def slow_down(self, channel: Channel) -> None:
        """As `Pace.slow_down`."""
        self._own[channel].slow_down()
        self._ask(channel, "slow", 0, 0)

    def close(self) -> None:
        """Closes the connections."""
        self._redis.close()

    def _ask(
        self, channel: Channel, act: str, wanted: int, urgent: int
    ) -> list[int] | None:
        try:
            told: list[int] = self._run(
                keys=[f"aftercart:pace:{channel}"],
                args=[act, wanted, urgent, self._limits[channel]],
            )
        except self._error as error:
            if not self._away:
                _log.warning(
                    "Redis is away: each process keeps its own pace",
                    error=type(error).__name__,
                )
            self._away = True
            return None
        self._away = False
        return told
