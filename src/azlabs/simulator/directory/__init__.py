"""Microsoft Entra ID: principals, sign-in endpoints and Microsoft Graph."""
