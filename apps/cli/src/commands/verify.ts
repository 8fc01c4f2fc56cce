import { readFile } from 'node:fs/promises';
import { fail } from '@anarq/common-schemas';
import { verifyReceipt } from '@anarq/log';
import { columns, cross, paint, say, tick } from '../terminal.ts';

/** Verifies a receipt, or a proof of a chain, from a file, without node or network; exit code 1 when it does not hold. */
export async function verify(
  file: string,
  options: { readonly trust?: string; readonly chain?: string; readonly json?: boolean },
): Promise<void> {
  if (options.chain !== undefined) {
    const { verifyProof } = await import('./verifyProof.ts');
    return verifyProof(await readJson(file), options.chain, options.json === true);
  }
  const verdict = verifyReceipt(
    unwrap(await readJson(file)),
    options.trust === undefined ? {} : { trust: options.trust },
  );
  if (!verdict.ok) process.exitCode = 1;
  if (options.json === true) return say(JSON.stringify(verdict));
  if (!verdict.ok) {
    say(`${cross} ${paint.bold('this receipt does not hold')}`);
    for (const problem of verdict.problems) say(`  ${problem}`);
    return;
  }
  const signer =
    verdict.signer === 'trusted'
      ? paint.green('signed by the log you trust')
      : paint.yellow('consistent, signer not trusted (pass --trust LOGKEY)');
  say(`${tick} ${paint.bold('this receipt holds')}  ${signer}`);
  const rows = verdict.records.map(({ leafIndex, body, origin }) => [
    `  #${leafIndex}${origin === undefined ? '' : paint.dim(` of ${processOf(origin)}`)}`,
    String(body?.['at'] ?? ''),
    String(body?.['op'] ?? paint.dim('sealed: you are not a party')),
    String(body?.['kind'] ?? ''),
    String(body?.['code'] ?? ''),
  ]);
  for (const line of columns(rows)) say(line);
  say(paint.dim('\n  It shows'));
  for (const line of verdict.proves) say(`  ${tick} ${line}`);
  say(paint.dim('  It does not show'));
  for (const line of verdict.doesNotProve) say(`  ${paint.dim('·')} ${line}`);
}

/** 'q/QmNode/process' is the log of a process of the node 'q/QmNode'. */
const processOf = (origin: string): string => origin.split('/').at(-1) ?? origin;

/** A receipt as it is, or as qerberos.receipt answers with it. */
function unwrap(value: unknown): unknown {
  const member = (of: unknown, name: string): unknown =>
    typeof of === 'object' && of !== null && name in of
      ? (of as Record<string, unknown>)[name]
      : undefined;
  return member(member(value, 'data'), 'receipt') ?? member(value, 'receipt') ?? value;
}

const RECEIPT_BYTES_MAX = 16 * 1024 * 1024;

async function readJson(file: string): Promise<unknown> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) =>
    fail(
      'FOLDER_UNUSABLE',
      error.code === 'ENOENT'
        ? `There is no file ${file}.`
        : `${file} cannot be read: ${error.code}.`,
    ),
  );
  if (bytes.length > RECEIPT_BYTES_MAX)
    return fail('INPUT_TOO_LARGE', `${file} is larger than any receipt.`);
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return fail('INPUT_MALFORMED', `${file} is not JSON.`);
  }
}
