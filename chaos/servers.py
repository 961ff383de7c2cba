"""How does a server die and come back? Those of the tests, on the same port, with what they had on their disk."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

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

    def alter(self, words: str, *, database: str = "postgres") -> None:
        """Has something done by its owner, who is not bound by what is changed here."""
        with psycopg.connect(self.url(database), autocommit=True) as owner:
            owner.execute("SET default_transaction_read_only = off")
            owner.execute(words)

    @contextmanager
    def holding(self, words: str, *, database: str) -> Iterator[None]:
        """A transaction that has said this, and stays open while the block runs."""
        with psycopg.connect(self.url(database)) as owner:
            owner.execute(words)
            yield
            owner.rollback()

    @contextmanager
    def crowded(self, url: str) -> Iterator[None]:
        """Strangers take every connection that is free, and hold them while the block runs."""
        strangers = []
        try:
            while True:
                strangers.append(psycopg.connect(url))
        except psycopg.OperationalError:
            yield
        finally:
            for stranger in strangers:
                stranger.close()

    def remember(self) -> None:
        """Keeps what is on its disk now; it must not run."""
        shutil.rmtree(self.folder / "copy", ignore_errors=True)
        self._copy("data", "copy")

    def rewind(self) -> None:
        """Puts back what was kept; it must not run."""
        shutil.rmtree(self.folder / "data")
        self._copy("copy", "data")
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def _copy(self, source: str, target: str) -> None:
        # with its owner, who is not the one who copies
        command = ["cp", "-a", str(self.folder / source), str(self.folder / target)]
        subprocess.run(command, check=True, timeout=120)

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
