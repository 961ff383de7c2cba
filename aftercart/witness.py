"""What does Redis know that the database may have forgotten? Which messages were claimed, and with which fence.

A database that goes back in time (a standby that was behind takes over, a copy is put back) has forgotten its last claims, and
would make them again. Redis was told of each of them before it was sent. It is a second pair of eyes and never the truth:
without it, everything goes on as it does with it. It is told ids and numbers, as eight bytes of a digest, and nothing else.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Protocol, cast

import structlog

#: One call for a batch. KEYS: what all shelves are called. ARGV: for each message its shelf, its field there and its fence. Answers
#: the places of those that were noted before, with this fence or a higher one. A shelf is of one day, is kept for two, and holds
#: a few dozen notes: Redis packs small hashes, and a note costs some fifteen bytes and not a hundred.
_NOTE = """
local DAY = 86400
local today = math.floor(tonumber(redis.call("TIME")[1]) / DAY)
local before = {}
for i = 1, #ARGV, 3 do
  local name, field, fence = KEYS[1] .. ":" .. ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  local shelf = name .. ":" .. today
  local noted = redis.call("HGET", shelf, field) or redis.call("HGET", name .. ":" .. (today - 1), field)
  if noted and tonumber(noted) >= fence then
    before[#before + 1] = (i + 2) / 3
  elseif redis.call("HSET", shelf, field, fence) == 1 and redis.call("HLEN", shelf) == 1 then
    redis.call("EXPIRE", shelf, 2 * DAY)
  end
end
return before
"""
_SHELVES = 16_384
#: A Redis that does not answer must not hold up what is sent.
_SECONDS = 1.0
#: One that did not answer is left alone for so long: else each round of messages would wait for it again.
_LEFT_ALONE = 5.0

#: What dramatiq calls its keys, the queues whose loss delays messages, and the silence of a worker that is gone.
_BROKER, _QUEUES = "dramatiq", ("alerts", "email", "sms")
_SILENT_SECONDS = 120

_log = structlog.get_logger(__name__)


class Witness(Protocol):
    """Whom each claim is told, and who may be asked for more than the database knows."""

    @property
    def away(self) -> bool:
        """Whether it did not answer when it was asked last."""
        ...

    def note(self, fences: Mapping[str, int]) -> set[str]:
        """Notes what was claimed, before it is sent; answers the messages that were claimed before with such a fence.

        Empty too where nobody can tell.
        """
        ...

    def clock(self) -> datetime | None:
        """What time it is there, None where nobody can tell."""
        ...

    def fullness(self) -> float | None:
        """How much of the memory that it may use is used, from 0 to 1; None where nobody can tell, or it may use all."""
        ...

    def abandoned(self) -> int | None:
        """How many batches are in the hands of workers that fell silent two minutes ago; None where nobody can tell."""
        ...

    def close(self) -> None:
        """Lets go of connections."""
        ...


def open_witness(broker_url: str, *, deployment: Callable[[], str]) -> Witness:
    """The witness of a deployment.

    `deployment`, asked at the first claim, is what a database and its copies have in common, and no other has.
    """
    if broker_url.startswith(("redis://", "rediss://", "unix://")):
        return InRedis(broker_url, deployment)
    return Nobody()


class Nobody:
    """For a shop without Redis."""

    away = False

    def note(self, fences: Mapping[str, int]) -> set[str]:
        """As `Witness.note`."""
        return set()

    def clock(self) -> datetime | None:
        """As `Witness.clock`."""
        return None

    def fullness(self) -> float | None:
        """As `Witness.fullness`."""
        return None

    def abandoned(self) -> int | None:
        """As `Witness.abandoned`."""
        return None

    def close(self) -> None:
        """Nothing is open."""


class InRedis:
    """Redis as a witness. While it is away, nothing is noted, and nothing is found."""

    def __init__(self, url: str, deployment: Callable[[], str]) -> None:
        # the client comes with the broker, and a shop without one does not load it
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.exceptions import RedisError
        from redis.retry import Retry

        self._redis = Redis.from_url(
            url,
            socket_timeout=_SECONDS,
            socket_connect_timeout=_SECONDS,
            # a call whose answer was lost, made again, would find its own notes
            retry=Retry(NoBackoff(), 0),
        )
        self._error = RedisError
        self._run = self._redis.register_script(_NOTE)
        self._deployment = deployment
        self._away, self._left_alone_until = False, 0.0

    @property
    def away(self) -> bool:
        """As `Witness.away`."""
        return self._away

    def note(self, fences: Mapping[str, int]) -> set[str]:
        """As `Witness.note`."""
        if not fences or time.monotonic() < self._left_alone_until:
            return set()
        ids = list(fences)
        told = [word for id_ in ids for word in (*_place(id_), fences[id_])]
        try:
            shelves = f"aftercart:claimed:{self._deployment()}"
            found = self._run(keys=[shelves], args=told)
        except self._error as error:
            self._is_away(error)
            return set()
        self._away = False
        return {ids[place - 1] for place in found}

    def clock(self) -> datetime | None:
        """As `Witness.clock`."""
        try:
            seconds, microseconds = self._redis.time()
        except self._error as error:
            self._is_away(error)
            return None
        return datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)

    def fullness(self) -> float | None:
        """As `Witness.fullness`."""
        try:
            told = self._redis.info("memory")
        except self._error as error:
            self._is_away(error)
            return None
        self._away = False
        most = int(told.get("maxmemory", 0))
        return int(told["used_memory"]) / most if most else None

    def abandoned(self) -> int | None:
        """As `Witness.abandoned`; dramatiq keeps a set for each worker and queue, and gives it to another where there is one."""
        try:
            seconds, _ = self._redis.time()
            silent = self._redis.zrangebyscore(
                f"{_BROKER}:__heartbeats__", 0, (seconds - _SILENT_SECONDS) * 1000
            )
            held = [
                f"{_BROKER}:__acks__.{worker.decode()}.{queue}"
                for worker in cast(list[bytes], silent)
                for queue in _QUEUES
            ]
            return sum(int(self._redis.scard(key)) for key in held)
        except self._error as error:
            self._is_away(error)
            return None

    def close(self) -> None:
        """Closes the connections."""
        self._redis.close()

    def _is_away(self, error: Exception) -> None:
        if not self._away:
            _log.warning(
                "Redis is away: claims are noted by the database alone",
                error=type(error).__name__,
            )
        self._away = True
        self._left_alone_until = time.monotonic() + _LEFT_ALONE


def _place(message_id: str) -> tuple[int, bytes]:
    """The shelf of a message, and its field there."""
    digest = blake2b(message_id.encode(), digest_size=10).digest()
    return int.from_bytes(digest[:2]) % _SHELVES, digest[2:]
