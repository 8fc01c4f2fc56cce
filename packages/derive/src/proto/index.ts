/** What gRPC needs of the contracts; apart, because its library is large. */
export { fileDescriptorOf } from './descriptor.ts';
export { LOCK_FILE, NO_LOCK, readLock, type FieldLock } from './lock.ts';
export { protoModelOf, type ProtoMethod, type ProtoModel } from './model.ts';
export { protoValues, type ProtoValues } from './values.ts';
