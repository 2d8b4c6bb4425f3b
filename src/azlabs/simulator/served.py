"""Which public host names are Azure's, and which of them the simulator answers. Read by the proxy and by shells."""

from __future__ import annotations

SERVED = (
    "management.azure.com",
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoft.com",
    "sts.windows.net",
    "graph.microsoft.com",
    "169.254.169.254",
    ".vault.azure.net",
    ".servicebus.windows.net",
    ".blob.core.windows.net",
    ".queue.core.windows.net",
    ".documents.azure.com",
    ".in.applicationinsights.azure.com",
    ".livediagnostics.monitor.azure.com",
    "dc.services.visualstudio.com",
    "rt.services.visualstudio.com",
    "settings.sdk.monitor.azure.com",
    "api.loganalytics.io",
    "api.loganalytics.azure.com",
    "api.applicationinsights.io",
    ".openai.azure.com",
    ".cognitiveservices.azure.com",
    ".api.cognitive.microsoft.com",
    ".azurewebsites.net",
    ".eventgrid.azure.net",
)
"""Names that are answered; one that begins with a dot stands for every name below it."""

AZURE = (
    ".azure.com",
    ".azure.net",
    ".windows.net",
    ".azurewebsites.net",
    ".azurecr.io",
    ".azconfig.io",
    ".azurefd.net",
    ".azureedge.net",
    ".azurecontainerapps.io",
    ".azurestaticapps.net",
    ".trafficmanager.net",
    ".cloudapp.net",
    ".microsoftonline.com",
    ".microsoft.com",
    ".microsoftonline.us",
    ".usgovcloudapi.net",
    ".chinacloudapi.cn",
    ".msftauth.net",
    ".live.com",
    ".visualstudio.com",
    ".loganalytics.io",
    ".applicationinsights.io",
    "169.254.169.254",
    "168.63.129.16",
)
"""Names that belong to Azure or its sign-in: never reached for real from a shell of the simulator."""


def matches(host: str, names: tuple[str, ...]) -> bool:
    """Is the host one of the names, or below one that begins with a dot?"""
    host = host.lower().rstrip(".")
    return any(host == name.lstrip(".") or (name.startswith(".") and host.endswith(name)) for name in names)


def refusal(host: str) -> str:
    """The sentence for an Azure host that the simulator does not answer."""
    return f"azlabs: {host} is not served by the simulator, and this shell does not reach the real Azure."
