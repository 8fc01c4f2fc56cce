import { reach } from './reach.ts';
import { ConnectionLost, isResult, type ContentPort } from './transport.ts';

/**
 * Content by ticket over HTTP.
 * @param base where the node answers, without a slash at its end
 */
export function httpContent(base: string): ContentPort {
  const urlOf = (ticket: string) => `${base}/transfer/${encodeURIComponent(ticket)}`;
  return {
    async putPart(ticket, { index, bytes, sha256Hex }) {
      const response = await reach(`${urlOf(ticket)}/${index}`, {
        method: 'PUT',
        body: new Uint8Array(bytes),
        headers: { 'content-type': 'application/octet-stream', 'x-content-sha256': sha256Hex },
      });
      return envelopeOf(response);
    },
    async open(ticket, from) {
      const headers = from === 0 ? {} : { range: `bytes=${from}-` };
      const response = await reach(urlOf(ticket), { headers });
      if (!response.ok) {
        const answer = await envelopeOf(response);
        if (answer.status === 'error') return answer;
        throw new ConnectionLost('the node contradicts itself');
      }
      return {
        status: 'open',
        start: response.status === 206 ? from : 0,
        body: bytesOf(response),
      };
    },
  };
}

async function envelopeOf(response: Response) {
  const answer = await response.json().catch(() => undefined);
  if (!isResult(answer))
    throw new ConnectionLost(`something else than the node answered (HTTP ${response.status})`);
  return answer;
}

async function* bytesOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  try {
    for await (const chunk of response.body) yield chunk;
  } catch (cause) {
    throw new ConnectionLost('the content broke off', { cause });
  }
}
