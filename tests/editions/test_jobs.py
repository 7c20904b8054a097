"""Commands that run by themselves: told of while they run, when they have ended, and when they were killed."""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from stroke_map import errors
from stroke_map.cli import cli
from stroke_map.editions import jobs
from stroke_map.editions.files import lock_now
from stroke_map.editions.jobs import Begun, Outcome, Step, Teller, read_job, start_job

NOBODY = {"by": "wang", "about": {"year": "2027"}}


def wait_until(true, *, most_s=60.0):
    until = time.monotonic() + most_s
    while not (found := true()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def process_of(folder):
    """The number of the process that has this folder among its words."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdecimal() and str(folder).encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                return int(entry.name)
    return None


@pytest.mark.slow
def test_a_job_goes_on_by_itself_and_is_known_to_be_gone_when_it_was_killed(tmp_path, empty_sqlite):
    shutil.copy(empty_sqlite, tmp_path / "live.db")
    own = {"STROKE_MAP_GEODATA_DIR": str(tmp_path)}
    folder = tmp_path / "job"
    assert read_job(folder) is None
    before = datetime.now(UTC)
    start_job(folder, ["deliver"], environment=os.environ | own, **NOBODY)
    job = read_job(folder)
    assert (job.state, job.begun.by, job.begun.about) == ("running", "wang", {"year": "2027"})
    assert before <= job.begun.at <= datetime.now(UTC)
    with pytest.raises(errors.ConflictError):
        start_job(folder, ["settings"], environment=os.environ | own, by="li", about={})
    assert read_job(folder).begun.by == "wang"
    pid = wait_until(lambda: process_of(folder))
    assert os.getsid(pid) == pid, "it has a session of its own"
    assert os.getpriority(os.PRIO_PROCESS, pid) == 19, "and gives way to everybody"
    assert int(Path(f"/proc/{pid}/oom_score_adj").read_text()) == 500, "also where memory runs short"
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: read_job(folder).state == "interrupted")
    assert (read_job(folder).steps, read_job(folder).outcome) == ([], None)


def test_a_command_tells_how_it_ended(tmp_path):
    variables = {"STROKE_MAP_GEODATA_DIR": str(tmp_path / "geodata")}
    (tmp_path / jobs.JOB_FILE).write_bytes(Begun(by="wang", at=datetime.now(UTC)).model_dump_json().encode())
    (tmp_path / "running").touch()

    def told(*arguments):
        CliRunner().invoke(cli, ["--job", str(tmp_path), *arguments], env=variables)
        job = read_job(tmp_path)
        return job.state, job.outcome.exit_code, job.outcome.problem and job.outcome.problem["code"]

    assert told("edition", "list") == ("done", 0, None)
    assert told("edition", "status") == ("failed", 6, "no-edition")
    assert "nothing is published" in read_job(tmp_path).outcome.problem["detail"]
    assert told("edition", "publish", "--what") == ("failed", 2, None)
    (tmp_path / "sheet.csv").write_text("id,name_zh\n", encoding="utf-8")
    assert told("registry", "check", str(tmp_path / "sheet.csv")) == ("refused", 5, "registry-refused")
    assert [step.name for step in read_job(tmp_path).steps if step.ended_at] == ["sheet"]


def test_steps_are_told_with_what_they_still_take(tmp_path):
    (tmp_path / jobs.JOB_FILE).write_bytes(Begun(by="wang", at=datetime.now(UTC)).model_dump_json().encode())
    lock = lock_now(tmp_path / "running")
    teller = Teller(tmp_path)
    for name, share in (("check", 0.0), ("check", 1.0), ("check", 0.2), ("roads car", 0.0)):
        teller.progress(name, share)
    job = read_job(tmp_path)
    assert [(step.name, step.share) for step in job.steps] == [("check", 1.0), ("roads car", 0.0)]
    assert (job.state, job.running) == ("running", True)
    os.close(lock)
    assert read_job(tmp_path).state == "interrupted"
    teller.ended(0)
    assert read_job(tmp_path).state == "done"


def test_time_left_is_reckoned_from_the_share_that_is_done():
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    step = Step(name="roads", share=0.25, begun_at=begun)
    assert step.left_s(begun + timedelta(seconds=10)) == pytest.approx(30)
    assert step.model_copy(update={"share": 0.0}).left_s(begun) is None
    assert step.model_copy(update={"ended_at": begun}).left_s(begun) is None


def test_a_disk_that_takes_no_note_of_progress_stops_nothing(tmp_path):
    teller = Teller(tmp_path / "gone")
    teller.progress("check", 0.5)
    with pytest.raises(OSError, match="gone"):
        teller.ended(0)


@pytest.mark.parametrize("name", [jobs.JOB_FILE, jobs.PROGRESS_FILE, jobs.OUTCOME_FILE])
def test_a_file_that_is_none_of_ours_is_as_if_it_were_not_there(tmp_path, name):
    now = datetime.now(UTC)
    (tmp_path / jobs.JOB_FILE).write_bytes(Begun(by="wang", at=now).model_dump_json().encode())
    (tmp_path / jobs.OUTCOME_FILE).write_bytes(Outcome(exit_code=0, at=now).model_dump_json().encode())
    (tmp_path / "running").touch()
    (tmp_path / name).write_bytes(orjson.dumps({"x": 1})[:-1])
    job = read_job(tmp_path)
    assert (job is None) == (name == jobs.JOB_FILE)
    if job is not None:
        assert (job.steps, job.state) == ([], "interrupted" if name == jobs.OUTCOME_FILE else "done")
