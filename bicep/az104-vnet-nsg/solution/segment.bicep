// A subnet for the application servers with reporting, one for the data machines; the web machines stay where they are.

@description('Region of the lab.')
param location string = resourceGroup().location

resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' existing = {
  name: 'vnet-tickets'
}

resource subnetApp 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' = {
  parent: vnet
  name: 'snet-app'
  properties: {
    addressPrefix: '172.20.42.0/26'
    defaultOutboundAccess: true
  }
}

resource subnetData 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' = {
  parent: vnet
  name: 'snet-data'
  properties: {
    addressPrefix: '172.20.42.64/26'
    defaultOutboundAccess: true
  }
  // Azure changes one subnet of a network at a time.
  dependsOn: [subnetApp]
}

resource nsgQuarantine 'Microsoft.Network/networkSecurityGroups@2024-05-01' existing = {
  name: 'nsg-app-02'
}

resource publicDatabase 'Microsoft.Network/publicIPAddresses@2024-05-01' existing = {
  name: 'pip-db-01'
}

resource plain 'Microsoft.Network/networkInterfaces@2024-05-01' = [
  for name in ['nic-app-01', 'nic-report-01']: {
    name: name
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
          }
        }
      ]
    }
  }
]

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
        }
      }
    ]
  }
}

// A static address has to fit the new subnet in the same step.
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
          publicIPAddress: {
            id: publicDatabase.id
          }
        }
      }
    ]
  }
}

resource database02 'Microsoft.Network/networkInterfaces@2024-05-01' = {
  name: 'nic-db-02'
  location: location
  properties: {
    ipConfigurations: [
      {
        name: 'primary'
        properties: {
          privateIPAllocationMethod: 'Dynamic'
          subnet: {
            id: subnetData.id
          }
        }
      }
    ]
  }
}
