"""What the daemon counts: /_mayfly/metrics, read by Prometheus's own parser, and /_mayfly/top."""

import json
import urllib.request

from prometheus_client.parser import text_string_to_metric_families


def scrape(endpoint):
    with urllib.request.urlopen(endpoint + "/_mayfly/metrics") as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = response.read().decode()
    families = {}
    for family in text_string_to_metric_families(text):
        # The parser takes a second block of the same name for another family: there must be none.
        assert family.name not in families, family.name
        assert family.documentation, family.name
        assert family.type in ("counter", "gauge", "histogram"), family.name
        families[family.name] = family
    return families


def value(families, family, name=None, **labels):
    """The sum of the samples that have these labels."""
    found = families.get(family)
    if found is None:
        return 0
    name = name or found.samples[0].name if found.samples else family
    return sum(
        s.value for s in found.samples
        if s.name == name and all(s.labels.get(key) == text for key, text in labels.items())
    )


def test_invocations_are_counted_by_function(endpoint, lambdas):
    name = lambdas.deploy("def lambda_handler(e, c):\n    if e.get('fail'): raise ValueError('no')\n    return 1\n")
    before = scrape(endpoint)
    for event in ({}, {}, {"fail": True}):
        lambdas.invoke(name, event)
    after = scrape(endpoint)
    assert value(after, "mayfly_function_invocations", function=name) == 3
    assert value(after, "mayfly_function_errors", function=name) == 1
    assert value(after, "mayfly_function_cold_starts", function=name) == 1
    grown = lambda family, **labels: value(after, family, **labels) - value(before, family, **labels)
    # The first event of a version; by which rung is the ladder's affair.
    assert grown("mayfly_cold_starts", cause="first") == 1
    assert grown("mayfly_requests", service="lambda", operation="Invoke") == 3


def test_a_new_deployment_is_told_as_the_cause_of_a_cold_start(endpoint, lambdas, client):
    name = lambdas.deploy("def lambda_handler(e, c):\n    return 1\n")
    lambdas.invoke(name)
    before = scrape(endpoint)
    client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": {"STAGE": "1"}})
    client("lambda").get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    lambdas.invoke(name)
    after = scrape(endpoint)
    cause = {"cause": "replaced"}
    assert value(after, "mayfly_cold_starts", **cause) - value(before, "mayfly_cold_starts", **cause) == 1


def test_histograms_are_cumulative_and_complete(endpoint, lambdas):
    name = lambdas.deploy("import time\ndef lambda_handler(e, c):\n    time.sleep(0.05)\n    return 1\n")
    for _ in range(2):
        lambdas.invoke(name)
    family = scrape(endpoint)["mayfly_function_duration_seconds"]
    mine = [s for s in family.samples if s.labels["function"] == name]
    buckets = [(float(s.labels["le"]), s.value) for s in mine if s.name.endswith("_bucket")]
    assert buckets == sorted(buckets)
    assert [count for _, count in buckets] == sorted(count for _, count in buckets)
    assert buckets[-1] == (float("inf"), 2)
    assert [count for bound, count in buckets if bound < 0.05][-1] == 0
    assert sum(s.value for s in mine if s.name.endswith("_sum")) >= 0.1


def test_labels_of_functions_are_bounded_whatever_clients_ask_for(endpoint, client):
    # Functions that do not exist make no series: only those that ran or were throttled do.
    before = {s.labels["function"] for s in scrape(endpoint)["mayfly_function_invocations"].samples}
    for number in range(5):
        try:
            client("lambda").invoke(FunctionName=f"nobody-{number}")
        except client("lambda").exceptions.ResourceNotFoundException:
            pass
    after = {s.labels["function"] for s in scrape(endpoint)["mayfly_function_invocations"].samples}
    assert after == before


def test_platform_numbers(endpoint, lambdas):
    before = scrape(endpoint)
    lambdas.deploy("def lambda_handler(e, c):\n    return 1\n")
    after = scrape(endpoint)
    assert value(after, "mayfly_store_commits") > value(before, "mayfly_store_commits")
    assert value(after, "mayfly_store_groups") <= value(after, "mayfly_store_commits")
    assert value(after, "mayfly_http_connections") >= 1
    assert value(after, "process_resident_memory_bytes") > 1 << 20
    assert value(after, "mayfly_environments", state="template") >= 1


def test_top_page_has_environments_and_durations(endpoint, lambdas):
    name = lambdas.deploy("def lambda_handler(e, c):\n    return 1\n")
    lambdas.invoke(name)
    with urllib.request.urlopen(endpoint + "/_mayfly/top") as response:
        top = json.load(response)
    [mine] = [f for f in top["functions"] if f["function"] == name]
    assert mine["invocations"] == 1
    assert sum(count for _, count in mine["duration_buckets"]) == 1
    [version] = [v for v in top["versions"] if v["function"] == name]
    assert version["idle"] + version["busy"] == 1
    assert version["memory_bytes"] > 0
