import type { JsonValue } from '@anarq/common-schemas';
import {
  canonicalJson,
  CryptoError,
  fromBase64url,
  importPublicKeys,
  signHybrid,
  toBase64url,
  utf8,
  verifyGenesis,
  verifyHybrid,
  type IdentityKeys,
} from '@anarq/crypto';

/** A part of a budget that the node which counts it sets aside for another. */
export interface Allotment {
  /** Unique on the node that gives it. */
  readonly allotmentId: string;
  /** CID of the grant that it is for: the leaf that calls are made under. */
  readonly grant: string;
  /** CIDs of the links whose budgets it takes a part of. */
  readonly links: string[];
  /** DID of the node that counts the budgets. */
  readonly from: string;
  /** DID of the node that may spend it; worth nothing on any other. */
  readonly to: string;
  readonly unit: string;
  readonly amount: string;
  /** RFC 3339; nothing is drawn from then on. */
  readonly expiresAt: string;
}

/** What the other node spent of it in the end; the rest goes back. */
export interface AllotmentReport {
  readonly allotmentId: string;
  readonly grant: string;
  readonly from: string;
  readonly to: string;
  readonly unit: string;
  readonly amount: string;
  readonly spent: string;
  readonly closedAt: string;
}

/** A statement with the signature of the node that makes it, and the document that proves its keys. */
export type Signed<T> = T & {
  /** Hybrid signature, base64url. */
  readonly signature: string;
  readonly document: JsonValue;
};

/** Domains, so that neither is ever taken for the other, nor for a call. */
export const ALLOTMENT_DOMAIN = 'q.allotment.v1';
export const REPORT_DOMAIN = 'q.allotment.report.v1';

/** Signs a statement for its domain. */
export function signStatement<T extends object>(
  domain: string,
  statement: T,
  keys: IdentityKeys,
  document: unknown,
): Signed<T> {
  const signature = toBase64url(signHybrid(keys, domain, bytesOf(domain, statement)));
  return { ...statement, signature, document: asJson(document) };
}

/**
 * Whether a statement was signed by a node of this DID. The document founds the DID, so that nobody
 * has to be asked for its keys, and nobody can offer others. Never throws.
 */
export function isSignedBy<T extends object>(
  domain: string,
  did: string,
  { signature, document, ...statement }: Signed<T>,
): boolean {
  try {
    const proved = verifyGenesis(document);
    return (
      proved.did === did &&
      proved.kind === 'node' &&
      verifyHybrid(
        importPublicKeys(proved.keys),
        domain,
        bytesOf(domain, statement),
        fromBase64url(signature),
      )
    );
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

const bytesOf = (type: string, statement: object): Uint8Array =>
  utf8(canonicalJson({ ...statement, type }));

/** A document is JSON by construction; its type is narrower. */
const asJson = (document: unknown): JsonValue => JSON.parse(JSON.stringify(document)) as JsonValue;
