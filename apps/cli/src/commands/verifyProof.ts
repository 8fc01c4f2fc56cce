import { readGenesis } from '@anarq/chain/local';
import { fail } from '@anarq/common-schemas';
import { fromBase64url } from '@anarq/crypto';
import { chainIdOf, checkProof, decodeProof, hexOf, Malformed, type Shown } from '@anarq/dag';
import { columns, cross, paint, say, tick } from '../terminal.ts';
import { mlDsa65 } from './mlDsa65.ts';

/**
 * Says whether a proof of a chain holds, by how the chain began and by nothing else; exit code 1 where it does not.
 * @param answer what `chain.proveTransaction`, `chain.proveAccount` or `chain.certificate` answered
 */
export async function verifyProof(answer: unknown, path: string, isJson: boolean): Promise<void> {
  const genesis = await readGenesis(path);
  if (genesis === undefined) return fail('FOLDER_UNUSABLE', `There is no file ${path}.`);
  const { verify } = mlDsa65();
  const shown = shownBy(proofIn(answer), (bytes) =>
    checkProof(decodeProof(bytes), chainIdOf(genesis), genesis.validators, verify),
  );
  if (!shown.holds) process.exitCode = 1;
  if (isJson) return say(JSON.stringify(factsOf(shown)));
  if (!shown.holds) {
    say(`${cross} ${paint.bold('this proof does not hold')}`);
    return say(`  ${shown.why}`);
  }
  say(`${tick} ${paint.bold('this proof holds')}  ${paint.green(`on the chain ${genesis.name}`)}`);
  const rows = Object.entries(factsOf(shown)).filter(([name]) => name !== 'holds');
  for (const line of columns(rows.map(([name, value]) => [`  ${name}`, String(value)]))) say(line);
}

function shownBy(bytes: Uint8Array, check: (bytes: Uint8Array) => Shown): Shown {
  try {
    return check(bytes);
  } catch (error) {
    if (error instanceof Malformed) return { holds: false, why: `it is damaged: ${error.message}` };
    throw error;
  }
}

/** The members of a verdict: of an account or a transaction what it shows, and of which checkpoint. */
function factsOf(shown: Shown): Readonly<Record<string, string | number | boolean>> {
  if (!shown.holds) return { holds: false, why: shown.why };
  const { checkpoint, receipt, account } = shown;
  return {
    holds: true,
    checkpoint: checkpoint.seq,
    epoch: checkpoint.epoch,
    time: new Date(checkpoint.time_ms).toISOString(),
    stateRoot: hexOf(checkpoint.stateRoot),
    supply: String(checkpoint.supply),
    ...(receipt && {
      transaction: receipt.id,
      code: receipt.code,
      account: receipt.account,
      nonce: String(receipt.nonce),
    }),
    ...(account && { account: account.id, balance: String(account.balance) }),
  };
}

/** The bytes of a proof, from an answer as it is, or as `./q call --json` prints it. */
function proofIn(answer: unknown): Uint8Array {
  const member = (of: unknown, name: string): unknown =>
    typeof of === 'object' && of !== null && name in of
      ? (of as Record<string, unknown>)[name]
      : undefined;
  const text = member(member(answer, 'data') ?? answer, 'proof');
  if (typeof text === 'string')
    try {
      return fromBase64url(text);
    } catch {
      return fail('INPUT_MALFORMED', 'The proof is not in base64url.');
    }
  return fail('INPUT_MALFORMED', 'There is no member proof in it.');
}
