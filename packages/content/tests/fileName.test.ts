import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFileName, contentDisposition } from '../src/index.ts';

const accepted = [
  'report.pdf',
  'Messreihe 2024 – Größe (µm).csv',
  '日本語のファイル.txt',
  'مرحبا.txt',
  '👩‍🚀 log.txt',
  'it\'s 100% "done"; really, *yes*.txt',
  'a..b',
  'console.log',
  'com10.txt',
  'null',
  'x'.repeat(255),
  'é'.repeat(127),
];

describe('a file name', () => {
  it('may be any text in normalization form C, to 255 bytes', () => {
    for (const name of accepted) expect(checkFileName(name), name).toBeUndefined();
  });

  const refused: Record<string, { names: string[]; problem: RegExp }> = {
    'is empty': { names: [''], problem: /empty/ },
    'is too long': { names: ['x'.repeat(256), 'é'.repeat(128)], problem: /255 bytes/ },
    'leads elsewhere': {
      names: ['a/b', '/etc/passwd', '..\\b', 'C:autoexec', 'a:stream', '../x'],
      problem: /separator/,
    },
    'means a folder': { names: ['.', '..'], problem: /folder/ },
    'has control characters': {
      names: ['a\0b', 'a\nb', 'a\r\nX-Evil: 1', 'a\x7fb', 'a\x85b', 'a\u2028b', 'a\ufffe'],
      problem: /control|separator/,
    },
    'reverses the text direction': {
      names: ['photo\u202egpj.exe', 'a\u2066b\u2069', 'a\u200fb', 'a\u061cb'],
      problem: /direction/,
    },
    'is a device on Windows': {
      names: ['CON', 'nul.txt', 'Com1', 'lpt9.tar.gz', 'AUX .x', 'COM\u00b9', 'conout$'],
      problem: /device/,
    },
    'begins or ends with a dot or a space': {
      names: ['.hidden', 'a.', ' a', 'a ', '...', '\u00a0a', 'a\u3000'],
      problem: /dot or a space/,
    },
    'is not normalized': { names: ['e\u0301.txt', '\u212bngstrom'], problem: /form C/ },
    'is not Unicode': { names: ['a\ud800b'], problem: /Unicode/ },
  };
  for (const [why, { names, problem }] of Object.entries(refused)) {
    it(`is refused, in words, when it ${why}`, () => {
      for (const name of names) expect(checkFileName(name), JSON.stringify(name)).toMatch(problem);
    });
  }
});

describe('a Content-Disposition header', () => {
  it('quotes a plain name, and adds the extended form where ASCII cannot say it', () => {
    expect(contentDisposition('report 1.pdf')).toBe('attachment; filename="report 1.pdf"');
    expect(contentDisposition('Größe.csv')).toBe(
      `attachment; filename="Gr__e.csv"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.csv`,
    );
    expect(contentDisposition('a"b%41*\'().txt')).toBe(
      `attachment; filename="a_b_41*'().txt"; filename*=UTF-8''a%22b%2541%2A%27%28%29.txt`,
    );
  });

  it('is printable ASCII with one quoted string for every name, and carries it unchanged', () => {
    const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.oneof(names, fc.constantFrom(...accepted)), (name) => {
        fc.pre(checkFileName(name) === undefined);
        const header = contentDisposition(name);
        const form =
          /^attachment; filename="([ !#-~]*)"(?:; filename\*=UTF-8''([\w!#$&+.^`|~%-]*))?$/;
        const [, quoted, extended] = form.exec(header) ?? [];
        expect(quoted).toBeDefined();
        expect(extended === undefined ? quoted : decodeURIComponent(extended)).toBe(name);
      }),
    );
  });

  it('is never written for a refused name', () => {
    for (const name of ['a\r\nSet-Cookie: x=1', '../x', '', 'a\0']) {
      expect(() => contentDisposition(name)).toThrow(/The file name (contains|is)/);
    }
  });
});
