import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** A connection by its other end: over TLS a request knows of another socket than the one that was accepted. */
const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/**
 * Holds so many connections at a time. Where all places are taken, whoever has waited longest without
 * sending a first request gives its place to the next; whoever has sent one keeps it.
 * @param server of HTTP, or of HTTP behind TLS
 */
export function keepPlaces(server: EventEmitter, places: number): void {
  const silent = new Map<string, Socket>();
  let taken = 0;
  server.on('connection', (socket: Socket) => {
    if (taken >= places) {
      const [first] = silent;
      (first?.[1] ?? socket).destroy();
      if (first === undefined) return;
      silent.delete(first[0]);
    }
    const name = nameOf(socket);
    taken++;
    silent.set(name, socket);
    socket.once('close', () => {
      taken--;
      if (silent.get(name) === socket) silent.delete(name);
    });
  });
  const speaks = ({ socket }: IncomingMessage): void => void silent.delete(nameOf(socket));
  server.on('request', speaks);
  server.on('upgrade', speaks);
}
