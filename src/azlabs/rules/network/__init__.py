"""How Azure decides about a packet: security rules, routes, service tags, and what they come to together.

Everything reads plain dicts in the shape of Azure's REST JSON (camelCase, `properties` nested) and touches no
network.
"""
