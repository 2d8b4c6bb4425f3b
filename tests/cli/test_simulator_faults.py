"""`azlabs simulator faults`: said, counted, cleared; the next command meets them."""

from __future__ import annotations


def test_a_fault_is_added_met_listed_and_cleared(azlabs):
    assert azlabs("simulator", "faults", "list").out == "No faults: every request is answered.\n"
    added = azlabs("simulator", "faults", "add", "fail", "--path", "*/resourcegroups", "--code", "Oops", "--status", "403", "--json")
    assert added.json["id"] == 1 and added.json["code"] == "Oops"
    ran = azlabs("simulator", "status")
    assert ran.code != 0 and "Traceback" not in ran.err
    assert azlabs("simulator", "faults", "list", "--json").json == {"faults": [], "limits": []}
    azlabs("simulator", "faults", "add", "throttle", "--host", "*.documents.azure.com", "--times", "0", "--seconds", "2")
    for limit in ("arm-limits", "cosmos-limits"):
        assert azlabs("simulator", "faults", "add", limit).out == f"{limit}: on\n"
    shown = azlabs("simulator", "faults", "list").out.splitlines()
    assert shown[0] == "2  throttle 2.0: host *.documents.azure.com; all of them; seen 0, struck 0"
    assert shown[1:] == ["arm-limits: on", "cosmos-limits: on"]
    assert azlabs("simulator", "faults", "clear", "7").code == 2
    assert azlabs("simulator", "faults", "clear", "--json").json == {"cleared": 3}
    assert azlabs("simulator", "faults", "list", "--json").json == {"faults": [], "limits": []}
    assert azlabs("simulator", "faults", "clear").out == "There was nothing to clear.\n"


def test_a_kind_that_does_not_exist_is_refused_with_those_that_do(azlabs):
    ran = azlabs("simulator", "faults", "add", "explode")
    assert ran.code == 2 and "operation-hangs" in ran.err
