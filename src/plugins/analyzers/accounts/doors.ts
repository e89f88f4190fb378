/** Through what an account of an image may be logged in to: services and consoles that ask for a password. */
import type { Fact } from '../../../core/model/fact.ts';
import type { AnalyzerContext } from '../../../core/model/gatherer.ts';
import { bootConsole, serviceStart } from '../../../facts/index.ts';

export type Door = 'yes' | 'no' | 'unknown';
export interface Doors {
  /** Something that takes a password of the system: Telnet, SSH, FTP, a login on a console. */
  readonly system: Door;
  /** The same for an empty password, which SSH servers refuse unless told otherwise. */
  readonly empty: Door;
  readonly web: Door;
  readonly mqtt: Door;
  readonly files: Door;
}

type Start = Fact<{
  readonly kind: string;
  readonly started: string;
  readonly loginless: boolean;
  readonly command: string;
  readonly program: string;
}>;

/** The doors of one root; what was not wholly seen is `unknown` where it is not `yes`. */
export function doorsOf(root: string | undefined, context: AnalyzerContext): Doors {
  const inRoot = (fact: Fact): boolean =>
    fact.subject.kind === 'file' && (root === undefined || fact.subject.path.startsWith(root));
  const starts = context.facts.of(serviceStart).filter(inRoot);
  const consoles = context.facts.of(bootConsole).filter(inRoot);
  // Both were looked for before this analyzer finishes (it consumes them); a part not seen is a gap by now.
  const whole = [serviceStart, bootConsole].every(
    (type) => context.facts.coverage(type.name, 'root-file-system').gaps.length === 0,
  );
  const shut: Door = whole ? 'no' : 'unknown';
  const through = (chosen: readonly Start[]): Door =>
    best(
      chosen.map(({ data }) => opened(data.started)),
      shut,
    );
  const ofKinds = (...kinds: readonly string[]): readonly Start[] =>
    starts.filter(({ data }) => kinds.includes(data.kind) && !data.loginless);
  const logins = consoles
    .filter(({ data }) => data.login !== 'none')
    .map(({ data }): Door => (data.login === 'unknown' ? 'unknown' : opened(data.started)));
  // A web server may ask the system's own passwords, and so may what listens and is of no known kind.
  const perhaps = ofKinds('http', 'unknown')
    .filter(({ data }) => data.started !== 'never')
    .map((): Door => 'unknown');
  const blank = ofKinds('ssh').filter(({ data }) => /\s-\w*B/.test(data.command));
  // sshd asks its configuration, and OpenWrt's dropbear lets root in with an empty password whatever its options say.
  const ssh = ofKinds('ssh')
    .filter(({ data }) => data.started !== 'never')
    .map((): Door => 'unknown');
  return {
    system: best([through(ofKinds('telnet', 'ssh', 'ftp', 'remote-shell')), ...logins, ...perhaps], shut),
    empty: best(
      [through(ofKinds('telnet', 'ftp', 'remote-shell')), through(blank), ...ssh, ...logins, ...perhaps],
      shut,
    ),
    web: through(ofKinds('http')),
    mqtt: through(ofKinds('mqtt')),
    files: through(ofKinds('smb')),
  };
}

const opened = (started: string): Door => (started === 'always' ? 'yes' : started === 'never' ? 'no' : 'unknown');

function best(doors: readonly Door[], otherwise: Door): Door {
  if (doors.includes('yes')) return 'yes';
  return doors.includes('unknown') ? 'unknown' : otherwise;
}
