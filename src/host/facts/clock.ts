import type { ClockFacts } from '../facts.ts';
import type { Fact } from './fact.ts';
import { fieldsOf, requireNumber } from './lines.ts';

/**
 * The host's time. `synchronized` comes from the time service that runs (systemd-timesyncd's stamp file,
 * chrony), else from the kernel by way of timedatectl; a container's clock is its machine's, of which it
 * cannot tell.
 */
export const clock: Fact<ClockFacts> = {
  script: () => `
printf 'now=%s\\nseconds=%s\\n' "$(date +%s.%N)" "$(date +%s)"
if [ -e /run/systemd/timesync/synchronized ]; then
  echo synchronized=yes
elif [ -e /run/systemd/container ]; then
  :
elif command -v chronyc >/dev/null && leap=$(chronyc -n tracking 2>/dev/null | grep '^Leap status'); then
  case $leap in *'Not synchronised'*) echo synchronized=no ;; *) echo synchronized=yes ;; esac
elif [ -d /run/systemd/system ]; then
  printf 'synchronized=%s\\n' "$(timedatectl show -p NTPSynchronized --value 2>/dev/null)"
fi
:
`,
  parse: (output, _context, { sent, received }) => {
    const fields = fieldsOf(output);
    // date of busybox knows no %N.
    const seconds = /^\d+\.\d+$/.test(fields.now ?? '') ? fields.now : fields.seconds;
    const now = Math.round(requireNumber(seconds, 'time') * 1000);
    return {
      now,
      offsetMs: Math.round(now - (sent + received) / 2),
      uncertaintyMs: Math.ceil((received - sent) / 2),
      synchronized: { yes: true, no: false }[fields.synchronized ?? ''],
    };
  },
};
