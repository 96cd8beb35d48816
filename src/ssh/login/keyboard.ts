import type { KeyboardInteractiveAuthMethod, Prompt } from 'ssh2';
import { askSecret, inTurn } from '../ask.ts';
import type { Context } from '../ask.ts';
import type { HostConfig } from '../settings/config.ts';

type NextPassword = () => Promise<string | undefined>;

type Means = {
  readonly nextPassword: NextPassword;
  /** Told what the server says; it may ask nothing and only say why it lets nobody in. */
  readonly hear: (text: string) => void;
};

/**
 * Makes keyboard-interactive attempts. The server's questions go to the operator, but one for the password is
 * answered as password authentication would be. None is made after a question went unanswered.
 */
export function keyboardAttempts(
  context: Context,
  config: HostConfig,
  { nextPassword, hear }: Means,
): () => Promise<KeyboardInteractiveAuthMethod | undefined> {
  let unanswered = false;
  return async () => {
    if (unanswered) return undefined;
    return {
      type: 'keyboard-interactive',
      username: config.user,
      prompt: (...[name, instructions, , prompts, finish]) => {
        hear([name, instructions].filter(Boolean).join('\n'));
        const asked = { instructions, prompts };
        answerAll(context, config, { ...asked, nextPassword }).then(finish, () => {
          unanswered = true;
          finish([]);
        });
      },
    };
  };
}

type Asked = {
  readonly instructions: string;
  readonly prompts: readonly Prompt[];
  readonly nextPassword: NextPassword;
};

async function answerAll(context: Context, config: HostConfig, asked: Asked): Promise<string[]> {
  const answers: string[] = [];
  for (const prompt of asked.prompts) {
    const text = [asked.instructions, `(${config.user}@${config.host}) ${prompt.prompt}`]
      .filter(Boolean)
      .join('\n');
    const answer = await answerOne(context, prompt, { text, nextPassword: asked.nextPassword });
    if (answer === undefined) throw new Error('no answer');
    answers.push(answer);
  }
  return answers;
}

async function answerOne(
  context: Context,
  { prompt, echo }: Prompt,
  { text, nextPassword }: { text: string; nextPassword: NextPassword },
): Promise<string | undefined> {
  if (echo === true) return await inTurn(context.pool, async () => await context.prompter.ask(text));
  if (/passw/i.test(prompt)) return await nextPassword();
  // A one-time code is good for one connection only.
  const purpose = `${text} ${context.pool.answers.size}`;
  return await askSecret(context, { purpose, question: text, source: undefined, attempt: 1 });
}
