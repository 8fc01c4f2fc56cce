import { describe, expect, it } from 'vitest';
import {
  AuditEvent,
  ConsentRef,
  IdentityRef,
  IndexRecord,
  LockSig,
  MaskProfile,
  type TObject,
} from '../src/index.ts';
import { compileValidator } from '../src/validator.ts';

const DID = 'did:squid:QmcRD4wkPPi6dig81r5sLj9Zm1gDCL4zgpEj9CfuRrGbzF';
const CID = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';

/** Each model of the specification with a full value, and the members that may be left out. */
const MODELS: readonly [string, TObject, Record<string, unknown>, readonly string[]][] = [
  ['IdentityRef', IdentityRef, { squidId: DID, subId: DID, daoId: DID }, ['subId', 'daoId']],
  ['ConsentRef', ConsentRef, { policyCid: CID, scope: '/qdrive/get', grant: CID, exp: 0 }, []],
  [
    'LockSig',
    LockSig,
    { alg: 'Ed25519+ML-DSA-65', pub: 'z6Mk', sig: 'AAEC', ts: 1, nonce: 'AAEC' },
    [],
  ],
  [
    'IndexRecord',
    IndexRecord,
    {
      type: 'note',
      key: 'k',
      cid: CID,
      version: 2,
      prevCid: CID,
      tags: ['a'],
      createdAt: '2026-01-02T03:04:05Z',
    },
    ['prevCid'],
  ],
  [
    'AuditEvent',
    AuditEvent,
    {
      type: 'login',
      ref: 'x',
      actor: { squidId: DID },
      layer: 'app',
      verdict: 'WARN',
      details: { any: ['thing'] },
      cid: CID,
    },
    ['cid'],
  ],
  [
    'MaskProfile',
    MaskProfile,
    {
      name: 'research',
      rules: [{ field: 'name', action: 'REMOVE', parameters: {} }],
      defaults: {},
      version: '1',
    },
    [],
  ],
];

describe('the shared models of the specification', () => {
  it.each(MODELS)(
    '%s takes a full value, and needs each of its members',
    (_, model, full, optional) => {
      const validator = compileValidator(model);
      expect(validator.violations(full)).toEqual([]);
      expect(Object.keys(model.properties).toSorted()).toEqual(Object.keys(full).toSorted());
      for (const member of Object.keys(full)) {
        const { [member]: _left, ...rest } = full;
        expect([member, validator.check(rest)]).toEqual([member, optional.includes(member)]);
      }
      expect(validator.check({ ...full, more: 1 })).toBe(false);
    },
  );

  it.each(['ALLOW', 'DENY', 'WARN'])('AuditEvent knows the verdict %s', (verdict) => {
    const [, model, full] = MODELS[4] ?? [];
    expect(compileValidator(model ?? AuditEvent).check({ ...full, verdict })).toBe(true);
  });
});
