// Vector search for the account, and a container in which policy, vector index and excluded path agree on one path.

@description('Region of the lab.')
param location string = resourceGroup().location

@description('The account of the start.')
param cosmosName string

var path = '/embedding'

resource cosmos 'Microsoft.DocumentDB/databaseAccounts@2024-11-15' = {
  name: cosmosName
  location: location
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    disableLocalAuth: false
    locations: [
      {
        locationName: location
        failoverPriority: 0
        isZoneRedundant: false
      }
    ]
    // The list is replaced as a whole: what was there has to be named again.
    capabilities: [
      {
        name: 'EnableServerless'
      }
      {
        name: 'EnableNoSQLVectorSearch'
      }
    ]
    consistencyPolicy: {
      defaultConsistencyLevel: 'Session'
    }
  }

  resource library 'sqlDatabases' existing = {
    name: 'library'
  }
}

resource passages 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = {
  parent: cosmos::library
  name: 'passages'
  properties: {
    resource: {
      id: 'passages'
      partitionKey: {
        paths: ['/documentId']
        kind: 'Hash'
        version: 2
      }
      vectorEmbeddingPolicy: {
        vectorEmbeddings: [
          {
            path: path
            dataType: 'float32'
            distanceFunction: 'cosine'
            dimensions: 1536
          }
        ]
      }
      indexingPolicy: {
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [
          {
            path: '/*'
          }
        ]
        excludedPaths: [
          {
            path: '/"_etag"/?'
          }
          {
            path: '${path}/*'
          }
        ]
        vectorIndexes: [
          {
            path: path
            type: 'quantizedFlat'
          }
        ]
      }
    }
  }
}
