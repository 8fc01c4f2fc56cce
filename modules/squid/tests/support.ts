import { QError, type ErrorCode } from '@anarq/common-schemas';
import { generateSeed, type GenesisDocument } from '@anarq/crypto';
import { genesisFrom, type IdentityKind } from '@anarq/kernel';
import { startTestNode, type TestNode, type TestNodeOptions } from '@anarq/testing';

/** A node with identity, consent and audit. */
export const startNode = (options: TestNodeOptions = {}): Promise<TestNode> =>
  startTestNode({ modules: ['squid', 'qonsent', 'qerberos'], ...options });

/** The code with which a call is refused; 'OK' where it is not. */
export const codeOf = async (answer: Promise<unknown>): Promise<ErrorCode | 'OK'> => {
  try {
    await answer;
    return 'OK';
  } catch (error) {
    if (error instanceof QError) return error.code;
    throw error;
  }
};

/** Keys that stay with their owner, and the document that proves them. */
export function ownKeys(
  kind: IdentityKind,
  controller?: string,
): { seed: Uint8Array; did: string; document: GenesisDocument } {
  const seed = generateSeed();
  return { seed, ...genesisFrom(seed, { kind, controller, now_ms: Date.now() }) };
}
