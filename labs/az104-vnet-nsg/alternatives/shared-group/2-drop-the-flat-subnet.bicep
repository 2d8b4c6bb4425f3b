// The network with its subnets written inline and without the flat one, which no machine needs any more.

param location string = resourceGroup().location

resource shared 'Microsoft.Network/networkSecurityGroups@2024-05-01' existing = {
  name: 'tickets'
}

resource jumpGroup 'Microsoft.Network/networkSecurityGroups@2024-05-01' existing = {
  name: 'nsg-mgmt'
}

var subnets = [
  { name: 'snet-mgmt', prefix: '172.20.41.0/27', group: jumpGroup.id }
  { name: 'tickets-web', prefix: '172.20.42.0/26', group: shared.id }
  { name: 'tickets-app', prefix: '172.20.42.64/26', group: shared.id }
  { name: 'tickets-data', prefix: '172.20.42.128/26', group: shared.id }
]

resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet-tickets'
  location: location
  properties: {
    addressSpace: {
      addressPrefixes: ['172.20.40.0/22']
    }
    subnets: [
      for subnet in subnets: {
        name: subnet.name
        properties: {
          addressPrefix: subnet.prefix
          networkSecurityGroup: {
            id: subnet.group
          }
        }
      }
    ]
  }
}
