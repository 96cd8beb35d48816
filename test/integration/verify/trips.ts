import type { Duplex } from 'node:stream';
import type { Session } from '../../../src/session/session.ts';
import type { Shell } from '../../../src/ssh/shell.ts';

/** Something that a host was asked. Instants are counted, not timed: 1 is the first thing that happened. */
export type Trip = {
  readonly host: string;
  readonly what: 'run' | 'forward';
  readonly asked: number;
  answered: number;
  /** How often something was sent over a forwarded stream and then waited for. */
  turns: number;
};

/** Has the session's shells write down what they are asked from now on; they do the same as before. */
export function noteTrips({ shells }: Session): readonly Trip[] {
  const log: Trip[] = [];
  let instant = 0;
  const note = async <T>(host: string, what: Trip['what'], ask: () => Promise<T>): Promise<[T, Trip]> => {
    const trip: Trip = { host, what, asked: (instant += 1), answered: Number.POSITIVE_INFINITY, turns: 0 };
    log.push(trip);
    const answer = await ask();
    trip.answered = instant += 1;
    return [answer, trip];
  };
  const noting = (shell: Shell): Shell => ({
    ...shell,
    run: async (request) => (await note(shell.host, 'run', () => shell.run(request)))[0],
    forward: async (address, port) => {
      const [stream, trip] = await note(shell.host, 'forward', () => shell.forward(address, port));
      countTurns(stream, trip);
      return stream;
    },
  });
  if (!(shells instanceof Map)) throw new Error("the session's shells cannot be replaced");
  for (const [name, shell] of shells) shells.set(name, noting(shell));
  return log;
}

function countTurns(stream: Duplex, trip: Trip): void {
  let isAnswered = true;
  const write = stream.write.bind(stream);
  const push = stream.push.bind(stream);
  Object.assign(stream, {
    write: (...args: Parameters<typeof write>): boolean => {
      if (isAnswered) trip.turns += 1;
      isAnswered = false;
      return write(...args);
    },
    push: (...args: Parameters<typeof push>): boolean => {
      isAnswered = true;
      return push(...args);
    },
  });
}
