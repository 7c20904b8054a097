"""In which time treatment is to begin, and who says so."""

import pytest

from stroke_map.protocols import load_protocol
from stroke_map.protocols.targets import targets_of

MINUTES = {
    "stroke": {"door_to_needle": [60, 45], "door_to_puncture": [90, 60]},
    "chest_pain": {"door_to_needle": [30], "door_to_wire": [90], "first_contact_to_wire": [120, 90]},
}


@pytest.mark.parametrize("condition", MINUTES)
def test_every_target_is_in_minutes_with_a_source_and_a_name(condition):
    targets = targets_of(load_protocol(condition))
    assert {measure: [target.value for target in found] for measure, found in targets.items()} == MINUTES[condition]
    every = [target for found in targets.values() for target in found]
    assert {target.unit for target in every} == {"min"}
    assert all(target.source and target.zh and target.en for target in every)
    assert {target.status for target in every if "Recalled" in target.source} == {"unverified"}


def test_where_the_protocol_in_force_has_a_target_that_counts(tmp_path):
    path = tmp_path / "here.toml"
    path.write_text('version = "1"\n[stroke.door_to_needle_target]\nvalue = 50.0\nunit = "min"\n[chest_pain.clock]\nvalue = "ecg"\nunit = "clock"\n')  # fmt: skip
    (first, _) = targets_of(load_protocol("stroke", path))["door_to_needle"]
    assert (first.value, first.status) == (50, "local")
    assert targets_of(load_protocol("chest_pain", path))["first_contact_to_wire"] == (), "it counts from the ECG there"
