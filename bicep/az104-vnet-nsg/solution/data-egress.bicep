// What the data machines may open: their partner, the region's storage, nothing else.

@description('Region of the lab.')
param location string = resourceGroup().location

// Service tags write the regions that this lab is offered in as their names.
var storageTag = 'Storage.${location}'

resource nsgData 'Microsoft.Network/networkSecurityGroups@2024-05-01' existing = {
  name: 'nsg-data'
}

resource storageOut 'Microsoft.Network/networkSecurityGroups/securityRules@2024-05-01' = {
  parent: nsgData
  name: 'storage-out'
  properties: {
    priority: 100
    direction: 'Outbound'
    access: 'Allow'
    protocol: 'Tcp'
    sourceAddressPrefix: '*'
    sourcePortRange: '*'
    destinationAddressPrefix: storageTag
    destinationPortRange: '443'
  }
}

resource replicationOut 'Microsoft.Network/networkSecurityGroups/securityRules@2024-05-01' = {
  parent: nsgData
  name: 'replication-out'
  properties: {
    priority: 110
    direction: 'Outbound'
    access: 'Allow'
    protocol: 'Tcp'
    sourceAddressPrefix: '*'
    sourcePortRange: '*'
    destinationAddressPrefix: '172.20.42.64/26'
    destinationPortRange: '5022'
  }
  dependsOn: [storageOut]
}

resource restClosed 'Microsoft.Network/networkSecurityGroups/securityRules@2024-05-01' = {
  parent: nsgData
  name: 'rest-closed'
  properties: {
    priority: 4000
    direction: 'Outbound'
    access: 'Deny'
    protocol: '*'
    sourceAddressPrefix: '*'
    sourcePortRange: '*'
    destinationAddressPrefix: '*'
    destinationPortRange: '*'
  }
  // The deny comes last, so that nothing is cut off while the rules are being made.
  dependsOn: [replicationOut]
}
