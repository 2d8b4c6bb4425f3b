// The data machines listen to the application group and to each other, and lose their public address.

@description('Region of the lab.')
param location string = resourceGroup().location

var dataPrefix = '172.20.42.64/26'

resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' existing = {
  name: 'vnet-tickets'
}

resource asgApp 'Microsoft.Network/applicationSecurityGroups@2024-05-01' existing = {
  name: 'asg-app'
}

resource nsgData 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-data'
  location: location
  properties: {
    securityRules: [
      {
        name: 'app-to-sql'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceApplicationSecurityGroups: [
            {
              id: asgApp.id
            }
          ]
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '1433'
        }
      }
      {
        name: 'replication'
        properties: {
          priority: 110
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: dataPrefix
          sourcePortRange: '*'
          destinationAddressPrefix: dataPrefix
          destinationPortRange: '5022'
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

resource subnetData 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' = {
  parent: vnet
  name: 'snet-data'
  properties: {
    addressPrefix: dataPrefix
    defaultOutboundAccess: true
    networkSecurityGroup: {
      id: nsgData.id
    }
  }
}

resource database01 'Microsoft.Network/networkInterfaces@2024-05-01' = {
  name: 'nic-db-01'
  location: location
  properties: {
    ipConfigurations: [
      {
        name: 'primary'
        properties: {
          privateIPAllocationMethod: 'Static'
          privateIPAddress: '172.20.42.70'
          subnet: {
            id: subnetData.id
          }
        }
      }
    ]
  }
}
