// The second server keeps its own group, with the quarantine turned into an allow; the subnet's group does the closing.

param location string = resourceGroup().location

resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' existing = {
  name: 'vnet-tickets'
}

resource appServers 'Microsoft.Network/applicationSecurityGroups@2024-05-01' = {
  name: 'app-servers'
  location: location
}

var closeInside = {
  name: 'close-the-inside'
  priority: 3000
  properties: {
    access: 'Deny'
    protocol: '*'
    sourceAddressPrefix: 'VirtualNetwork'
    destinationAddressPrefix: 'VirtualNetwork'
    destinationPortRange: '*'
  }
}
var administration = {
  name: 'administration'
  priority: 500
  properties: {
    sourceAddressPrefix: '172.20.41.0/27'
    destinationAddressPrefix: '*'
    destinationPortRange: '22'
  }
}

module quarantine '../../../../bicep/modules/security-group.bicep' = {
  name: 'quarantine'
  params: {
    name: 'nsg-app-02'
    location: location
    rules: [
      {
        name: 'quarantine'
        priority: 100
        properties: {
          sourceAddressPrefix: 'VirtualNetwork'
          destinationAddressPrefix: '*'
          destinationPortRange: '8080'
        }
      }
    ]
  }
}

module web '../../../../bicep/modules/security-group.bicep' = {
  name: 'web'
  params: {
    name: 'nsg-flat'
    location: location
    rules: [
      {
        name: 'shop'
        priority: 400
        properties: {
          sourceAddressPrefix: '*'
          destinationAddressPrefix: '172.20.40.0/24'
          destinationPortRange: '443'
        }
      }
      administration
      closeInside
    ]
  }
}

module app '../../../../bicep/modules/security-group.bicep' = {
  name: 'app'
  params: {
    name: 'nsg-app'
    location: location
    rules: [
      {
        name: 'from-web'
        priority: 400
        properties: {
          sourceAddressPrefix: '172.20.40.0/24'
          destinationApplicationSecurityGroups: [{ id: appServers.id }]
          destinationPortRange: '8080'
        }
      }
      administration
      closeInside
    ]
  }
}

module data '../../../../bicep/modules/security-group.bicep' = {
  name: 'data'
  params: {
    name: 'nsg-data'
    location: location
    rules: [
      {
        name: 'from-app'
        priority: 400
        properties: {
          sourceApplicationSecurityGroups: [{ id: appServers.id }]
          destinationAddressPrefix: '172.20.42.64/26'
          destinationPortRange: '1433'
        }
      }
      {
        name: 'mirror'
        priority: 410
        properties: {
          sourceAddressPrefix: '172.20.42.64/26'
          destinationAddressPrefix: '172.20.42.64/26'
          destinationPortRange: '5022'
        }
      }
      administration
      closeInside
      {
        name: 'mirror-out'
        priority: 400
        properties: {
          direction: 'Outbound'
          sourceAddressPrefix: '172.20.42.64/26'
          destinationAddressPrefix: '172.20.42.64/26'
          destinationPortRange: '5022'
        }
      }
      {
        name: 'backups'
        priority: 410
        properties: {
          direction: 'Outbound'
          sourceAddressPrefix: '*'
          destinationAddressPrefix: 'storage.${location}'
          destinationPortRange: '443'
        }
      }
      {
        name: 'stay'
        priority: 420
        properties: {
          direction: 'Outbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

module jump '../../../../bicep/modules/security-group.bicep' = {
  name: 'jump'
  params: {
    name: 'nsg-mgmt'
    location: location
    rules: [
      {
        name: 'office'
        priority: 100
        properties: {
          sourceAddressPrefixes: ['203.0.113.64/29', '203.0.113.72/29']
          destinationAddressPrefix: '*'
          destinationPortRange: '22'
        }
      }
      closeInside
    ]
  }
}

resource subnetApp 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' = {
  parent: vnet
  name: 'snet-app'
  properties: {
    addressPrefix: '172.20.42.0/26'
    networkSecurityGroup: {
      id: app.outputs.id
    }
  }
}

resource subnetData 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' = {
  parent: vnet
  name: 'snet-data'
  properties: {
    addressPrefix: '172.20.42.64/26'
    networkSecurityGroup: {
      id: data.outputs.id
    }
  }
  dependsOn: [subnetApp]
}

var machines = [
  { name: 'nic-app-01', subnet: subnetApp.id, group: '', members: [appServers.id] }
  { name: 'nic-app-02', subnet: subnetApp.id, group: quarantine.outputs.id, members: [appServers.id] }
  { name: 'nic-report-01', subnet: subnetApp.id, group: '', members: [] }
  { name: 'nic-db-01', subnet: subnetData.id, group: '', members: [] }
  { name: 'nic-db-02', subnet: subnetData.id, group: '', members: [] }
]

module interfaces '../../../../bicep/modules/interface.bicep' = [
  for index in range(0, 5): {
    name: 'interface-${index}'
    params: {
      name: machines[index].name
      location: location
      subnetId: machines[index].subnet
      securityGroupId: machines[index].group
      applicationGroupIds: machines[index].members
    }
  }
]
