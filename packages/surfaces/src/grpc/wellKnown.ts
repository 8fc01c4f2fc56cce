import {
  create,
  createFileRegistry,
  type DescMethod,
  type DescMethodBiDiStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
} from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';

/**
 * Services and messages that every gRPC client knows, built as their .proto files define them:
 * grpc.health.v1, grpc.reflection.v1 and v1alpha (github.com/grpc/grpc-proto), google.rpc.ErrorInfo
 * (github.com/googleapis/googleapis).
 */
interface FieldSpec {
  readonly name: string;
  readonly number: number;
  /** A scalar, or the name of a message of the same package. */
  readonly type: Type | string;
  readonly label?: 'repeated';
  readonly oneof?: true;
}

const field = (name: string, number: number, type: Type | string): FieldSpec => ({
  name,
  number,
  type,
});
const list = (name: string, number: number, type: Type | string): FieldSpec => ({
  ...field(name, number, type),
  label: 'repeated',
});
const choice = (name: string, number: number, type: Type | string): FieldSpec => ({
  ...field(name, number, type),
  oneof: true,
});

function message(scope: string, name: string, fields: readonly FieldSpec[], oneof?: string) {
  return {
    name,
    field: fields.map(({ name: fieldName, number, type, label, oneof: isChoice }) => ({
      name: fieldName,
      number,
      label: label === 'repeated' ? Label.REPEATED : Label.OPTIONAL,
      ...(typeof type === 'string'
        ? { type: Type.MESSAGE, typeName: `.${scope}.${type}` }
        : { type }),
      ...(isChoice === true ? { oneofIndex: 0 } : {}),
    })),
    ...(oneof === undefined ? {} : { oneofDecl: [{ name: oneof }] }),
  };
}

function reflection(scope: string): FileDescriptorProto {
  const of = (name: string, fields: readonly FieldSpec[], oneof?: string) =>
    message(scope, name, fields, oneof);
  return create(FileDescriptorProtoSchema, {
    name: `${scope.replaceAll('.', '/')}/reflection.proto`,
    package: scope,
    syntax: 'proto3',
    messageType: [
      of(
        'ServerReflectionRequest',
        [
          field('host', 1, Type.STRING),
          choice('file_by_filename', 3, Type.STRING),
          choice('file_containing_symbol', 4, Type.STRING),
          choice('file_containing_extension', 5, 'ExtensionRequest'),
          choice('all_extension_numbers_of_type', 6, Type.STRING),
          choice('list_services', 7, Type.STRING),
        ],
        'message_request',
      ),
      of('ExtensionRequest', [
        field('containing_type', 1, Type.STRING),
        field('extension_number', 2, Type.INT32),
      ]),
      of(
        'ServerReflectionResponse',
        [
          field('valid_host', 1, Type.STRING),
          field('original_request', 2, 'ServerReflectionRequest'),
          choice('file_descriptor_response', 4, 'FileDescriptorResponse'),
          choice('all_extension_numbers_response', 5, 'ExtensionNumberResponse'),
          choice('list_services_response', 6, 'ListServiceResponse'),
          choice('error_response', 7, 'ErrorResponse'),
        ],
        'message_response',
      ),
      of('FileDescriptorResponse', [list('file_descriptor_proto', 1, Type.BYTES)]),
      of('ExtensionNumberResponse', [
        field('base_type_name', 1, Type.STRING),
        list('extension_number', 2, Type.INT32),
      ]),
      of('ListServiceResponse', [list('service', 1, 'ServiceResponse')]),
      of('ServiceResponse', [field('name', 1, Type.STRING)]),
      of('ErrorResponse', [
        field('error_code', 1, Type.INT32),
        field('error_message', 2, Type.STRING),
      ]),
    ],
    service: [
      {
        name: 'ServerReflection',
        method: [
          {
            name: 'ServerReflectionInfo',
            inputType: `.${scope}.ServerReflectionRequest`,
            outputType: `.${scope}.ServerReflectionResponse`,
            clientStreaming: true,
            serverStreaming: true,
          },
        ],
      },
    ],
  });
}

