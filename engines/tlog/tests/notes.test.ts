import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  cosignatureTime,
  cosignCheckpoint,
  cosignedMessage,
  ed25519Verifier,
  formatCheckpoint,
  formatNote,
  formatTlogProof,
  formatVkey,
  keyIdHex,
  mldsa44Verifier,
  openNote,
  parseCheckpoint,
  parseNote,
  parseTlogProof,
  parseVkey,
  SIGNATURE_TYPE,
  signEd25519,
  vkeyOf,
} from '../src/index.ts';

// The worked examples of C2SP signed-note, tlog-checkpoint and tlog-cosignature (CC BY 4.0).
const EXAMPLE_VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const EXAMPLE_NOTE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;
const EXAMPLE_POEM = `Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
`;
const EXAMPLE_CHECKPOINT = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`;

const ed25519 = generateKeyPairSync('ed25519');
const mldsa44 = generateKeyPairSync('ml-dsa-44');
const NAME = 'log.example/one';
const edKey = vkeyOf(NAME, SIGNATURE_TYPE.ed25519, ed25519.privateKey);
const pqKey = vkeyOf(NAME, SIGNATURE_TYPE.mldsa44Cosignature, mldsa44.publicKey);
const TEXT = formatCheckpoint({
  origin: NAME,
  size: 109_482,
  root: new Uint8Array(32).fill(9),
  extensions: [],
});

function signedCheckpoint(): string {
  const cosignature = cosignCheckpoint({
    vkey: pqKey,
    text: TEXT,
    timestamp_s: 1_700_000_000,
    sign: (message) => sign(null, message, mldsa44.privateKey),
  });
  return formatNote(TEXT, [signEd25519(NAME, ed25519.privateKey, TEXT), cosignature]);
}

describe('a signed note', () => {
  it('of the specification verifies with the key of the specification', () => {
    const vkey = parseVkey(EXAMPLE_VKEY);
    expect(formatVkey(vkey)).toBe(EXAMPLE_VKEY);
    const opened = openNote(EXAMPLE_NOTE, [ed25519Verifier(vkey)]);
    expect(opened.text).toBe('This is an example message.\n');
    expect(opened.signedBy).toEqual([vkey]);
    const changed = EXAMPLE_NOTE.replace('example message', 'exemple message');
    expect(() => openNote(changed, [ed25519Verifier(vkey)])).toThrow(/not valid/);
  });

  it('splits at its last empty line and is written back the same', () => {
    const note = parseNote(EXAMPLE_POEM);
    expect(note.text.split('\n')).toHaveLength(5);
    expect(note.signatures[0]?.keyIdHex).toBe('367ba04b');
    expect(formatNote(note.text, note.signatures)).toBe(EXAMPLE_POEM);
  });

  it('ignores signatures of unknown keys, but needs one of a known key', () => {
    const note = signedCheckpoint();
    expect(openNote(note, [mldsa44Verifier(pqKey)]).signedBy).toEqual([pqKey]);
    const other = vkeyOf(NAME, SIGNATURE_TYPE.ed25519, generateKeyPairSync('ed25519').publicKey);
    expect(() => openNote(note, [ed25519Verifier(other)])).toThrow(/known key/);
    expect(openNote(note, [ed25519Verifier(other), ed25519Verifier(edKey)]).signedBy).toEqual([
      edKey,
    ]);
  });

  it('is refused in every other form', () => {
    const [line = ''] = EXAMPLE_NOTE.split('\n').slice(2);
    for (const bad of [
      '',
      'text\n',
      `text\n\n${line}`,
      `text\n${line}\n`,
      `te\txt\n\n${line}\n`,
      `te\rxt\n\n${line}\n`,
      `\ud800\n\n${line}\n`,
      `text\n\n${line} \n`,
      `text\n\n- example.com/foo ${line.slice(18)}\n`,
      `text\n\n${line.replace('example.com/foo', 'example.com+foo')}\n`,
      `text\n\n${line.slice(0, -1)}\n`,
      `text\n\n${line.replace('neyaQM=', 'neyaQN=')}\n`,
      `text\n\n— example.com/foo AAAAAA==\n`,
      `text\n\n${`${line}\n`.repeat(65)}`,
      `${'x'.repeat(300_000)}\n\n${line}\n`,
    ]) {
      expect(() => parseNote(bad), JSON.stringify(bad.slice(0, 60))).toThrow();
    }
  });
});

describe('a verifier key', () => {
  it('of either type reads back, and is refused with any character changed', () => {
    for (const vkey of [edKey, pqKey]) {
      const text = formatVkey(vkey);
      expect(parseVkey(text)).toEqual(vkey);
      for (let i = 0; i < Math.min(text.length, 120); i++) {
        const other = text[i] === 'A' ? 'B' : 'A';
        expect(() => parseVkey(text.slice(0, i) + other + text.slice(i + 1))).toThrow();
      }
    }
  });
});

describe('a checkpoint', () => {
  it('of the specification reads as it says, cosignature time included', () => {
    const note = parseNote(EXAMPLE_CHECKPOINT);
    const checkpoint = parseCheckpoint(note.text);
    expect(checkpoint.origin).toBe('example.com/behind-the-sofa');
    expect(checkpoint.size).toBe(20_852_163);
    expect(formatCheckpoint(checkpoint)).toBe(note.text);
    expect(cosignatureTime(note.signatures[1]?.signature ?? new Uint8Array(0))).toBe(1_679_315_147);
  });

  it('is refused in every other form', () => {
    const root = new Uint8Array(32).toBase64();
    for (const bad of [
      `o\n1\n${root}`,
      `\n1\n${root}\n`,
      `o\n01\n${root}\n`,
      `o\n-1\n${root}\n`,
      `o\n1e3\n${root}\n`,
      `o\n9007199254740992\n${root}\n`,
      `o\n1\n${root}\n\n`,
      `o\n1\n${root} \n`,
      `o\n1\n${new Uint8Array(31).toBase64()}\n`,
      `o\n1\n`,
    ]) {
      expect(() => parseCheckpoint(bad), JSON.stringify(bad)).toThrow();
    }
    expect(parseCheckpoint(`o\n0\n${root}\nmore\n`).extensions).toEqual(['more']);
  });
});

describe('an ML-DSA-44 cosignature', () => {
  it('covers exactly the structure that the specification lays out', () => {
    const hash = new Uint8Array(32).fill(0xab);
    const message = cosignedMessage({
      cosigner: 'w/1',
      timestamp_s: 1_679_315_147,
      origin: 'log',
      start: 0,
      end: 258,
      hash,
    });
    const expected = [
      Buffer.from('subtree/v1\n\0', 'latin1').toString('hex'),
      '03772f31',
      '00000000641850cb',
      '036c6f67',
      '0000000000000000',
      '0000000000000102',
      'ab'.repeat(32),
    ].join('');
    expect(message.toHex()).toBe(expected);
    const late = { cosigner: 'w', origin: 'o', timestamp_s: 5, start: 2, end: 4, hash };
    expect(() => cosignedMessage(late)).toThrow(/timestamp 0/);
  });

  it('verifies with plain node:crypto over that message, and has the key id of the specification', () => {
    const line = parseNote(signedCheckpoint()).signatures[1];
    const { root } = parseCheckpoint(TEXT);
    const message = cosignedMessage({
      cosigner: NAME,
      timestamp_s: 1_700_000_000,
      origin: NAME,
      start: 0,
      end: 109_482,
      hash: root,
    });
    const signature = line?.signature ?? new Uint8Array(0);
    expect(signature).toHaveLength(2428);
    expect(verify(null, message, mldsa44.publicKey, signature.subarray(8))).toBe(true);
    const id = createHash('sha256')
      .update(`${NAME}\n`)
      .update(Uint8Array.of(6))
      .update(pqKey.publicKey);
    expect(line?.keyIdHex).toBe(id.digest('hex').slice(0, 8));
    expect(keyIdHex(pqKey)).toBe(line?.keyIdHex);
  });

  it('fails when size, root, origin, time or name is another', () => {
    const note = parseNote(signedCheckpoint());
    const { verify: check } = mldsa44Verifier(pqKey);
    const signature = note.signatures[1]?.signature ?? new Uint8Array(0);
    expect(check(TEXT, signature)).toBe(true);
    expect(check(TEXT.replace('109482', '109483'), signature)).toBe(false);
    expect(check(TEXT.replace('CQkJ', 'CQkK'), signature)).toBe(false);
    expect(check(TEXT.replace('/one', '/two'), signature)).toBe(false);
    expect(check(TEXT, signature.with(7, 1))).toBe(false);
    expect(check(TEXT, signature.subarray(1))).toBe(false);
    const renamed = vkeyOf('log.example/two', SIGNATURE_TYPE.mldsa44Cosignature, mldsa44.publicKey);
    expect(mldsa44Verifier(renamed).verify(TEXT, signature)).toBe(false);
  });
});

describe('a proof file', () => {
  it('reads back to what it was made from, with and without extra data', () => {
    const proof = { index: 73_894, proof: [new Uint8Array(32)], checkpoint: signedCheckpoint() };
    const text = formatTlogProof(proof);
    expect(text.split('\n').slice(0, 2)).toEqual(['c2sp.org/tlog-proof@v1', 'index 73894']);
    expect(parseTlogProof(text)).toEqual(proof);
    const withExtra = { ...proof, extra: Uint8Array.of(1, 2) };
    expect(parseTlogProof(formatTlogProof(withExtra))).toEqual(withExtra);
  });

  it('is refused in every other form', () => {
    const text = formatTlogProof({
      index: 1,
      proof: [new Uint8Array(32)],
      checkpoint: EXAMPLE_CHECKPOINT,
    });
    for (const bad of [
      text.replace('@v1', '@v2'),
      text.replace('index 1', 'index 01'),
      text.replace('index 1\n', ''),
      text.replace('index 1', 'index 1\nextra AAAA'),
      text.replace('index 1', 'extra A\nindex 1'),
      text.replace('AAAA=', 'AAAB='),
      text.replace('\n\n', '\n'),
      text.slice(0, -1),
    ]) {
      expect(() => parseTlogProof(bad), bad.slice(0, 80)).toThrow();
    }
  });
});
