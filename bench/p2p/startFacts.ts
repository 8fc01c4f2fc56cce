import { zstdCompressSync } from 'node:zlib';
import { randomBytes } from 'node:crypto';
import { defaultLimits } from '@anarq/p2p';
import { Child } from '../measuring/child.ts';
import { figure, type BenchRun, type Figure } from '../measuring/figures.ts';

interface Start {
  readonly bare_bytes: number;
  readonly imported_ms: number;
  readonly import_bytes: number;
  readonly started_ms: number;
  readonly started_bytes: number;
}

/** What loading and starting costs, and what compression saves on what validators say. */
export async function startFacts(order: BenchRun): Promise<Figure[]> {
  const rounds = order.quick ? 1 : 5;
  const starts: Start[] = [];
  for (let round = 0; round < rounds; round++) {
    order.progress(`starts: round ${round + 1}`);
    const child = new Child(new URL('./start.ts', import.meta.url), null);
    starts.push(await child.ask<Start>({ kind: 'start' }));
    await child.stop();
  }
  const mebibytes = (bytes: number) => bytes / 2 ** 20;
  const conditions = 'a process of its own; memory is resident, after a collection';
  return [
    figure({
      name: 'p2p.import.ms',
      unit: 'ms',
      values: starts.map(({ imported_ms }) => imported_ms),
      conditions: 'import of @anarq/p2p, which loads no libp2p',
    }),
    figure({
      name: 'p2p.import.memory',
      unit: 'MiB',
      values: starts.map(({ bare_bytes, import_bytes }) => mebibytes(import_bytes - bare_bytes)),
      conditions,
    }),
    figure({
      name: 'p2p.start.ms',
      unit: 'ms',
      values: starts.map(({ started_ms }) => started_ms),
      conditions: 'first startPeerNetwork: libp2p is loaded, and listens',
    }),
    figure({
      name: 'p2p.start.memory',
      unit: 'MiB',
      values: starts.map((start) => mebibytes(start.started_bytes - start.import_bytes)),
      conditions,
    }),
    ...savings(),
  ];
}

/** Share of bytes that compression leaves of frames as validators send them. */
function savings(): Figure[] {
  const transfer = (at: number) =>
    Buffer.concat([
      Buffer.from(`transfer ${at} of 12 to account `),
      // An account and a signature of ML-DSA-65 do not shrink.
      randomBytes(32 + 3_309),
    ]);
  const event = (at: number) =>
    Buffer.from(`{"kind":"reading","sensor":"s-${at % 40}","value":"${at * 7}.25","unit":"kWh"}`);
  const frames = {
    'signed one by one': Array.from({ length: 64 }, (_, at) => transfer(at)),
    'data as JSON': Array.from({ length: 600 }, (_, at) => event(at)),
  };
  return Object.entries(frames).map(([name, parts]) => {
    const whole = Buffer.concat(parts);
    return figure({
      name: `p2p.compressed.${name.replaceAll(' ', '-')}`,
      unit: 'of the bytes',
      values: [zstdCompressSync(whole).byteLength / whole.byteLength],
      conditions: `${whole.byteLength} bytes; sent as they are where less than a sixteenth is saved, or below ${defaultLimits.compress_bytes_min} bytes`,
    });
  });
}
