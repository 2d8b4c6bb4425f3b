// Two rules for the web machines instead of five: HTTPS from anywhere, the inside closed before the default rules open it.

@description('Region of the lab.')
param location string = resourceGroup().location

resource nsgFlat 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-flat'
  location: location
  properties: {
    securityRules: [
      {
        name: 'https-in'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '443'
        }
      }
      {
        name: 'inside-closed'
        properties: {
          priority: 4000
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: 'VirtualNetwork'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}
