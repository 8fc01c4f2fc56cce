import { connect } from 'node:http2';
import { create, createFileRegistry, fromBinary, type FileRegistry } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { failure } from '@anarq/common-schemas';
import { derivedFiles } from '@anarq/derive/files';
import { fileDescriptorOf, NO_LOCK, protoModelOf, readLock } from '@anarq/derive/proto';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { anyValue } from '../../schemas/tests/anyValue.ts';
import { everything, Everything, everyWord } from '../../schemas/tests/everyWord.ts';
import { startGrpcSurface, type GrpcSurface } from '../src/grpc/grpcSurface.ts';
import { fakeNode, ok, type FakeNode } from './fakeNode.ts';
import { readMessage, writeMessage } from './grpcClient.ts';

const BEARER = { authorization: 'Bearer qat_test' };
let node: FakeNode;
let surface: GrpcSurface;
let registry: FileRegistry;

beforeAll(async () => {
  node = fakeNode();
  const text = derivedFiles(everyWord, [everyWord]).get('contracts/fields.lock.json') ?? '';
  const lock = readLock(text);
  surface = await startGrpcSurface(node, {
    port: 0,
    locks: new Map([['everyword', lock]]),
    requestsPerSecond_max: 100_000,
    closeDeadline_ms: 100,
  });
  const file = fileDescriptorOf(protoModelOf(everyWord), lock);
  registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }));
});
afterAll(() => surface.close());
beforeEach(() => {
  node.calls.length = 0;
});

type Unary = (
  input: object,
  options?: { headers?: Record<string, string>; timeoutMs?: number },
) => Promise<Record<string, unknown>>;

/** A client that knows the service from its descriptor only. */
function clientOver(transport: Transport): Readonly<Record<string, Unary>> {
  const service = registry.getService('q.everyword.v1.Everyword');
  if (service === undefined) throw new Error('the service is not described');
  return createClient(service, transport) as Readonly<Record<string, Unary>>;
}

const transports = {
  gRPC: () => createGrpcTransport({ baseUrl: surface.url }),
  'gRPC-Web': () => createGrpcWebTransport({ baseUrl: surface.url, httpVersion: '2' }),
  Connect: () => createConnectTransport({ baseUrl: surface.url, httpVersion: '2' }),
  'Connect in JSON': () =>
    createConnectTransport({ baseUrl: surface.url, httpVersion: '2', useBinaryFormat: false }),
};

const message = registryMessage(() => registry);

function registryMessage(of: () => FileRegistry) {
  return (name: string) => {
    const found = of().getMessage(`q.everyword.v1.${name}`);
    if (found === undefined) throw new Error(`${name} is not described`);
    return found;
  };
}

