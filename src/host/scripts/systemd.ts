import { shQuote, shWords } from '../../base/sh.ts';
import { endOfLog } from './as-service-user.ts';
import { signsOfLife, stoppedCode } from './signs-of-life.ts';
import type { Service, SystemdService } from '../service.ts';

/** sh that stops, disables and masks a unit, which need not exist yet. */
export const maskScript = (unit: string): string => `
if systemctl cat ${shQuote(unit)} >/dev/null 2>&1; then systemctl disable --now ${shQuote(unit)}; fi
systemctl mask ${shQuote(unit)}`;

/**
 * sh that has systemd read its units again: where `units` are given, only if it does not have one of them as
 * it is on disk, enabled. A reload reads every unit of the host and takes a tenth of a second and more; units
 * that were not there before are found without it.
 */
export function reloadScript(units: readonly string[] | undefined): string {
  if (units === undefined) return 'systemctl daemon-reload';
  return `if systemctl show -p LoadState,NeedDaemonReload,UnitFileState ${shWords(units)} |
  grep -qvx -e LoadState=loaded -e NeedDaemonReload=no -e UnitFileState=enabled -e ''
then systemctl daemon-reload; fi`;
}

/**
 * sh that begins to start units, in parallel; `checkUnitScript` waits for each and sees whether it runs.
 * `overrides` are those whose own guard (templates/start-guard.sh) would refuse and is told once that it may
 * not: the seconds since boot say that this was just now. The guard removes its file, and `checkUnitScript`
 * what is left of it.
 */
export function startUnitsScript(
  services: readonly SystemdService[],
  overrides: readonly SystemdService[] = [],
): string {
  const start = `systemctl start --no-block ${unitsOf(services)}`;
  if (overrides.length === 0) return start;
  const files = shWords(overrides.map(clearedFile));
  return `mkdir -p -m 0755 /run/weedgo-redis
read -r up _ </proc/uptime
for file in ${files}; do (umask 077; printf '%s\\n' "\${up%.*}" >"$file"); done
${start}`;
}

const clearedFile = ({ port }: SystemdService): string => `/run/weedgo-redis/cleared@${port}`;

/**
 * sh that waits for the start of a unit, with signs of life, and fails when it does not run and says why not:
 * the end of the unit's journal since `$begin` (seconds), and of the node's log when it was written to since
 * then. A start that has ended is not tried again: the guard of an override would refuse, and a server would
 * load its data twice.
 */
export function checkUnitScript(service: SystemdService, isOverride = false): string {
  const { unit, logFile, serviceUser } = service;
  return `${endOfLog(serviceUser)}
${signsOfLife}
unit=${shQuote(unit)}
log=${shQuote(logFile)}
pending=$(systemctl show -p Job --value "$unit" 2>/dev/null) || pending=unknown
if [ "\${pending:-0}" != 0 ]; then watched "$log" systemctl start "$unit" || :; fi
if [ -d "$stopped" ] && ! systemctl --quiet is-active "$unit"; then exit ${stoppedCode}; fi
${isOverride ? `rm -f -- ${shQuote(clearedFile(service))}` : ''}
if ! systemctl --quiet is-active "$unit"; then
  printf '%s is %s\\n' "$unit" "$(systemctl is-active "$unit" || :)"
  journalctl --no-pager -q -o cat -n 20 --since "@$begin" -u "$unit" || :
  written=$(as_server stat -c %Y -- "$log" 2>/dev/null)
  if [ "\${written:-0}" -ge "$begin" ]; then
    printf 'the end of %s:\\n' "$log"
    end_of_log "$log"
  fi
  exit 1
fi`;
}

/** sh that has units stopped, all at once, and waits for none: that is for `stopUnitScript`. */
export const stopUnitsScript = (services: readonly SystemdService[]): string =>
  `systemctl stop --no-block ${unitsOf(services)}`;

/** A stop that takes longer says what it waits for. */
export const silentSeconds = 5;

/** sh that says that a node does not end yet, with the last line of its log in `$log`: there it says why. */
export const tellStopping = ({ node }: Pick<Service, 'node'>): string =>
  `tell_wait ${shQuote(`${node} does not end yet; its log says: `)}"$(end_of_log "$log" | tail -n 1)"`;

/** sh that stops a unit and waits for it; systemd waits for as long as the unit's TimeoutStopSec says. */
export const stopUnitScript = (service: SystemdService): string => `${endOfLog(service.serviceUser)}
${signsOfLife}
log=${shQuote(service.logFile)}
if timeout ${silentSeconds} systemctl stop ${shQuote(service.unit)}; then exit 0; else code=$?; fi
[ $code = 124 ] || exit $code
${tellStopping(service)}
# An interruption does not keep a server from ending.
stopped=/nonexistent
watched "$log" systemctl stop ${shQuote(service.unit)}`;

/** A server that still answers nobody may hang in its end: after this it is killed. */
export const fenceSeconds = 15;

/**
 * sh that stops a unit, an automatic restart that is due included, and kills what does not end. An orderly
 * end gives replicas up to `shutdown-timeout` (10 s) to catch up.
 */
export const fenceUnitScript = ({ unit }: SystemdService): string => `unit=${shQuote(unit)}
systemctl stop --no-block "$unit"
i=0
until state=$(systemctl show -p ActiveState --value "$unit") && case $state in inactive | failed) : ;; *) false ;; esac; do
  i=$((i + 1))
  [ $i != ${fenceSeconds * 10} ] || systemctl kill --signal=KILL "$unit" || :
  if [ $i -gt ${fenceSeconds * 20} ]; then
    printf '%s does not end: it is %s\n' "$unit" "$state"
    exit 1
  fi
  sleep 0.1
done`;

/** sh that has units started at boot. systemd learns of it with the reload that a plan puts after it. */
export const enableUnitsScript = (services: readonly SystemdService[]): string =>
  `systemctl enable --no-reload ${unitsOf(services)}`;

export const disableUnitsScript = (services: readonly SystemdService[]): string =>
  `systemctl disable ${unitsOf(services)}`;

/** sh that has a unit of ours run at boot, and runs it now. */
export const enableUnitScript = (unit: string): string => `systemctl daemon-reload
systemctl --quiet enable ${shQuote(unit)}
systemctl restart ${shQuote(unit)}`;

export const disableUnitScript = (unit: string): string => `systemctl --quiet disable --now ${shQuote(unit)}`;

const unitsOf = (services: readonly SystemdService[]): string => shWords(services.map(({ unit }) => unit));
