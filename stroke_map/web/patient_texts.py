"""The words for what is known of a patient, in both languages: `told_<field>`, `said_<value>`."""

from __future__ import annotations

from typing import Final

PATIENT: Final[dict[str, tuple[str, str]]] = {
    "condition_stroke": ("卒中", "Stroke"),
    "condition_chest_pain": ("胸痛", "Chest pain"),
    "known": ("已知情况", "What is known"),
    "not_told": ("未告知：{0}", "Not told: {0}"),
    "told_age": ("年龄", "Age"),
    "told_onset": ("发病", "Onset"),
    "told_last_known_well": ("最后正常", "Last known well"),
    "told_scale": ("筛查评分", "Scale"),
    "told_anticoagulant": ("抗凝药", "Anticoagulant"),
    "told_thrombolysis_contraindication": ("溶栓禁忌", "Against thrombolysis"),
    "told_lysis_contraindication": ("溶栓禁忌", "Against fibrinolysis"),
    "told_airway_not_secured": ("气道未保障", "Airway not secured"),
    "told_arrest_in_progress": ("心脏停搏", "Cardiac arrest"),
    "told_arrest_with_rosc": ("停搏后恢复循环", "Arrest with return of circulation"),
    "told_needle_at": ("已开始溶栓", "Thrombolysis began"),
    "told_first_medical_contact": ("首次医疗接触", "First medical contact"),
    "told_ecg": ("心电图", "ECG"),
    "told_ecg_at": ("心电图时间", "ECG at"),
    "told_shock": ("心源性休克", "Cardiogenic shock"),
    "told_suspected_dissection": ("疑似主动脉夹层", "Suspected dissection"),
    "said_yes": ("有", "yes"),
    "said_no": ("无", "no"),
    "said_unknown": ("不明", "unknown"),
    "said_wake-up": ("睡醒时发现", "on waking"),
    "said_STEMI": ("STEMI", "STEMI"),
    "said_no ST elevation": ("无 ST 抬高", "no ST elevation"),
    "said_not done": ("未做", "not done"),
    "years": ("{0} 岁", "{0} years"),
    "ago": ("{0} 前", "{0} ago"),
}
