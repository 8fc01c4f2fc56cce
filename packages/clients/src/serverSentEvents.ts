/** One block of a stream of server-sent events. */
export interface Block {
  /** Where the stream stands, where the block says so. */
  readonly id: string | undefined;
  /** Name of the event; 'message' where the block names none. Absent where it has no data. */
  readonly event: string | undefined;
  readonly data: string;
}

/** Characters of one block; a stream of more is no stream of a node. */
const BLOCK_CHARS_MAX = 1_048_576;

/**
 * Reads server-sent events (HTML Living Standard, section 9.2.6). A block that the stream breaks off
 * in is dropped, as the standard demands.
 * @throws TypeError for a block of more than 1 MiB
 */
export async function* readBlocks(body: AsyncIterable<Uint8Array>): AsyncGenerator<Block> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of body) {
    text += decoder.decode(piece, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      yield blockOf(text.slice(0, end));
      text = text.slice(end + 2);
    }
    if (text.length > BLOCK_CHARS_MAX) throw new TypeError('a block of the stream has no end');
  }
}

function blockOf(text: string): Block {
  const data: string[] = [];
  let id: string | undefined;
  let event: string | undefined;
  for (const line of text.split('\n')) {
    const split = line.indexOf(':');
    const name = split < 0 ? line : line.slice(0, split);
    const value = split < 0 ? '' : line.slice(split + 1).replace(/^ /, '');
    if (name === 'id' && !value.includes('\0')) id = value;
    if (name === 'event') event = value;
    if (name === 'data') data.push(value);
  }
  return {
    id,
    event: data.length === 0 ? undefined : (event ?? 'message'),
    data: data.join('\n'),
  };
}
