"""`scripts/deploy/Containerfile` where nothing can build it: read as an engine would, line by line. `scripts/check_image.py` builds it."""

from __future__ import annotations

import json
import re
import shlex
from fnmatch import fnmatch
from pathlib import Path

import pytest

from stroke_map.cli import cli
from stroke_map.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "scripts" / "deploy" / "Containerfile"


@pytest.fixture(scope="module")
def stages():
    """What each stage says: [(instruction, what follows)], that of the image last; before the first FROM it is ARG alone."""
    text = re.sub(r"(?m)^#.*\n", "", FILE.read_text(encoding="utf-8")).replace("\\\n", " ")
    told = [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]
    begins = [number for number, (instruction, _) in enumerate(told) if instruction == "FROM"]
    assert {instruction for instruction, _ in told[: begins[0]]} == {"ARG"}
    return [told[: begins[0]], *(told[begin:end] for begin, end in zip(begins, [*begins[1:], None], strict=True))]


def said(stage, instruction):
    return [rest for name, rest in stage if name == instruction]


def test_every_stage_is_from_one_base_of_a_named_version_and_no_registry_is_named(stages):
    (base,) = said(stages[0], "ARG")
    name, _, tag = base.removeprefix("BASE=").partition(":")
    assert re.fullmatch(r"[a-z0-9]+", name)
    assert re.fullmatch(r"3\.\d+-slim-[a-z]+", tag)
    assert [said(stage, "FROM")[0].split()[0] for stage in stages[1:]] == ["${BASE}", "${BASE}"]
    assert not re.search(r"https?://(?!127\.0\.0\.1)", FILE.read_text(encoding="utf-8"))
    assert not any(said(stage, "ADD") for stage in stages)


def test_the_image_runs_as_nobody_in_particular_and_is_looked_after(stages):
    image = stages[-1]
    (user,) = said(image, "USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)  # a number: whoever runs it can see that it is not root
    names = [name for name, _ in image]
    assert names.index("USER") > max(number for number, name in enumerate(names) if name in {"RUN", "COPY"})
    assert names[-2:] == ["ENTRYPOINT", "CMD"]
    (check,) = said(image, "HEALTHCHECK")
    command = json.loads(check.partition("CMD ")[2])
    compile(command[2], "health check", "exec")
    assert "/healthz" in command[2]


def test_its_command_and_its_variables_are_ours_and_volumes_are_where_it_writes(stages):
    image = stages[-1]
    assert json.loads(said(image, "ENTRYPOINT")[0]) == ["stroke-map"]
    name, *options = json.loads(said(image, "CMD")[0])
    cli.commands[name].make_context(name, options)
    (told,) = said(image, "ENV")
    variables = dict(entry.split("=", 1) for entry in shlex.split(told))
    assert {name for name in variables if name.startswith("STROKE_MAP_")} <= {setting.variable for setting in SETTINGS}
    volumes = json.loads(said(image, "VOLUME")[0])
    assert volumes == [variables["STROKE_MAP_GEODATA_DIR"], variables["STROKE_MAP_CACHE_DIR"]]
    (run,) = said(image, "RUN")
    assert all(volume in run for volume in volumes)


def test_every_port_of_its_service_can_be_published_as_its_head_says(stages):
    """Those of answers, on either plane, and of changes."""
    (told,) = said(stages[-1], "ENV")
    variables = dict(entry.split("=", 1) for entry in shlex.split(told))
    ports = {setting.variable: variables.get(setting.variable, str(setting.default)) for setting in SETTINGS}
    served = {ports["STROKE_MAP_PORT"], ports["STROKE_MAP_STREAM_PORT"]}
    assert {port for rest in said(stages[-1], "EXPOSE") for port in rest.split()} == served
    published = re.findall(r"-p 127\.0\.0\.1:(\d+):(\d+)", FILE.read_text(encoding="utf-8"))
    assert {inside for _, inside in published} == served


def test_what_is_copied_is_there_and_is_let_through_and_little_else(stages):
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    through = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {source for rest in said(stages[1], "COPY") for source in shlex.split(rest)[:-1]}
    assert through == copied
    assert "*" in ignored
    for source in copied:
        assert (ROOT / source).exists(), source
    assert not any(fnmatch(source, "*venv*") or source in {".", "geodata"} for source in copied)
