"""Is this Redis fit to ring? Asked once, when a worker process begins.

A Redis that throws keys away when its memory is full loses ids in silence. They would be rung again a minute later, for ever
late: better no worker than one that seems to work.
"""

import logging
import sys
from typing import Any

import dramatiq
from redis.exceptions import RedisError, ResponseError

_log = logging.getLogger(__name__)

#: What a full Redis has to do: refuse, and tell.
FIT = "noeviction"
#: The exit code of a process that is set up wrong (EX_CONFIG of sysexits.h).
UNFIT = 78


class Unfit(SystemExit):
    """Ends the process: dramatiq logs what goes wrong in a middleware and goes on, and this must not go on."""


class Guard(dramatiq.Middleware):
    """Ends a worker process whose Redis may lose what it is told, with a line that says how to mend it."""

    def after_process_boot(self, broker: Any) -> None:
        """Looks at the broker's settings, where they may be read."""
        try:
            policy = broker.client.config_get("maxmemory-policy")["maxmemory-policy"]
            saved = broker.client.config_get("appendonly", "save")
        except (ResponseError, KeyError):
            _log.warning(
                "the broker does not show its settings: see to it that its maxmemory-policy is %s",
                FIT,
            )
            return
        except RedisError:
            return  # it is down: dramatiq waits for it, and says so
        if policy != FIT:
            sys.stderr.write(
                f"AFTERCART_BROKER_URL: this Redis has maxmemory-policy {policy} and throws messages away when it is full; "
                f"set it to {FIT} (redis-cli config set maxmemory-policy {FIT}), or use a Redis of its own\n"
            )
            raise Unfit(UNFIT)
        if saved.get("appendonly") == "no" and not saved.get("save"):
            _log.warning(
                "the broker keeps nothing over a restart: what it is told in that moment is rung again a minute later"
            )
