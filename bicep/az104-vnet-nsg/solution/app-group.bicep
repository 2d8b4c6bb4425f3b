// The application servers become a group, and the group is what the web machines may reach.

@description('Region of the lab.')
param location string = resourceGroup().location

resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' existing = {
  name: 'vnet-tickets'
}

resource asgApp 'Microsoft.Network/applicationSecurityGroups@2024-05-01' = {
  name: 'asg-app'
  location: location
}

resource nsgApp 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-app'
  location: location
  properties: {
    securityRules: [
      {
        name: 'web-to-app'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: '172.20.40.0/24'
          sourcePortRange: '*'
          destinationApplicationSecurityGroups: [
            {
              id: asgApp.id
            }
          ]
          destinationPortRange: '8080'
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

resource subnetApp 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' = {
  parent: vnet
  name: 'snet-app'
  properties: {
    addressPrefix: '172.20.42.0/26'
    defaultOutboundAccess: true
    networkSecurityGroup: {
      id: nsgApp.id
    }
  }
}

resource nsgQuarantine 'Microsoft.Network/networkSecurityGroups@2024-05-01' existing = {
  name: 'nsg-app-02'
}

resource app01 'Microsoft.Network/networkInterfaces@2024-05-01' = {
  name: 'nic-app-01'
  location: location
  properties: {
    ipConfigurations: [
      {
        name: 'primary'
        properties: {
          privateIPAllocationMethod: 'Dynamic'
          subnet: {
            id: subnetApp.id
          }
          applicationSecurityGroups: [
            {
              id: asgApp.id
            }
          ]
        }
      }
    ]
  }
}

resource app02 'Microsoft.Network/networkInterfaces@2024-05-01' = {
  name: 'nic-app-02'
  location: location
  properties: {
    networkSecurityGroup: {
      id: nsgQuarantine.id
    }
    ipConfigurations: [
      {
        name: 'primary'
        properties: {
          privateIPAllocationMethod: 'Dynamic'
          subnet: {
            id: subnetApp.id
          }
          applicationSecurityGroups: [
            {
              id: asgApp.id
            }
          ]
        }
      }
    ]
  }
}
