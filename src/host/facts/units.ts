import type { UnitState } from '../facts.ts';
import { shWords } from '../../base/sh.ts';
import type { Fact } from './fact.ts';
import { fieldsOf, numberOf } from './lines.ts';

/** What a drop-in can change of what the tool promises of a node; compared in `checks/host/drop-ins.ts`. */
const promised = ['Restart', 'TimeoutStartUSec', 'LimitNOFILE', 'MemoryMax'];

const properties = [
  'Id,LoadState,ActiveState,SubState,UnitFileState,MainPID,NRestarts,NeedDaemonReload,DropInPaths',
  ...promised,
].join(',');

/**
 * All units in one `systemctl show`, which answers in the order asked, one paragraph a unit. `$units` is its
 * answer; other facts take the units' main processes from it.
 */
export const units: Fact<Readonly<Record<string, UnitState>>> = {
  prepare: (context) => {
    const names = [...context.units, ...context.distributionUnits];
    return names.length === 0
      ? 'units='
      : `units=$([ ! -d /run/systemd/system ] || systemctl show --no-pager -p ${properties} ${shWords(names)}) ||
  units=failed`;
  },
  script: () => `[ "$units" != failed ] || exit 1
printf '%s\\n' "$units"`,
  parse: (output, context) => {
    const paragraphs = output.split('\n\n').filter((paragraph) => paragraph.trim() !== '');
    if (paragraphs.length === 0) return {};
    const names = [...context.units, ...context.distributionUnits];
    if (paragraphs.length !== names.length) throw new Error('not one paragraph of systemctl show a unit');
    return Object.fromEntries(names.map((name, index) => [name, parseUnit(paragraphs[index] ?? '')]));
  },
};

function parseUnit(paragraph: string): UnitState {
  const fields = fieldsOf(paragraph);
  const dropIns = (fields.DropInPaths ?? '').split(' ').filter((path) => path !== '');
  return {
    load: fields.LoadState ?? '',
    active: fields.ActiveState ?? '',
    sub: fields.SubState ?? '',
    enabled: fields.UnitFileState ?? '',
    mainPid: numberOf(fields.MainPID) ?? 0,
    restarts: numberOf(fields.NRestarts) ?? 0,
    needsReload: fields.NeedDaemonReload === 'yes',
    ...(dropIns.length > 0 && {
      dropIns: {
        files: dropIns,
        effective: Object.fromEntries(promised.map((name) => [name, fields[name] ?? ''])),
      },
    }),
  };
}
