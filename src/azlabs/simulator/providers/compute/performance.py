"""What managed disks do per second, and the names of their kinds and tiers.

Source: Microsoft's documentation "Scalability and performance targets for VM disks".
"""

from __future__ import annotations

SKUS = {
    "Standard_LRS": "Standard", "StandardSSD_LRS": "Standard", "StandardSSD_ZRS": "Standard", "Standard_ZRS": "Standard",
    "Premium_LRS": "Premium", "Premium_ZRS": "Premium", "PremiumV2_LRS": "Premium", "UltraSSD_LRS": "Ultra",
}  # fmt: skip
"""Sku names with their tier."""
TIERED = frozenset({"Premium_LRS", "Premium_ZRS"})
IOPS_SKUS = frozenset({"UltraSSD_LRS", "PremiumV2_LRS"})
"""Kinds whose speed is chosen, not fixed by the size."""

# Up to how many GB, tier, operations and MB per second of premium disks.
PREMIUM = (
    (4, "P1", 120, 25), (8, "P2", 120, 25), (16, "P3", 120, 25), (32, "P4", 120, 25), (64, "P6", 240, 50),
    (128, "P10", 500, 100), (256, "P15", 1100, 125), (512, "P20", 2300, 150), (1024, "P30", 5000, 200),
    (2048, "P40", 7500, 250), (4096, "P50", 7500, 250), (8192, "P60", 16000, 500), (16384, "P70", 18000, 750),
    (65536, "P80", 20000, 900),
)  # fmt: skip
LARGE = ((4096, 500, 60), (8192, 1300, 300), (16384, 2000, 500), (65536, 2000, 500))


def tier(size: int) -> str:
    """The performance tier of a premium disk of so many GB."""
    return next(name for most, name, _iops, _throughput in PREMIUM if size <= most)


def performance(sku: str, size: int) -> tuple[int, int]:
    """(operations, MB) per second."""
    if sku in TIERED:
        return next((iops, throughput) for most, _name, iops, throughput in PREMIUM if size <= most)
    if sku == "UltraSSD_LRS":
        return max(100, min(size * 300, 160000)), max(1, min(size * 300 // 4, 4000))
    if sku == "PremiumV2_LRS":
        return 3000, 125
    return next((iops, throughput) for most, iops, throughput in LARGE if size <= most)
