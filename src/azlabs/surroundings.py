"""The variables that lead an unmodified program to a simulator instead of Azure. For shells, and for code that runs inside it.

A light leaf: a shell starts with it before anything else is imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azlabs.files import write_private

SITE = Path(__file__).parent / "site"
# Variables that would lead programs past the simulator, or to the user's own account.
REMOVED = (
    "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "https_proxy", "AZURE_AUTHORITY_HOST",
    "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_USERNAME", "AZURE_PASSWORD",
    "MSI_ENDPOINT", "MSI_SECRET", "IDENTITY_SERVER_THUMBPRINT", "PYTHONHOME",
)  # fmt: skip
TRUST = (
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "AZLABS_TRUST",
    "GIT_SSL_CAINFO",
)


def leading_to(record: Mapping[str, Any], home: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """Proxies, trust and Python hooks for the station that wrote `record` (`run/host.json`) below `home`.

    Who the program is comes from elsewhere: nothing here signs anyone in.
    """
    proxy = proxy_of(record)
    others = [part for part in inherited.get("PYTHONPATH", "").split(os.pathsep) if part and part != str(SITE)]
    return {
        **dict.fromkeys(TRUST, str(trust_bundle(Path(record["authority"]), inherited))),
        "HTTPS_PROXY": proxy,
        "HTTP_PROXY": proxy,
        "http_proxy": proxy,
        "AZLABS_PROXY": proxy,
        "AZLABS_HOST_RECORD": str(home / "run" / "host.json"),
        "AZLABS_PYTHON": sys.executable,
        "AZLABS_HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(SITE), *others]),
    }


def proxy_of(record: Mapping[str, Any]) -> str:
    """The URL of the station's proxy."""
    return f"http://127.0.0.1:{record['proxy_port']}"


def trust_bundle(authority: Path, inherited: Mapping[str, str]) -> Path:
    """One file with the authorities that programs trusted before and the simulator's own."""
    before = next((Path(inherited[name]) for name in TRUST[:3] if inherited.get(name)), None)
    if before is None or not before.is_file():
        import certifi

        before = Path(certifi.where())
    bundle = authority.with_name("trust.pem")
    if before == bundle:
        return bundle
    wanted = authority.read_text("ascii") + before.read_text("utf-8")
    if not bundle.exists() or bundle.read_text("utf-8") != wanted:
        write_private(bundle, wanted)
    return bundle
