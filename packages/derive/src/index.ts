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
export { DERIVED_FOLDERS, derivedFiles, LOCK_FILE } from './moduleFiles.ts';
export { DERIVED } from './notes.ts';
export { ClientRequirements, negotiate, type ServerResponse } from './negotiation.ts';
export { openapiOf, type OpenApiOptions } from './openapi.ts';
export {
  catalogue,
  helpOf,
  type CatalogueModule,
  type CatalogueOperation,
} from './operationHelp.ts';
export { fileDescriptorOf } from './proto/descriptor.ts';
export { mockedAnswers } from './mock.ts';
export { NO_LOCK, readLock, type FieldLock } from './proto/lock.ts';
export { protoModelOf, type ProtoMethod, type ProtoModel } from './proto/model.ts';
export { protoValues, type ProtoValues } from './proto/values.ts';
export { referenceFiles } from './reference.ts';
export { sampleOf } from './sample.ts';
export { toolRegistryOf, type ToolRegistry } from './toolRegistry.ts';
export { watchingFiles } from './watching.ts';
