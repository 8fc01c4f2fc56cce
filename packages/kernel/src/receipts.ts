import type { Log } from '@anarq/log';
import type { RemoteModules } from './apart/remote.ts';
import type { Receipts } from './services.ts';

/** Receipts over the log of this process, and over those of the others that it calls. */
export const receiptsOver = (log: Log, remote: () => RemoteModules | undefined): Receipts => ({
  of: async (cid, party) => {
    let missing: readonly string[] = [];
    const receipt = await log.receipt(cid, party, async (of) => {
      const found = await remote()?.records(of, party);
      missing = found?.missing ?? [];
      return found?.branches ?? [];
    });
    return { receipt, missing };
  },
});
