// The ticket shop as it was lifted into Azure: one wide subnet, rules that pile up, eight interfaces for its machines.

@description('Region of the lab.')
param location string = resourceGroup().location

var addresses = {
  space: '172.20.40.0/22'
  flat: '172.20.40.0/24'
  management: '172.20.41.0/27'
  database: '172.20.40.40'
}

resource nsgFlat 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-flat'
  location: location
  properties: {
    securityRules: [
      {
        name: 'allow-shop'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: 'Internet'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRanges: ['80', '443']
        }
      }
      {
        name: 'allow-office-remote'
        properties: {
          priority: 200
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: '203.0.113.0/24'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRanges: ['22', '3389']
        }
      }
      {
        name: 'block-db-remote'
        properties: {
          priority: 210
          direction: 'Inbound'
          access: 'Deny'
          protocol: 'Tcp'
          sourceAddressPrefix: 'Internet'
          sourcePortRange: '*'
          destinationAddressPrefix: addresses.database
          destinationPortRanges: ['22', '3389']
        }
      }
      {
        name: 'allow-vendor'
        properties: {
          priority: 300
          direction: 'Inbound'
          access: 'Allow'
          protocol: '*'
          sourceAddressPrefix: '198.51.100.0/24'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
      {
        name: 'allow-any-remote'
        properties: {
          priority: 400
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRanges: ['22', '3389', '8080']
        }
      }
    ]
  }
}

resource nsgQuarantine 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-app-02'
  location: location
  properties: {
    securityRules: [
      {
        name: 'quarantine'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Deny'
          protocol: 'Tcp'
          sourceAddressPrefix: 'VirtualNetwork'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '8080'
        }
      }
    ]
  }
}

resource nsgManagement 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: 'nsg-mgmt'
  location: location
  properties: {
    securityRules: [
      {
        name: 'ssh-in'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: '203.0.113.0/24'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '22'
        }
      }
      {
        name: 'rdp-in'
        properties: {
          priority: 110
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '3389'
        }
      }
    ]
  }
}

resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet-tickets'
  location: location
  properties: {
    addressSpace: {
      addressPrefixes: [addresses.space]
    }
    subnets: [
      {
        name: 'snet-flat'
        properties: {
          addressPrefix: addresses.flat
          defaultOutboundAccess: true
          networkSecurityGroup: {
            id: nsgFlat.id
          }
        }
      }
      {
        name: 'snet-mgmt'
        properties: {
          addressPrefix: addresses.management
          defaultOutboundAccess: true
          networkSecurityGroup: {
            id: nsgManagement.id
          }
        }
      }
    ]
  }

  resource flat 'subnets' existing = {
    name: 'snet-flat'
  }

  resource management 'subnets' existing = {
    name: 'snet-mgmt'
  }
}

resource publicWeb 'Microsoft.Network/publicIPAddresses@2024-05-01' = [
  for number in ['01', '02']: {
    name: 'pip-web-${number}'
    location: location
    sku: {
      name: 'Standard'
    }
    properties: {
      publicIPAllocationMethod: 'Static'
    }
  }
]

resource publicDatabase 'Microsoft.Network/publicIPAddresses@2024-05-01' = {
  name: 'pip-db-01'
  location: location
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
  }
}

resource publicJump 'Microsoft.Network/publicIPAddresses@2024-05-01' = {
  name: 'pip-jump'
  location: location
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
  }
}

resource web 'Microsoft.Network/networkInterfaces@2024-05-01' = [
  for (number, index) in ['01', '02']: {
    name: 'nic-web-${number}'
    location: location
    properties: {
      ipConfigurations: [
        {
          name: 'primary'
          properties: {
            privateIPAllocationMethod: 'Dynamic'
            subnet: {
              id: vnet::flat.id
            }
            publicIPAddress: {
              id: publicWeb[index].id
            }
          }
        }
      ]
    }
  }
]

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
            id: vnet::flat.id
          }
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
            id: vnet::flat.id
          }
        }
      }
    ]
  }
}

resource report 'Microsoft.Network/networkInterfaces@2024-05-01' = {
  name: 'nic-report-01'
  location: location
  properties: {
    ipConfigurations: [
      {
        name: 'primary'
        properties: {
          privateIPAllocationMethod: 'Dynamic'
          subnet: {
            id: vnet::flat.id
          }
        }
      }
    ]
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
          privateIPAddress: addresses.database
          subnet: {
            id: vnet::flat.id
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
            id: vnet::flat.id
          }
        }
      }
    ]
  }
}

resource jump 'Microsoft.Network/networkInterfaces@2024-05-01' = {
  name: 'nic-jump-01'
  location: location
  properties: {
    ipConfigurations: [
      {
        name: 'primary'
        properties: {
          privateIPAllocationMethod: 'Dynamic'
          subnet: {
            id: vnet::management.id
          }
          publicIPAddress: {
            id: publicJump.id
          }
        }
      }
    ]
  }
}

output vnetId string = vnet.id
output webNicIds array = [web[0].id, web[1].id]
output appNicIds array = [app01.id, app02.id]
output reportNicId string = report.id
output dbNicIds array = [database01.id, database02.id]
output jumpNicId string = jump.id

// The interfaces themselves, not only their names: one that is made anew under the old name gets another of these.
output machineGuids object = {
  '${web[0].id}': web[0].properties.resourceGuid
  '${web[1].id}': web[1].properties.resourceGuid
  '${app01.id}': app01.properties.resourceGuid
  '${app02.id}': app02.properties.resourceGuid
  '${report.id}': report.properties.resourceGuid
  '${database01.id}': database01.properties.resourceGuid
  '${database02.id}': database02.properties.resourceGuid
  '${jump.id}': jump.properties.resourceGuid
}
