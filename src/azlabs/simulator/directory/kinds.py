"""The kinds of directory objects that Microsoft Graph shows: their members, defaults and what a plain GET answers.

Source: recorded answers of Microsoft Graph v1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """`collection` is the URL segment, `odata` the type's name. `shown` limits a GET without $select (None: everything).

    `defaults` in the order in which Graph prints members; `required` members of a POST; `keys`: other members that may
    stand in for the id in a URL; `links`: navigations to other objects that are kept as lists of ids.
    """

    collection: str
    odata: str
    label: str
    defaults: Mapping[str, Any]
    required: tuple[str, ...] = ("displayName",)
    shown: tuple[str, ...] | None = None
    keys: tuple[str, ...] = ()
    links: tuple[str, ...] = ("owners",)
    secret: tuple[str, ...] = field(default=("passwordProfile",))

    @property
    def type(self) -> str:
        """The type under which objects of this kind are stored."""
        return f"microsoft.graph/{self.collection.lower()}"


NAMES = ("logoUrl", "marketingUrl", "privacyStatementUrl", "supportUrl", "termsOfServiceUrl")
INFO: Body = dict.fromkeys(NAMES)
PUBLISHER: Body = dict.fromkeys(("displayName", "verifiedPublisherId", "addedDateTime"))

USERS = Kind(
    "users",
    "#microsoft.graph.user",
    "User",
    {
        "businessPhones": [],
        **dict.fromkeys(
            ("displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage", "surname")
        ),
        "userPrincipalName": None,
        "accountEnabled": True,
        "mailNickname": None,
        "userType": "Member",
        "usageLocation": None,
        "department": None,
        "companyName": None,
        "city": None,
        "country": None,
        "createdDateTime": None,
        "assignedLicenses": [],
        "otherMails": [],
    },
    required=("accountEnabled", "displayName", "mailNickname", "passwordProfile", "userPrincipalName"),
    shown=("businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
           "preferredLanguage", "surname", "userPrincipalName", "id"),
    keys=("userPrincipalName",),
    links=("manager", "ownedObjects"),
)  # fmt: skip

GROUPS = Kind(
    "groups",
    "#microsoft.graph.group",
    "Group",
    {
        "deletedDateTime": None,
        "classification": None,
        "createdDateTime": None,
        "creationOptions": [],
        "description": None,
        "displayName": None,
        "expirationDateTime": None,
        "groupTypes": [],
        "isAssignableToRole": None,
        "mail": None,
        "mailEnabled": False,
        "mailNickname": None,
        "membershipRule": None,
        "membershipRuleProcessingState": None,
        **dict.fromkeys(
            ("onPremisesDomainName", "onPremisesLastSyncDateTime", "onPremisesNetBiosName", "onPremisesSamAccountName",
             "onPremisesSecurityIdentifier", "onPremisesSyncEnabled", "preferredDataLocation", "preferredLanguage")
        ),
        "proxyAddresses": [],
        "renewedDateTime": None,
        "resourceBehaviorOptions": [],
        "resourceProvisioningOptions": [],
        "securityEnabled": True,
        "securityIdentifier": None,
        "theme": None,
        "visibility": None,
        "onPremisesProvisioningErrors": [],
    },
    required=("displayName", "mailEnabled", "mailNickname", "securityEnabled"),
    links=("members", "owners"),
)  # fmt: skip

APPLICATIONS = Kind(
    "applications",
    "#microsoft.graph.application",
    "Application",
    {
        "deletedDateTime": None,
        "appId": None,
        "applicationTemplateId": None,
        "disabledByMicrosoftStatus": None,
        "createdDateTime": None,
        "displayName": None,
        "description": None,
        "groupMembershipClaims": None,
        "identifierUris": [],
        "isDeviceOnlyAuthSupported": None,
        "isFallbackPublicClient": None,
        "notes": None,
        "publisherDomain": None,
        "serviceManagementReference": None,
        "signInAudience": "AzureADMyOrg",
        "tags": [],
        "tokenEncryptionKeyId": None,
        "samlMetadataUrl": None,
        "defaultRedirectUri": None,
        "certification": None,
        "optionalClaims": None,
        "servicePrincipalLockConfiguration": None,
        "requestSignatureVerification": None,
        "addIns": [],
        "api": {
            "acceptMappedClaims": None,
            "knownClientApplications": [],
            "requestedAccessTokenVersion": None,
            "oauth2PermissionScopes": [],
            "preAuthorizedApplications": [],
        },
        "appRoles": [],
        "info": INFO,
        "keyCredentials": [],
        "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
        "passwordCredentials": [],
        "publicClient": {"redirectUris": []},
        "requiredResourceAccess": [],
        "verifiedPublisher": PUBLISHER,
        "web": {
            "homePageUrl": None,
            "logoutUrl": None,
            "redirectUris": [],
            "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
            "redirectUriSettings": [],
        },
        "spa": {"redirectUris": []},
    },
    keys=("appId",),
)

SERVICE_PRINCIPALS = Kind(
    "servicePrincipals",
    "#microsoft.graph.servicePrincipal",
    "ServicePrincipal",
    {
        "deletedDateTime": None,
        "accountEnabled": True,
        "alternativeNames": [],
        "appDisplayName": None,
        "appDescription": None,
        "appId": None,
        "applicationTemplateId": None,
        "appOwnerOrganizationId": None,
        "appRoleAssignmentRequired": False,
        "createdDateTime": None,
        "description": None,
        "disabledByMicrosoftStatus": None,
        "displayName": None,
        "homepage": None,
        "loginUrl": None,
        "logoutUrl": None,
        "notes": None,
        "notificationEmailAddresses": [],
        "preferredSingleSignOnMode": None,
        "preferredTokenSigningKeyThumbprint": None,
        "replyUrls": [],
        "servicePrincipalNames": [],
        "servicePrincipalType": "Application",
        "signInAudience": None,
        "tags": [],
        "tokenEncryptionKeyId": None,
        "samlSingleSignOnSettings": None,
        "addIns": [],
        "appRoles": [],
        "info": INFO,
        "keyCredentials": [],
        "oauth2PermissionScopes": [],
        "passwordCredentials": [],
        "resourceSpecificApplicationPermissions": [],
        "verifiedPublisher": PUBLISHER,
    },
    required=("appId",),
    keys=("appId",),
)

GRANTS = Kind(
    "oauth2PermissionGrants",
    "#microsoft.graph.oAuth2PermissionGrant",
    "OAuth2PermissionGrant",
    {"clientId": None, "consentType": None, "principalId": None, "resourceId": None, "scope": None},
    required=("clientId", "consentType", "resourceId"),
    links=(),
)

KINDS: Mapping[str, Kind] = {
    kind.collection.lower(): kind for kind in (USERS, GROUPS, APPLICATIONS, SERVICE_PRINCIPALS, GRANTS)
}
PRINCIPALS = (USERS, GROUPS, SERVICE_PRINCIPALS)
