"""Bicep's functions: which there are, how many arguments they take, what they give back.

Source: the function reference of Bicep and ARM templates. A name goes to ARM unchanged, unless it stands in
`COMPILE_TIME`.
"""

from __future__ import annotations

from typing import NamedTuple

MANY = 1000


class FunctionFacts(NamedTuple):
    """`result`: string, int, bool, array, object or any."""

    namespace: str
    least: int
    most: int
    result: str


_TABLE = """
sys any 1 1 any|sys array 1 1 array|sys base64 1 1 string|sys base64ToJson 1 1 any|sys base64ToString 1 1 string
sys bool 1 1 bool|sys buildUri 1 1 string|sys cidrHost 2 2 string|sys cidrSubnet 3 3 string|sys coalesce 1 * any
sys concat 1 * any
sys contains 2 2 bool|sys dataUri 1 1 string|sys dataUriToString 1 1 string|sys dateTimeAdd 2 3 string
sys dateTimeFromEpoch 1 1 string|sys dateTimeToEpoch 1 1 int|sys empty 1 1 bool|sys endsWith 2 2 bool
sys fail 1 1 any|sys filter 2 2 array|sys first 1 1 any|sys flatten 1 1 array|sys format 1 * string
sys groupBy 2 3 object|sys guid 1 * string|sys indexOf 2 2 int|sys int 1 1 int|sys intersection 2 * any
sys items 1 1 array|sys join 2 2 string|sys json 1 1 any|sys last 1 1 any|sys lastIndexOf 2 2 int
sys length 1 1 int|sys loadDirectoryFileInfo 1 2 array|sys loadFileAsBase64 1 1 string
sys loadJsonContent 1 3 any|sys loadTextContent 1 2 string|sys loadYamlContent 1 3 any
sys map 2 2 array|sys mapValues 2 2 object|sys max 1 * int|sys min 1 * int|sys nameof 1 1 string
sys newGuid 0 0 string|sys objectKeys 1 1 array|sys padLeft 2 3 string|sys parseCidr 1 1 object
sys parseUri 1 1 object|sys range 2 2 array
sys reduce 3 3 any|sys replace 3 3 string|sys shallowMerge 1 1 object|sys skip 2 2 any|sys sort 2 2 array
sys split 2 2 array|sys startsWith 2 2 bool|sys string 1 1 string|sys substring 2 3 string|sys take 2 2 any
sys toLower 1 1 string|sys toObject 2 3 object|sys toUpper 1 1 string|sys trim 1 1 string
sys union 2 * any|sys uniqueString 1 * string|sys uri 2 2 string|sys uriComponent 1 1 string
sys uriComponentToString 1 1 string|sys utcNow 0 1 string
az deployer 0 0 object|az deployment 0 0 object|az environment 0 0 object
az extensionResourceId 3 * string|az getSecret 4 5 string|az list 2 3 any|az listAccountSas 3 3 any
az listCallbackUrl 2 3 any|az listKeys 2 3 any
az listServiceSas 3 3 any|az managementGroup 0 1 object|az managementGroupResourceId 2 * string
az pickZones 3 5 array|az providers 1 2 any|az reference 1 3 any
az resourceGroup 0 2 object|az resourceId 2 * string|az subscription 0 1 object
az subscriptionResourceId 2 * string|az tenant 0 0 object|az tenantResourceId 2 * string
az toLogicalZone 3 3 string|az toLogicalZones 3 3 array|az toPhysicalZone 3 3 string|az toPhysicalZones 3 3 array
"""

# Functions of parameter files only.
_PARAMETER_FILE = {
    "readEnvironmentVariable": FunctionFacts("sys", 1, 2, "string"),
    "externalInput": FunctionFacts("sys", 1, 2, "any"),
    "readCliArg": FunctionFacts("sys", 1, 1, "string"),
}


def _read(table: str) -> dict[str, FunctionFacts]:
    found = {}
    for line in table.replace("\n", "|").split("|"):
        if line.strip():
            namespace, name, least, most, result = line.split()
            found[name] = FunctionFacts(namespace, int(least), MANY if most == "*" else int(most), result)
    return found


FUNCTIONS = _read(_TABLE)
DECORATORS = {
    # name: (namespace, least arguments, most, what it may stand on)
    "allowed": (1, 1, "param"),
    "batchSize": (1, 1, "resource module"),
    "description": (1, 1, "param var output resource module type func member"),
    "discriminator": (1, 1, "param output type member"),
    "export": (0, 0, "var type func"),
    "maxLength": (1, 1, "param output type member"),
    "maxValue": (1, 1, "param output type member"),
    "metadata": (1, 1, "param output type member"),
    "minLength": (1, 1, "param output type member"),
    "minValue": (1, 1, "param output type member"),
    "nullIfNotFound": (0, 0, "resource"),
    "onlyIfNotExists": (0, 0, "resource"),
    "retryOn": (1, 2, "resource"),
    "sealed": (0, 0, "param output type member"),
    "secure": (0, 0, "param output type member"),
    "validate": (1, 2, "param output type member"),
    "waitUntil": (2, 2, "resource"),
}
# Where the functions of this table are done by the compiler, not by ARM.
LOADERS = {"loadTextContent", "loadFileAsBase64", "loadJsonContent", "loadYamlContent", "loadDirectoryFileInfo"}
SCOPES = {"resourceGroup", "subscription", "managementGroup", "tenant"}
# Only in the default value of a parameter.
PARAMETER_DEFAULT_ONLY = {"utcNow", "newGuid"}


def find(name: str, namespace: str | None = None, parameter_file: bool = False) -> FunctionFacts | None:
    """Facts on a function, or None. `list*` functions exist with any ending."""
    facts = FUNCTIONS.get(name) or (_PARAMETER_FILE.get(name) if parameter_file else None)
    if facts is None and name.startswith("list") and len(name) > 4 and name[4].isupper():
        facts = FunctionFacts("az", 2, 3, "any")
    if facts is None or (namespace and namespace != facts.namespace):
        return None
    if parameter_file and facts.namespace == "az" and name != "getSecret":
        return None
    return facts


def names(parameter_file: bool = False) -> list[str]:
    return [*FUNCTIONS, *(_PARAMETER_FILE if parameter_file else ())]


def needs_runtime(name: str) -> bool:
    """Whether a call can be answered only while the deployment runs."""
    return name == "reference" or name == "references" or name.startswith("list")
