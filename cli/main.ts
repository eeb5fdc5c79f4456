import { Command, CommanderError, Option } from 'commander';
import type { Act } from './act.ts';
import { CliError, tell } from './errors.ts';
import { exitCodes, exitNumber } from './exit-codes.ts';
import { registerFileCommands } from './file-commands.ts';
import { registerStreamCommands } from './stream-commands.ts';
import { createUi, type Result, type Ui, writeAll } from './ui.ts';

/**
 * The command line. Modules of commands are loaded inside their actions, so that help and usage errors come at once.
 * To add one: a file `cli/<name>.ts` that exports `run…(options, ui)`, and a line in `registerCommands`, `registerFileCommands` or `registerStreamCommands`.
 */
const registerCommands = (program: Command, act: Act): void => {
  program
    .command('up')
    .summary('start the local stack: LocalStack and Cassandra')
    .option('--docker', 'run it in containers')
    .option('--no-docker', 'run it as processes of this machine')
    .action(act(async (options, ui) => (await import('./up.ts')).runUp(options, ui)));
  program
    .command('down')
    .summary('stop the local stack')
    .option('--purge', 'delete its state too: tables, logs, deployment; downloads stay')
    .action(act(async (options, ui) => (await import('./down.ts')).runDown(options, ui)));
  program
    .command('status')
    .summary('show what runs where, and what of it persists')
    .action(act(async (_options, ui) => (await import('./status.ts')).runStatus(ui)));
  program
    .command('logs')
    .summary('show the log of a part or of a function')
    .argument('[part]', 'cassandra, localstack, deploy, or the name of a deployed function', 'localstack')
    .option('-n, --lines <count>', 'how many of the last lines', '100')
    .option('-f, --follow', 'go on as it grows')
    .action(act(async (options, ui, part) => (await import('./logs.ts')).runLogs({ ...options, part }, ui)));
  program
    .command('deploy')
    .summary('deploy the platform and the tenants onto the local stack')
    .action(act(async (_options, ui) => (await import('./deploy.ts')).runDeploy(ui)));
  program
    .command('dev')
    .summary('serve edited functions, transforms and profiles as they are saved')
    .action(act(async (_options, ui) => (await import('./dev.ts')).runDev(ui)));
  program
    .command('check')
    .summary('check profiles, samples and files of yours by the checkout, without any service')
    .argument('[tenant]')
    .argument('[files...]', 'tell what would become of them; without any, profiles and samples are checked')
    .option('--feed <feed>', 'the feed of files whose folder does not tell it')
    .option('--rows <count>', 'how many rows and dropped records of each file are shown', '5')
    .action(
      act(async (options, ui, tenant, ...files) => (await import('./check.ts')).runCheck(tenant, files, options, ui)),
    );
  program
    .command('infer')
    .summary('propose a feed and its table for a file, and say what was guessed')
    .argument('<file>')
    .option('--out <path>', 'write it there, such as tenants/<id>/feeds/<feed>.ts, instead of printing it')
    .option('--force', 'write over a file that is there')
    .action(act(async (options, ui, file) => (await import('./infer.ts')).runInfer(String(file), options, ui)));
  program
    .command('report')
    .summary('show what became of files and messages, by tenant and feed')
    .argument('[tenant]')
    .option('--since <day>', 'first day, such as 2026-01-31 (UTC); a week ago if not given')
    .action(act(async (options, ui, tenant) => (await import('./report.ts')).runReport({ ...options, tenant }, ui)));
  registerFileCommands(program, act);
  registerStreamCommands(program, act);
  program
    .command('demo')
    .summary('show it all: start, deploy, load real files and messages, report')
    .option(
      '--full',
      'show what takes minutes too: a burst, a tenant over its quota, a deadly message, a large file in parts',
    )
    .action(act(async (options, ui) => (await import('./demo.ts')).runDemo(options, ui)));
  program
    .command('doctor')
    .summary('show what this machine has and lacks for the local stack')
    .action(act(async (_options, ui) => (await import('./doctor.ts')).runDoctor(ui)));
};

/** They take every argument as it stands, `--help` and `--json` too, and hand over the terminal. */
const passThrough: Record<string, () => Promise<(args: string[]) => Promise<number>>> = {
  aws: async () => (await import('./aws.ts')).runAws,
  cqlsh: async () => (await import('./cqlsh.ts')).runCqlsh,
};

