/** What a boot answers of the tests in a start script, and the loops in which start scripts go through a folder. */

export const FALSE = /^(\/bin\/)?false$/;
export const TRUE = /^(:|(\/bin\/)?true)$/;

/** Asks whether a daemon runs already: by its process, by a function named for it, or by the file of its process id. */
const RUNNING =
  /^(?:(?:\/\S{1,60}\/)?(?:pidof|pgrep)\s|kill(?:all)?\s+-0\s|(?:\w{1,40}_)?(?:is_)?(?:running|status)\s*$|\[{1,2}\s+(?:-n\s+)?"?[$`]\(?\s*(?:\/\S{1,60}\/)?(?:pidof|pgrep)\s|\[{1,2}\s+-[efs]\s+["']?(?:\$\{?\w{0,40}PID\w{0,40}\}?|\/(?:var\/|tmp\/)?run\/\S{1,80}\.pid|\/tmp\/\S{1,80}\.pid)["']?\s+\]{1,2}\s*$)/i;
const EMPTY_OF = /^\[{1,2}\s+-z\s+(?="?[$`]\(?\s*(?:\/\S{1,60}\/)?(?:pidof|pgrep)\s)/;

/** Asks whether the script was called without its argument, as nobody does who wants it to start something. */
const BARE_CALL = /^\[{1,2}\s+(?:"?\$#"?\s+(?:-lt\s+1|-eq\s+0|==?\s+"?0"?|-ne\s+1)|-z\s+"?\$1"?)\s+\]{1,2}\s*$/;

/** Start scripts are run to start, as those that switch on their argument are. */
const ARGUMENT = /^\[{1,2} *["']?x?\$\{?1\}?["']? *={1,2} *["']?x?(\w{1,20})["']? *\]{1,2}$/;
const ACTIONS = /^(start|boot|stop|restart|reload|status|shutdown)$/;
/** OpenWrt's init sets the variable when it runs what asks for it. */
const NOT_IN_PREINIT = /^\[ -z "?\$\{?PREINIT\}?"? \]$/;

/** Nothing runs yet when a start script runs at boot, which gives it its argument; undefined for every other question. */
export function atBoot(test: string): boolean | undefined {
  const action = ARGUMENT.exec(test)?.[1];
  if (action !== undefined && ACTIONS.test(action)) return /^(start|boot)$/.test(action);
  if (FALSE.test(test) || BARE_CALL.test(test) || NOT_IN_PREINIT.test(test)) return false;
  if (EMPTY_OF.test(test)) return true;
  const bare = test.replace(/^(!\s+)+/, '').replace(/^(\[{1,2}\s+)!\s+/, '$1');
  return RUNNING.test(bare) ? bare !== test : undefined;
}

/** `for i in $(find /etc/rc.d -name 'S*' | sort)` and `$(ls /etc/rc.d/S*)`: the files that it goes through, as a pattern. */
export function filesListed(list: string): string {
  const found =
    /^["']?(?:\$\(|`)\s*(?:\/\S{1,60}\/)?find\s+(\/[\w./-]{1,100}?)\/?\s[^|]{0,200}?-name\s+["']?([\w*?[\].-]{1,60})["']?/.exec(
      list,
    );
  if (found !== null) return `${found[1] ?? ''}/${found[2] ?? ''}`;
  return /^["']?(?:\$\(|`)\s*(?:\/\S{1,60}\/)?ls\s+(?:-\S+\s+)*(\/[\w./*?[\]-]{1,200})/.exec(list)?.[1] ?? list;
}

/** Labels by which a loop over start scripts tells those that it reads from those that it runs. */
export const isAnyScript = (label: string): boolean =>
  label.split('|').every((one) => /^(\*|S\*|S\?\?\*|S\[0-9\]\S*|\*\.sh|\*\/\*\.sh)$/.test(one.trim()));

/** The opposite of a condition. */
export const negated = (condition: string): string => {
  if (condition.includes(' and ')) return `not (${condition})`;
  return condition.startsWith('not ') ? condition.slice(4) : `not ${condition}`;
};

/** Conditions that must hold together. */
export const both = (one: string | undefined, other: string): string =>
  one === undefined || one === other ? other : `${one} and ${other}`.slice(0, 1000);

/** Looks that OpenWrt's own functions take at its settings: a device that is set up at all passes them. */
const LOOKS = /^failure of (?:validate_|uci_(?:load_)?validate|network_get_)/;
/** Functions that make what is missing once, and leave the start to the next boot or to themselves. */
const MAKERS = /key|cert/i;

type Blocks = readonly { readonly kind: string; readonly name?: string }[];

/** Whether an early end that hangs on the condition, in these blocks, is one that no device in use comes to. */
export const isPassed = (condition: string, blocks: Blocks): boolean =>
  LOOKS.test(condition) || MAKERS.test(blocks.find(({ kind }) => kind === 'function')?.name ?? '');
