// A network interface with one IP configuration, `primary`.

@description('Name of the interface.')
param name string

@description('Region of the interface.')
param location string = resourceGroup().location

@description('Id of the subnet.')
param subnetId string

@description('Static private address; empty: a dynamic one.')
param privateAddress string = ''

@description('Id of a public address; empty: none.')
param publicAddressId string = ''

@description('Id of a network security group of its own; empty: none.')
param securityGroupId string = ''

@description('Ids of application security groups.')
param applicationGroupIds array = []

resource interface 'Microsoft.Network/networkInterfaces@2024-05-01' = {
  name: name
  location: location
  properties: {
    networkSecurityGroup: empty(securityGroupId) ? null : { id: securityGroupId }
    ipConfigurations: [
      {
        name: 'primary'
        properties: {
          privateIPAllocationMethod: empty(privateAddress) ? 'Dynamic' : 'Static'
          privateIPAddress: empty(privateAddress) ? null : privateAddress
          subnet: {
            id: subnetId
          }
          publicIPAddress: empty(publicAddressId) ? null : { id: publicAddressId }
          applicationSecurityGroups: map(applicationGroupIds, id => { id: id })
        }
      }
    ]
  }
}

output id string = interface.id
