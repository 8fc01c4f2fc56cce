export { asyncapiOf } from './asyncapi.ts';
export {
  graphqlSchemaOf,
  graphqlText,
  type GraphqlAnswer,
  type GraphqlArguments,
  type GraphqlProof,
} from './graphql/schema.ts';
export { toJsonSchema, type Components, type JsonObject, type Refs } from './jsonSchema.ts';
export { CALL_ARGUMENTS, mcpJson, toolsOf, type ToolEntry } from './mcpTools.ts';
export { DERIVED_FOLDERS, derivedFiles } from './moduleFiles.ts';
export { DERIVED } from './notes.ts';
export { openapiOf, type OpenApiOptions } from './openapi.ts';
export {
  catalogue,
  helpOf,
  type CatalogueModule,
  type CatalogueOperation,
} from './operationHelp.ts';
export { referenceFiles } from './reference.ts';
export { sampleOf } from './sample.ts';
