/** The commands and their options, as commander shows and parses them. What a command does is loaded when it runs. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../lib/fault.ts';
import type { Action, CommandShape } from './call.ts';
import type { Io } from './io.ts';

type Load = () => Promise<{ readonly run: Action }>;

const repeat = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value];
const many = (flags: string, text: string): Option => new Option(flags, text).argParser(repeat);

const LOOK: readonly Option[] = [
  many('--device <host>', 'a device: name or address (repeatable)'),
  many('--firmware <path>', 'a firmware image or an unpacked directory (repeatable)'),
  many('--update <file>', 'an update artefact (repeatable)'),
  new Option('--declaration <file>', 'what the maker states: answers, features, keys, attestations'),
  new Option('--name <name>', 'name of the product in reports'),
  new Option('--tester <name>', 'who looks, for the report'),
  new Option('--ports <list>', 'default, all, or a list such as 22,80,8000-8100'),
  new Option('--pace <pace>', 'gentle, normal or fast'),
  new Option('--state <state>', 'state of the device: factory, initialised or unknown'),
  new Option('--credentials', 'try known default logins'),
  new Option('--credential-tries <n>', 'tries per account and window (3)'),
  new Option('--intrusive', 'allow what may disturb the device'),
  new Option('--authorized', 'a public address is yours to probe'),
  many('--ca <file>', "a CA certificate of the vendor's own (repeatable)"),
  many('--key <file>', 'a public key or certificate that updates are signed with (repeatable)'),
  new Option('--update-url <url>', 'where the device gets its updates from'),
  new Option('--record <file>', 'keep every exchange with devices in this file, passwords among it'),
  new Option('--replay <file>', 'ask a recording in place of the devices; give the same targets and flags'),
  new Option('--crack-seconds <n>', 'time for guessing passwords of hashes found in an image (20; 0: none)'),
];
const BASELINE = many('--baseline <id>', 'ID[@EDITION][:LEVEL] or a file (repeatable)');
const REPORT = many('--report <format>', 'FORMAT[=FILE]: see `assay list formats` (repeatable)');
const TALK: readonly Option[] = [
  new Option('--quiet', 'say nothing but problems and reports that were asked for'),
  new Option('--verbose', 'say what is done'),
  new Option('--debug', 'show stacks of bugs').hideHelp(),
];
const JUDGE: readonly Option[] = [
  BASELINE,
  new Option('--waivers <file>', 'accepted failures and gaps'),
  new Option('--as-of <date>', 'date of judgement: YYYY-MM-DD or now'),
  REPORT,
  new Option('--fail-on <kind>', 'exit 1 for failing controls that are mandatory, recommended, or none'),
  new Option('--strict', 'exit 3 unless every mandatory control passes, is waived or does not apply'),
  new Option('--against <report>', 'count only what got worse since this report or dossier'),
];
const OUT = new Option('--out <folder>', 'keep what was seen as a dossier in this folder');
const JSON_FLAG = new Option('--json', 'as JSON');

interface Spec {
  readonly name: string;
  readonly arguments?: string;
  readonly summary: string;
  readonly options: readonly Option[];
  readonly load: Load;
}

const COMMANDS: readonly Spec[] = [
  {
    name: 'scan',
    arguments: '[target...]',
    summary: 'look at a product and judge it (a host is a device, an existing path is firmware)',
    options: [...LOOK, ...JUDGE, OUT, ...TALK],
    load: () => import('./commands/scan.ts'),
  },
  {
    name: 'gather',
    arguments: '[target...]',
    summary: 'only look: write a dossier',
    options: [...LOOK, BASELINE, many('--only <id>', 'this gatherer and what it rests on (repeatable)'), OUT, ...TALK],
    load: () => import('./commands/gather.ts'),
  },
  {
    name: 'evaluate',
    arguments: '<dossier>',
    summary: 'only judge a dossier, offline',
    options: [...JUDGE, ...TALK],
    load: () => import('./commands/evaluate.ts'),
  },
  {
    name: 'render',
    arguments: '<report>',
    summary: 'write a report in other formats',
    options: [REPORT, ...TALK],
    load: () => import('./commands/render.ts'),
  },
  {
    name: 'diff',
    arguments: '<old> <new>',
    summary: 'what changed between two reports or dossiers, or two editions of a baseline',
    options: [BASELINE, JSON_FLAG, new Option('--markdown', 'as Markdown, for a merge request'), ...TALK],
    load: () => import('./commands/diff.ts'),
  },
  {
    name: 'unpack',
    arguments: '<image>',
    summary: 'open a firmware image',
    options: [
      new Option('--out <folder>', 'write its files and manifest.json there'),
      new Option('--tree', 'show containers and files'),
      JSON_FLAG,
      ...TALK,
    ],
    load: () => import('./commands/unpack.ts'),
  },
  {
    name: 'verify-update',
    arguments: '<artefact>',
    summary: 'is an update signed, wholly, by the given key',
    options: [
      many('--key <file>', 'a public key or certificate that updates are signed with (repeatable)'),
      JSON_FLAG,
      ...TALK,
    ],
    load: () => import('./commands/verify-update.ts'),
  },
  {
    name: 'list',
    arguments: '<what>',
    summary: 'baselines, controls, checks, facts, keywords, gatherers, unpackers or formats',
    options: [
      new Option('--baseline <id>', 'of this baseline'),
      new Option('--coverage', 'controls: what decides them'),
      JSON_FLAG,
      ...TALK,
    ],
    load: () => import('./commands/list.ts'),
  },
  {
    name: 'explain',
    arguments: '<id>',
    summary: 'a control, check, fact, gatherer, unpacker, keyword or format; or what was seen, by its id',
    options: [
      new Option('--baseline <id>', 'of this baseline'),
      new Option('--in <path>', 'the report or dossier that holds what was seen'),
      JSON_FLAG,
      ...TALK,
    ],
    load: () => import('./commands/explain.ts'),
  },
  {
    name: 'lint',
    arguments: '<file...>',
    summary: 'check baselines, checks, waivers and declarations',
    options: [JSON_FLAG, ...TALK],
    load: () => import('./commands/lint.ts'),
  },
  {
    name: 'demo',
    summary: 'scan the embedded demo device and the bundled image',
    options: [new Option('--hardened', 'the device and image done well'), BASELINE, REPORT, OUT, ...TALK],
    load: () => import('./commands/demo.ts'),
  },
  {
    name: 'init',
    arguments: '[dossier]',
    summary: 'a declaration to fill in, with what a dossier shows',
    options: [
      new Option('--from <path>', 'a dossier, or a filled ics-ixit workbook (.xlsx) for its answers'),
      new Option('--declaration <file>', 'with --from: keep what this declaration says besides'),
      new Option('--out <file>', 'write it there'),
      ...TALK,
    ],
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'seal',
    arguments: '<dossier>',
    summary: 'sign a dossier: every file, and what it is judged to be',
    options: [
      new Option('--key <file>', 'private key in PEM: Ed25519 or ECDSA P-256'),
      new Option('--certificate <file>', "the signer's certificate and those above it, in PEM"),
      BASELINE,
      ...TALK,
    ],
    load: () => import('./commands/seal.ts'),
  },
  {
    name: 'verify',
    arguments: '<dossier>',
    summary: 'is a sealed dossier unchanged, and judged to the same report',
    options: [
      new Option('--key <file>', "the signer's public key or certificate, or that of an authority above it"),
      JSON_FLAG,
      ...TALK,
    ],
    load: () => import('./commands/verify.ts'),
  },
  {
    name: 'doctor',
    summary: 'what this machine offers, and how old the data tables are',
    options: [JSON_FLAG, ...TALK],
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'completion',
    arguments: '<shell>',
    summary: 'a script that completes commands in bash, zsh or fish',
    options: TALK,
    load: () => import('./commands/completion.ts'),
  },
];

/** Parses `argv` and runs the command. Throws UsageError for what commander does not understand. */
export async function runProgram(
  argv: readonly string[],
  io: Io,
  signal: AbortSignal,
  version: string,
): Promise<number> {
  const outcome = { code: 0 };
  const program = new Command('assay')
    .description('Tells whether a consumer-IoT device or a firmware image meets a security baseline.')
    .version(version, '-V, --version', 'the version')
    .helpCommand(true)
    .showSuggestionAfterError(true);
  for (const spec of COMMANDS) add(program, spec, io, signal, outcome);
  for (const command of [program, ...program.commands]) {
    command.exitOverride();
    command.configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: () => {},
      getOutHelpWidth: () => io.columns,
      getOutHasColors: () => io.colour,
    });
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    return understood(error, io, program, argv[0] ?? '');
  }
  return outcome.code;
}

