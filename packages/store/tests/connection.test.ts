import { describe, expect, it } from 'vitest';

import { openReader, openWriter } from '../src/connection.ts';
import { dataFile } from './support.ts';

describe('the connections', () => {
  it('write through a log that is synced at each commit, with foreign keys on', () => {
    const options = {
      file: dataFile(),
      busy_timeout_ms: 10,
      group_max: 1,
      page_count_max: null,
    };
    const writer = openWriter(options);
    const reader = openReader(options);
    try {
      const pragma = (name: string) =>
        Object.values(writer.prepare(`pragma ${name}`).get() ?? {})[0];
      expect(pragma('journal_mode')).toBe('wal');
      expect(pragma('synchronous')).toBe(2); // FULL, https://www.sqlite.org/pragma.html#pragma_synchronous
      expect(pragma('fullfsync')).toBe(1);
      expect(pragma('checkpoint_fullfsync')).toBe(1);
      expect(pragma('foreign_keys')).toBe(1);
      expect(() => reader.exec('create table a (n integer)')).toThrow('readonly');
    } finally {
      reader.close();
      writer.close();
    }
  });
});
