/** Who a script lets in that sits on a console in the place of a getty: OpenWrt's `login.sh` and its like. */
import type { Console } from './inittab.ts';

/** `text` of the script, `system` of /etc/config/system; undefined where the script says nothing that is understood. */
export function loginByScript(text: string | undefined, system: string | undefined): Console['login'] | undefined {
  if (text === undefined) return undefined;
  const live = text.replace(/^[ \t]*#.*$/gm, '');
  const shell = /\bexec\s+(\/\S*\/)?(ba|da|a)?sh\b|^[ \t]*(\/\S{0,40}\/)?(ba|da|a)?sh[ \t]*;?[ \t]*$/m.test(live);
  const login = /\bexec\s+(\/\S*\/)?login\b|^[ \t]*(\/\S{0,40}\/)?login[ \t]*;?[ \t]*$/m.test(live);
  if (!shell && !login) return undefined;
  if (shell && login && live.includes('ttylogin')) {
    // Without the option, or without the file, which the first boot writes, the shell it is (base-files, config_generate).
    return /^[ \t]*option[ \t]+["']?ttylogin["']?[ \t]+["']?1/m.test(system ?? '') ? 'password' : 'none';
  }
  if (shell === login) return 'unknown';
  return login ? 'password' : /\b(grep|if|case|\[)/.test(live) ? 'unknown' : 'none';
}
