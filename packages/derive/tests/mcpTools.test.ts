import { command, contract, t } from '@anarq/common-schemas';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { everything, everyWord } from '../../schemas/tests/everyWord.ts';
import { mcpJson, toolsOf } from '../src/index.ts';
import { shop } from './shop.ts';

const tool = (name: string) => toolsOf([everyWord, shop]).find((entry) => entry.name === name)!;

const failed = {
  status: 'error',
  code: 'QONSENT_DENIED',
  message: 'No grant allows this.',
  details: { why: {} },
  timestamp: '2026-01-02T03:04:05.678Z',
  requestId: 'r1',
  retryable: false,
  suggestedActions: ['Ask.'],
};

const tiny = (member: string, toolName: string) =>
  contract({
    name: 'tiny',
    version: '1.0.0',
    title: 'Tiny',
    purpose: 'Has one tool.',
    operations: {
      act: command({
        summary: 'Acts.',
        scope: 'tiny/act',
        mcp: { tool: toolName },
        input: t.object({ [member]: t.string() }),
        output: t.object({}),
      }),
    },
  });

describe('the tools', () => {
  it('are the operations that a contract gives to MCP, named as it names them, with an alias', () => {
    expect(
      toolsOf([everyWord, shop]).map((entry) => [entry.name, entry.alias, entry.operation]),
    ).toEqual([
      ['everyword.echo', 'everyword_echo', 'everyword.echo'],
      ['everyword.list', 'everyword_list', 'everyword.list'],
      ['everyword.run', 'everyword_run', 'everyword.run'],
      ['shop.buyItem', 'shop_buyItem', 'shop.buy'],
      ['shop.find', 'shop_find', 'shop.find'],
      ['shop.touch', 'shop_touch', 'shop.touch'],
    ]);
  });

  it('take a value of every word, and refuse a member that no contract names', () => {
    const input = Compile(tool('everyword.echo').inputSchema);
    expect(input.Check(everything)).toBe(true);
    expect(input.Check({ ...everything, idempotencyKey: 'k', again: true })).toBe(true);
    expect(input.Check({ ...everything, again: 'yes' })).toBe(false);
    expect(input.Check({ ...everything, idempotencyKey: 'k'.repeat(129) })).toBe(false);
    expect(input.Check({ ...everything, extra: 1 })).toBe(false);
    expect(input.Check({ ...everything, price: 12.34 })).toBe(false);
  });

  it('check a recursive value at every level', () => {
    const input = Compile(tool('everyword.echo').inputSchema);
    const tree = { value: 'a', children: [{ value: 'b', children: [{ value: 'c' }] }] };
    expect(input.Check({ ...everything, tree })).toBe(true);
    const bad = { value: 'a', children: [{ value: 'b', children: [{ value: 3 }] }] };
    expect(input.Check({ ...everything, tree: bad })).toBe(false);
  });

  it('give the members of the call to writes only', () => {
    expect(tool('shop.buyItem').inputSchema['properties']).toHaveProperty('idempotencyKey');
    expect(tool('shop.find').inputSchema['properties']).not.toHaveProperty('idempotencyKey');
  });

  it('answer with the envelope, whether the call succeeded or failed', () => {
    const output = Compile(tool('everyword.echo').outputSchema);
    const ok = { status: 'ok', code: 'SUCCESS', message: 'Done.', data: everything, cid: 'bafy' };
    expect(output.Check(ok)).toBe(true);
    expect(output.Check({ ...ok, replayed: true })).toBe(true);
    expect(output.Check({ ...ok, data: { ...everything, colour: 'blue' } })).toBe(false);
    expect(output.Check({ status: 'ok', code: 'SUCCESS', message: 'Done.' })).toBe(false);
    expect(output.Check(failed)).toBe(true);
    const { requestId: _, ...anonymous } = failed;
    expect(output.Check(anonymous)).toBe(false);
  });

  it('hint at what they do, what they cost and how they fail', () => {
    expect(tool('shop.buyItem')).toMatchObject({
      title: 'Shop: buy',
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false },
    });
    expect(tool('shop.find').annotations).toMatchObject({
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    });
    const { description } = tool('shop.buyItem');
    for (const word of ['Buys an item.', 'at most maxPrice in unit', 'INSUFFICIENT_FUNDS'])
      expect(description).toContain(word);
  });

  it('are refused when two share a name, or a name is none, or an input takes what is the call’s', () => {
    expect(() => toolsOf([everyWord, everyWord])).toThrow(/taken/);
    expect(() => toolsOf([tiny('text', 'everyword_echo'), everyWord])).toThrow(
      /everyword_echo is taken/,
    );
    expect(() => toolsOf([tiny('again', 'tiny.act')])).toThrow(/again/);
    expect(() => toolsOf([tiny('text', 'x'.repeat(65))])).toThrow(/not a tool name/);
  });

  it('stand in the module’s mcp.json beside the address of the node', () => {
    expect(mcpJson(shop)).toMatchObject({
      mcpServers: { q: { type: 'http', url: 'http://127.0.0.1:8080/mcp' } },
      module: 'shop',
      version: '2.1.0',
      tools: [{ name: 'shop.buyItem' }, { name: 'shop.find' }, { name: 'shop.touch' }],
    });
  });
});
