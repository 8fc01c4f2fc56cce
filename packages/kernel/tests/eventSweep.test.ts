import { contract, event, t } from '@anarq/common-schemas';
import { describe, expect, it } from 'vitest';
import { EventSweep } from '../src/eventSweep.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 1_800_000_000_000;

describe('the sweep of events', () => {
  it('deletes each topic after what its contract says, and the others after a year', async () => {
    const told = (retention?: string) =>
      event({
        summary: 'Something.',
        schema: t.object({ id: t.id() }),
        ...(retention === undefined ? {} : { retention }),
      });
    const shop = contract({
      name: 'shop',
      version: '1.0.0',
      title: 'Shop',
      purpose: 'Sells.',
      operations: {},
      events: {
        'q.shop.looked.v1': told('P30D'),
        'q.shop.sold.v1': told('P10Y'),
        'q.shop.asked.v1': told('P30D'),
        'q.shop.other.v1': told(),
      },
    });
    const asked: unknown[] = [];
    const prune = async (before_ms: number, topics?: unknown) => {
      asked.push([(NOW_MS - before_ms) / DAY_MS, topics]);
      return 1;
    };
    const sweep = new EventSweep(
      { prune },
      [shop],
      () => NOW_MS,
      () => undefined,
    );
    expect(await sweep.sweep()).toBe(3);
    expect(asked).toEqual([
      [30, { only: ['q.shop.looked.v1', 'q.shop.asked.v1'] }],
      [3_660, { only: ['q.shop.sold.v1'] }],
      [365, { except: ['q.shop.looked.v1', 'q.shop.asked.v1', 'q.shop.sold.v1'] }],
    ]);
  });
});