export const main = async (argv: readonly string[]): Promise<void> => {
  const json = argv.includes('--json');
  const interrupt = new AbortController();
  const [name = '', ...rest] = argv;
  let exit: number;
  try {
    const tool = Object.hasOwn(passThrough, name) ? await passThrough[name]?.() : undefined;
    if (tool !== undefined) {
      exit = await tool(rest);
    } else {
      const endInOrder = exitWhenInterrupted(interrupt);
      exit = await runCommander(argv, createUi(json, interrupt.signal, endInOrder));
    }
  } catch (error) {
    const told = tell(error);
    exit = exitNumber(told.exit);
    if (json && !Object.hasOwn(passThrough, name)) await writeAll(process.stdout, `${JSON.stringify(told.document)}\n`);
    else await writeAll(process.stderr, `${told.lines.join('\n')}\n`);
  }
  // Something that still holds a socket must not keep the command from ending.
  process.exit(exit);
};

/**
 * Ends the command at the first interrupt, or at the second while it ends in order (`Ui.endInOrder`): then it ends by itself after the first.
 * Whatever must not go on without us is ended by its own handler of the `exit` event.
 */
const exitWhenInterrupted = (interrupt: AbortController): Ui['endInOrder'] => {
  let inOrder = false;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      const waits = inOrder && !interrupt.signal.aborted;
      interrupt.abort();
      process.stderr.write(
        waits ? 'interrupted: ends when all is settled; once more ends it at once\n' : 'interrupted\n',
      );
      if (!waits) process.exit(exitNumber('interrupted'));
    });
  }
  return () => {
    inOrder = true;
    return () => {
      inOrder = false;
    };
  };
};

const runCommander = async (argv: readonly string[], ui: Ui): Promise<number> => {
  let exit = 0;
  const finish = async (result: Result) => {
    const text = ui.json ? JSON.stringify(result.data, null, 2) : result.lines.join('\n');
    await writeAll(process.stdout, text === '' ? '' : `${text}\n`);
    exit = exitNumber(result.exit ?? 'ok');
  };
  const act: Act = (run) =>
    async function (...given) {
      const { target } = this.optsWithGlobals();
      if (target !== undefined) process.env.SLUICE_TARGET = target;
      await finish(
        await run(
          this.opts(),
          ui,
          ...given
            .slice(0, -2)
            .flat()
            .flatMap((value) => (value === undefined ? [] : [String(value)])),
        ),
      );
    };
  const program = createProgram(act);
  if (argv.length === 0) {
    await writeAll(process.stderr, program.helpInformation());
    return exitNumber('usage');
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    throw usageError(error, argv);
  }
  return exit;
};

const createProgram = (act: Act): Command => {
  const program = new Command('sluice');
  program
    .description('Sluice: multi-tenant data ingestion into Cassandra and Amazon Keyspaces')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .helpCommand(true)
    .addHelpText('after', helpEnd);
  registerCommands(program, act);
  for (const command of everyCommand(program)) command.option('--json', 'print one JSON document on standard output');
  for (const command of program.commands.filter((each) => !onlyLocal.includes(each.name()))) {
    for (const each of [command, ...everyCommand(command)]) each.addOption(target());
  }
  program.command('aws').summary('run the AWS CLI against the local stack').argument('[args...]').allowUnknownOption();
  program.command('cqlsh').summary('run cqlsh against the local Cassandra').argument('[args...]').allowUnknownOption();
  for (const command of everyCommand(program)) command.exitOverride().configureOutput({ writeErr: () => undefined });
  return program;
};

/** Commands that are about the local stack or the checkout; the others ask a platform, wherever it is deployed. */
const onlyLocal = 'up down status logs deploy dev check demo doctor prove'.split(' ');

/** The same as the setting SLUICE_TARGET, and before it. */
const target = (): Option =>
  new Option(
    '--target <place>',
    'ask the platform there, or where SLUICE_TARGET says; local if nothing is said',
  ).choices(['local', 'aws']);

/** The commands and the commands below them. */
const everyCommand = (program: Command): Command[] =>
  program.commands.flatMap((command) => [command, ...everyCommand(command)]);

const helpEnd = `
Exit codes:
${Object.values(exitCodes)
  .map(([number, meaning]) => `  ${String(number).padEnd(5)}${meaning}`)
  .join('\n')}

Data goes to standard output, everything else to standard error. docs/local.md shows how to begin.`;

/** Commander's message holds its own suggestion on a second line: `(Did you mean up?)`. */
const usageError = (error: CommanderError, argv: readonly string[]): CliError => {
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const command = argv.find((arg) => !arg.startsWith('-'));
  const known = error.code === 'commander.unknownCommand' || command === undefined ? '' : `${command} `;
  return new CliError('SLU-4003', message, {
    details: suggestion === undefined ? [] : [suggestion.replace(/^\((.*)\)$/, '$1')],
    next: `sluice ${known}--help`,
  });
};

if (import.meta.main) await main(process.argv.slice(2));
