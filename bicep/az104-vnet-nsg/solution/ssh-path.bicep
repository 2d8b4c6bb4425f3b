// One way to SSH: the office to the jump machine, the management subnet to everything else.

@description('Region of the lab.')
param location string = resourceGroup().location

resource tiers 'Microsoft.Network/networkSecurityGroups@2024-05-01' existing = [
  for name in ['nsg-flat', 'nsg-app', 'nsg-data']: {
    name: name
  }
]

resource sshFromManagement 'Microsoft.Network/networkSecurityGroups/securityRules@2024-05-01' = [
  for index in range(0, 3): {
    parent: tiers[index]
    name: 'ssh-from-mgmt'
    properties: {
      priority: 200
      direction: 'Inbound'
      access: 'Allow'
      protocol: 'Tcp'
      sourceAddressPrefix: '172.20.41.0/27'
      sourcePortRange: '*'
      destinationAddressPrefix: '*'
      destinationPortRange: '22'
    }
  }
]

resource nsgManagement 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-mgmt'
  location: location
  properties: {
    securityRules: [
      {
        name: 'office-ssh'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: '203.0.113.64/28'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '22'
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
