import { toBinary, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, type FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';

interface Request {
  readonly messageRequest: { readonly case?: string; readonly value?: unknown };
}

/**
 * Answers the questions of server reflection (grpc.reflection.v1): which services there are, and
 * which file describes a name. The files stand alone: none imports another.
 */
export function createReflection(
  files: readonly FileDescriptorProto[],
): (request: unknown) => MessageInitShape<DescMessage> {
  const byName = new Map(files.map((file) => [file.name, file] as const));
  const bySymbol = new Map<string, FileDescriptorProto>();
  for (const file of files) for (const symbol of symbolsOf(file)) bySymbol.set(symbol, file);
  const services = files.flatMap((file) =>
    file.service.map(({ name }) => `${file.package}.${name}`),
  );
  const described = (file: FileDescriptorProto | undefined, asked: unknown) =>
    file === undefined
      ? problem(Code.NotFound, `Nothing here is called ${String(asked).slice(0, 200)}.`)
      : {
          case: 'fileDescriptorResponse',
          value: { fileDescriptorProto: [toBinary(FileDescriptorProtoSchema, file)] },
        };
  return (request) => {
    const { case: asked, value } = (request as Request).messageRequest;
    return {
      originalRequest: request,
      messageResponse: answer(asked, value),
    } as MessageInitShape<DescMessage>;
  };

  function answer(asked: string | undefined, value: unknown) {
    switch (asked) {
      case 'listServices':
        return {
          case: 'listServicesResponse',
          value: { service: services.map((name) => ({ name })) },
        };
      case 'fileByFilename':
        return described(byName.get(value as string), value);
      case 'fileContainingSymbol':
        return described(bySymbol.get(value as string), value);
      case 'fileContainingExtension':
      case 'allExtensionNumbersOfType':
        return problem(Code.NotFound, 'No message here has extensions.');
      default:
        return problem(Code.InvalidArgument, 'The request asks for nothing.');
    }
  }
}

const problem = (errorCode: Code, errorMessage: string) => ({
  case: 'errorResponse',
  value: { errorCode, errorMessage },
});

/** Every full name that a file gives a meaning: services, their methods, messages, enumerations. */
function symbolsOf(file: FileDescriptorProto): string[] {
  const within = (scope: string, messages: FileDescriptorProto['messageType']): string[] =>
    messages.flatMap((message) => [
      `${scope}.${message.name}`,
      ...message.field.map(({ name }) => `${scope}.${message.name}.${name}`),
      ...message.enumType.map(({ name }) => `${scope}.${message.name}.${name}`),
      ...within(`${scope}.${message.name}`, message.nestedType),
    ]);
  return [
    ...file.service.flatMap(({ name, method }) => [
      `${file.package}.${name}`,
      ...method.map((one) => `${file.package}.${name}.${one.name}`),
    ]),
    ...within(file.package, file.messageType),
    ...file.enumType.map(({ name }) => `${file.package}.${name}`),
  ];
}
