import { UsageError } from '../../base/errors.ts';
import { failover } from '../../operations/failover/failover.ts';
import type { FailoverReport } from '../../operations/failover/failover.ts';
import { describeShards } from '../../failover/describe-shards.ts';
import type { Session } from '../../session/session.ts';
import { approvalOf } from '../approval.ts';
import type { CommandRun, Invocation } from '../command.ts';
import { failoverOptions } from '../failover-options.ts';
import { textOption } from '../option-values.ts';
import { withSession } from '../session.ts';
import { formatFatal, formatMoves } from '../views/moves.ts';
import { formatTable } from '../views/table.ts';

export const run: CommandRun = async (invocation) => {
  const mode = modeOf(invocation);
  const options = failoverOptions(invocation);
  const heir = heirOf(invocation);
  const named = heir ?? invocation.args[0];
  if (named === undefined && !invocation.prompter.interactive)
    throw new UsageError('failover needs a target: a node, a shard or a host', {
      hints: ['weedgo-redis failover redis1:7000'],
    });
  return withSession(invocation, async (session) => {
    const target = named ?? (await chooseTarget(invocation, session));
    const approval = approvalOf(invocation);
    const report = await failover(session, {
      target,
      isHeir: heir !== undefined,
      mode,
      ...options,
      approval,
      command: invocation.commandLine,
    });
    return {
      data: { ok: true, changed: report.moves.length > 0, ...report },
      text: formatReport(
        report,
        heir === undefined ? `no master stands on ${target}` : `${heir} is a master`,
      ),
    };
  });
};

function heirOf({ options, args }: Invocation): string | undefined {
  const heir = textOption(options, 'to');
  if (heir !== undefined && args[0] !== undefined)
    throw new UsageError('a target and --to exclude each other');
  return heir;
}

function modeOf({ options }: Invocation): 'graceful' | 'force' | 'takeover' {
  if (options['force'] === true && options['takeover'] === true)
    throw new UsageError('--force and --takeover exclude each other');
  if (options['force'] === true) return 'force';
  return options['takeover'] === true ? 'takeover' : 'graceful';
}

async function chooseTarget({ prompter }: Invocation, session: Session): Promise<string> {
  const rows = (await describeShards(session)).map(({ number, master, replicas }) => [
    String(number),
    master,
    replicas.map(({ node, state }) => `${node} (${state})`).join(', '),
  ]);
  const table = formatTable(['SHARD', 'MASTER', 'REPLICAS'], rows);
  const answer = await prompter.ask(`${table}\nA shard's number, a node or a host to move masters off: `);
  if (answer?.trim()) return answer.trim();
  throw new UsageError('no target was chosen');
}

function formatReport({ moves, fatal }: FailoverReport, why: string): string {
  if (moves.length === 0) return `Nothing to do: ${why}.`;
  return [formatMoves(moves), ...formatFatal(fatal)].join('\n');
}
