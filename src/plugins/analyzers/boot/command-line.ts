/** What a kernel command line says: consoles, what it weakens, dm-verity (Documentation/admin-guide/kernel-parameters). */

export interface CommandLine {
  readonly text: string;
  readonly source: string;
  readonly consoles: readonly string[];
  readonly readOnlyRoot: 'yes' | 'no' | 'unknown';
  readonly weakens: readonly string[];
  readonly verity: boolean;
}

const WEAKENS =
  /^((rd)?init=\/(usr\/)?s?bin\/(\w{0,4}sh|busybox)|single|1|S|emergency|rescue|systemd\.unit=(rescue|emergency)\.target|systemd\.debug[-_]shell(=(1|yes|true|on|tty\w+))?|rd\.(break|shell)(=\S+)?|nokaslr|mitigations=off|pti=off|nopti|nospectre_v[12]|spectre_v2=off|lockdown=none|iomem=relaxed|selinux=0|enforcing=0|androidboot\.selinux=permissive|apparmor=0|ima_appraise=(off|log)|nosmep|nosmap|noexec=off|kgdboc=\S+|kgdbwait|androidboot\.veritymode=disabled|module\.sig_enforce=0)$/;

export function commandLineOf(line: string, source: string): CommandLine {
  const words = line.split(/\s+/).slice(0, 500);
  // The kernel takes the last of the two (init/do_mounts.c).
  const last = words.findLast((word) => word === 'ro' || word === 'rw');
  return {
    text: line.slice(0, 1000),
    source,
    consoles: words
      .filter((word) => word.startsWith('console='))
      .map((word) => word.slice(8))
      .slice(0, 8),
    readOnlyRoot: last === undefined ? 'unknown' : last === 'ro' ? 'yes' : 'no',
    weakens: words
      .map((word) => word.replace(/^["']|["']$/g, ''))
      .filter((word) => WEAKENS.test(word))
      .slice(0, 10),
    verity: /\bdm-?verity|dm-mod\.create=|\bdm="|root=\/dev\/dm-|roothash=|systemd\.verity/.test(line),
  };
}
