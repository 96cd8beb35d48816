import type { GateState, SeenRule } from '../gate.ts';
import { canonicalNetwork } from '../network.ts';
import { fieldsOf } from './lines.ts';

/** What ufw's own files say: asking `ufw status` takes longer than all other facts together. */
export const ufwScript = `if [ -r /etc/ufw/ufw.conf ] && command -v ufw >/dev/null; then
  cat /etc/ufw/ufw.conf /etc/default/ufw 2>/dev/null | grep -E '^(ENABLED|IPV6|DEFAULT_INPUT_POLICY)=' | from ufw
  cat /etc/ufw/user.rules /etc/ufw/user6.rules 2>/dev/null | grep '^### tuple ### ' | from ufw
fi`;

/**
 * ufw.conf, /etc/default/ufw and the `### tuple ###` lines of user.rules and user6.rules, as ufw writes them.
 */
export function parseUfw(lines: readonly string[]): readonly GateState[] {
  if (lines.length === 0) return [];
  const tuples = lines.filter((line) => line.startsWith('###'));
  const fields = fieldsOf(lines.filter((line) => !line.startsWith('###')).join('\n'));
  const policy = fields.DEFAULT_INPUT_POLICY?.replaceAll('"', '');
  return [
    {
      gate: { tool: 'ufw' },
      drops: fields.ENABLED?.toLowerCase() === 'yes' && policy !== 'ACCEPT',
      families: fields.IPV6?.toLowerCase().includes('yes') ? [4, 6] : [4],
      rules: tuples.flatMap(parseTuple),
    },
  ];
}

/**
 * `### tuple ### allow tcp 7000,7003 0.0.0.0/0 any 10.0.0.5 in comment=HEX`; an application adds two fields.
 */
function parseTuple(line: string): readonly SeenRule[] {
  const [action, protocol, ports = '', destination = '', sourcePort, source = '', ...rest] = line
    .replace('### tuple ### ', '')
    .split(' ');
  const comment = rest.find((field) => field.startsWith('comment='))?.slice('comment='.length);
  const plain =
    action === 'allow' &&
    (protocol === 'tcp' || protocol === 'any') &&
    /^(0\.0\.0\.0|::)\/0$/.test(destination) &&
    sourcePort === 'any' &&
    rest.includes('in');
  if (!plain) return [];
  return [
    {
      source: canonicalNetwork(source),
      ports: ports === 'any' ? [] : ports.replaceAll(':', '-').split(','),
      mark: comment === undefined ? undefined : Buffer.from(comment, 'hex').toString('utf8'),
      partial: false,
    },
  ];
}
