import { shQuote, shWords } from '../../base/sh.ts';
import type { DaemonService } from '../service.ts';
import { endOfLog } from './as-service-user.ts';
import { nodeProcessFunctions } from './node-process.ts';
import { signsOfLife, stoppedCode } from './signs-of-life.ts';
import { fenceSeconds, silentSeconds, tellStopping } from './systemd.ts';

const startSeconds = 60;
const stopSeconds = 120;

const functions = `${nodeProcessFunctions}
listening() {
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q "$(printf ':%04X [0-9A-F]*:0000 0A ' "$1")"
}
${endOfLog(undefined)}`;

/** The arguments of `named` and `running`. */
const place = ({ pidFile, dataDirectory }: DaemonService): string => shWords([pidFile, dataDirectory]);

/**
 * sh that starts the processes of daemons that do not run and leaves their pids in `$launched_PORT`; whether
 * they came up is for `checkDaemonScript` to see. What they say before they open their log goes there too.
 */
export function startDaemonsScript(services: readonly DaemonService[]): string {
  return `${functions}
umask 077${services.map(launchScript).join('')}`;
}

const launchScript = (service: DaemonService): string => `
if ! running ${place(service)}; then
  end_children ${shQuote(service.dataDirectory)}
  setsid ${shQuote(service.serverPath)} ${shQuote(service.configFile)} \\
    </dev/null >>${shQuote(service.logFile)} 2>&1 &
  launched_${service.port}=$!
fi`;

/** sh that waits until a daemon runs and listens; when it ended instead it fails with the end of its log. */
export function checkDaemonScript(service: DaemonService): string {
  return `${signsOfLife}
log=${shQuote(service.logFile)}
i=0
until named ${place(service)} && listening ${service.port}; do
  i=$((i + 1))
  if [ $i -gt ${startSeconds * 20} ] ||
    { ! alive "\${launched_${service.port}:-none}" && ! named ${place(service)}; }; then
    printf 'the end of %s:\\n' "$log"
    end_of_log "$log"
    exit 1
  fi
  [ $((i % 100)) != 0 ] || sign_of_life "$log"
  [ ! -d "$stopped" ] || exit ${stoppedCode}
  sleep 0.05
done`;
}

/**
 * sh that asks daemons to end and waits until they have; each saves first what its configuration says.
 * SIGCONT follows SIGTERM, as systemd.kill(5) has it: a process that SIGSTOP stopped would not see that it is
 * to end.
 */
export function stopDaemonScript(service: DaemonService): string {
  return `${functions}
${signsOfLife}
log=${shQuote(service.logFile)}
if running ${place(service)}; then
  kill -TERM "$pid"
  kill -CONT "$pid" 2>/dev/null || :
  i=0
  while alive "$pid"; do
    i=$((i + 1))
    if [ $i = ${silentSeconds * 20} ]; then ${tellStopping(service)}; fi
    if [ $i -gt ${stopSeconds * 20} ]; then
      printf 'process %s does not end; the end of %s:\\n' "$pid" "$log"
      end_of_log "$log"
      exit 1
    fi
    [ $((i % 100)) != 0 ] || sign_of_life "$log"
    sleep 0.05
  done
fi`;
}

/** sh that asks a daemon to end, and kills it when it does not. */
export function fenceDaemonScript(service: DaemonService): string {
  return `${functions}
if running ${shQuote(service.pidFile)} ${shQuote(service.dataDirectory)}; then
  kill -TERM "$pid"
  i=0
  while alive "$pid"; do
    i=$((i + 1))
    [ $i != ${fenceSeconds * 10} ] || kill -KILL "$pid" || :
    if [ $i -gt ${fenceSeconds * 20} ]; then
      printf 'process %s does not end\n' "$pid"
      exit 1
    fi
    sleep 0.1
  done
fi`;
}
