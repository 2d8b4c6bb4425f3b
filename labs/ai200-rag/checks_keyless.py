"""What the app's identities may do: what they need, nothing beyond it, and no key anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from azlabs.cloud.errors import AzureError
from azlabs.verify import LabView, check, expect, guard, waits_for

from .shared import Trust

BUS, COSMOS, MODELS = "Microsoft.ServiceBus", "Microsoft.DocumentDB", "Microsoft.CognitiveServices"
RECEIVE = f"{BUS}/namespaces/messages/receive/action"
SEND = f"{BUS}/namespaces/messages/send/action"
EMBED = f"{MODELS}/accounts/OpenAI/deployments/embeddings/action"
CONTAINERS = f"{COSMOS}/databaseAccounts/sqlDatabases/containers"
ITEMS = f"{CONTAINERS}/items"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
# What reading and writing passages takes: of each line one is enough.
PASSAGES = (
    (f"{COSMOS}/databaseAccounts/readMetadata",),
    (f"{CONTAINERS}/executeQuery", f"{ITEMS}/read"),
    (f"{ITEMS}/upsert", f"{ITEMS}/create"),
)
LOANS = (f"{ITEMS}/read", f"{CONTAINERS}/executeQuery", f"{CONTAINERS}/readChangeFeed", f"{ITEMS}/upsert", f"{ITEMS}/delete")
# Actions below a resource that change something or show a key, by the resource's type.
BELOW = {
    "microsoft.servicebus/namespaces": (
        *(f"{BUS}/namespaces/{kind}/write" for kind in ("queues", "topics", "authorizationRules")),
        *(f"{BUS}/namespaces/{kind}/listKeys/action" for kind in ("authorizationRules", "queues/authorizationRules")),
    ),
    "microsoft.documentdb/databaseaccounts": (
        *(f"{COSMOS}/databaseAccounts/{one}/action" for one in ("listKeys", "readonlykeys", "listConnectionStrings")),
        *(f"{COSMOS}/databaseAccounts/{one}/write" for one in ("sqlDatabases", "sqlDatabases/containers", "sqlRoleAssignments")),
    ),
    "microsoft.cognitiveservices/accounts": (
        f"{MODELS}/accounts/listKeys/action",
        f"{MODELS}/accounts/deployments/write",
    ),
    "microsoft.storage/storageaccounts": ("Microsoft.Storage/storageAccounts/listKeys/action",),
    "microsoft.operationalinsights/workspaces": ("Microsoft.OperationalInsights/workspaces/sharedKeys/action",),
    "microsoft.web/sites": ("Microsoft.Web/sites/config/list/action", "Microsoft.Web/sites/host/listkeys/action"),
}
# How credentials look in a setting.
CREDENTIALS = re.compile(
    r"SharedAccessKey\s*=|SharedAccessSignature|AccountKey\s*=|AccessKey\s*=|[?&]sig=|^\s*[A-Za-z0-9+/]{43}=\s*$|"
    r"^\s*[A-Za-z0-9+/]{86}==\s*$|^\s*[0-9a-f]{32}\s*$|^\s*[A-Za-z0-9]{84}\s*$",
    re.IGNORECASE,
)
KEYED = (
    ("Service Bus", "namespaceId", "AuthorizationRules/RootManageSharedAccessKey/listKeys"),
    ("Cosmos DB", "cosmosId", "listKeys"),
    ("Azure OpenAI", "openAiId", "listKeys"),
)


@check("keyless", points=5)
def the_app_may_do_its_work(lab: LabView) -> None:
    """The app's identities may receive from documents, read and write passages, and call the model."""
    trust = Trust(lab)
    people = trust.identities
    fix = "Which role is for the data of this service, and where does it have to be assigned?"
    found = f"The app has {len(people) or 'no'} identity"
    expect(people, found=found, expected="An identity", fix="Attach id-answers to the app.")
    receives = lab.access.any_of(people, RECEIVE, trust.documents, data=True)
    expect(receives, found=f"The app {receives}", expected="Receive from documents", fix=fix)
    calls = lab.access.any_of(people, EMBED, lab.outputs["openAiId"], data=True)
    expect(calls, found=f"The app {calls}", expected="Call the model", fix=fix)
    stores = trust.stores()
    if not stores:
        waits_for("vector-store", "There is no container for passages that it could have rights in.")
    for actions in PASSAGES:
        asked = [(action, store.container.scope) for store in stores for action in actions]
        granted = [lab.access.any_of(people, action, scope, data=True) for action, scope in asked]
        found = next(filter(None, granted), granted[0])
        expect(
            found,
            found=f"The app {found}",
            expected=f"{' or '.join(map(_short, actions))} in {', '.join(store.name for store in stores)}",
            decided_by=found.decided_by,
            fix=fix,
        )


