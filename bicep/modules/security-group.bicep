// A network security group from rules that say only what is special about them: inbound, allow, TCP, any client port
// unless they say otherwise. Sources and destinations have to be said: a prefix, or groups.

@description('Name of the group.')
param name string

@description('Region of the group.')
param location string = resourceGroup().location

@description('Rules: name, priority, and the properties of a security rule that are special about it.')
param rules array

resource group 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: name
  location: location
  properties: {
    securityRules: [
      for rule in rules: {
        name: rule.name
        properties: union(
          {
            priority: rule.priority
            direction: 'Inbound'
            access: 'Allow'
            protocol: 'Tcp'
            sourcePortRange: '*'
          },
          rule.properties
        )
      }
    ]
  }
}

output id string = group.id
