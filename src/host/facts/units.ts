import type { UnitState } from '../facts.ts';
import { shWords } from '../sh.ts';
import type { Fact } from './fact.ts';
import { fieldsOf, numberOf } from './lines.ts';

const properties = 'Id,LoadState,ActiveState,SubState,UnitFileState,MainPID,NRestarts,NeedDaemonReload';

/**
 * All units in one `systemctl show`, which answers in the order asked, one paragraph a unit. `$units` is its answer;
 * other facts take the units' main processes from it.
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
  return {
    load: fields.LoadState ?? '',
    active: fields.ActiveState ?? '',
    sub: fields.SubState ?? '',
    enabled: fields.UnitFileState ?? '',
    mainPid: numberOf(fields.MainPID) ?? 0,
    restarts: numberOf(fields.NRestarts) ?? 0,
    needsReload: fields.NeedDaemonReload === 'yes',
  };
}
