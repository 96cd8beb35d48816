import { exitCodes } from '../../base/errors.ts';
import { type Answer, callNodes, hostsToAsk, planCall } from '../../operations/call/call.ts';
import { approvalOf } from '../approval.ts';
import type { CommandRun } from '../command.ts';
import { withSession } from '../session.ts';

export const run: CommandRun = async (invocation) => {
  const [target = '', ...words] = invocation.args.filter((arg) => arg !== undefined);
  const request = { target, words, command: invocation.commandLine };
  const answers = await withSession(
    invocation,
    (session) => callNodes(session, request, approvalOf(invocation)),
    {
      before: (inventory) => hostsToAsk(planCall(inventory, request)),
    },
  );
  const ok = answers.every((answer) => answer.ok);
  return {
    data: { ok, answers },
    text: answers.map((answer) => formatAnswer(answer, answers.length > 1)).join('\n'),
    exitCode: ok ? exitCodes.ok : exitCodes.failed,
  };
};

function formatAnswer(answer: Answer, named: boolean): string {
  const text = answer.ok ? formatReply(answer.reply).trimEnd() : `(error) ${answer.error}`;
  if (!named) return text;
  return text.includes('\n') ? `${answer.node}:\n${text}` : `${answer.node}: ${text}`;
}

/** As redis-cli prints it without a terminal: an item a line. */
function formatReply(reply: unknown): string {
  if (Array.isArray(reply)) return reply.map(formatReply).join('\n');
  return typeof reply === 'string' || typeof reply === 'number' ? String(reply) : '';
}
