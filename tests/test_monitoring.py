"""The examples for Prometheus and Grafana against the numbers there are: none asks for one that nobody tells."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from stroke_map.settings import read_settings
from stroke_map.stream.metrics import Metrics
from stroke_map.web import create_app
from stroke_map.web.counts import counts_of
from stroke_map.web.live_state import live_store_of, warm_live_state
from stroke_map.web.measures import measures_of
from stroke_map.web.workers import Workers

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "scripts" / "deploy"
RULES = DEPLOY / "prometheus-alerts.yml"
#: What Prometheus makes itself, and what the example of its settings puts to every number.
GIVEN = {"up": {"job"}}
TARGET = {"process", "instance", "job"}


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def panels():
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions():
    found = [(rule["alert"], rule["expr"]) for rule in rules()]
    return found + [(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]


@pytest.fixture(scope="module")
def told(demo_geodata, tmp_path_factory):
    """Every number of a server and of the stream process: {name: its labels}; of one without a value so far, None."""
    folder = tmp_path_factory.mktemp("monitored")
    settings = read_settings(
        {}, geodata_dir=demo_geodata, cache_dir=folder, audit_dir=folder, database_url=f"sqlite:///{folder}/live.db"
    )
    app = create_app(settings)
    measures_of(app).workers = Workers(folder, 2)
    client = app.test_client()
    client.get("/api/v1/route?lat=60&lon=5")
    warm_live_state(app)
    counts_of(app).refresh(datetime.now(UTC))
    stream = Metrics()
    found = {}
    for text in (client.get("/metrics").get_data(as_text=True), stream.text().decode()):
        for family in text_string_to_metric_families(text):
            kinds = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",)}.get(family.type, ("",))
            for kind in kinds:
                labels = [set(sample.labels) for sample in family.samples if sample.name == family.name + kind]
                found[family.name + kind] = labels[0] if labels else None
    live_store_of(app).close()
    return found


@pytest.mark.parametrize(("title", "expression"), expressions(), ids=lambda text: text[:40])
def test_every_expression_asks_for_numbers_and_labels_that_there_are(title, expression, told):
    known = told | GIVEN
    names = set(re.findall(r"\b(?:stroke_map_\w+|up\b)", expression))
    assert names
    assert names <= set(known), title
    for name, matchers in re.findall(r"\b(stroke_map_\w+|up)\{([^}]*)\}", expression):
        labels = set(re.findall(r"(\w+)\s*[=!]", matchers))
        assert known[name] is None or labels <= known[name] | TARGET, title


def test_every_number_is_looked_at_or_named_in_both_readmes(told):
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        base = {re.sub(r"_(bucket|count|sum)$", "", metric) for metric in told if not metric.endswith("_created")}
        assert {metric for metric in base if f"`{metric}`" not in text} == set()


def test_each_rule_says_what_is_wrong_in_two_languages_how_grave_it_is_and_where_to_read_on():
    assert len({rule["alert"] for rule in rules()}) == len(rules()) > 10
    for rule in rules():
        notes = rule["annotations"]
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert re.search("[一-鿿]", notes["summary_zh"])
        assert not re.search("[一-鿿]", notes["summary"])
        document, _, anchor = notes["runbook"].partition("#")
        for name in (document, document.replace(".md", ".zh-CN.md")):
            assert f'<a id="{anchor}"></a>' in (ROOT / name).read_text(encoding="utf-8"), name


def test_the_dashboard_can_be_imported():
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    assert dashboard["uid"]
    assert [variable["type"] for variable in dashboard["templating"]["list"]] == ["datasource"]
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in panels():
        assert panel["datasource"]["uid"] == "${datasource}"
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert re.search("[一-鿿].* · [A-Z9p]", panel["title"]), panel["title"]


def test_the_settings_name_the_rules_and_the_ports_there_are():
    settings = yaml.safe_load((DEPLOY / "prometheus.yml").read_text(encoding="utf-8"))
    assert settings["rule_files"] == [RULES.name]
    targets = {
        target for job in settings["scrape_configs"] for one in job["static_configs"] for target in one["targets"]
    }
    proxied = set(re.findall(r"server (127\.0\.0\.1:\d+)", (DEPLOY / "nginx.conf").read_text(encoding="utf-8")))
    assert targets == proxied


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (Debian's package prometheus) is not here")
def test_prometheus_understands_rules_settings_and_what_the_dashboard_asks(tmp_path):
    asked = [expression.replace("$__rate_interval", "5m") for _, expression in expressions()]
    records = [{"record": f"asked_{number}", "expr": expression} for number, expression in enumerate(asked)]
    (tmp_path / "asked.yml").write_text(
        yaml.safe_dump({"groups": [{"name": "asked", "rules": records}]}), encoding="utf-8"
    )
    checked = ["rules", str(RULES)], ["rules", str(tmp_path / "asked.yml")], ["config", str(DEPLOY / "prometheus.yml")]
    for what in checked:
        done = subprocess.run(["promtool", "check", *what], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_proxy_gives_each_request_an_id_keeps_it_and_hides_the_figures():
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert "proxy_set_header X-Request-Id $request_id;" in text
    (kept,) = re.findall(r"log_format without_query '([^']+)'", text)
    assert "$request_id" in kept
    assert "$request_uri" not in kept
    assert "$args" not in kept
    assert "location = /metrics { return 404; }" in text
