import {
  CryptoError,
  fromBase64url,
  importPublicKeys,
  verifyGenesis,
  verifyHybrid,
  type PublicKeyObjects,
} from '@anarq/crypto';
import type { IdentityKind, IdentityRecord } from '@anarq/kernel';

/** What sets a signature over a plain message apart from signatures over calls and grants. */
export const MESSAGE_DOMAIN = 'q.message.v1';

export interface Claim {
  readonly did?: string | undefined;
  readonly document?: unknown;
  readonly signed?: {
    readonly message: string;
    readonly signature: string;
    readonly domain: string;
  };
}

export interface Finding {
  readonly valid: boolean;
  readonly did?: string;
  readonly kind?: IdentityKind;
  readonly reasons: string[];
}

/**
 * Judges a claim of identity: a document that proves itself, an identity that this node knows, and
 * a signature by either.
 * @param known the identity as this node keeps it, by the DID of claim or document
 */
export function judge(claim: Claim, known: (did: string) => IdentityRecord | undefined): Finding {
  const reasons: string[] = [];
  const proved = claim.document === undefined ? undefined : readDocument(claim.document, reasons);
  const did = proved?.did ?? (claim.document === undefined ? claim.did : undefined);
  if (proved !== undefined && claim.did !== undefined && claim.did !== proved.did)
    reasons.push(`the document is of ${proved.did}, not of ${claim.did}`);
  const record = did === undefined ? undefined : known(did);
  if (claim.document === undefined && record === undefined)
    reasons.push('the identity is not known to this node');
  if (record?.status === 'suspended') reasons.push('the identity is suspended on this node');

  const keys = proved?.keys ?? record?.keys;
  if (claim.signed !== undefined && keys !== undefined && !isSignedBy(keys, claim.signed))
    reasons.push('the signature was not made over this message by the keys of the identity');
  const kind = proved?.kind ?? record?.kind;
  return {
    valid: reasons.length === 0,
    ...(did === undefined ? {} : { did }),
    ...(kind === undefined ? {} : { kind }),
    reasons,
  };
}

/** DID, kind and keys of a document that proves itself; undefined, with the reason, of another. */
export function readDocument(
  document: unknown,
  reasons: string[] = [],
): { did: string; kind: IdentityKind; keys: PublicKeyObjects } | undefined {
  try {
    const { did, kind, keys } = verifyGenesis(document);
    return { did, kind, keys: importPublicKeys(keys) };
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    reasons.push(error.message.slice(0, 500));
    return undefined;
  }
}

function isSignedBy(keys: PublicKeyObjects, signed: NonNullable<Claim['signed']>): boolean {
  try {
    return verifyHybrid(
      keys,
      signed.domain,
      fromBase64url(signed.message),
      fromBase64url(signed.signature),
    );
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}
