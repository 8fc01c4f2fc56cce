export { asyncapiOf } from './asyncapi.ts';
export { toJsonSchema, type Components, type JsonObject, type Refs } from './jsonSchema.ts';
export { CALL_ARGUMENTS, mcpJson, toolsOf, type ToolEntry } from './mcpTools.ts';
export { DERIVED } from './notes.ts';
export { ClientRequirements, negotiate, type ServerResponse } from './negotiation.ts';
export { openapiOf, type OpenApiOptions } from './openapi.ts';
export {
  catalogue,
  helpOf,
  type CatalogueModule,
  type CatalogueOperation,
} from './operationHelp.ts';
export { sampleOf } from './sample.ts';
export { toolRegistryOf, type ToolRegistry } from './toolRegistry.ts';
