"""Quotas refuse what would go past a limit, and come after validation."""

from __future__ import annotations

from .authorization.conftest import Azure


def test_a_region_has_one_network_watcher() -> None:
    azure = Azure()
    folder = f"{azure.group}/providers/Microsoft.Network/networkWatchers"
    azure.ok("PUT", f"{folder}/one", "2024-05-01", {"location": "westeurope"})
    azure.ok("PUT", f"{folder}/one", "2024-05-01", {"location": "westeurope", "tags": {"a": "b"}})
    again = azure.refused("PUT", f"{folder}/two", "2024-05-01", {"location": "westeurope"})
    assert again == "400 NetworkWatcherCountLimitReached"
    azure.ok("PUT", f"{folder}/two", "2024-05-01", {"location": "northeurope"})


def test_a_route_table_has_at_most_400_routes() -> None:
    azure = Azure()
    path = f"{azure.group}/providers/Microsoft.Network/routeTables/r"

    def table(count: int) -> dict[str, object]:
        routes = [
            {"name": f"r{i}", "properties": {"addressPrefix": f"10.{i // 256}.{i % 256}.0/24", "nextHopType": "None"}}
            for i in range(count)
        ]
        return {"location": "westeurope", "properties": {"routes": routes}}

    azure.ok("PUT", path, "2024-05-01", table(400))
    assert azure.refused("PUT", path, "2024-05-01", table(401)) == "400 RouteCountLimitReached"


def test_an_invalid_request_is_called_invalid_even_at_the_limit() -> None:
    azure = Azure()
    folder = f"{azure.group}/providers/Microsoft.Network/networkWatchers"
    azure.ok("PUT", f"{folder}/one", "2024-05-01", {"location": "westeurope"})
    assert azure.refused("PUT", f"{folder}/two", "2024-05-01", {"location": "atlantis"}).startswith("400 Location")
