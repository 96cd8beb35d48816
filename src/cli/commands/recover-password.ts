import { resolve } from 'node:path';
import { recoverPassword } from '../../operations/recover-password/recover.ts';
import type { CommandRun } from '../command.ts';
import { textOption } from '../option-values.ts';
import { withSession } from '../session.ts';

export const run: CommandRun = async (invocation) => {
  const option = textOption(invocation.options, 'output');
  const output = option === undefined ? undefined : resolve(option);
  const report = await withSession(invocation, (session) => recoverPassword(session, { output }), {
    secrets: 'none',
  });
  const { file, changed, hosts } = report;
  const text = changed
    ? `Wrote the password of ${hosts.join(', ')} to ${file} (mode 0600).`
    : `Nothing to do: ${file} holds the password of ${hosts.join(', ')}.`;
  return { data: { ok: true, ...report }, text };
};