const statusOf = async (call: Promise<unknown> | undefined): Promise<ConnectError> => {
  try {
    await call;
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error('the call succeeded');
};

const failureIn = (error: ConnectError): unknown =>
  JSON.parse(Buffer.from(error.metadata.get('q-failure-bin') ?? '', 'base64').toString());

describe.each(Object.entries(transports))('a call over %s', (_name, transport) => {
  it('carries random values of every word of the dialect there and back unchanged', async () => {
    const client = clientOver(transport());
    await fc.assert(
      fc.asyncProperty(anyValue(Everything), async (value) => {
        node.calls.length = 0;
        const sent = writeMessage(message('Everything'), Everything, value);
        const reply = await client['echo']?.(sent, { headers: BEARER });
        expect(node.calls[0]?.input).toEqual(value);
        expect(readMessage(Everything, reply?.['data'])).toEqual(value);
      }),
      { numRuns: 25 },
    );
  });
});

describe('a call over gRPC', () => {
  const echo = (headers: Record<string, string> = BEARER, timeoutMs?: number) =>
    clientOver(transports.gRPC())['echo']?.(
      writeMessage(message('Everything'), Everything, everything),
      { headers, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    );

  it('says what it is beside the input in its metadata, and how long it waits', async () => {
    const headers = {
      'idempotency-key': 'k1',
      'x-subject': 'did:squid:b',
      'x-squid-id': 'did:squid:a',
      'x-ts': '2026-01-02T03:04:05Z',
      'x-sig': 'v1.AA',
    };
    await echo(headers, 60_000);
    const [call] = node.calls;
    expect(call).toMatchObject({
      operation: 'everyword.echo',
      surface: 'grpc',
      idempotencyKey: 'k1',
      subject: 'did:squid:b',
      credential: { kind: 'signature', identity: 'did:squid:a', signature: 'v1.AA' },
      peer: '127.0.0.1',
    });
    expect(call?.timeout_ms).toBeGreaterThan(0);
    expect(call?.timeout_ms).toBeLessThanOrEqual(60_000);
  });

  it('carries the envelope of a success in its reply', async () => {
    node.answers.set('everyword.echo', (call) => ok(call.input, { replayed: true }));
    const reply = await echo();
    node.answers.set('everyword.echo', (call) => ok(call.input));
    expect(reply).toMatchObject({ message: 'Done.', replayed: true });
  });

  it('maps a failure to the status of the table, with the whole failure in a trailer', async () => {
    const failed = failure('BUDGET_EXCEEDED', { requestId: 'req_1', now_ms: 0 }, undefined, {
      why: { rule: 'spent' },
    });
    node.answers.set('everyword.echo', () => failed);
    const error = await statusOf(echo());
    node.answers.set('everyword.echo', (call) => ok(call.input));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(failureIn(error)).toEqual(failed);
    expect(error.details).toMatchObject([{ type: 'google.rpc.ErrorInfo' }]);
  });

  it('is refused where a member is missing, where nobody calls, and where it is too large', async () => {
    const client = clientOver(transports.gRPC());
    const missing = await statusOf(client['echo']?.({ id: 'a1' }, { headers: BEARER }));
    expect([missing.code, (failureIn(missing) as { code: string }).code]).toEqual([
      Code.InvalidArgument,
      'INPUT_INVALID',
    ]);
    const nobody = await statusOf(echo({}));
    expect(nobody.code).toBe(Code.Unauthenticated);
    const large = { text: 'x'.repeat(70_000) };
    const tooLarge = await statusOf(client['echo']?.(large));
    expect(tooLarge.code).toBe(Code.ResourceExhausted);
  });

  it('is refused where JSON in a field is none, or sets a prototype', async () => {
    const client = clientOver(transports.gRPC());
    for (const anything of ['{', '{"__proto__":{}}', '{"a":1,"a":2}']) {
      const sent = { ...writeMessage(message('Everything'), Everything, everything), anything };
      const error = await statusOf(client['echo']?.(sent, { headers: BEARER }));
      expect((failureIn(error) as { code: string }).code).toBe('INPUT_MALFORMED');
    }
  });

  it('is refused where it means another host, or repeats a header that counts', async () => {
    const ask = (headers: Record<string, string | string[]>) =>
      new Promise<Record<string, unknown>>((resolve, reject) => {
        const session = connect(surface.url);
        const stream = session.request({
          ':method': 'POST',
          ':path': '/q.everyword.v1.Everyword/List',
          'content-type': 'application/json',
          ...headers,
        });
        let body = '';
        stream.setEncoding('utf8');
        stream.on('data', (chunk: string) => {
          body += chunk;
        });
        stream.on('end', () => {
          session.close();
          resolve(JSON.parse(body) as Record<string, unknown>);
        });
        stream.on('error', reject);
        stream.end('{}');
      });
    expect(await ask({ ':authority': 'evil.example', ...BEARER })).toMatchObject({
      code: 'permission_denied',
    });
    expect(await ask({ origin: 'https://evil.example', ...BEARER })).toMatchObject({
      code: 'permission_denied',
    });
    expect(await ask({ 'x-subject': ['did:squid:a', 'did:squid:b'], ...BEARER })).toMatchObject({
      code: 'invalid_argument',
    });
    expect(node.calls).toEqual([]);
  });
});

describe('a client that knows nothing', () => {
  /** Calls of @grpc/grpc-js with bytes in and bytes out. */
  const raw = (service: string, method: string, isStream: boolean) => {
    const bytes = { serialize: (value: Buffer) => value, deserialize: (value: Buffer) => value };
    const Client = makeGenericClientConstructor(
      {
        call: {
          path: `/${service}/${method}`,
          requestStream: isStream,
          responseStream: isStream,
          requestSerialize: bytes.serialize,
          requestDeserialize: bytes.deserialize,
          responseSerialize: bytes.serialize,
          responseDeserialize: bytes.deserialize,
        },
      },
      service,
    );
    return new Client(new URL(surface.url).host, credentials.createInsecure());
  };

  /** A message of protobuf with one field of length-delimited bytes, written by hand. */
  const field = (number: number, value: Buffer): Buffer =>
    Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), value]);

  const reflect = (version: string, question: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const client = raw(
        `grpc.reflection.${version}.ServerReflection`,
        'ServerReflectionInfo',
        true,
      );
      const stream = client['call']?.();
      stream.on('data', (answer: Buffer) => {
        resolve(answer);
        stream.end();
        client.close();
      });
      stream.on('error', reject);
      stream.write(question);
    });

  it.each(['v1', 'v1alpha'])('finds services and their types by reflection %s', async (version) => {
    const services = await reflect(version, field(7, Buffer.from('')));
    expect(services.toString('latin1')).toContain('q.everyword.v1.Everyword');
    expect(services.toString('latin1')).toContain('grpc.health.v1.Health');
    const symbol = Buffer.from('q.everyword.v1.Everyword');
    const described = await reflect(version, field(4, symbol));
    // original_request is field 2, file_descriptor_response field 4 with the file in its field 1.
    const at = described.indexOf(Buffer.from('q/everyword/v1/everyword.proto'));
    const start = described.lastIndexOf(0x0a, at - 1);
    const file = fromBinary(FileDescriptorProtoSchema, described.subarray(start));
    expect(file.service.map(({ name }) => name)).toEqual(['Everyword']);
    expect(file.messageType.map(({ name }) => name)).toContain('Everything');
    const unknown = await reflect(version, field(4, Buffer.from('q.nothing.v1.Nothing')));
    expect(unknown.toString('latin1')).toContain('Nothing here is called q.nothing.v1.Nothing');
  });

  it('calls a method with @grpc/grpc-js, and reads the status of a failure', async () => {
    const client = raw('q.everyword.v1.Everyword', 'Echo', false);
    const error = await new Promise<ServiceError>((resolve) =>
      client['call']?.(Buffer.alloc(0), new Metadata(), (failed: ServiceError) => resolve(failed)),
    );
    client.close();
    expect(error.code).toBe(Code.Unauthenticated);
    const [trailer] = error.metadata.get('q-failure-bin');
    expect(JSON.parse(String(trailer))).toMatchObject({ code: 'QLOCK_AUTH_FAIL' });
  });

  it('is told that the node is well, and what is not served', async () => {
    const client = raw('grpc.health.v1.Health', 'Check', false);
    const check = (request: Buffer) =>
      new Promise<Buffer | ServiceError>((resolve) =>
        client['call']?.(request, (error: ServiceError | null, answer: Buffer) =>
          resolve(error ?? answer),
        ),
      );
    expect(await check(Buffer.alloc(0))).toEqual(Buffer.from([8, 1]));
    const unknown = await check(field(1, Buffer.from('nothing')));
    expect((unknown as ServiceError).code).toBe(Code.NotFound);
    client.close();
  });
});

describe('field numbers', () => {
  it('are those of the lock, whatever the order of the contract', () => {
    const model = protoModelOf(everyWord);
    const lock = {
      messages: { Leaf: { fields: { label: { number: 7, type: 'string' } }, retired: [3] } },
      enums: {},
    };
    const leaf = fileDescriptorOf(model, lock).messageType.find(({ name }) => name === 'Leaf');
    expect(leaf?.field.map(({ number }) => number)).toEqual([7]);
    expect(leaf?.reservedRange.map(({ start }) => start)).toEqual([3]);
    const plain = fileDescriptorOf(model, NO_LOCK).messageType.find(({ name }) => name === 'Leaf');
    expect(plain?.field.map(({ number }) => number)).toEqual([1]);
  });
});
