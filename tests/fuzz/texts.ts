import { CircuitError, circuitText, parsePauli, parseQasm, parseStim } from '@anarq/circuit';
import { QError } from '@anarq/common-schemas';
import { ContentError, parseRawCid } from '@anarq/content';
import { DecimalError } from '@anarq/decimal';
import { parseTemplate, TemplateError } from '@anarq/posting-templates';
import type { Decoder } from '@anarq/testing/fuzz';
import { parseDay, parseDecimal } from '../../engines/decimal/tests/decoders.ts';
import { readCiphertext } from '../../modules/qlock/tests/decoders.ts';
import { readCircuitJson } from '../../modules/quantum/tests/decoders.ts';
import { readAddress } from '../../packages/p2p/tests/decoders.ts';
import { readOrder } from '../../packages/surfaces/tests/decoders.ts';

const text = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
const bytesOf = (value: string): Uint8Array => new TextEncoder().encode(value);
const isCircuitError = (error: unknown): boolean => error instanceof CircuitError;

const QASM2 = `OPENQASM 2.0;
include "qelib1.inc";
qreg q[2]; creg c[2];
gate twice a { h a; h a; }
h q[0]; cx q[0], q[1]; twice q[1]; u3(pi/2, 0.1, -0.2) q[0];
measure q -> c;
if (c == 1) x q[0];
`;
const QASM3 = `OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
qubit[3] q; bit[3] c;
def rotate(qubit a, angle[32] b) { rz(b) a; }
for uint i in [0:2] { ctrl @ x q[0], q[1]; }
rotate(q[0], theta);
c = measure q;
if (c[0] == 1 && !bool(c[1])) { inv @ s q[2]; } else { reset q[2]; }
`;
const STIM = `H 0
M 2
CX 0 1 rec[-1] 2
REPEAT 3 {
 M(0.01) 0 1
 DETECTOR(1, 2) rec[-1] rec[-2]
}
DEPOLARIZE2(0.1) 0 1
MPP X0*Z1
OBSERVABLE_INCLUDE(0) rec[-1]
`;
const TEMPLATE = `vars { monetary $price account $to }
send $price (
  source = { @vouchers max [EUR/2 500] from @purse }
  destination = { 3% to @fees remaining to $to }
)
set_tx_meta("price", $price)`;

/** Loops are unrolled up to here: what a text costs is to go by its length. */
const QASM_LIMITS = { qubits: 8, bits: 8, instructions: 64 };

/** Readers of texts that people write and programs send. */
export const textDecoders: readonly Decoder[] = [
  {
    name: 'exact-number',
    decode: (bytes) => parseDecimal(text(bytes)),
    refuses: (error) => error instanceof DecimalError,
    seeds: ['1.50', '-0', '1E+3', '-Infinity', 'NaN12', 'sNaN', '.5e-20'].map(bytesOf),
    words: ['E', 'e-', 'Inf', 'NaN', 's', '+', '.'],
  },
  {
    name: 'day',
    decode: (bytes) => parseDay(text(bytes)),
    refuses: (error) => error instanceof DecimalError,
    seeds: ['2024-02-29', '0001-01-01', '9999-12-31'].map(bytesOf),
  },
  {
    name: 'peer-address',
    decode: (bytes) => readAddress(text(bytes)),
    refuses: (error) => error instanceof QError,
    seeds: ['/ip4/127.0.0.1/tcp/4001', '127.0.0.1:4001', '[::1]:4001'].map(bytesOf),
    words: ['/ip6/', '/dns/', '/tcp/', '/p2p/', '::', '65536'],
  },
  {
    name: 'pauli-product',
    decode: (bytes) => parsePauli(text(bytes)),
    refuses: isCircuitError,
    seeds: ['XIZ', '-Y_Z', '+zz'].map(bytesOf),
  },
  {
    name: 'content-cid',
    decode: (bytes) => parseRawCid(text(bytes)),
    encode: (cid: ReturnType<typeof parseRawCid>) => bytesOf(cid.toString()),
    identity: 'bytes',
    refuses: (error) => error instanceof ContentError,
    seeds: ['bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'].map(bytesOf),
  },
  {
    name: 'ciphertext',
    decode: (bytes) => readCiphertext(text(bytes)),
    refuses: (error) => error instanceof QError,
    seeds: ['qlock1.key_1.1.AAAA', 'qto1.did:squid:abc.AAAA'].map(bytesOf),
    words: ['qlock1.', 'qto1.', 'did:squid:', '.'],
  },
  ...([2, 3] as const).map((version): Decoder => ({
    name: `qasm-${version}`,
    decode: (bytes) => parseQasm(text(bytes), { version, limits: QASM_LIMITS }),
    refuses: isCircuitError,
    seeds: [bytesOf(version === 2 ? QASM2 : QASM3)],
    words: ['qreg ', 'qubit[2] ', 'gate ', 'def ', 'for ', 'while ', 'ctrl @ ', '->', '{', 'pi'],
  })),
  {
    name: 'stim',
    decode: (bytes) => parseStim(text(bytes)),
    refuses: isCircuitError,
    seeds: [bytesOf(STIM)],
    words: ['REPEAT ', 'rec[-1]', 'sweep[0]', 'MPP ', 'CX ', '(0.1)', '{', '}', '*', '!'],
  },
  {
    name: 'circuit-json',
    decode: (bytes) => readCircuitJson(text(bytes)),
    refuses: isCircuitError,
    seeds: [parseQasm(QASM2), parseQasm(QASM3), parseStim(STIM)].map((circuit) =>
      bytesOf([...circuitText(circuit)].join('')),
    ),
    words: ['"kind":', '"integer":', '"body":', '"__proto__":', 'null', '1e400'],
  },
  {
    name: 'posting-template',
    decode: (bytes) => parseTemplate(text(bytes)),
    refuses: (error) => error instanceof TemplateError,
    seeds: [bytesOf(TEMPLATE)],
    words: [
      'send ',
      'source = ',
      'max ',
      'remaining ',
      'kept',
      'allowing ',
      '@',
      '$',
      '%',
      '[EUR/2 ',
    ],
  },
  {
    name: 'websocket-order',
    decode: readOrder,
    refuses: (error) => error instanceof QError,
    seeds: [
      '{"id":"1","op":"ledger.read","input":{"a":1},"idempotencyKey":"k","apiVersion":"1"}',
      '{"id":"2","op":"subscribe","credential":{"token":"qat_x"}}',
    ].map(bytesOf),
    words: ['"id":', '"op":', '"input":', '"credential":', '"token":', '"__proto__":', '"grant":'],
  },
];
