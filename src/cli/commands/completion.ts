/** `assay completion`: a script for bash, zsh or fish that completes commands, options, their values, and files. */
import { nearest } from '../../core/baseline/nearest.ts';
import { DEVICE_STATES } from '../../core/model/target.ts';
import { PACES } from '../../core/network/pace.ts';
import { UsageError } from '../../lib/fault.ts';
import type { Call, CommandShape } from '../call.ts';
import { exporters, library, reporters } from '../compose.ts';
import { EXIT, FAIL_ON } from '../exit-code.ts';

/** Words that an option or an argument can take; files where there are none. */
type Words = { readonly [name: string]: readonly string[] };

const SHELLS: { readonly [shell: string]: (commands: readonly CommandShape[], words: Words) => string } = {
  bash,
  zsh,
  fish,
};
const LISTS = ['baselines', 'controls', 'checks', 'facts', 'gatherers', 'unpackers', 'formats'];

export async function run({ arguments: [shell = ''], io, commands }: Call): Promise<number> {
  const write = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (write === undefined)
    throw new UsageError(
      `there is no completion for '${shell}'`,
      nearest(shell, Object.keys(SHELLS)) ?? `shells: ${Object.keys(SHELLS).join(', ')}`,
    );
  io.out(write(commands, await wordsOf()));
  return EXIT.good;
}

async function wordsOf(): Promise<Words> {
  const { assets } = await library();
  const formats = [...(await reporters()), ...(await exporters())].map(({ id }) => id);
  return {
    '--baseline': [...new Set(assets.filter(({ kind }) => kind === 'baseline').map(({ id }) => id))].toSorted(),
    '--report': formats,
    '--pace': PACES,
    '--state': DEVICE_STATES,
    '--fail-on': FAIL_ON,
    '--ports': ['default', 'all'],
    list: LISTS,
    completion: Object.keys(SHELLS),
  };
}

const flagsOf = ({ options }: CommandShape): readonly string[] => options.map(({ flag }) => flag);

function bash(commands: readonly CommandShape[], words: Words): string {
  const values = Object.entries(words)
    .filter(([name]) => name.startsWith('--'))
    .map(([name, list]) => `    ${name}) COMPREPLY=($(compgen -W '${list.join(' ')}' -- "$current")); return ;;`);
  const first = commands.map(
    (command) => `    ${command.name}) words='${[...flagsOf(command), ...(words[command.name] ?? [])].join(' ')}' ;;`,
  );
  return `# bash completion for assay: source <(assay completion bash)
_assay() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} help' -- "$current"))
    return
  fi
  case "$previous" in
${values.join('\n')}
  esac
  case "\${COMP_WORDS[1]}" in
${first.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _assay assay
`;
}

/** A text inside zsh's single quotes, with what its completion grammar gives a meaning escaped. */
const forZsh = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&').replace(/'/g, `'\\''`);

function zsh(commands: readonly CommandShape[], words: Words): string {
  const names = commands.map(({ name, summary }) => `    '${name}:${forZsh(summary)}'`);
  const cases = commands.map((command) => {
    const options = command.options.map(({ flag, takesValue, summary }) => {
      const list = words[flag];
      const value = list === undefined ? ':file:_files' : `:value:(${list.join(' ')})`;
      return `        '*${flag}[${forZsh(summary)}]${takesValue ? value : ''}'`;
    });
    const list = words[command.name];
    const rest = list === undefined ? `'*:file:_files'` : `'1:what:(${list.join(' ')})'`;
    return `      ${command.name})\n        _arguments \\\n${[...options, `        ${rest}`].join(' \\\n')} ;;`;
  });
  return `#compdef assay
# zsh completion for assay: source <(assay completion zsh), or as _assay on the fpath
_assay() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _assay ]; then _assay "$@"; else compdef _assay assay; fi
`;
}

const forFish = (text: string): string => text.replace(/[\\']/g, '\\$&');

function fish(commands: readonly CommandShape[], words: Words): string {
  const lines = commands.flatMap(({ name, summary, options }) => {
    const inside = `-n '__fish_seen_subcommand_from ${name}'`;
    const list = words[name];
    return [
      `complete -c assay -n __fish_use_subcommand -a ${name} -d '${forFish(summary)}'`,
      ...(list === undefined ? [] : [`complete -c assay ${inside} -f -a '${list.join(' ')}'`]),
      ...options.map(({ flag, takesValue, summary: what }) => {
        const values = words[flag];
        const takes = values === undefined ? '-r -F' : `-x -a '${values.join(' ')}'`;
        return `complete -c assay ${inside} -l ${flag.slice(2)}${takesValue ? ` ${takes}` : ''} -d '${forFish(what)}'`;
      }),
    ];
  });
  return `# fish completion for assay: assay completion fish | source
complete -c assay -n __fish_use_subcommand -f
${lines.join('\n')}
`;
}
