import { node } from '@anarq/node-module/contract';
import { operatorClient } from '../connection.ts';
import { columns, dot, paint, say, tick } from '../terminal.ts';

/** Has the running node watch itself for a while, and tells where its time went. */
export async function profile(options: {
  readonly data: string;
  readonly seconds: number;
  readonly json?: boolean;
}): Promise<void> {
  const { client } = await operatorClient(options.data, [node]);
  const { file, hot } = await client.call(node.profile, { seconds: options.seconds });
  if (options.json === true) return say(JSON.stringify({ file, hot }));
  say(`${tick} ${options.seconds} s of the node  ${dot}  ${file}`);
  if (hot.length === 0) return say('It did nothing in that time.');
  for (const line of columns(
    hot.map(({ name, place, self_ms, share }) => [
      `${(share * 100).toFixed(1)} %`,
      `${self_ms.toFixed(1)} ms`,
      name,
      paint.dim(place.replace(/^file:\/\//, '')),
    ]),
  ))
    say(line);
}
