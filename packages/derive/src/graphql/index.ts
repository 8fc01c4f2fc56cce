/** What GraphQL needs of the contracts; apart, because its library is large. */
export {
  graphqlSchemaOf,
  graphqlText,
  type GraphqlAnswer,
  type GraphqlArguments,
  type GraphqlProof,
} from './schema.ts';
