"""Money: prices as data, and what a lab would cost on Azure."""

from azlabs.spend.estimate import Estimate, Position, Price, estimate, price_of

__all__ = ["Estimate", "Position", "Price", "estimate", "price_of"]
