import { QError, type ErrorCode } from '@anarq/common-schemas';
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
