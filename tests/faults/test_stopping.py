"""What if the server is asked to stop while everybody sends? Whatever it answered is there, and it ends in order."""

from __future__ import annotations

import signal
from pathlib import Path

from click.testing import CliRunner

from byname.cli import cli
from byname.home import open_home
from tests.faults import killing
from tests.faults.running import serving


def test_a_stop_under_load_loses_nothing_and_ends_well(folder: Path, tmp_path: Path) -> None:
    key = killing.a_source(folder)
    with serving(folder, tmp_path / "log") as server:
        clients = [killing.Client(server.port, key, n, n) for n in range(killing.CLIENTS)]
        for client in clients:
            client.start()
        while sum(len(c.acknowledged) for c in clients) < 100:
            clients[0].join(0.01)
            assert server.process.poll() is None, server.log.read_text()
        assert server.stop() == 0, server.log.read_text()
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join()
    told = killing.look(folder, [m for c in clients for m in c.acknowledged])
    assert told["events"] >= told["acknowledged"] >= 100
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_home_belongs_to_one_server_until_it_stops(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    open_home(folder).close()
    with serving(folder, tmp_path / "log") as server:
        assert server.ask("GET", "/health").body == {"status": "ok"}
        second = CliRunner().invoke(cli, ["serve", "--home", str(folder), "--port", "0"])
        assert second.exit_code == 3
        assert f"This home is in use: process {server.process.pid}. Stop it" in second.stderr
        assert server.stop(signal.SIGINT) == 0
    open_home(folder).close()
