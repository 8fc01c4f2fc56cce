import { create } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  MethodOptions_IdempotencyLevel as Idempotency,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import { pascal } from '../shapes.ts';
import { extendLock, type FieldLock } from './lock.ts';
import {
  enumValueName,
  type ProtoField,
  type ProtoMessage,
  type ProtoModel,
  type ScalarKind,
} from './model.ts';
import { oneofName, reservedOf } from './text.ts';

const TYPES: Readonly<Record<ScalarKind, Type>> = {
  string: Type.STRING,
  bool: Type.BOOL,
  int32: Type.INT32,
  int64: Type.INT64,
  double: Type.DOUBLE,
  bytes: Type.BYTES,
};

/** A module's types and methods as the descriptor that reflection serves; what the .proto text says. */
export function fileDescriptorOf(model: ProtoModel, lock: FieldLock): FileDescriptorProto {
  const whole = extendLock(lock, model);
  return create(FileDescriptorProtoSchema, {
    name: fileNameOf(model),
    package: model.package,
    syntax: 'proto3',
    messageType: [...model.messages.values()].map((message) =>
      messageOf(message, model.package, whole),
    ),
    enumType: [...model.enums.values()].map(({ name, values }) => ({
      name,
      value: [
        { name: enumValueName(name, 'unspecified'), number: 0 },
        ...values.map((value) => {
          const full = enumValueName(name, value);
          return { name: full, number: whole.enums[name]?.[full] ?? 0 };
        }),
      ],
    })),
    service: [
      {
        name: model.service,
        method: model.methods.map(({ name, op, request, reply }) => ({
          name,
          inputType: `.${model.package}.${request.name}`,
          outputType: `.${model.package}.${reply.name}`,
          ...(op.kind === 'query'
            ? { options: { idempotencyLevel: Idempotency.NO_SIDE_EFFECTS } }
            : {}),
        })),
      },
    ],
  });
}

/** 'q/qwallet/v1/qwallet.proto' */
const fileNameOf = (model: ProtoModel): string =>
  `${model.package.replaceAll('.', '/')}/${model.service.toLowerCase()}.proto`;

function messageOf(message: ProtoMessage, scope: string, lock: FieldLock) {
  const { name, fields, isUnion } = message;
  // Scalars and enumerations have presence, each by a oneof of its own; messages have it anyway.
  const present = fields.filter(
    ({ cardinality, type }) => !isUnion && cardinality === 'one' && type.kind !== 'message',
  );
  const oneofs = isUnion ? [oneofName(fields)] : present.map((field) => `_${field.name}`);
  return {
    name,
    field: fields.map((field) => {
      const isPresent = present.includes(field);
      return {
        name: field.name,
        jsonName: field.name,
        number: lock.messages[name]?.fields[field.name]?.number ?? 0,
        label: field.cardinality === 'one' ? Label.OPTIONAL : Label.REPEATED,
        ...(field.cardinality === 'map'
          ? { type: Type.MESSAGE, typeName: `.${scope}.${name}.${entryName(field)}` }
          : typeOf(field.type, scope)),
        ...(isUnion ? { oneofIndex: 0 } : {}),
        ...(isPresent ? { oneofIndex: present.indexOf(field), proto3Optional: true } : {}),
      };
    }),
    oneofDecl: oneofs.map((oneof) => ({ name: oneof })),
    nestedType: fields
      .filter(({ cardinality }) => cardinality === 'map')
      .map((field) => ({
        name: entryName(field),
        options: { mapEntry: true },
        field: [
          { name: 'key', number: 1, label: Label.OPTIONAL, type: Type.STRING, jsonName: 'key' },
          {
            name: 'value',
            number: 2,
            label: Label.OPTIONAL,
            jsonName: 'value',
            ...typeOf(field.type, scope),
          },
        ],
      })),
    reservedRange: reservedOf(name, fields, lock).map((number) => ({
      start: number,
      end: number + 1,
    })),
  };
}

const entryName = (field: ProtoField): string => `${pascal(field.name)}Entry`;

function typeOf(type: ProtoField['type'], scope: string): { type: Type; typeName?: string } {
  switch (type.kind) {
    case 'scalar':
      return { type: TYPES[type.scalar] };
    case 'enum':
      return { type: Type.ENUM, typeName: `.${scope}.${type.name}` };
    case 'message':
      return { type: Type.MESSAGE, typeName: `.${scope}.${type.name}` };
  }
}
