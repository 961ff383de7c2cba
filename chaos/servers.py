"""How does a server die and come back? Those of the tests, on the same port, with what they had on their disk."""

import os
import signal

import psycopg
import redis

from tests import servers


class Postgres(servers.Postgres):
    """A cluster that waits for its disk, and can be taken away and given back."""

    def crash(self) -> None:
        """All of its processes end at once, as with the power."""
        self._run("pg_ctl", "stop", "-m", "immediate", "-D", self.folder / "data")
        self._forget_admin()

    def back(self) -> None:
        """It starts again, and repeats from its log what was committed."""
        options = (
            f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} "
            "-c max_connections=200 -c log_min_messages=fatal"
        )
        data = self.folder / "data"
        self._run("pg_ctl", "-w", "start", "-D", data, "-o", options, "-l", "/dev/null")

    def hang_up(self) -> None:
        """Every connection is cut; the server goes on."""
        self._forget_admin()
        admin = psycopg.connect(self.url("postgres"), autocommit=True)
        with admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

    def _forget_admin(self) -> None:
        if self._admin is not None:
            self._admin.close()
            self._admin = None


class Redis(servers.Redis):
    """A Redis without persistence: what it was told is gone when it dies."""

    @property
    def client(self) -> "redis.Redis":
        """A fresh client of this server."""
        return redis.Redis(port=self.port, socket_timeout=60)

    def freeze(self) -> None:
        """It takes connections and answers nobody."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It answers again, everything that it was asked meanwhile."""
        os.kill(self._process.pid, signal.SIGCONT)

    def texts(self) -> str:
        """Everything that is in it, as one text, to search."""
        client, found = self.client, []
        for key in client.scan_iter(count=1000):
            kind = client.type(key)
            if kind == b"hash":
                found += [repr(client.hgetall(key))]
            elif kind == b"list":
                found += [repr(client.lrange(key, 0, -1))]
            elif kind in (b"set", b"zset"):
                found += [repr(key)]
            elif kind == b"string":
                found += [repr(client.get(key))]
        client.close()
        return "\n".join(found)
