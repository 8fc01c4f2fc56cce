import { failure } from '@anarq/common-schemas';
import { describe, expect, it } from 'vitest';
import { resultHeaders } from '../src/http/respond.ts';

const call = { requestId: 'req_1', now_ms: 0 };

describe('the headers of an answer that came too soon', () => {
  it('say whose limit it is, how much, that nothing is left, and when to come again', () => {
    const answer = failure('RATE_LIMIT_EXCEEDED', call, undefined, {
      retryAfter_ms: 1_200,
      scope: 'sub-identity',
      quota: 30,
      window_s: 60,
    });
    expect(resultHeaders(answer)).toEqual({
      'retry-after': '2',
      'ratelimit-policy': '"sub-identity";q=30;w=60',
      ratelimit: '"sub-identity";r=0;t=2',
    });
  });

  it('say nothing of a limit that has no name', () => {
    const answer = failure('RATE_LIMIT_EXCEEDED', call, undefined, { retryAfter_ms: 500 });
    expect(resultHeaders(answer)).toEqual({ 'retry-after': '1' });
  });
});
