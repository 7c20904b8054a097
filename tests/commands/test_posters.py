"""`stroke-map poster`: a file to print, a PDF by the real Chromium, and what is said where it is missing."""

from __future__ import annotations

import shutil

import pytest
from click.testing import CliRunner

from stroke_map.cli import cli
from stroke_map.errors import MissingProgramError
from stroke_map.maps.poster_pdf import BROWSERS, check_can_print


@pytest.fixture
def run(demo_geodata, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STROKE_MAP_GEODATA_DIR", str(demo_geodata))
    monkeypatch.setenv("STROKE_MAP_PUBLIC_URL", "https://map.example.org/")
    return lambda *arguments: CliRunner().invoke(cli, ["poster", *arguments])


def test_it_writes_a_page_to_print(run, tmp_path):
    done = run("--lang", "en", "--paper", "a4")
    assert done.exit_code == 0, done.output
    page = (tmp_path / "poster-demo.html").read_text(encoding="utf-8")
    assert "Stroke emergency map" in page
    assert "https://map.example.org" in page
    assert "no QR code" not in done.stderr


def test_it_says_that_there_is_no_qr_code_where_the_address_is_not_set(run, monkeypatch, tmp_path):
    monkeypatch.delenv("STROKE_MAP_PUBLIC_URL")
    done = run("--out", "other.html")
    assert "no QR code" in done.stderr
    assert (tmp_path / "other.html").exists()


def test_an_address_with_a_path_is_refused(run, monkeypatch):
    monkeypatch.setenv("STROKE_MAP_PUBLIC_URL", "https://map.example.org/map; script-src *")
    done = run()
    assert done.exit_code == 2
    assert "STROKE_MAP_PUBLIC_URL" in done.stderr


@pytest.mark.browser
@pytest.mark.slow
def test_it_prints_a_pdf_of_whole_pages_the_same_each_time(run, tmp_path):
    try:
        check_can_print()
    except MissingProgramError as missing:
        pytest.skip(missing.detail)
    made = []
    for name in ("one.pdf", "two.pdf"):
        done = run("--paper", "a3", "--out", name)
        assert done.exit_code == 0, done.output
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    boxes = {part[:40].split(b"]")[0].strip(b" [") for part in made[0].split(b"/MediaBox")[1:]}
    assert {tuple(round(float(side)) for side in box.split()) for box in boxes} == {(0, 0, 842, 1191)}
    assert 2 <= made[0].count(b"/MediaBox") <= 4


@pytest.mark.parametrize(("there", "package"), [((), "chromium"), ((BROWSERS[0],), "fonts-noto-cjk")])
def test_what_is_missing_is_named_by_its_package(run, monkeypatch, tmp_path, there, package):
    (tmp_path / "bin").mkdir()
    for name in there:
        (tmp_path / "bin" / name).symlink_to(shutil.which("true"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    done = run("--out", "poster.pdf")
    assert done.exit_code == MissingProgramError.exit_code
    assert f"apt-get install {package}" in done.stderr
    assert not (tmp_path / "poster.pdf").exists()
