#!/usr/bin/env python3
"""Build the container image where an engine is there, and use it as it is to be used: read-only, without rights, as nobody in particular.

    .venv/bin/python scripts/check_image.py

The demonstration city is built into a volume, the server started and asked; a root that can be written to, a health check that does not become
"healthy", or a process of root fails. Exit code 1 names what failed; 3: no engine runs here. Images and volumes of the trial are removed.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import click
from install.service import FailedError, check_answers, wait_until_ready

ROOT = Path(__file__).resolve().parents[1]
ENGINES = ("podman", "docker")
_TIGHT = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "all", "--security-opt", "no-new-privileges")  # noqa: S108
_HEALTHY_WITHIN_S = 300.0


def find_engine() -> str | None:
    """An engine that runs, not just its client."""
    for name in ENGINES:
        if (
            shutil.which(name)
            and subprocess.run([name, "info"], capture_output=True, check=False, timeout=60).returncode == 0
        ):
            return name
    return None


class Engine:
    """One engine, and the names of a trial."""

    def __init__(self, name: str) -> None:
        self._name, self.trial = name, f"stroke-map-trial-{uuid.uuid4().hex[:8]}"
        self.volumes = [
            f"--volume={self.trial}-geodata:/var/lib/stroke-map",
            f"--volume={self.trial}-cache:/var/cache/stroke-map",
        ]

    def __call__(self, *arguments: str, fails: bool = False) -> str:
        done = subprocess.run([self._name, *arguments], capture_output=True, text=True, check=False)
        if bool(done.returncode) != fails:
            raise FailedError(
                f"{self._name} {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done.stdout.strip()

    def build(self, base: str | None) -> None:
        """Make the image."""
        docker_format = ["--format", "docker"] if self._name == "podman" else []
        of = ["--build-arg", f"BASE={base}"] if base else []
        self(
            "build",
            *docker_format,
            *of,
            "--file",
            str(ROOT / "scripts" / "deploy" / "Containerfile"),
            "--tag",
            self.trial,
            str(ROOT),
        )

    def clean(self) -> None:
        """Leave nothing."""
        for command in (("rm", "--force", self.trial), ("rmi", "--force", self.trial)):
            subprocess.run([self._name, *command], capture_output=True, check=False)
        for volume in ("geodata", "cache"):
            subprocess.run([self._name, "volume", "rm", f"{self.trial}-{volume}"], capture_output=True, check=False)


def check(engine: Engine) -> dict[str, object]:
    """Use the image; what was measured."""
    figures: dict[str, object] = {
        "image_mb": int(engine("image", "inspect", "--format", "{{.Size}}", engine.trial)) // 1_000_000
    }
    tight = ["run", "--rm", *_TIGHT, *engine.volumes]
    engine(*tight, engine.trial, "demo")
    if engine(*tight, "--entrypoint", "id", engine.trial, "-u") == "0":
        raise FailedError("it runs as root")
    engine(*tight, "--entrypoint", "touch", engine.trial, "/opt/stroke_map/x", fails=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    engine(
        "run",
        "--detach",
        "--name",
        engine.trial,
        *_TIGHT,
        *engine.volumes,
        "--publish",
        f"127.0.0.1:{port}:8120",
        engine.trial,
    )
    address = f"http://127.0.0.1:{port}"
    is_running = lambda: engine("inspect", "--format", "{{.State.Running}}", engine.trial) == "true"  # noqa: E731
    figures["ready_s"] = round(wait_until_ready(address, is_running), 1)
    figures |= check_answers(address)
    until = time.monotonic() + _HEALTHY_WITHIN_S
    while engine("inspect", "--format", "{{.State.Health.Status}}", engine.trial) != "healthy":
        if time.monotonic() > until:
            raise FailedError("its health check does not become healthy")
        time.sleep(1)
    engine("stop", engine.trial)
    return figures


@click.command(help=__doc__)
@click.option("--base", help="Another base image, such as one of a mirror.")
def main(*, base: str | None) -> None:
    name = find_engine()
    if name is None:
        print(f"none of {', '.join(ENGINES)} runs here", file=sys.stderr)
        sys.exit(3)
    engine = Engine(name)
    try:
        engine.build(base)
        print(json.dumps(check(engine), indent=2))
    except FailedError as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        sys.exit(1)
    finally:
        engine.clean()


if __name__ == "__main__":
    main()
