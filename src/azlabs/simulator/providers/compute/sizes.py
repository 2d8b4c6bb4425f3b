"""Sizes of virtual machines: cores, memory, data disks, by series.

Source: Microsoft's documentation "Sizes for virtual machines in Azure" and recorded lists of sizes. A series is a rule
(name pattern, core counts, memory per core); sizes that follow no rule are listed one by one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from azlabs.simulator.resource_manager.locations import regions

Body = dict[str, Any]
OS_DISK_MB = 1047552
REGION_QUOTA = 100
"""Cores that a subscription may have in a region, and in a family of it; a new one is often given 10 to 100."""


@dataclass(frozen=True, slots=True)
class Size:
    """A size; memory in MB, temporary disk in MB (0: none)."""

    name: str
    family: str
    cores: int
    memory: int
    disks: int
    temporary: int
    premium: bool
    generations: str = "V1,V2"
    per_core: int = 2

    def listed(self) -> Body:
        """The item of a list of sizes."""
        return {
            "name": self.name, "numberOfCores": self.cores, "osDiskSizeInMB": OS_DISK_MB,
            "resourceDiskSizeInMB": self.temporary, "memoryInMB": self.memory, "maxDataDiskCount": self.disks,
        }  # fmt: skip


# Pattern, family, core counts, GB of memory per core, GB of temporary disk per core, most data disks, premium storage.
SERIES: tuple[tuple[str, str, tuple[int, ...], float, float, int, bool], ...] = (
    ("Standard_D{n}s_v3", "standardDSv3Family", (2, 4, 8, 16, 32, 48, 64), 4, 8, 32, True),
    ("Standard_D{n}_v3", "standardDv3Family", (2, 4, 8, 16, 32, 48, 64), 4, 25, 32, False),
    ("Standard_D{n}s_v4", "standardDSv4Family", (2, 4, 8, 16, 32, 48, 64), 4, 0, 32, True),
    ("Standard_D{n}_v4", "standardDv4Family", (2, 4, 8, 16, 32, 48, 64), 4, 0, 32, False),
    ("Standard_D{n}ds_v4", "standardDDSv4Family", (2, 4, 8, 16, 32, 48, 64), 4, 37.5, 32, True),
    ("Standard_D{n}as_v4", "standardDASv4Family", (2, 4, 8, 16, 32, 48, 64, 96), 4, 8, 32, True),
    ("Standard_D{n}s_v5", "standardDSv5Family", (2, 4, 8, 16, 32, 48, 64, 96), 4, 0, 32, True),
    ("Standard_D{n}_v5", "standardDv5Family", (2, 4, 8, 16, 32, 48, 64, 96), 4, 0, 32, False),
    ("Standard_D{n}ds_v5", "standardDDSv5Family", (2, 4, 8, 16, 32, 48, 64, 96), 4, 37.5, 32, True),
    ("Standard_D{n}as_v5", "standardDASv5Family", (2, 4, 8, 16, 32, 48, 64, 96), 4, 0, 32, True),
    ("Standard_D{n}ads_v5", "standardDADSv5Family", (2, 4, 8, 16, 32, 48, 64, 96), 4, 37.5, 32, True),
    ("Standard_D{n}ps_v5", "standardDPSv5Family", (2, 4, 8, 16, 32, 48, 64), 4, 0, 32, True),
    ("Standard_D{n}s_v6", "standardDSv6Family", (2, 4, 8, 16, 32, 48, 64, 96, 128), 4, 0, 64, True),
    ("Standard_E{n}s_v3", "standardESv3Family", (2, 4, 8, 16, 20, 32, 48, 64), 8, 16, 32, True),
    ("Standard_E{n}_v3", "standardEv3Family", (2, 4, 8, 16, 20, 32, 48, 64), 8, 25, 32, False),
    ("Standard_E{n}s_v4", "standardESv4Family", (2, 4, 8, 16, 20, 32, 48, 64), 8, 0, 32, True),
    ("Standard_E{n}s_v5", "standardESv5Family", (2, 4, 8, 16, 20, 32, 48, 64, 96), 8, 0, 32, True),
    ("Standard_E{n}ds_v5", "standardEDSv5Family", (2, 4, 8, 16, 20, 32, 48, 64, 96), 8, 37.5, 32, True),
    ("Standard_E{n}as_v5", "standardEASv5Family", (2, 4, 8, 16, 20, 32, 48, 64, 96), 8, 0, 32, True),
    ("Standard_F{n}s_v2", "standardFSv2Family", (2, 4, 8, 16, 32, 48, 64, 72), 2, 8, 32, True),
    ("Standard_F{n}s", "standardFSFamily", (1, 2, 4, 8, 16), 2, 4, 64, True),
    ("Standard_F{n}", "standardFFamily", (1, 2, 4, 8, 16), 2, 16, 64, False),
    ("Standard_L{n}s_v3", "standardLSv3Family", (8, 16, 32, 48, 64, 80), 8, 10, 32, True),
    ("Standard_DC{n}es_v5", "standardDCEv5Family", (2, 4, 8, 16, 32, 48, 64, 96), 4, 0, 32, True),
    ("Standard_DC{n}as_v5", "standardDCASv5Family", (2, 4, 8, 16, 32, 48, 64, 96), 4, 0, 32, True),
    ("Standard_EC{n}as_v5", "standardECASv5Family", (2, 4, 8, 16, 20, 32, 48, 64, 96), 8, 0, 32, True),
)  # fmt: skip

# Name, family, cores, GB of memory, data disks, MB of temporary disk, premium storage.
SINGLE: tuple[tuple[str, str, int, float, int, int, bool], ...] = (
    ("Standard_B1ls", "standardBSFamily", 1, 0.5, 2, 4096, True),
    ("Standard_B1ms", "standardBSFamily", 1, 2, 2, 4096, True),
    ("Standard_B1s", "standardBSFamily", 1, 1, 2, 4096, True),
    ("Standard_B2ms", "standardBSFamily", 2, 8, 4, 16384, True),
    ("Standard_B2s", "standardBSFamily", 2, 4, 4, 8192, True),
    ("Standard_B4ms", "standardBSFamily", 4, 16, 8, 32768, True),
    ("Standard_B8ms", "standardBSFamily", 8, 32, 16, 65536, True),
    ("Standard_B12ms", "standardBSFamily", 12, 48, 16, 98304, True),
    ("Standard_B16ms", "standardBSFamily", 16, 64, 32, 131072, True),
    ("Standard_B20ms", "standardBSFamily", 20, 80, 32, 163840, True),
    ("Standard_B2ts_v2", "standardBsv2Family", 2, 1, 4, 0, True),
    ("Standard_B2ls_v2", "standardBsv2Family", 2, 4, 4, 0, True),
    ("Standard_B2s_v2", "standardBsv2Family", 2, 8, 4, 0, True),
    ("Standard_B4ls_v2", "standardBsv2Family", 4, 8, 8, 0, True),
    ("Standard_B4s_v2", "standardBsv2Family", 4, 16, 8, 0, True),
    ("Standard_B8s_v2", "standardBsv2Family", 8, 32, 16, 0, True),
    ("Standard_B2ats_v2", "standardBasv2Family", 2, 1, 4, 0, True),
    ("Standard_B2als_v2", "standardBasv2Family", 2, 4, 4, 0, True),
    ("Standard_B2as_v2", "standardBasv2Family", 2, 8, 4, 0, True),
    *((f"{tier}_A{n}", f"{tier.lower()}A0_A7Family".replace("basicA0_A7", "basicA"), cores, memory, disks, temporary, False)
      for tier in ("Basic", "Standard")
      for n, cores, memory, disks, temporary in ((0, 1, 0.75, 1, 20480), (1, 1, 1.75, 2, 71680), (2, 2, 3.5, 4, 138240),
                                                 (3, 4, 7, 8, 291840), (4, 8, 14, 16, 619520))),
    ("Standard_A1_v2", "standardAv2Family", 1, 2, 2, 10240, False),
    ("Standard_A2_v2", "standardAv2Family", 2, 4, 4, 20480, False),
    ("Standard_A4_v2", "standardAv2Family", 4, 8, 8, 40960, False),
    ("Standard_A8_v2", "standardAv2Family", 8, 16, 16, 81920, False),
    ("Standard_A2m_v2", "standardAv2Family", 2, 16, 4, 20480, False),
    ("Standard_A4m_v2", "standardAv2Family", 4, 32, 8, 40960, False),
    ("Standard_DS1", "standardDSFamily", 1, 3.5, 4, 7168, True),
    ("Standard_DS2", "standardDSFamily", 2, 7, 8, 14336, True),
    ("Standard_DS3", "standardDSFamily", 4, 14, 16, 28672, True),
    ("Standard_DS4", "standardDSFamily", 8, 28, 32, 57344, True),
    ("Standard_DS1_v2", "standardDSv2Family", 1, 3.5, 4, 7168, True),
    ("Standard_DS2_v2", "standardDSv2Family", 2, 7, 8, 14336, True),
    ("Standard_DS3_v2", "standardDSv2Family", 4, 14, 16, 28672, True),
    ("Standard_DS4_v2", "standardDSv2Family", 8, 28, 32, 57344, True),
    ("Standard_DS5_v2", "standardDSv2Family", 16, 56, 64, 114688, True),
    ("Standard_DS11_v2", "standardDSv2Family", 2, 14, 8, 28672, True),
    ("Standard_DS12_v2", "standardDSv2Family", 4, 28, 16, 57344, True),
    ("Standard_DS13_v2", "standardDSv2Family", 8, 56, 32, 114688, True),
    ("Standard_DS14_v2", "standardDSv2Family", 16, 112, 64, 229376, True),
    ("Standard_D1_v2", "standardDv2Family", 1, 3.5, 4, 51200, False),
    ("Standard_D2_v2", "standardDv2Family", 2, 7, 8, 102400, False),
    ("Standard_D3_v2", "standardDv2Family", 4, 14, 16, 204800, False),
    ("Standard_D4_v2", "standardDv2Family", 8, 28, 32, 409600, False),
    ("Standard_D5_v2", "standardDv2Family", 16, 56, 64, 819200, False),
    ("Standard_D11_v2", "standardDv2Family", 2, 14, 8, 102400, False),
    ("Standard_NC4as_T4_v3", "Standard NCASv3_T4 Family", 4, 28, 8, 180224, True),
    ("Standard_NC6s_v3", "standardNCSv3Family", 6, 112, 12, 344064, True),
    ("Standard_NC24ads_A100_v4", "standardNCADSA100v4Family", 24, 220, 8, 65536, True),
)  # fmt: skip


def _series() -> Iterator[Size]:
    for pattern, family, counts, memory, temporary, most, premium in SERIES:
        for cores in counts:
            disks = min(most, cores * (4 if pattern.startswith("Standard_F") and "_v2" not in pattern else 2))
            yield Size(
                pattern.format(n=cores), family, cores, int(cores * memory * 1024), disks, int(cores * temporary * 1024), premium,
                "V2" if pattern.startswith(("Standard_DC", "Standard_EC")) or "ps_" in pattern or "_v6" in pattern else "V1,V2",
            )  # fmt: skip


@functools.cache
def sizes() -> dict[str, Size]:
    """Every size by its lower-case name, in the order in which they are listed."""
    single = [Size(name, family, cores, int(memory * 1024), disks, temporary, premium)
              for name, family, cores, memory, disks, temporary, premium in SINGLE]  # fmt: skip
    return {size.name.lower(): size for size in (*single, *_series())}


def find(name: str) -> Size | None:
    """The size with this name in any spelling, None when it is not known."""
    return sizes().get(name.lower())


def named_like_a_size(name: str) -> bool:
    """Is it in the form of Azure's names of sizes? There are more than the table has."""
    return re.fullmatch(r"(Standard|Basic)_[A-Z]+\d+(-\d+)?[a-z]*(_[A-Z]\w*)?(_v\d+)?(_Promo)?", name, re.I) is not None


def zones(location: str) -> list[str]:
    """Availability zones of a region."""
    return ["1", "2", "3"] if regions().get(location, {}).get("zones") else []
