"""``/healthz``, ``/readyz`` and ``/metrics`` of a role, over HTTP."""

from __future__ import annotations

import httpx
import pytest

from opscentre.runtime import health
from opscentre.runtime.health import Health
from opscentre.runtime.metrics import Exposed
from opscentre.store.engine import open_store


def test_a_role_says_that_it_lives_whether_it_can_work_and_what_it_counts(
    free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "GOOD_FOR", 0.0)
    away = {"redis": "", "pipe": ""}
    with (
        Exposed("stream", "OPSCENTRE_STREAM_METRICS", f"127.0.0.1:{free_port - 1}", worker=2) as exposed,
        httpx.Client(base_url=f"http://127.0.0.1:{free_port}") as asked,
    ):
        alive = asked.get("/healthz")
        assert (alive.status_code, alive.json()["role"]) == (200, "stream-2")
        starting = asked.get("/readyz")
        assert (starting.status_code, starting.json()["reasons"]) == (503, {"start": "it is still starting"})
        exposed.health.can_work_when(redis=lambda: away["redis"], pipe=lambda: away["pipe"])
        assert asked.get("/readyz").json()["ready"] is True
        away["redis"] = "Redis does not answer"
        answer = asked.get("/readyz")
        assert (answer.status_code, answer.json()["reasons"]) == (503, {"redis": "Redis does not answer"})
        assert asked.get("/healthz").status_code == 200
        assert 'opscentre_build_info{role="stream"' in asked.get("/metrics").text
        assert asked.get("/").status_code == 404


def test_a_check_that_cannot_be_made_is_a_reason() -> None:
    broken = Health("a")
    broken.can_work_when(disk=lambda: str(1 / 0))
    assert broken.readiness().reasons == {"disk": "cannot be told: ZeroDivisionError"}


def test_whoever_asks_often_does_not_load_what_is_asked() -> None:
    asked: list[int] = []
    patient = Health("a")
    patient.can_work_when(database=lambda: str(asked.append(1) or ""))
    assert [patient.readiness().ready for _ in range(50)] == [True] * 50
    assert len(asked) == 1


def test_a_database_that_answers_is_no_reason(tmp_path) -> None:
    engine = open_store(f"sqlite:///{tmp_path}/a.db")
    assert health.database(engine)() == ""
    engine.dispose()
    (tmp_path / "a.db").unlink()
    tmp_path.joinpath("a.db").mkdir()
    assert "the database does not answer (OperationalError)" in health.database(engine)()
