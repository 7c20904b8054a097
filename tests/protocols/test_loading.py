"""A missing or contradictory value is refused when it is read, with its file and key."""

from __future__ import annotations

import shutil
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from stroke_map.errors import ProtocolError
from stroke_map.protocols import Protocol, load_protocol, loading
from stroke_map.protocols.comparing import compare, every_value
from stroke_map.protocols.protocol import CONDITIONS
from stroke_map.protocols.texts import notice_table

HERE = Path(__file__).parent
#: What clinical.md marks [R] or [V2] ships unverified, and so does what this software chose itself.
UNVERIFIED = {
    "stroke": {"thrombectomy_late_window", "bypass_total_urban", "bypass_total_suburban", "bypass_total_rural", "window_warning",
               "level_warning", "G-FAST.cut_off"},
    "chest_pain": {"late_pain", "angiography_from", "angiography_until", "rescue_from", "rescue_until", "rescue_st_resolution",
                   "window_warning", "level_warning"},
}  # fmt: skip


@pytest.fixture
def region(tmp_path):
    """Write a region's file."""

    def write(text, header='version = "1"\n'):
        path = tmp_path / "here.protocol.toml"
        path.write_text(header + text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_ships_is_whole_and_says_what_nobody_verified(condition):
    protocol = load_protocol(condition)
    assert protocol.doubtful == UNVERIFIED[condition]
    assert all(value.source and value.status != "local" for value in every_value(protocol).values())
    for text in protocol.sentences.values():
        assert "{" not in text.zh + text.en
    assert "30 min more" in load_protocol("stroke").sentences["lvo-bypass"].en


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_protocol_survives_its_canonical_json(condition):
    protocol = load_protocol(condition, HERE / "signed.toml")
    again = Protocol.from_json(protocol.to_json())
    assert (again, again.sha256, again.doubtful) == (protocol, protocol.sha256, protocol.doubtful)
    assert protocol.sha256 != load_protocol(condition).sha256


def test_a_signed_value_is_trusted_and_an_unsigned_one_is_not(region):
    value = "[stroke]\nbypass_total_urban = { value = 25, unit = 'min' }\n"
    draft = load_protocol("stroke", region(value))
    assert (draft["bypass_total_urban"], "bypass_total_urban" in draft.doubtful) == (25, True)
    signed = load_protocol("stroke", region(value, 'version = "2"\nsigned_by = "Dr Li"\nsigned_on = 2026-01-02\n'))
    assert "bypass_total_urban" not in signed.doubtful
    assert signed.values["bypass_total_urban"].source == "Dr Li, 2026-01-02"
    assert (signed.local_version, signed.values["bypass_total_urban"].status) == ("2", "local")
    # What was not signed again stays as it was.
    assert "bypass_total_rural" in signed.doubtful


def test_an_unsigned_change_of_a_verified_value_is_not_trusted(region):
    path = region("[stroke]\nbypass_extra_limit = { value = 45, unit = 'min', source = 'a draft' }\n")
    protocol = load_protocol("stroke", path)
    assert "bypass_extra_limit" in protocol.doubtful
    assert protocol.values["bypass_extra_limit"].source == "a draft"


def test_a_file_may_set_both_conditions_and_a_scale(region):
    path = region(
        "[stroke]\ndoor_to_needle = { value = 50, unit = 'min' }\n[chest_pain]\nclock = { value = 'ecg', unit = 'clock' }\n"
        "[scales.LAMS]\ncut_off = { value = 3, unit = 'point' }\n"
    )
    assert load_protocol("stroke", path)["door_to_needle"] == 50
    assert load_protocol("stroke", path).scales["LAMS"].cut_off.value == 3
    assert load_protocol("chest_pain", path).clock == "ecg"
    keys = [change.key for change in compare(load_protocol("stroke"), load_protocol("stroke", path))]
    assert keys == ["LAMS.cut_off", "door_to_needle"]
    assert compare(load_protocol("stroke"), load_protocol("stroke")) == []


MIN = "unit = 'min' }"


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        ("[stroke]\nthrombolysis = { value = 1, unit = 'min' }", "stroke.thrombolysis", "is unknown; known are thrombolysis_window"),
        ("[stroke]\ndoor_to_needle = { unit = 'min' }", "stroke.door_to_needle.value", "is missing"),
        ("[stroke]\ndoor_to_needle = { value = 45 }", "stroke.door_to_needle.unit", "is missing"),
        ("[stroke]\ndoor_to_needle = { value = 1, unit = 'h' }", "stroke.door_to_needle.unit", "must be min"),
        ("[stroke]\ndoor_to_needle = { value = 0, unit = 'min' }", "stroke.door_to_needle", "greater than 0"),
        ("[stroke]\ndoor_to_needle = { value = -5, unit = 'min' }", "stroke.door_to_needle", "greater than 0"),
        ("[stroke]\ndoor_to_needle = { value = nan, unit = 'min' }", "stroke.door_to_needle", "finite"),
        ("[stroke]\ndoor_to_needle = { value = inf, unit = 'min' }", "stroke.door_to_needle", "finite"),
        ("[stroke]\ndoor_to_needle = { value = true, unit = 'min' }", "stroke.door_to_needle", "valid"),
        ("[stroke]\ndoor_to_needle = { value = '45', unit = 'min' }", "stroke.door_to_needle", "is a number"),
        ("[stroke]\ndoor_to_needle = { value = 45, unit = 'min', status = 'verified' }", "stroke.door_to_needle.status", "is unknown"),
        ("[stroke]\ndoor_to_needle = 45", "stroke.door_to_needle", "must be a table"),
        ("stroke = 45", "stroke", "must be a table"),
        ("[stroke]\ndoor_to_needle = { value = 300, unit = 'min' }", "", "door_to_needle (300) is greater than thrombolysis_window (270)"),
        ("[stroke]\nthrombolysis_window = { value = 400, unit = 'min' }", "", "greater than urokinase_window (360)"),
        ("[stroke]\nthrombectomy_window = { value = 1500, unit = 'min' }", "", "greater than thrombectomy_late_window"),
        ("[stroke]\nbypass_total_urban = { value = 50, unit = 'min' }", "", "greater than bypass_total_suburban (45)"),
        ("[stroke]\nbypass_extra_limit = { value = 61, unit = 'min' }", "", "greater than bypass_total_rural (60)"),
        ("[stroke]\noutcome_tie = { value = 1.5, unit = 'probability' }", "stroke.outcome_tie", "too large"),
        ("[chest_pain]\nclock = { value = 'door', unit = 'clock' }", "chest_pain.clock", "one of first_contact, ecg"),
        ("[chest_pain]\nclock = { value = 5, unit = 'clock' }", "chest_pain.clock", "is a word"),
        ("[chest_pain]\npci_goal = { value = 130, unit = 'min' }", "", "pci_goal (130) is greater than pci_limit (120)"),
        ("[chest_pain]\nangiography_from = { value = 1500, unit = 'min' }", "", "greater than angiography_until"),
        ("[chest_pain]\nrescue_from = { value = 95, unit = 'min' }", "", "greater than rescue_until"),
        ("[chest_pain]\nrescue_st_resolution = { value = 101, unit = '%' }", "chest_pain.rescue_st_resolution", "too large"),
        ("[scales.XYZ]\ncut_off = { value = 3, unit = 'point' }", "scales.XYZ", "is unknown"),
        ("[scales.LAMS]\nitems = { value = 3, unit = 'point' }", "scales.LAMS.items", "is unknown"),
        ("[scales.LAMS]\ncut_off = { value = 6, unit = 'point' }", "scales.LAMS", "outside the scale, 1 to 5"),
        ("[scales.LAMS]\ncut_off = { value = 3.5, unit = 'point' }", "scales.LAMS.cut_off", "whole number"),
        ("[scales]\nLAMS = 4", "scales.LAMS", "must be a table"),
        ("[strokes]\na = 1", "strokes", "is unknown"),
        ("not toml", "", "is no TOML"),
        ("signed_by = 'Dr Li'", "signed_by", "go together"),
        ("signed_by = ''\nsigned_on = 2026-01-01", "signed_by", "must be a text"),
        ("signed_by = 'Dr Li'\nsigned_on = '2026-01-01'", "signed_on", "must be a date"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_mistake_of_a_region_is_refused_with_file_and_key(region, condition, text, key, problem):
    with pytest.raises(ProtocolError) as caught:
        load_protocol(condition, region(text))
    error = caught.value
    assert error.facts["errors"][0]["file"] == "here.protocol.toml"
    assert error.facts["errors"][0]["field"].startswith(key)
    assert problem in error.facts["errors"][0]["problem"]
    assert "here.protocol.toml" in error.detail
    assert problem in error.detail


def test_a_version_is_wanted(region):
    with pytest.raises(ProtocolError, match="version is missing"):
        load_protocol("stroke", region("", header=""))


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path):
    with pytest.raises(ProtocolError, match=r"none\.toml cannot be read"):
        load_protocol("stroke", tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProtocolError, match=r"binary\.toml is no TOML"):
        load_protocol("stroke", tmp_path / "binary.toml")


def test_an_unknown_condition_is_refused():
    with pytest.raises(ProtocolError, match="stroke, chest_pain"):
        load_protocol("toothache")


@pytest.fixture
def packaged(tmp_path, monkeypatch):
    """The package's own files, to be changed."""
    for name in ("stroke", "chest_pain", "scales"):
        shutil.copy(resources.files("stroke_map.protocols") / f"{name}.toml", tmp_path)
    monkeypatch.setattr(loading, "_HERE", tmp_path)
    loading._shipped.cache_clear()
    loading.shipped_scales.cache_clear()
    yield tmp_path
    loading._shipped.cache_clear()
    loading.shipped_scales.cache_clear()


@pytest.mark.parametrize(
    ("file", "before", "after", "problem"),
    [
        ("stroke", "[values.door_to_needle]", "[values.door_to_nail]", "value door_to_needle is missing; value door_to_nail is unknown"),
        ("stroke", "[rules.lvo-bypass]", "[rules.bypass]", "rule lvo-bypass is missing; rule bypass is unknown"),
        ("stroke", "{bypass_extra_limit}", "{extra}", "rule lvo-bypass names the value extra, which there is not"),
        ("stroke", "value = 270\nunit = \"min\"", "value = 270\nunit = \"day\"", "thrombolysis_window is in day, not in min"),
        ("stroke", "status = \"verified\"", "status = \"sure\"", "'verified', 'unverified' or 'local'"),
        ("stroke", "source = \"AHA/ASA 2026: thrombectomy <= 6 h from onset\"", "source = \"\"", "at least 1 character"),
        ("scales", "required = \"arm_weakness\"", "required = \"arm\"", "is none of its items"),
        ("scales", "step = 2", "step = 3", "whole number of points and grades"),
        ("scales", "unit = \"point\"", "unit = \"min\"", "wrong unit"),
    ],
)  # fmt: skip
def test_a_mistake_of_the_package_is_refused_too(packaged, file, before, after, problem):
    path = packaged / f"{file}.toml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ProtocolError) as caught:
        load_protocol("stroke")
    assert f"{file}.toml" in caught.value.detail
    assert problem in caught.value.detail


def test_every_warning_is_said_twice_and_with_a_known_severity():
    for code, words in notice_table().items():
        assert set(words) == {"severity", "zh", "en"}, code
        assert words["severity"] in ("stop", "caution", "note")


def test_the_example_of_a_signed_file_signs_everything_that_can_overrule():
    told = tomllib.loads((HERE / "signed.toml").read_text(encoding="utf-8"))
    assert told["signed_by"]
    assert load_protocol("stroke", HERE / "signed.toml").doubtful == {"window_warning", "level_warning"}
