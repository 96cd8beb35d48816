import { shQuote } from '../../base/sh.ts';
import { asServiceUser } from './as-service-user.ts';

export type ScratchContext = {
  readonly server: 'redis' | 'valkey';
  /** undefined: the nodes run as the user who runs the steps. */
  readonly serviceUser: string | undefined;
};

/**
 * sh that defines `scratch_server`: starts the host's server program as the service user, with the
 * configuration on stdin, on a socket in a folder of its own alone. It has no port, no cluster, no data and
 * writes nothing. Sets `scratch` (the folder) and succeeds once the server listens; `scratch_said` then
 * prints the end of what it said, `scratch_ask` sends it a command, and `scratch_end` ends and removes it.
 * The configuration is on no command line and in no file. Ends it too when the script ends: for a subshell.
 */
const scratchServer = ({ server, serviceUser }: ScratchContext): string => `
${asServiceUser(serviceUser)}
PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin
scratch=
scratch_server() {
  scratch=$(as_server mktemp -d /tmp/weedgo-redis-XXXXXXXX 2>&1) || { why=$scratch; scratch=; return 2; }
  exec 3<&0
  as_server sh -c 'cd "$1" && echo $$ >pid && exec ${server}-server - \\
    --port 0 --unixsocket "$1/s" --unixsocketperm 700 --cluster-enabled no --dir "$1" --appendonly no \\
    --save "" --daemonize no --supervised no --pidfile "" --logfile "" >log 2>&1' sh "$scratch" <&3 &
  n=0
  while [ $n -lt ${most.tries} ]; do
    # The log is the service user's, and so is everything that is done in that folder.
    as_server test -S "$scratch/s" && return 0
    kill -0 $! 2>/dev/null || return 1
    n=$((n + 1)); sleep ${most.pause}
  done
  why='it did not listen within ${most.seconds} s'
  return 2
}
scratch_said() { as_server timeout 5 tail -n 8 "$scratch/log" | cut -c 1-400; }
scratch_ask() { as_server timeout 5 ${server}-cli -s "$scratch/s" "$@"; }
scratch_end() {
  [ -n "$scratch" ] || return 0
  as_server sh -c 'cd "$1" && { kill -9 "$(cat pid)"; cd / && rm -rf "$1"; }' sh "$scratch" 2>/dev/null
  scratch=
  wait 2>/dev/null
}
trap scratch_end EXIT
trap 'exit 1' HUP INT TERM
`;

/** A server listens after some 30 ms, and reads no data before. */
const most = { tries: 500, pause: '0.02', seconds: 10 };

/** Prints CONFIG GET * of a server without any configuration; nothing where there is none. */
export const defaultsScript = (context: ScratchContext): string => `(
export LC_ALL=C
${scratchServer(context)}
command -v ${shQuote(`${context.server}-server`)} >/dev/null || exit 0
scratch_server </dev/null && scratch_ask CONFIG GET '*'
)`;

/**
 * Prints `starts`, or `refused` and what the server said of the configuration on stdin, or `unknown` and why.
 */
export const tryScript = (context: ScratchContext): string => `(
export LC_ALL=C
${scratchServer(context)}
scratch_server
case $? in
0) echo starts ;;
1) echo refused; scratch_said ;;
*) echo unknown; printf '%s\\n' "$why" ;;
esac
)`;