@check("keyless", points=5, negative=True, pair="the_app_may_do_its_work")
def the_app_may_do_nothing_else(lab: LabView) -> None:
    """None of the app's identities may receive or send elsewhere, read loans, see a key or change a resource."""
    trust = Trust(lab)
    for principal in trust.identities:
        for action, scope, data in [*_data_beyond(lab, trust), *_changes(lab)]:
            found = lab.access.can(principal, action, scope, data=data)
            expect(
                not found,
                found=f"The app's identity {found}",
                expected="Only what the app needs",
                decided_by=found.decided_by,
                fix="Is the role too wide, or does it sit too high?",
            )


def _data_beyond(lab: LabView, trust: Trust) -> Iterator[tuple[str, str, bool]]:
    namespace = lab.outputs["namespaceId"]
    queues = [str(queue["id"]) for queue in lab.find("Microsoft.ServiceBus/namespaces/queues")]
    for scope in [namespace, *queues]:
        yield SEND, scope, True
        if scope.lower() != trust.documents.lower():
            yield RECEIVE, scope, True
    for action in LOANS:
        yield action, f"{trust.cosmos}/dbs/library/colls/loans", True
    secrets = [str(secret["id"]) for secret in lab.find("Microsoft.KeyVault/vaults/secrets")]
    for scope in [lab.outputs["vaultId"], *secrets]:
        yield "Microsoft.KeyVault/vaults/secrets/setSecret/action", scope, True


def _changes(lab: LabView) -> Iterator[tuple[str, str, bool]]:
    for group in lab.sandbox.resource_groups:
        scope = f"/subscriptions/{lab.sandbox.subscription_id}/resourceGroups/{group}"
        yield "Microsoft.Resources/subscriptions/resourceGroups/write", scope, False
        yield "Microsoft.Authorization/roleAssignments/write", scope, False
        for resource in lab.resources(group):
            kind, identifier = str(resource["type"]), str(resource["id"])
            for action in (f"{kind}/write", f"{kind}/delete", "Microsoft.Authorization/roleAssignments/write"):
                yield action, identifier, False
            for action in BELOW.get(kind.lower(), ()):
                yield action, identifier, False


@check("keyless", points=5, negative=True, pair="the_app_may_do_its_work")
def no_key_opens_a_service(lab: LabView) -> None:
    """Keys no longer work on Service Bus, Cosmos DB and Azure OpenAI, and no setting holds a key of any service."""
    for name, output, _action in KEYED:
        properties = (lab.get(lab.outputs[output]) or {}).get("properties") or {}
        off = properties.get("disableLocalAuth") is True
        found = f"{name} {'accepts no keys' if off else 'still accepts keys'}"
        expect(off, found=found, expected="No keys", fix="Local authentication can be disabled.")
    keys = [key for _name, output, action in KEYED for key in _keys(lab, lab.outputs[output], action)]
    held = [
        name
        for name, text in Trust(lab).plain_settings.items()
        if CREDENTIALS.search(text) or any(key in text for key in keys)
    ]
    fix = "Remove it. A connection by identity has settings of its own, and a plain one beside them wins."
    found = f"Credentials in {', '.join(held) or 'no setting'}"
    expect(not held, found=found, expected="No credential in any setting", fix=fix)


@guard("keyless")
def the_host_keeps_its_storage(lab: LabView) -> None:
    """The Functions host may still read and write the blobs of its storage, as the identity that the settings name."""
    trust = Trust(lab)
    settings = trust.settings
    fix = "The host keeps its locks in its storage account: that access has to stay."
    account = settings.get("AzureWebJobsStorage__accountName", "")
    account = account or settings.get("AzureWebJobsStorage__blobServiceUri", "").partition("://")[2].partition(".")[0]
    credential = settings.get("AzureWebJobsStorage__credential", "managedidentity")
    named = lab.find("Microsoft.Storage/storageAccounts", {"name": account}) if credential == "managedidentity" else []
    found = f"The settings AzureWebJobsStorage__... name {named[0]['name'] if named else 'no account of the lab'}"
    expect(named, found=found, expected="The account of the start, by identity", fix=fix)
    for action in (f"{BLOBS}/read", f"{BLOBS}/write"):
        access = lab.access.any_of(_host_identities(trust, settings), action, str(named[0]["id"]), data=True)
        expect(access, found=f"The host {access}", expected="Read and write the host's blobs", fix=fix)


def _host_identities(trust: Trust, settings: dict[str, str]) -> list[str]:
    """The identity that the host uses: the one its settings name, else the one of the system."""
    identity = trust.site.get("identity") or {}
    client = settings.get("AzureWebJobsStorage__clientId", "")
    if client:
        attached = (identity.get("userAssignedIdentities") or {}).values()
        return [str(one["principalId"]) for one in attached if str(one.get("clientId", "")).lower() == client.lower()]
    return [str(identity["principalId"])] if identity.get("principalId") else []


def _keys(lab: LabView, resource: str, action: str) -> list[str]:
    try:
        answer = lab.secrets(resource, action)
    except AzureError as refused:
        # Some services list no keys once they accept none.
        if refused.status in (400, 403, 404, 409):
            return []
        raise
    return [value for name, value in answer.items() if isinstance(value, str) and "key" in name.lower() and len(value) > 20]


def _short(action: str) -> str:
    return "/".join(action.removesuffix("/action").split("/")[-2:])
