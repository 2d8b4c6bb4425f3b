// The quarantine goes: the interface's own group stays, without rules of its own.

@description('Region of the lab.')
param location string = resourceGroup().location

resource nsgQuarantine 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-app-02'
  location: location
  properties: {
    securityRules: []
  }
}
