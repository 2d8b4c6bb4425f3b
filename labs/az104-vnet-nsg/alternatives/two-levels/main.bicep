// Two filters for application and data machines: the subnets' groups only have the default rules, which close the internet;
// what closes the inside sits on the interfaces.

param location string = resourceGroup().location

var prefix = 'tickets'
var dataPrefixes = ['172.20.42.128/27', '172.20.42.160/27']
var closeInside = {
  name: 'inside-closed'
  priority: 4000
  properties: {
    access: 'Deny'
    protocol: '*'
    sourceAddressPrefix: 'VirtualNetwork'
    destinationAddressPrefix: '*'
    destinationPortRange: '*'
  }
}
var sshFromManagement = {
  name: 'ssh-from-mgmt'
  priority: 200
  properties: {
    sourceAddressPrefix: '172.20.41.0/27'
    destinationAddressPrefix: '*'
    destinationPortRange: '22'
  }
}

resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' existing = {
  name: 'vnet-tickets'
}

resource servers 'Microsoft.Network/applicationSecurityGroups@2024-05-01' = {
  name: 'servers'
  location: location
}

module web '../../../../bicep/modules/security-group.bicep' = {
  name: '${prefix}-web'
  params: {
    name: 'nsg-flat'
    location: location
    rules: [
      {
        name: 'https-in'
        priority: 100
        properties: {
          sourceAddressPrefix: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '443'
        }
      }
      sshFromManagement
      closeInside
    ]
  }
}

module plain '../../../../bicep/modules/security-group.bicep' = {
  name: '${prefix}-plain'
  params: {
    name: 'nsg-tiers'
    location: location
    rules: []
  }
}

module onServers '../../../../bicep/modules/security-group.bicep' = {
  name: '${prefix}-servers'
  params: {
    name: 'nsg-servers'
    location: location
    rules: [
      {
        name: 'web-to-app'
        priority: 100
        properties: {
          sourceAddressPrefix: '172.20.40.0/24'
          destinationApplicationSecurityGroups: [{ id: servers.id }]
          destinationPortRange: '8080'
        }
      }
      sshFromManagement
      closeInside
    ]
  }
}

module onData '../../../../bicep/modules/security-group.bicep' = {
  name: '${prefix}-data'
  params: {
    name: 'nsg-databases'
    location: location
    rules: [
      {
        name: 'app-to-sql'
        priority: 100
        properties: {
          sourceApplicationSecurityGroups: [{ id: servers.id }]
          destinationAddressPrefix: '*'
          destinationPortRange: '1433'
        }
      }
      {
        name: 'replication'
        priority: 110
        properties: {
          sourceAddressPrefixes: dataPrefixes
          destinationAddressPrefix: '*'
          destinationPortRange: '5022'
        }
      }
      sshFromManagement
      closeInside
      {
        name: 'storage-out'
        priority: 100
        properties: {
          direction: 'Outbound'
          sourceAddressPrefix: '*'
          destinationAddressPrefix: 'Storage.${location}'
          destinationPortRange: '443'
        }
      }
      {
        name: 'replication-out'
        priority: 110
        properties: {
          direction: 'Outbound'
          sourceAddressPrefix: '*'
          destinationAddressPrefixes: dataPrefixes
          destinationPortRange: '5022'
        }
      }
      {
        name: 'rest-closed'
        priority: 4000
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

module onJump '../../../../bicep/modules/security-group.bicep' = {
  name: '${prefix}-jump'
  params: {
    name: 'nsg-mgmt'
    location: location
    rules: [
      {
        name: 'office-ssh'
        priority: 100
        properties: {
          sourceAddressPrefix: '203.0.113.64/28'
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
  name: 'servers'
  properties: {
    addressPrefix: '172.20.42.0/25'
    defaultOutboundAccess: false
    networkSecurityGroup: {
      id: plain.outputs.id
    }
  }
}

// 28 machines and the five addresses that Azure keeps: a /27 would be one too small, two of them are enough.
resource subnetData 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' = {
  parent: vnet
  name: 'databases'
  properties: {
    addressPrefixes: dataPrefixes
    networkSecurityGroup: {
      id: plain.outputs.id
    }
  }
  dependsOn: [subnetApp]
}

module serverInterfaces '../../../../bicep/modules/interface.bicep' = [
  for name in ['nic-app-01', 'nic-app-02']: {
    name: '${prefix}-${name}'
    params: {
      name: name
      location: location
      subnetId: subnetApp.id
      securityGroupId: onServers.outputs.id
      applicationGroupIds: [servers.id]
    }
  }
]

module reportInterface '../../../../bicep/modules/interface.bicep' = {
  name: '${prefix}-report'
  params: {
    name: 'nic-report-01'
    location: location
    subnetId: subnetApp.id
    securityGroupId: onServers.outputs.id
  }
}

module dataInterfaces '../../../../bicep/modules/interface.bicep' = [
  for (name, index) in ['nic-db-01', 'nic-db-02']: {
    name: '${prefix}-${name}'
    params: {
      name: name
      location: location
      subnetId: subnetData.id
      securityGroupId: onData.outputs.id
      privateAddress: '172.20.42.${140 + index}'
    }
  }
]
