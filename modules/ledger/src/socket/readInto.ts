import { Socket } from 'node:net';

/** Says where the next bytes go, and hears how many were read there. */
interface Reader {
  room(): Uint8Array;
  filled(count: number, room: Uint8Array): void;
}

/**
 * A socket that a server accepted, read straight into memory that a reader names. Node lets whoever
 * connects have that (`onread`) and not whoever accepts, who gets new memory of 64 KiB for each read: five
 * times the CPU, and most of the garbage of a server that is sent mebibytes. So the handle of
 * the accepted socket is given to a new one.
 * @returns undefined where this Node does not give the handle away; the socket is as it was then
 */
export function readInto(accepted: Socket, reader: Reader): Socket | undefined {
  // No part of Node's public interface, so nothing is taken for granted about it.
  const handle: unknown = Reflect.get(accepted, '_handle');
  if (typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle))
    return undefined;
  Reflect.set(accepted, '_handle', null);
  const options = {
    handle,
    allowHalfOpen: true,
    onread: {
      buffer: () => reader.room(),
      callback: (count: number, room: Uint8Array) => {
        reader.filled(count, room);
        return true;
      },
    },
  };
  // Its types know of another handle only.
  const socket: unknown = Reflect.construct(Socket, [options]);
  if (!(socket instanceof Socket)) throw new TypeError('a socket is none');
  // The server counts its connections by the sockets that it accepted.
  socket.once('close', () => accepted.destroy());
  return socket;
}
