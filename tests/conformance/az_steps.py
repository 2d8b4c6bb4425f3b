"""What the real Azure CLI is asked to do against the simulator, by command group, in order.

A step is a command line without `az`, and what has to come of it: a JMESPath expression and its value, an error code, or
just success. `{rg}` is the group's own resource group. Steps of a group build on each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TEMPLATE = """param name string = 'deployed'
resource nsg 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: name
  location: resourceGroup().location
}
output id string = nsg.id
"""
SUBSCRIPTION_TEMPLATE = """targetScope = 'subscription'
param name string
resource rg 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: name
  location: deployment().location
}
"""
FILES = {"main.bicep": TEMPLATE, "sub.bicep": SUBSCRIPTION_TEMPLATE, "bad.bicep": "resource x 'nothing"}


@dataclass(frozen=True, slots=True)
class Step:
    """`query` and `value`: what `--query` has to give; `error`: a part of standard error of a command that must fail."""

    command: str
    query: str = ""
    value: Any = None
    error: str = ""


def ok(command: str, query: str = "", value: Any = None) -> Step:
    """A command that succeeds."""
    return Step(command, query, value)


def fails(command: str, error: str) -> Step:
    """A command that is refused with this error code or text."""
    return Step(command, error=error)


NET = "network vnet create -g {rg} -n v --address-prefixes 10.1.0.0/16 --subnet-name a --subnet-prefixes 10.1.0.0/24"

GROUPS: dict[str, list[Step]] = {
    "account": [
        ok("account show", "state", "Enabled"),
        ok("account list", "length(@)", 1),
        ok("account list-locations", "length(@) > `30`", True),
        ok("account get-access-token", "tokenType", "Bearer"),
    ],
    "group": [
        ok("group create -n {rg} -l westeurope --tags a=1", "tags.a", "1"),
        ok("group show -n {rg}", "properties.provisioningState", "Succeeded"),
        ok("group update -n {rg} --set tags.b=2", "tags", {"a": "1", "b": "2"}),
        ok("group list --query \"[?name=='{rg}']\"", "length(@)", 1),
        ok("group list --tag a=1", "length(@)", 1),
        ok("group exists -n {rg}", "@", True),
        fails("group create -n {rg} -l eastus", "InvalidResourceGroupLocation"),
        fails("group create -n {rg}x -l atlantis", "LocationNotAvailableForResourceGroup"),
        fails("group show -n {rg}-none", "ResourceGroupNotFound"),
        ok("group export -n {rg}", "contentVersion", "1.0.0.0"),
        ok("group delete -n {rg} -y --no-wait"),
        ok("group wait -n {rg} --deleted"),
        ok("group exists -n {rg}", "@", False),
    ],
    "tag": [
        ok("network nsg create -g {rg} -n tagged --tags one=1"),
        ok("tag create --resource-id {id}/resourceGroups/{rg} --tags a=1 b=2", "properties.tags", {"a": "1", "b": "2"}),
        ok("tag update --resource-id {id}/resourceGroups/{rg} --operation merge --tags c=3", "length(properties.tags)", 3),
        ok("tag update --resource-id {id}/resourceGroups/{rg} --operation delete --tags a=1", "length(properties.tags)", 2),
        ok("tag list --resource-id {id}/resourceGroups/{rg}", "properties.tags.c", "3"),
        ok("resource list --tag one=1", "length(@)", 1),
    ],
    "lock": [
        ok("network nsg create -g {rg} -n locked"),
        ok("lock create -n keep -g {rg} --lock-type CanNotDelete", "level", "CanNotDelete"),
        ok("lock list -g {rg}", "length(@)", 1),
        fails("network nsg delete -g {rg} -n locked", "ScopeLocked"),
        ok("lock update -n keep -g {rg} --lock-type ReadOnly --notes why", "notes", "why"),
        fails("network nsg create -g {rg} -n other", "ScopeLocked"),
        ok("lock show -n keep -g {rg}", "level", "ReadOnly"),
        ok("lock delete -n keep -g {rg}"),
        ok("network nsg delete -g {rg} -n locked"),
    ],
    "role": [
        ok("ad sp create-for-rbac -n conformance-{rg}", "displayName", "conformance-{rg}"),
        ok("ad sp list --display-name conformance-{rg}", "length(@)", 1),
        ok("ad app list --display-name conformance-{rg}", "length(@)", 1),
        ok("role assignment create --assignee owner@azlabs.onmicrosoft.com --role Reader --scope {id}/resourceGroups/{rg}", "principalType", "User"),
        ok("role assignment list --scope {id}/resourceGroups/{rg}", "[0].roleDefinitionName", "Reader"),
        ok("role assignment list --assignee owner@azlabs.onmicrosoft.com --all", "length(@)", 2),
        ok("role definition list -n Reader", "[0].permissions[0].actions", ["*/read"]),
        ok("role assignment delete --assignee owner@azlabs.onmicrosoft.com --role Reader --scope {id}/resourceGroups/{rg}"),
        ok("role assignment list --scope {id}/resourceGroups/{rg}", "length(@)", 0),
        fails("role assignment create --assignee 11111111-1111-1111-1111-111111111111 --role Reader --scope {id}/resourceGroups/{rg}", "Cannot find user"),
    ],
    "ad": [
        ok("ad signed-in-user show", "displayName", "azlabs owner"),
        ok(
            "ad user create --display-name Ann --user-principal-name ann@azlabs.onmicrosoft.com --password Sail-Away-77",
            "displayName",
            "Ann",
        ),
        ok("ad user show --id ann@azlabs.onmicrosoft.com", "displayName", "Ann"),
        ok("ad group create --display-name crew --mail-nickname crew", "securityEnabled", True),
        ok("ad group list --display-name crew", "length(@)", 1),
        ok("ad group member list -g crew", "length(@)", 0),
        ok("ad group delete -g crew"),
        ok("ad user delete --id ann@azlabs.onmicrosoft.com"),
        fails("ad user show --id ann@azlabs.onmicrosoft.com", "does not exist"),
        ok("ad app create --display-name ship", "displayName", "ship"),
        ok("ad app list --display-name ship", "length(@)", 1),
    ],
    "policy": [
        ok(
            "policy definition create -n tagged --mode Indexed "
            '--rules "{{\\"if\\":{{\\"field\\":\\"tags[x]\\",\\"exists\\":\\"false\\"}},\\"then\\":{{\\"effect\\":\\"deny\\"}}}}"',
            "name",
            "tagged",
        ),
        ok("policy definition show -n tagged", "mode", "Indexed"),
        ok("policy assignment create -n must --policy tagged -g {rg}", "enforcementMode", "Default"),
        ok("policy assignment list -g {rg}", "length(@)", 1),
        fails("network nsg create -g {rg} -n untagged", "RequestDisallowedByPolicy"),
        ok("network nsg create -g {rg} -n good --tags x=1"),
        ok("policy assignment delete -n must -g {rg}"),
        ok("policy definition delete -n tagged"),
    ],
    "deployment group": [
        ok("deployment group validate -g {rg} --template-file main.bicep", "properties.provisioningState", "Succeeded"),
        ok("deployment group what-if -g {rg} --template-file main.bicep --no-pretty-print", "changes[0].changeType", "Create"),
        ok("deployment group create -g {rg} -n one --template-file main.bicep", "properties.provisioningState", "Succeeded"),
        ok("deployment group show -g {rg} -n one", "properties.outputs.id.type", "String"),
        ok("deployment group list -g {rg}", "length(@)", 1),
        ok("deployment operation group list -g {rg} -n one", "length(@) > `0`", True),
        ok("deployment group create -g {rg} -n two --template-file main.bicep -p name=second", "name", "two"),
        fails("deployment group create -g {rg} --template-file bad.bicep", "Error BCP"),
        fails("deployment group create -g {rg}-none --template-file main.bicep", "ResourceGroupNotFound"),
        ok("deployment group export -g {rg} -n one", "contentVersion", "1.0.0.0"),
        ok("deployment group delete -g {rg} -n two"),
        ok("deployment group list -g {rg}", "length(@)", 1),
    ],
    "deployment sub": [
        ok("deployment sub validate -l westeurope --template-file sub.bicep -p name={rg}-sub", "properties.provisioningState", "Succeeded"),
        ok("deployment sub create -n s -l westeurope --template-file sub.bicep -p name={rg}-sub", "name", "s"),
        ok("group exists -n {rg}-sub", "@", True),
        ok("deployment sub list", "length(@)", 1),
        ok("deployment sub delete -n s"),
        ok("group delete -n {rg}-sub -y"),
    ],
    "resource": [
        ok("resource create -g {rg} -n v --resource-type Microsoft.Network/virtualNetworks "
           "-p {{\\\"addressSpace\\\":{{\\\"addressPrefixes\\\":[\\\"10.0.0.0/16\\\"]}}}}", "name", "v"),
        ok("resource list -g {rg}", "length(@)", 1),
        ok("resource show -g {rg} -n v --resource-type Microsoft.Network/virtualNetworks", "properties.addressSpace.addressPrefixes[0]", "10.0.0.0/16"),
        ok("resource tag -g {rg} -n v --resource-type Microsoft.Network/virtualNetworks --tags a=1", "tags.a", "1"),
        ok("resource update -g {rg} -n v --resource-type Microsoft.Network/virtualNetworks --set tags.b=2", "tags.b", "2"),
        ok("resource delete -g {rg} -n v --resource-type Microsoft.Network/virtualNetworks"),
        ok("resource list -g {rg}", "length(@)", 0),
    ],
    "rest": [
        ok("rest -m get -u /subscriptions?api-version=2022-12-01", "length(value)", 1),
        ok("rest -m put -u {id}/resourceGroups/{rg}-rest?api-version=2024-11-01 -b {{\\\"location\\\":\\\"westeurope\\\"}}", "name", "{rg}-rest"),
        ok("rest -m delete -u {id}/resourceGroups/{rg}-rest?api-version=2024-11-01"),
        fails("rest -m get -u {id}/resourceGroups/{rg}?api-version=1999-01-01", "InvalidApiVersionParameter"),
        fails("rest -m get -u {id}/resourceGroups/{rg}", "MissingApiVersionParameter"),
    ],
    "provider": [
        ok("provider list", "length(@) > `3`", True),
        ok("provider show -n Microsoft.Network", "registrationState", "Registered"),
        ok("provider register -n Microsoft.Network"),
    ],
    "network vnet": [
        ok(NET, "newVNet.subnets[0].addressPrefix", "10.1.0.0/24"),
        ok("network vnet show -g {rg} -n v", "provisioningState", "Succeeded"),
        ok("network vnet list -g {rg}", "length(@)", 1),
        ok("network vnet update -g {rg} -n v --address-prefixes 10.1.0.0/16 10.2.0.0/16", "length(addressSpace.addressPrefixes)", 2),
        ok("network vnet subnet create -g {rg} --vnet-name v -n b --address-prefixes 10.1.1.0/24", "name", "b"),
        ok("network vnet subnet list -g {rg} --vnet-name v", "length(@)", 2),
        fails("network vnet subnet create -g {rg} --vnet-name v -n c --address-prefixes 10.1.1.0/25", "NetcfgSubnetRangesOverlap"),
        fails("network vnet subnet create -g {rg} --vnet-name v -n c --address-prefixes 10.9.0.0/24", "NetcfgSubnetRangeOutsideVnet"),
        ok("network vnet create -g {rg} -n w --address-prefixes 10.8.0.0/16"),
        ok("network vnet peering create -g {rg} -n p --vnet-name v --remote-vnet w --allow-vnet-access", "peeringState", "Initiated"),
        ok("network vnet peering create -g {rg} -n q --vnet-name w --remote-vnet v --allow-vnet-access", "peeringState", "Connected"),
        ok("network vnet peering list -g {rg} --vnet-name v", "[0].peeringState", "Connected"),
        ok("network vnet subnet delete -g {rg} --vnet-name v -n b"),
        ok("network vnet delete -g {rg} -n w"),
        fails("network vnet show -g {rg} -n w", "ResourceNotFound"),
    ],
    "network nsg": [
        ok("network nsg create -g {rg} -n n", "length(NewNSG.defaultSecurityRules)", 6),
        ok("network nsg rule create -g {rg} --nsg-name n -n web --priority 100 --destination-port-ranges 80 443 --protocol Tcp", "access", "Allow"),
        fails("network nsg rule create -g {rg} --nsg-name n -n dup --priority 100", "SecurityRuleConflict"),
        ok("network nsg rule update -g {rg} --nsg-name n -n web --access Deny", "access", "Deny"),
        ok("network nsg rule list -g {rg} --nsg-name n", "length(@)", 1),
        ok("network nsg rule show -g {rg} --nsg-name n -n web", "priority", 100),
        ok("network nsg rule delete -g {rg} --nsg-name n -n web"),
        ok("network asg create -g {rg} -n a", "provisioningState", "Succeeded"),
        ok("network asg list -g {rg}", "length(@)", 1),
        ok(NET + " --network-security-group n"),
        fails("network nsg delete -g {rg} -n n", "InUseNetworkSecurityGroupCannotBeDeleted"),
        ok("network vnet subnet update -g {rg} --vnet-name v -n a --nsg null", "networkSecurityGroup", None),
        ok("network nsg delete -g {rg} -n n"),
    ],
    "network nic and public-ip": [
        ok(NET),
        ok("network public-ip create -g {rg} -n ip --sku Standard", "publicIp.publicIPAllocationMethod", "Static"),
        ok("network nic create -g {rg} -n nic --vnet-name v --subnet a --public-ip-address ip", "NewNIC.provisioningState", "Succeeded"),
        ok("network nic show -g {rg} -n nic", "ipConfigurations[0].privateIPAddress", "10.1.0.4"),
        ok("network nic ip-config list -g {rg} --nic-name nic", "length(@)", 1),
        ok("network nic ip-config update -g {rg} --nic-name nic -n ipconfig1 --private-ip-address 10.1.0.9", "privateIPAddress", "10.1.0.9"),
        fails("network public-ip delete -g {rg} -n ip", "PublicIPAddressCannotBeDeleted"),
        fails("network vnet delete -g {rg} -n v", "InUseSubnetCannotBeDeleted"),
        ok("network nic ip-config update -g {rg} --nic-name nic -n ipconfig1 --remove publicIPAddress"),
        ok("network public-ip delete -g {rg} -n ip"),
        ok("network nic delete -g {rg} -n nic"),
        ok("network public-ip prefix create -g {rg} -n prefix --length 31", "prefixLength", 31),
    ],
    "network route-table": [
        ok("network route-table create -g {rg} -n r", "provisioningState", "Succeeded"),
        ok("network route-table route create -g {rg} --route-table-name r -n x --address-prefix 0.0.0.0/0 --next-hop-type None", "nextHopType", "None"),
        ok("network route-table route list -g {rg} --route-table-name r", "length(@)", 1),
        ok("network route-table route delete -g {rg} --route-table-name r -n x"),
        ok("network route-table delete -g {rg} -n r"),
    ],
    "network lb": [
        ok("network public-ip create -g {rg} -n ip --sku Standard"),
        ok("network lb create -g {rg} -n lb --sku Standard --public-ip-address ip --frontend-ip-name f --backend-pool-name b"),
        ok("network lb probe create -g {rg} --lb-name lb -n p --protocol Tcp --port 80", "port", 80),
        ok(
            "network lb rule create -g {rg} --lb-name lb -n r --protocol Tcp --frontend-port 80 --backend-port 80 "
            "--frontend-ip-name f --backend-pool-name b --probe-name p",
            "frontendPort",
            80,
        ),
        ok("network lb show -g {rg} -n lb", "length(loadBalancingRules)", 1),
        ok("network lb list -g {rg}", "length(@)", 1),
        ok("network lb delete -g {rg} -n lb"),
    ],
    "network nat": [
        ok("network public-ip create -g {rg} -n ip --sku Standard"),
        ok("network nat gateway create -g {rg} -n nat --public-ip-addresses ip", "provisioningState", "Succeeded"),
        ok(NET),
        ok("network vnet subnet update -g {rg} --vnet-name v -n a --nat-gateway nat", "natGateway.id != null", True),
        ok("network nat gateway show -g {rg} -n nat", "length(subnets)", 1),
    ],
    "network dns": [
        ok("network dns zone create -g {rg} -n example.org", "numberOfRecordSets", 2),
        ok("network dns record-set a add-record -g {rg} -z example.org -n www -a 192.0.2.1", "TTL", 3600),
        ok("network dns record-set a show -g {rg} -z example.org -n www", "ARecords[0].ipv4Address", "192.0.2.1"),
        ok("network dns record-set list -g {rg} -z example.org", "length(@)", 3),
        ok("network dns record-set a delete -g {rg} -z example.org -n www -y"),
        ok("network dns zone delete -g {rg} -n example.org -y"),
    ],
    "network private-dns": [
        ok(NET),
        ok("network private-dns zone create -g {rg} -n corp.example", "provisioningState", "Succeeded"),
        ok("network private-dns link vnet create -g {rg} -z corp.example -n l -v v -e true", "registrationEnabled", True),
        ok("network private-dns record-set a add-record -g {rg} -z corp.example -n db -a 10.1.0.7"),
        ok("network private-dns record-set a list -g {rg} -z corp.example", "length(@)", 1),
        fails("network private-dns zone delete -g {rg} -n corp.example -y", "CannotDeleteResource"),
        ok("network private-dns link vnet delete -g {rg} -z corp.example -n l -y"),
        ok("network private-dns zone delete -g {rg} -n corp.example -y"),
    ],
    "network application-gateway": [
        ok("network vnet create -g {rg} -n v --address-prefixes 10.1.0.0/16 --subnet-name gw --subnet-prefixes 10.1.0.0/24"),
        ok("network public-ip create -g {rg} -n ip --sku Standard"),
        ok(
            "network application-gateway create -g {rg} -n agw --sku Standard_v2 --capacity 1 --vnet-name v --subnet gw "
            "--public-ip-address ip --priority 100 --servers 10.1.1.4",
        ),
        ok("network application-gateway show -g {rg} -n agw", "operationalState", "Running"),
        ok("network application-gateway http-listener list -g {rg} --gateway-name agw", "length(@)", 1),
        ok("network application-gateway address-pool create -g {rg} --gateway-name agw -n more --servers 10.1.1.5", "name", "more"),
        ok("network application-gateway probe create -g {rg} --gateway-name agw -n p --protocol Http --host x --path /", "name", "p"),
        ok("network application-gateway list -g {rg}", "length(@)", 1),
        ok("network application-gateway delete -g {rg} -n agw"),
    ],
    "network gateways": [
        ok("network vnet create -g {rg} -n v --address-prefixes 10.1.0.0/16 --subnet-name GatewaySubnet --subnet-prefixes 10.1.0.0/24"),
        ok("network public-ip create -g {rg} -n ip --sku Standard"),
        ok("network local-gateway create -g {rg} -n office --gateway-ip-address 203.0.113.1 --address-prefixes 192.168.0.0/16", "name", "office"),
        ok("network vnet-gateway create -g {rg} -n vpn --vnet v --public-ip-addresses ip --sku VpnGw2 --gateway-type Vpn --vpn-type RouteBased"),
        ok("network vnet-gateway show -g {rg} -n vpn", "provisioningState", "Succeeded"),
        ok("network vpn-connection create -g {rg} -n c --vnet-gateway1 vpn --local-gateway2 office --shared-key Redacted1"),
        ok("network vpn-connection list -g {rg}", "length(@)", 1),
        fails("network local-gateway delete -g {rg} -n office", "InUse"),
        ok("network vpn-connection delete -g {rg} -n c"),
        ok("network vnet-gateway delete -g {rg} -n vpn"),
    ],
    "network private-endpoint and watcher": [
        ok(NET),
        ok("network watcher list", "length(@) >= `0`", True),
        ok("network watcher configure -g {rg} -l westeurope --enabled true"),
        ok("network traffic-manager profile create -g {rg} -n tm-{rg} --routing-method Priority --unique-dns-name tm-{rg}"),
        ok("network traffic-manager profile list -g {rg}", "length(@)", 1),
        ok("network vnet subnet update -g {rg} --vnet-name v -n a --service-endpoints Microsoft.Storage", "serviceEndpoints[0].service", "Microsoft.Storage"),
        ok("network vnet check-ip-address -g {rg} -n v --ip-address 10.1.0.4", "available", True),
        ok("network list-usages -l westeurope", "length(@) > `10`", True),
    ],
    "account management-group": [
        ok("account management-group create -n team", "displayName", "team"),
        ok("account management-group show -n team", "name", "team"),
        ok("account management-group subscription add -n team -s {subscription}"),
        ok("account management-group subscription remove -n team -s {subscription}"),
        ok("account management-group delete -n team"),
    ],
    "storage account": [
        ok("storage account check-name -n labconf1", "nameAvailable", True),
        ok("storage account create -g {rg} -n labconf1 -l westeurope --sku Standard_LRS", "provisioningState", "Succeeded"),
        ok("storage account show -g {rg} -n labconf1", "primaryEndpoints.blob", "https://labconf1.blob.core.windows.net/"),
        ok("storage account check-name -n labconf1", "reason", "AlreadyExists"),
        fails("storage account create -g {rg} -n Bad_Name -l westeurope", "AccountNameInvalid"),
        ok("storage account keys list -g {rg} -n labconf1", "length(@)", 2),
        ok("storage account keys renew -g {rg} -n labconf1 --key key2", "length(@)", 2),
        ok("storage account show-connection-string -g {rg} -n labconf1", "contains(connectionString, 'AccountKey=')", True),
        ok("storage account update -g {rg} -n labconf1 --min-tls-version TLS1_2 --tags a=b", "minimumTlsVersion", "TLS1_2"),
        ok("storage account update -g {rg} -n labconf1 --default-action Deny", "networkRuleSet.defaultAction", "Deny"),
        ok("storage account network-rule add -g {rg} --account-name labconf1 --ip-address 203.0.113.0/24", "networkRuleSet.ipRules[0].ipAddressOrRange", "203.0.113.0/24"),
        ok("storage account blob-service-properties update -g {rg} -n labconf1 --enable-versioning true --enable-delete-retention true --delete-retention-days 7", "isVersioningEnabled", True),
        ok("storage account show-usage -l westeurope", "currentValue >= `1`", True),
        ok("storage account encryption-scope create -g {rg} --account-name labconf1 -n scope1", "state", "Enabled"),
        ok("storage container-rm create -g {rg} --storage-account labconf1 -n box", "name", "box"),
        ok("storage container-rm list -g {rg} --storage-account labconf1", "length(@)", 1),
        ok("storage share-rm create -g {rg} --storage-account labconf1 -n docs --quota 10", "shareQuota", 10),
        ok("storage account generate-sas --account-name labconf1 --services b --resource-types co --permissions r --expiry 2099-01-01"),
        ok("storage account list -g {rg}", "length(@)", 1),
        ok("storage account delete -g {rg} -n labconf1 --yes"),
        fails("storage account show -g {rg} -n labconf1", "ResourceNotFound"),
    ],
    "storage blob": [
        ok("storage account create -g {rg} -n labconf2 -l westeurope --sku Standard_LRS --kind StorageV2", "kind", "StorageV2"),
        ok("storage container create -n box --account-name labconf2", "created", True),
        ok("storage container exists -n box --account-name labconf2", "exists", True),
        ok("storage blob upload -c box -n a/one.bicep -f main.bicep --account-name labconf2", "etag != null", True),
        ok("storage blob list -c box --account-name labconf2", "[0].name", "a/one.bicep"),
        ok("storage blob show -c box -n a/one.bicep --account-name labconf2", "properties.blobType", "BlockBlob"),
        ok("storage blob download -c box -n a/one.bicep -f got.bicep --account-name labconf2 --no-progress"),
        ok("storage blob metadata update -c box -n a/one.bicep --metadata k=v --account-name labconf2"),
        ok("storage blob metadata show -c box -n a/one.bicep --account-name labconf2", "k", "v"),
        ok("storage blob set-tier -c box -n a/one.bicep --tier Cool --account-name labconf2"),
        ok("storage blob snapshot -c box -n a/one.bicep --account-name labconf2", "snapshot != null", True),
        ok("storage blob lease acquire -b a/one.bicep -c box --lease-duration 15 --account-name labconf2"),
        ok("storage blob lease break -b a/one.bicep -c box --lease-break-period 0 --account-name labconf2"),
        ok("storage blob copy start --destination-container box --destination-blob two --source-container box --source-blob a/one.bicep --account-name labconf2", "copy_status", "success"),
        ok("storage blob generate-sas -c box -n two --permissions r --expiry 2099-01-01 --account-name labconf2"),
        ok("storage blob upload-batch -d box -s . --pattern *.bicep --account-name labconf2 --overwrite", "length(@) >= `3`", True),
        ok("storage blob delete -c box -n two --account-name labconf2"),
        ok("storage blob exists -c box -n two --account-name labconf2", "exists", False),
        fails("storage blob show -c box -n two --account-name labconf2", "ErrorCode:BlobNotFound"),
        ok("storage container policy create -c box -n read --permissions r --expiry 2099-01-01 --account-name labconf2"),
        ok("storage container delete -n box --account-name labconf2", "deleted", True),
        ok("storage queue create -n work --account-name labconf2", "created", True),
        ok("storage message put -q work --content hello --account-name labconf2", "content", "hello"),
        ok("storage message peek -q work --account-name labconf2", "[0].content", "hello"),
        ok("storage message get -q work --account-name labconf2", "[0].dequeueCount", 1),
        ok("storage queue list --account-name labconf2", "[0].name", "work"),
        ok("storage queue delete -n work --account-name labconf2", "deleted", True),
    ],
}  # fmt: skip
