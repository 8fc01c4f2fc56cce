import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorEntry, fail, QError } from '@anarq/common-schemas';
import type { FastifyInstance } from 'fastify';
import { WebSocketServer } from 'ws';
import type { CallTarget, SurfaceLog } from '../callTarget.ts';
import { factsOf, readHeaders, type CallHeaders } from '../http/credential.ts';
import { factsByTicket, takeTicket } from '../http/eventTicket.ts';
import { rawAnswer } from '../http/respond.ts';
import { Connection, refusal, type SocketCaller } from './connection.ts';
import { ENVELOPE_BYTES_MAX, SOCKET_LIMITS, type SocketLimits } from './limits.ts';

/** What the route takes beside the node. */
export interface SocketSettings {
  readonly limits?: Partial<SocketLimits>;
  readonly log?: SurfaceLog | undefined;
  /** Throws HOST_REFUSED for a request that means another host, or of a foreign page. */
  readonly judge: (headers: IncomingMessage['headers']) => void;
  readonly isClosing: () => boolean;
}

const PATH = '/ws';

// An import of node:http reads all its members, WebSocket among them, for which Node loads the whole
// of its HTTP client: a tenth of what the start of a node takes.
const { STATUS_CODES } = process.getBuiltinModule('node:http');

/**
 * `GET /ws`: calls and subscriptions over one connection (RFC 6455). Who opens it may show a bearer
 * token, or a ticket that lets it subscribe; or each message carries its own credential.
 * @returns says to every connection that the node stops, and closes it when its calls are answered
 */
export function socketRoute(
  app: FastifyInstance,
  target: CallTarget,
  settings: SocketSettings,
): (deadline_ms: number) => Promise<void> {
  const limits = { ...SOCKET_LIMITS, ...settings.limits };
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageBytesMax(target),
  });
  const open = new Map<Connection, string>();
  const accept = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const requestId = `req_${randomUUID()}`;
    socket.on('error', () => socket.destroy());
    try {
      const headers = readHeaders(request.rawHeaders);
      const ticket = ticketOf(request, headers, settings.judge);
      const peer = request.socket.remoteAddress ?? '';
      const checkPlace = () => assertPlace(peer, open, limits, settings.isClosing);
      // Before a ticket is spent for nothing; and after it, when others may have come in.
      checkPlace();
      const facts =
        ticket === undefined
          ? openerOf(headers)
          : await factsByTicket(target, ticket, headers, requestId);
      checkPlace();
      server.handleUpgrade(request, socket, head, (client) => {
        const parts = { limits, log: settings.log };
        const connection = new Connection(client, target, { ...facts, peer, requestId }, parts);
        open.set(connection, peer);
        client.once('close', () => open.delete(connection));
      });
    } catch (error) {
      const answer = refusal(error, requestId);
      const status = errorEntry(answer.code).http;
      socket.end(rawAnswer(status, STATUS_CODES[status] ?? 'Error', answer));
    }
  };
  app.server.on('upgrade', (...received) => void accept(...received));
  return async (deadline_ms) => {
    await Promise.all([...open.keys()].map((connection) => connection.stop(deadline_ms)));
  };
}

/** The ticket that a request shows, where it is one for this route. */
function ticketOf(
  { headers, url = '' }: IncomingMessage,
  { host }: CallHeaders,
  judge: SocketSettings['judge'],
): string | undefined {
  if (host === undefined) fail('INPUT_MALFORMED', 'The Host header is missing.');
  judge(headers);
  if (url === PATH) return undefined;
  const { ticket } = takeTicket(url.slice(PATH.length + 1));
  if (ticket === undefined || url !== `${PATH}?ticket=${ticket}`)
    fail('OPERATION_UNKNOWN', `WebSockets are at ${PATH}, with a ticket and no other query.`);
  return ticket;
}

function assertPlace(
  peer: string,
  open: ReadonlyMap<Connection, string>,
  limits: SocketLimits,
  isClosing: () => boolean,
): void {
  if (isClosing()) throw new QError('SERVICE_UNAVAILABLE', 'The node is stopping.');
  const ofPeer = [...open.values()].filter((each) => each === peer).length;
  if (open.size >= limits.connections_max || ofPeer >= limits.ofOnePeer_max)
    fail('LIMIT_EXCEEDED', `At most ${limits.ofOnePeer_max} connections of one address.`, {
      limit: 'connections',
      max: limits.ofOnePeer_max,
    });
}

/** Who opens a connection without a ticket: nobody yet, or who bears a token. */
function openerOf(headers: CallHeaders): Pick<SocketCaller, 'credential' | 'subject' | 'grant'> {
  const { credential, subject, grant } = factsOf(headers);
  if (credential.kind === 'signature')
    fail('INPUT_INVALID', 'A signature is for one call: put it into the message of that.');
  return {
    credential,
    ...(subject === undefined ? {} : { subject }),
    ...(grant === undefined ? {} : { grant }),
  };
}

/** The largest input that any operation takes, and what stands around it. */
const messageBytesMax = ({ contracts }: CallTarget): number =>
  ENVELOPE_BYTES_MAX +
  Math.max(
    0,
    ...contracts.flatMap(({ operations }) =>
      Object.values(operations).map(({ limits }) => limits.bodyBytes),
    ),
  );
