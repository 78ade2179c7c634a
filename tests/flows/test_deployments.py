"""`wordloom serve` as a user has it: a real server, a real process worker, the deployments of prefect.yaml.

The tests share one project and one server, and each leaves them idle. A run is held in the middle by the lock on data/,
which it waits for.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from support.project import change_params, environment_of, make_project
from support.runs import RAN

from flows.overdue import success_file
from flows.server import free_port
from tasks.pipeline.locking import exclusive

FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


class Served:
    """A project that is served, and what its server says."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.data = project / "data"
        self.port = free_port()
        self.api = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api", timeout=30)
        self.start()

    def start(self) -> None:
        environment = environment_of(self.project, PREFECT_WORKER_QUERY_SECONDS="1")
        self.output = self.project / "serve.log"
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "wordloom.cli", "serve", "--port", str(self.port)],
                cwd=self.project, env=environment, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        wait_for(lambda: "Ctrl-C" in self.said() or self.process.poll() is not None, 90)
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        return self.output.read_text()

    def ask(self, method: str, path: str, content: object = None) -> Any:
        """One request to the API. SQLite has one writer: 503 means later, which Prefect's own client heeds as well."""
        while True:
            answer = self.api.request(method, path, json=content)
            if answer.status_code != 503:
                return answer.raise_for_status().json()
            time.sleep(0.2)

    def deployment(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"/deployments/name/{name}/{name}")
        return found

    def trigger(self, name: str) -> str:
        """Starts a run of a deployment; returns its id."""
        created = self.ask("POST", f"/deployments/{self.deployment(name)['id']}/create_flow_run", {})
        identity: str = created["id"]
        return identity

    def run(self, identity: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"/flow_runs/{identity}")
        return found

    def state(self, identity: str) -> str:
        state: str = self.run(identity)["state_type"]
        return state

    def reach(self, identity: str, *states: str, seconds: float = 60) -> None:
        """Waits until a run is in one of `states`; a final one that is not among them is an error."""
        wait_for(lambda: self.state(identity) in (*states, *FINAL), seconds)
        run = self.run(identity)
        log = (self.project / ".prefect" / "worker.log").read_text()
        assert run["state_type"] in states, f"{run['state']['name']}: {run['state']['message']}\n{log}"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    project = make_project(tmp_path_factory.mktemp("served") / "project")
    schedule_far_from_now(project)
    server = Served(project)
    try:
        yield server
    finally:
        for process in family(server.process.pid):
            kill(process)
        server.process.wait()


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """An address, and the list of what has been posted there."""
    posted: list[dict[str, str]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", posted
    server.shutdown()
    server.server_close()


def test_the_deployments_are_there_each_for_one_run_at_a_time(served: Served) -> None:
    assert f"dashboard: http://127.0.0.1:{served.port}\n" in served.said()
    page = httpx.get(f"http://127.0.0.1:{served.port}/", headers={"Accept": "text/html"}, follow_redirects=True)
    assert page.status_code == 200 and "<html" in page.text
    for name in ("train", "retrain"):
        deployment = served.deployment(name)
        assert deployment["work_pool_name"] == "wordloom"
        assert deployment["global_concurrency_limit"]["limit"] == 1
        assert deployment["concurrency_options"]["collision_strategy"] == "ENQUEUE"
    pool = served.ask("GET", "/work_pools/wordloom")
    assert (pool["type"], pool["concurrency_limit"]) == ("process", 1)


def test_the_schedule_of_retrain_makes_runs(served: Served) -> None:
    assert served.deployment("train")["schedules"] == []
    (schedule,) = served.deployment("retrain")["schedules"]
    assert schedule["active"]
    ours = {"deployments": {"id": {"any_": [served.deployment("retrain")["id"]]}}}
    wait_for(lambda: len(served.ask("POST", "/flow_runs/filter", ours)) > 0, 30)
    for run in served.ask("POST", "/flow_runs/filter", ours):
        assert run["auto_scheduled"] and run["state_type"] == "SCHEDULED"
        assert moment(run["expected_start_time"]) > datetime.now(UTC)


def test_no_path_of_this_machine_is_in_the_file() -> None:
    text = (Path(__file__).resolve().parents[2] / "prefect.yaml").read_text()
    for deployment in yaml.safe_load(text)["deployments"]:
        assert not Path(deployment["entrypoint"]).is_absolute()
        assert "pull" not in deployment
    assert not any(word.startswith("/") for word in text.split())


def test_a_run_completes_with_its_artifacts_and_the_overlapping_one_waits_for_it(served: Served) -> None:
    with exclusive(served.data):
        first = served.trigger("train")
        served.reach(first, "RUNNING")
        second = served.trigger("retrain")
        third = served.trigger("train")
        for _ in range(5):  # the worker looks for work every second
            time.sleep(1)
            assert served.state(first) == "RUNNING"
            assert served.state(second) == served.state(third) == "SCHEDULED"
        served.ask("POST", f"/flow_runs/{third}/set_state", {"state": {"type": "CANCELLED"}})
    seen: set[str] = set()
    while not all(served.state(each) in FINAL for each in (first, second)):
        seen |= set(family(served.process.pid).values())
        time.sleep(0.1)
    for identity in (first, second):
        served.reach(identity, "COMPLETED")
    assert moment(served.run(first)["end_time"]) <= moment(served.run(second)["start_time"])
    filtered = {"flow_runs": {"id": {"any_": [first]}}, "limit": 200}
    artifacts = served.ask("POST", "/artifacts/filter", filtered)
    tables = {each["key"].removesuffix("-sgns") for each in artifacts if each["type"] == "table"}
    assert tables == set(RAN)
    (report,) = [each for each in artifacts if each["key"] == "report-sgns"]
    assert report["data"] == (served.data / "evaluate" / "sgns" / "report.md").read_text()
    bars = {each["key"]: each["data"] for each in artifacts if each["type"] == "progress"}
    assert bars["train-progress"] == 100
    assert success_file(served.data).is_file()

    assert any("spawn_main" in command for command in seen)  # the default runner is processes
    servers = [command for command in seen if "flows.server" in command or "create_app" in command]
    assert len(servers) == 1  # for all of them: neither a run nor a process of its pool has started its own

    dvc = subprocess.run(
        [sys.executable, "-m", "dvc", "status", "--json"],
        cwd=served.project, env=environment_of(served.project), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(dvc.stdout or "{}") == {}


def test_a_cancelled_run_leaves_no_process_behind(served: Served) -> None:
    with exclusive(served.data):
        identity = served.trigger("train")
        served.reach(identity, "RUNNING")
        mine = {pid for pid, command in family(served.process.pid).items() if "prefect.engine" in command}
        assert mine
        served.ask("POST", f"/flow_runs/{identity}/set_state", {"state": {"type": "CANCELLING"}})
        served.reach(identity, "CANCELLED")
        wait_for(lambda: not any(alive(pid) for pid in mine), 10)


def test_a_failed_retraining_tells_the_webhook_and_the_command(
    served: Served, webhook: tuple[str, list[dict[str, str]]]
) -> None:
    address, posted = webhook
    told = served.project / "told.json"
    command = [sys.executable, "-c", f"import sys; open({str(told)!r}, 'w').write(sys.stdin.read())"]
    before = (served.project / "params.yaml").read_text()
    broken = {"corpus": {"sources": [{"kind": "files", "path": "nowhere.txt", "format": "lines"}]}}
    change_params(served.project, broken | {"retrain": {"webhook": address, "command": command}})
    identity = served.trigger("retrain")
    served.reach(identity, "FAILED")
    wait_for(lambda: bool(posted) and told.is_file() and bool(told.read_text()), 20)
    (served.project / "params.yaml").write_text(before)
    assert [each["event"] for each in posted] == ["failed"]
    assert served.run(identity)["name"] in posted[0]["message"] and "nowhere.txt" in posted[0]["message"]
    assert json.loads(told.read_text()) == posted[0]


def test_after_a_kill_of_everything_the_next_run_starts(
    served: Served, webhook: tuple[str, list[dict[str, str]]]
) -> None:
    address, posted = webhook
    change_params(served.project, {"retrain": {"webhook": address}})
    with exclusive(served.data):
        killed = served.trigger("retrain")
        served.reach(killed, "RUNNING")
        everything = family(served.process.pid)
        assert {"flows.server", "flows.worker", "prefect.engine"} <= set(" ".join(everything.values()).split())
        for pid, command in everything.items():
            if "prefect.engine" not in command:  # the run goes by itself, when its worker is gone
                os.kill(pid, signal.SIGKILL)
        served.process.wait()
        wait_for(lambda: not any(alive(pid) for pid in everything), 10)
        overdue = (datetime.now(UTC) - timedelta(days=9)).isoformat()
        success_file(served.data).write_text(json.dumps({"succeeded": overdue}))
        served.start()
        assert served.state(killed) == "CRASHED"
    wait_for(lambda: len(posted) == 2, 20)
    assert [each["event"] for each in posted] == ["failed", "overdue"]
    assert served.run(killed)["name"] in posted[0]["message"]
    assert "216.0 hours ago" in posted[1]["message"]
    served.reach(served.trigger("retrain"), "COMPLETED")


def test_a_second_serve_on_the_same_state_says_so_and_leaves(served: Served) -> None:
    done = wordloom(served.project, "serve", "--port", str(free_port()))
    assert done.returncode == 3
    assert "another wordloom serve is at work" in done.stderr


def test_a_flow_does_not_run_inside_a_stage_of_dvc(served: Served) -> None:
    done = wordloom(served.project, "run", DVC_STAGE="train")
    assert done.returncode == 1
    assert "a flow cannot run inside the DVC stage train" in done.stderr


def test_a_run_by_hand_does_not_wait_for_another(served: Served) -> None:
    with exclusive(served.data):
        done = wordloom(served.project, "run")
    assert done.returncode == 3
    assert f"another run is at work here (process {os.getpid()}" in done.stderr


def test_asked_to_end_it_ends_with_all_its_children(served: Served) -> None:
    everything = family(served.process.pid)
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(60) == 143
    assert not any(alive(pid) for pid in everything)


def wordloom(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wordloom.cli", *arguments]
    return subprocess.run(
        command, cwd=project, env=environment_of(project, **environment), capture_output=True, text=True, timeout=60
    )


def schedule_far_from_now(project: Path) -> None:
    """Moves the time of the daily retraining by half a day from now: a run that nobody here started would hold the lock
    and the one place of its deployment."""
    path = project / "prefect.yaml"
    text = path.read_text()
    assert text.count('cron: "0 3 * * *"') == 1
    hour = (datetime.now(UTC) + timedelta(hours=12)).hour
    path.write_text(text.replace('cron: "0 3 * * *"', f'cron: "0 {hour} * * *"'))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.2)


def family(pid: int) -> dict[int, str]:
    """The process and all its descendants that live, with their command lines."""
    if not alive(pid):
        return {}
    found = {pid: Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")}
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found |= family(int(child))
    return found


def alive(pid: int) -> bool:
    """Whether the process is there and more than a name that its parent has yet to ask for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
