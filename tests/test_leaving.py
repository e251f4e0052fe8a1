# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves about use or the machine, each with its class: "machine" follows
no step of a guest, "dp" is a released cell, "live" needs `option live '1'`.

A name that is new has to find its class here, and with it a reason.
"""
import re

METRICS = {
    "stadttor_up": "machine", "stadttor_ipc_connected": "machine",
    "stadttor_uptime_seconds": "machine",
    "stadttor_config_generation": "machine",
    "stadttor_http_answers": "machine",  # to operators
    "stadttor_connections_rejected": "machine",  # theirs as well
    "stadttor_store_state": "machine", "stadttor_zone_present": "machine",
    "stadttor_zone_full": "machine",  # whoever is not let in learns it
    "stadttor_zone_outlet": "machine", "stadttor_trouble": "machine",
    "stadttor_certificate_end_seconds": "machine",
    "stadttor_reload_refused": "machine",
    "stadttor_uplinks_present": "machine", "stadttor_time_known": "machine",
    "stadttor_netlink_errors": "machine",
    "stadttor_rules_reinstalled": "machine",
    "stadttor_usage_lag_seconds": "machine",
    "stadttor_usage_figures_waiting": "machine",
    "stadttor_usage_counting": "machine", "stadttor_usage_kept": "machine",
    "stadttor_city_state": "machine",
    "stadttor_city_figures_waiting": "machine",  # cells, by timer alone
    "stadttor_usage": "dp", "stadttor_usage_band": "dp",
}
NOW = {"time": "machine", "profile": "machine", "epsilon": "machine",
       "zones": "machine", "live": "live", "online": "live", "up_bps": "live",
       "down_bps": "live", "uptime_s": "machine",
       "portal_uptime_s": "machine", "version": "machine",
       "health": "machine", "clock": "machine",
       "opening": "machine", "is_open": "machine",  # as the config says
       "change": "machine",
       "network": "machine", "provider": "machine", "title": "machine",
       "titles": "machine",  # words of the config
       "role": "machine", "has_codes": "machine"}  # of who asks
HEALTH_FOR_PORTAL = {
    "uptime_s", "generation", "netlink_errors", "reinstalled", "usage_lag_s",
    "usage_waiting", "time_is_known", "usage_is_kept", "is_counting",
    "is_live", "zones", "uplinks_present", "troubles"}
HEALTH_IF_LIVE = {"up_bps", "down_bps"}
HEALTH_FOR_ROOT = {"memory_bytes", "latency", "refused"}


def test_metrics(root):
    text = (root / "portal/admin/metrics.c").read_text()
    assert set(re.findall(r'\{ "(stadttor_\w+)"', text)) == set(METRICS)


def test_what_the_dashboard_is_told_now(root):
    text = (root / "portal/admin/admin_api.c").read_text()
    assert set(re.findall(r'json_object_object_add\(\s*\w+,\s*"(\w+)"',
                          text)) == set(NOW)


def body_of(text, function):
    begin = re.search(rf"^(static )?\w[^\n;]*\b{function}\([^;]*?\)\n\{{",
                      text, re.M).end()
    return text[begin:text.index("\n}\n", begin)]


def test_what_netctl_tells_the_portal(root):
    """Fields of the message by who is told; each has one place."""
    text = (root / "netctl/control/describe.c").read_text()

    def fields(code):
        return set(re.findall(r"\bm->(\w+)(?:\[\w+\]\.\w+)?(?: = |,| \+=)",
                              code)) - {"zone"}
    steps = body_of(text, "fill_health_steps")
    all_of_it = body_of(text, "describe_health")
    live = re.search(r"if \(m->is_live\) \{(.*?)\}", all_of_it, re.S)[1]
    assert fields(steps) == HEALTH_FOR_ROOT
    assert fields(live) == HEALTH_IF_LIVE
    zones = body_of(text, "fill_health_zones")
    assert fields(all_of_it.replace(live, "")) | fields(zones) == \
        HEALTH_FOR_PORTAL
    assert "if (!is_for_portal)\n\t\tfill_health_steps" in all_of_it
    assert re.findall(r"\.online = (.*?);", zones) == [
        "m->is_live ? online : 0"]


def test_the_budget_is_that_of_the_page(root):
    """The table of docs/privacy.md is the one that netctl counts by."""
    code = (root / "common/usage.c").read_text()
    shares = [(int(a), int(b)) for a, b in
              re.findall(r"\{ (\d+), (\d+) \} \}", code)]
    assert len(shares) == 9
    assert [sum(x) for x in zip(*shares)] == [200, 200]
    page = (root / "docs/privacy.md").read_text()
    for comma, part in ((",", page[:page.index("## English")]),
                        (".", page[page.index("## English"):])):
        rows = re.findall(r"^\| .* \| (?:(\S+) \([^|]*\)) \| "
                          r"(?:(\S+) \([^|]*\)|keine|none) \|$", part, re.M)
        assert [(round(float(a.replace(comma, ".")) * 100),
                 round(float((b or "0").replace(comma, ".")) * 100))
                for a, b in rows] == shares
