import { describe, expect, it } from 'vitest';
import { parseBridge } from '../src/index.ts';

/** An address with somebody's name and password in it. */
function as(password: string, address: string): string {
  const url = new URL(address);
  url.username = 'me';
  url.password = password;
  return url.href;
}

describe('the address of a bridge', () => {
  it('says where, what, of whom, and from when', () => {
    expect(
      parseBridge(
        as('secret', 'amqps://mq.example/shop?exchange=sales&topics=q.qmarket.*,q.a.b.v1'),
      ),
    ).toMatchObject({
      url: as('secret', 'amqps://mq.example/shop'),
      shown: 'amqps://me@mq.example/shop sales',
      place: 'sales',
      topics: ['q.qmarket.*', 'q.a.b.v1'],
      from: 'now',
    });
    expect(
      parseBridge('mqtt://things.example?prefix=a/&topics=q.*&from=start&tenant=acme'),
    ).toMatchObject({ place: 'a/', from: 'start', tenant: 'acme' });
  });

  it('names the same cursor whatever its password and its topics', () => {
    const [one, two, other] = [
      as('a', 'amqp://mq.example?topics=q.a.*'),
      as('b', 'amqp://mq.example?topics=q.b.*'),
      as('a', 'amqp://mq.example?topics=q.a.*&exchange=else'),
    ].map((address) => parseBridge(address).consumer);
    expect(two).toBe(one);
    expect(other).not.toBe(one);
    expect(one).toMatch(/^bridge\/amqp\/[0-9a-f]{16}$/);
  });

  it.each([
    ['no address', 'rabbit'],
    ['another protocol', 'kafka://mq.example?topics=q.*'],
    ['no topics', 'mqtt://mq.example'],
    ['topics that are none', 'mqtt://mq.example?topics=*'],
    ['an unknown member', 'mqtt://mq.example?topics=q.*&exchange=x'],
    ['another beginning', 'mqtt://mq.example?topics=q.*&from=later'],
    ['a prefix with a wildcard', 'mqtt://mq.example?topics=q.*&prefix=a/%23'],
  ])('is refused: %s', (_what, address) => {
    expect(() => parseBridge(address)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  });
});
