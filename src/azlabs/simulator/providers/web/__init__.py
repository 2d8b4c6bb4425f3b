"""Microsoft.Web: plans, sites of all kinds, slots and their settings, static sites."""