const HEALTH = 'grpc.health.v1';

const health = create(FileDescriptorProtoSchema, {
  name: 'grpc/health/v1/health.proto',
  package: HEALTH,
  syntax: 'proto3',
  messageType: [
    message(HEALTH, 'HealthCheckRequest', [field('service', 1, Type.STRING)]),
    {
      name: 'HealthCheckResponse',
      field: [
        {
          name: 'status',
          number: 1,
          label: Label.OPTIONAL,
          type: Type.ENUM,
          typeName: `.${HEALTH}.HealthCheckResponse.ServingStatus`,
        },
      ],
      enumType: [
        {
          name: 'ServingStatus',
          value: ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'].map((name, number) => ({
            name,
            number,
          })),
        },
      ],
    },
  ],
  service: [
    {
      name: 'Health',
      method: [
        {
          name: 'Check',
          inputType: `.${HEALTH}.HealthCheckRequest`,
          outputType: `.${HEALTH}.HealthCheckResponse`,
        },
        {
          name: 'Watch',
          inputType: `.${HEALTH}.HealthCheckRequest`,
          outputType: `.${HEALTH}.HealthCheckResponse`,
          serverStreaming: true,
        },
      ],
    },
  ],
});

const errorInfo = create(FileDescriptorProtoSchema, {
  name: 'google/rpc/error_details.proto',
  package: 'google.rpc',
  syntax: 'proto3',
  messageType: [
    {
      name: 'ErrorInfo',
      field: [
        { name: 'reason', number: 1, label: Label.OPTIONAL, type: Type.STRING },
        { name: 'domain', number: 2, label: Label.OPTIONAL, type: Type.STRING },
        {
          name: 'metadata',
          number: 3,
          label: Label.REPEATED,
          type: Type.MESSAGE,
          typeName: '.google.rpc.ErrorInfo.MetadataEntry',
        },
      ],
      nestedType: [
        {
          name: 'MetadataEntry',
          options: { mapEntry: true },
          field: [
            { name: 'key', number: 1, label: Label.OPTIONAL, type: Type.STRING },
            { name: 'value', number: 2, label: Label.OPTIONAL, type: Type.STRING },
          ],
        },
      ],
    },
  ],
});

/** The files of the services that the node serves beside its modules'. */
export const wellKnownFiles = [
  reflection('grpc.reflection.v1'),
  reflection('grpc.reflection.v1alpha'),
  health,
] as const;

const registry = createFileRegistry(
  create(FileDescriptorSetSchema, { file: [...wellKnownFiles, errorInfo] }),
);

function methodOf<M extends DescMethod>(
  service: string,
  name: string,
  isOfKind: (method: DescMethod) => method is M,
): M {
  const method = registry.getService(service)?.methods.find((one) => one.name === name);
  if (method === undefined || !isOfKind(method))
    throw new Error(`${service}.${name} is not described.`);
  return method;
}

const isUnary = (method: DescMethod): method is DescMethodUnary => method.methodKind === 'unary';
const isServerStream = (method: DescMethod): method is DescMethodServerStreaming =>
  method.methodKind === 'server_streaming';
const isBiDiStream = (method: DescMethod): method is DescMethodBiDiStreaming =>
  method.methodKind === 'bidi_streaming';

export const reflectionMethods = ['grpc.reflection.v1', 'grpc.reflection.v1alpha'].map((scope) =>
  methodOf(`${scope}.ServerReflection`, 'ServerReflectionInfo', isBiDiStream),
);

export const healthCheck = methodOf(`${HEALTH}.Health`, 'Check', isUnary);
export const healthWatch = methodOf(`${HEALTH}.Health`, 'Watch', isServerStream);

/** google.rpc.ErrorInfo: a reason, the domain that it belongs to, and facts beside it. */
export const errorInfoMessage = (() => {
  const found = registry.getMessage('google.rpc.ErrorInfo');
  if (found === undefined) throw new Error('google.rpc.ErrorInfo is not described.');
  return found;
})();
