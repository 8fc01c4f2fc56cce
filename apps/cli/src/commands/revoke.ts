import { qonsent } from '@anarq/qonsent/contract';
import { operatorClient } from '../connection.ts';
import { paint, say, tick } from '../terminal.ts';

/** Revokes a grant and says how long it took to hold. */
export async function revoke(
  grant: string,
  options: { readonly data: string; readonly json?: boolean },
): Promise<void> {
  const { client } = await operatorClient(options.data, [qonsent]);
  const begun = performance.now();
  const ended = await client.call(qonsent.revoke, { grant });
  const took_ms = Math.round(performance.now() - begun);
  if (options.json === true) return say(JSON.stringify({ ok: true, took_ms, ...ended }));
  say(`${tick} ${grant} is revoked  ${paint.dim(`in force ${took_ms} ms after the request`)}`);
}
