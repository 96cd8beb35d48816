import type { GateState, SeenRule } from '../gate.ts';
import { canonicalNetwork } from '../network.ts';

/** What is in force, over D-Bus, and what is kept, from files. */
export const firewalldScript = `if command -v firewall-cmd >/dev/null && systemctl is-active --quiet firewalld.service; then
  ask() {
    bus=org.fedoraproject.FirewallD1
    busctl call $bus /org/fedoraproject/FirewallD1 "$bus$1" "$2" $3 2>/dev/null
  }
  usual=$(ask '' getDefaultZone | cut -d '"' -f 2)
  active=$(ask .zone getActiveZones | grep -oE '"[^"]*" [0-9]+ "(interfaces|sources)"' | cut -d '"' -f 2)
  for zone in $(printf '%s\\n' $usual $active | sort -u); do
    printf 'firewalld zone %s ' "$zone"
    ask .zone getZoneSettings2 "s $zone" || echo
  done
  for file in /etc/firewalld/zones/*.xml; do
    zone=\${file##*/}
    [ ! -r "$file" ] || { echo "firewalld file \${zone%.xml}"; from 'firewalld xml' <"$file"; echo; }
  done
fi`;

/**
 * `zone NAME` with the answer to getZoneSettings2, for every zone in use; `file NAME` followed by the `xml`
 * lines of its file, for every zone that somebody has changed. A rule that is only in one of the two is
 * partial.
 */
export function parseFirewalld(lines: readonly string[]): readonly GateState[] {
  const running = new Map(lines.flatMap(parseRunning));
  const kept = new Map(splitFiles(lines).map(([zone, xml]) => [zone, parseFile(xml)]));
  return [...new Set([...running.keys(), ...kept.keys()])].map((zone) => {
    const [now, file] = [running.get(zone), kept.get(zone) ?? []];
    const ports = now?.ports ?? [];
    return {
      gate: { tool: 'firewalld', zone },
      drops: now !== undefined && now.target !== 'ACCEPT',
      families: [4, 6],
      rules: [...merge(now?.rules ?? [], file), ...anybody(ports)],
    };
  });
}

type Running = {
  readonly target: string;
  readonly ports: readonly string[];
  readonly rules: readonly SeenRule[];
};

function parseRunning(line: string): readonly (readonly [zone: string, state: Running])[] {
  const [, zone, answer] = /^zone (\S+) (.*)$/.exec(line) ?? [];
  if (zone === undefined || answer === undefined) return [];
  const target = /"target" s "([^"]*)"/.exec(answer)?.[1] ?? 'default';
  const ports = /"ports" a\(ss\) \d+((?: "[^"]*" "[^"]*")*)/.exec(answer)?.[1] ?? '';
  const rules = [...answer.matchAll(/"(rule (?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replaceAll('\\"', '"'),
  );
  return [
    [
      zone,
      {
        target,
        ports: [...ports.matchAll(/"([\d-]+)" "tcp"/g)].map(([, port = '']) => port),
        rules: rules.flatMap((rule) => parseRule(rule, /accept$/)),
      },
    ],
  ];
}

function splitFiles(lines: readonly string[]): readonly (readonly [zone: string, xml: string])[] {
  return lines.flatMap((line, index) => {
    if (!line.startsWith('file ')) return [];
    const rest = lines.slice(index + 1);
    const end = rest.findIndex((other) => !other.startsWith('xml '));
    const xml = rest.slice(0, end === -1 ? undefined : end).map((each) => each.slice('xml '.length));
    return [[line.slice('file '.length), xml.join('\n')] as const];
  });
}

const parseFile = (xml: string): readonly SeenRule[] =>
  [...xml.matchAll(/<rule\b[\s\S]*?<\/rule>/g)].flatMap(([rule]) =>
    parseRule(rule, /<accept\/>\s*<\/rule>$/),
  );

/**
 * Both spellings have the same attributes. Rules with more to them (destinations, limits, logs) are nobody's
 * of ours.
 */
function parseRule(text: string, accepts: RegExp): readonly SeenRule[] {
  const port = /\bport="([\d-]+)"/.exec(text)?.[1];
  const source = /\baddress="([^"]+)"/.exec(text)?.[1];
  const other = /destination|\blimit\b|\bNOT\b|invert|source-port|icmp|ipset|\blog\b/.test(text);
  if (port === undefined || source === undefined || other) return [];
  if (!/protocol="tcp"/.test(text) || !accepts.test(text)) return [];
  const mark = /\bpriority="(-?\d+)"/.exec(text)?.[1];
  return [{ source: canonicalNetwork(source), ports: [port], mark, partial: false }];
}

const keyOf = ({ source, ports, mark }: SeenRule): string => [source, ...ports, mark ?? ''].join(' ');

function merge(now: readonly SeenRule[], kept: readonly SeenRule[]): readonly SeenRule[] {
  const both = new Map([...now, ...kept].map((rule) => [keyOf(rule), rule]));
  const [running, lasting] = [new Set(now.map(keyOf)), new Set(kept.map(keyOf))];
  return [...both].map(([key, rule]) => ({ ...rule, partial: !running.has(key) || !lasting.has(key) }));
}

const anybody = (ports: readonly string[]): readonly SeenRule[] =>
  ports.flatMap((port) =>
    ['0.0.0.0/0', '::/0'].map((source) => ({ source, ports: [port], mark: undefined, partial: false })),
  );