function add(program: Command, spec: Spec, io: Io, signal: AbortSignal, outcome: { code: number }): void {
  const command = program.command(spec.arguments === undefined ? spec.name : `${spec.name} ${spec.arguments}`);
  command.description(spec.summary);
  for (const option of spec.options) command.addOption(option);
  command.action(async () => {
    refuseEmpty(command);
    const { run } = await spec.load();
    outcome.code = await run({ arguments: command.args, options: command.opts(), io, signal, commands: shapes() });
  });
}

/** An empty value is a variable of a script that was not set: it names nothing, and no command can use it. */
function refuseEmpty(command: Command): void {
  if (command.args.includes('')) throw new UsageError('an argument is empty');
  const empty = command.options.find((option) => [command.getOptionValue(option.attributeName())].flat().includes(''));
  if (empty !== undefined) throw new UsageError(`${empty.long ?? empty.flags}: it needs a value`);
}

const shapes = (): readonly CommandShape[] =>
  COMMANDS.map(({ name, summary, options }) => ({
    name,
    summary,
    options: options
      .filter(({ hidden }) => !hidden)
      .map(({ long, required, description }) => ({
        flag: long ?? '',
        takesValue: required,
        summary: description,
      })),
  }));

function understood(error: unknown, io: Io, program: Command, first: string): number {
  if (error instanceof InvalidArgumentError || !(error instanceof CommanderError)) throw error;
  if (error.code === 'commander.help' && error.exitCode !== 0) {
    io.err(program.helpInformation());
    throw new UsageError('a command is missing', 'assay scan HOST|FILE is the usual one');
  }
  if (error.exitCode === 0) return 0;
  const known = program.commands.some((one) => one.name() === first);
  const command = known ? `assay ${first} --help` : 'assay help';
  const [message = '', hint] = error.message.replace(/^error: /, '').split('\n');
  throw new UsageError(message, hint?.replace(/^\(|\)$/g, '') ?? `${command} shows what there is`);
}
