// New subnets for every tier behind one and the same group: the rules speak of application groups, not of subnets.

param location string = resourceGroup().location

var tiers = [
  { name: 'tickets-web', prefix: '172.20.42.0/26' }
  { name: 'tickets-app', prefix: '172.20.42.64/26' }
  { name: 'tickets-data', prefix: '172.20.42.128/26' }
]

resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' existing = {
  name: 'vnet-tickets'
}

resource groups 'Microsoft.Network/applicationSecurityGroups@2024-05-01' = [
  for name in ['web-machines', 'app-servers', 'data-machines']: {
    name: name
    location: location
  }
]

module shared '../../../../bicep/modules/security-group.bicep' = {
  name: 'shared'
  params: {
    name: 'tickets'
    location: location
    rules: [
      {
        name: 'customers'
        priority: 300
        properties: {
          sourceAddressPrefix: '*'
          destinationApplicationSecurityGroups: [{ id: groups[0].id }]
          destinationPortRange: '443'
        }
      }
      {
        name: 'orders'
        priority: 310
        properties: {
          sourceApplicationSecurityGroups: [{ id: groups[0].id }]
          destinationApplicationSecurityGroups: [{ id: groups[1].id }]
          destinationPortRange: '8080'
        }
      }
      {
        name: 'queries'
        priority: 320
        properties: {
          sourceApplicationSecurityGroups: [{ id: groups[1].id }]
          destinationApplicationSecurityGroups: [{ id: groups[2].id }]
          destinationPortRange: '1433'
        }
      }
      {
        name: 'mirror'
        priority: 330
        properties: {
          sourceApplicationSecurityGroups: [{ id: groups[2].id }]
          destinationApplicationSecurityGroups: [{ id: groups[2].id }]
          destinationPortRange: '5022'
        }
      }
      {
        name: 'administration'
        priority: 340
        properties: {
          sourceAddressPrefix: '172.20.41.0/27'
          destinationAddressPrefix: '*'
          destinationPortRange: '22'
        }
      }
      {
        name: 'nothing-else'
        priority: 4096
        properties: {
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
      {
        name: 'backups'
        priority: 300
        properties: {
          direction: 'Outbound'
          sourceApplicationSecurityGroups: [{ id: groups[2].id }]
          destinationAddressPrefix: 'Storage.${location}'
          destinationPortRange: '443'
        }
      }
      {
        name: 'mirror-out'
        priority: 310
        properties: {
          direction: 'Outbound'
          sourceApplicationSecurityGroups: [{ id: groups[2].id }]
          destinationApplicationSecurityGroups: [{ id: groups[2].id }]
          destinationPortRange: '5022'
        }
      }
      {
        name: 'data-stays'
        priority: 320
        properties: {
          direction: 'Outbound'
          access: 'Deny'
          protocol: '*'
          sourceApplicationSecurityGroups: [{ id: groups[2].id }]
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

@batchSize(1)
resource subnets 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' = [
  for tier in tiers: {
    parent: vnet
    name: tier.name
    properties: {
      addressPrefix: tier.prefix
      networkSecurityGroup: {
        id: shared.outputs.id
      }
    }
  }
]

module jumpGroup '../../../../bicep/modules/security-group.bicep' = {
  name: 'jump'
  params: {
    name: 'nsg-mgmt'
    location: location
    rules: [
      {
        name: 'office'
        priority: 1000
        properties: {
          sourceAddressPrefix: '203.0.113.64/28'
          destinationAddressPrefix: '172.20.41.0/27'
          destinationPortRange: '22'
        }
      }
      {
        name: 'nothing-else'
        priority: 4096
        properties: {
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

var machines = [
  { name: 'nic-web-01', tier: 0, groups: [0], public: 'pip-web-01' }
  { name: 'nic-web-02', tier: 0, groups: [0], public: 'pip-web-02' }
  { name: 'nic-app-01', tier: 1, groups: [1], public: '' }
  { name: 'nic-app-02', tier: 1, groups: [1], public: '' }
  { name: 'nic-report-01', tier: 1, groups: [], public: '' }
  { name: 'nic-db-01', tier: 2, groups: [2], public: '' }
  { name: 'nic-db-02', tier: 2, groups: [2], public: '' }
]

var groupIds = [
  resourceId('Microsoft.Network/applicationSecurityGroups', 'web-machines')
  resourceId('Microsoft.Network/applicationSecurityGroups', 'app-servers')
  resourceId('Microsoft.Network/applicationSecurityGroups', 'data-machines')
]

module interfaces '../../../../bicep/modules/interface.bicep' = [
  for machine in machines: {
    name: 'machine-${machine.name}'
    params: {
      name: machine.name
      location: location
      subnetId: resourceId('Microsoft.Network/virtualNetworks/subnets', vnet.name, tiers[machine.tier].name)
      applicationGroupIds: map(machine.groups, number => groupIds[number])
      publicAddressId: empty(machine.public)
        ? ''
        : resourceId('Microsoft.Network/publicIPAddresses', machine.public)
    }
    dependsOn: [subnets, groups]
  }
]
