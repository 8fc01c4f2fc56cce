import { Parser } from '@asyncapi/parser';
import { contract } from '@anarq/common-schemas';
import { describe, expect, it } from 'vitest';
import { everyWord } from '../../schemas/tests/everyWord.ts';
import { derivedFiles, referenceFiles } from '../src/files.ts';
import { asyncapiOf } from '../src/index.ts';
import { shop } from './shop.ts';

const SEVERITY_ERROR = 0;

async function errorsOf(text: string): Promise<string[]> {
  const { diagnostics } = await new Parser().parse(text);
  return diagnostics
    .filter((diagnostic) => diagnostic.severity === SEVERITY_ERROR)
    .map((diagnostic) => `${diagnostic.path.join('/')}: ${diagnostic.message}`);
}

describe('the AsyncAPI document', () => {
  it('is read by the official parser without an error, for a module and for a node', async () => {
    expect(await errorsOf(derivedFiles(everyWord, []).get('asyncapi.yaml')!)).toEqual([]);
    expect(await errorsOf(referenceFiles([everyWord, shop]).get('asyncapi.yaml')!)).toEqual([]);
  });

  it('is refused by the same parser when a message is missing', async () => {
    const text = derivedFiles(shop, []).get('asyncapi.yaml')!;
    expect(await errorsOf(text.replace('components/messages/', 'components/none/'))).not.toEqual(
      [],
    );
  });

  it('is read for a module without events', async () => {
    const silent = contract({
      name: 'silent',
      version: '1.0.0',
      title: 'Silent',
      purpose: 'Sends nothing.',
      operations: {},
    });
    expect(await errorsOf(derivedFiles(silent, []).get('asyncapi.yaml')!)).toEqual([]);
  });

  it('sends each topic on a channel of its own, as a CloudEvent around the payload', async () => {
    const { document } = await new Parser().parse(JSON.stringify(asyncapiOf([everyWord, shop])));
    expect(
      document!
        .channels()
        .all()
        .map((channel) => channel.address()),
    ).toEqual(['q.everyword.echoed.v1', 'q.shop.sold.v1']);
    expect(
      document!
        .operations()
        .all()
        .map((operation) => [operation.action(), operation.channels().all()[0]!.address()]),
    ).toEqual([
      ['send', 'q.everyword.echoed.v1'],
      ['send', 'q.shop.sold.v1'],
    ]);
    const message = document!.messages().all()[0]!;
    const payload = message.payload()!;
    const required = payload.required()!;
    for (const attribute of [
      'specversion',
      'id',
      'source',
      'type',
      'subject',
      'dataschema',
      'data',
    ])
      expect(required).toContain(attribute);
    expect(payload.property('type')!.const()).toBe('q.everyword.echoed.v1');
    expect(payload.property('source')!.const()).toBe('/modules/everyword');
    expect(payload.property('data')!.property('everything')!.property('price')).toBeDefined();
  });

  it('asks for a subject only where the event has one', () => {
    const sold = JSON.stringify(asyncapiOf([shop]));
    expect(sold).toContain('"type","time"');
    expect(JSON.stringify(asyncapiOf([everyWord]))).toContain('"type","subject","time"');
  });
});
