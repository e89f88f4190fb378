/** Talks Telnet: answers option negotiation, keeps what is shown, and tells prompts apart (RFC 854, RFC 855). */
import type { Duplex } from 'node:stream';
import { StreamReader } from './stream-reader.ts';

const IAC = 255;
const DONT = 254;
const DO = 253;
const WONT = 252;
const WILL = 251;
const SB = 250;
const SE = 240;
/** Options that a plain terminal takes from a server: echo and suppress-go-ahead. */
const WELCOME: readonly number[] = [1, 3];
/** ENCRYPT (RFC 2946) and START_TLS. */
const ENCRYPTION: readonly number[] = [38, 46];
/** Milliseconds of silence after a question for a name or a password. */
const ASKED = 60;
/** Screen text kept; older text is forgotten. */
const SCREEN = 65_536;

export type TelnetPrompt = 'login' | 'password' | 'shell' | 'none';

type State = 'data' | 'iac' | 'option' | 'sub' | 'sub-iac';

/** A Telnet client that negotiates as little as it can. */
export class TelnetSession {
  readonly #stream: Duplex;
  readonly #reader: StreamReader;
  #state: State = 'data';
  #verb = 0;
  readonly #answered = new Set<number>();
  #screen = '';
  /** Whether any option was negotiated. */
  negotiates = false;
  #encryption = false;

  constructor(stream: Duplex, options: { readonly lifetime?: number } = {}) {
    this.#stream = stream;
    this.#reader = new StreamReader(stream, { buffered: 65_536, lifetime: options.lifetime ?? 20_000 });
  }

  /** All text shown so far, at most the last 64 kB. */
  get screen(): string {
    return this.#screen;
  }
  get closed(): boolean {
    return this.#reader.finished;
  }
  get left(): number {
    return this.#reader.left;
  }

  /** Whether the server offered to encrypt. */
  offersEncryption(): boolean {
    return this.#encryption;
  }

  send(line: string): void {
    const bytes = Buffer.from(line, 'latin1');
    this.#stream.write(bytes.includes(IAC) ? doubled(bytes) : bytes);
  }

  /**
   * Reads until a prompt stands last and nothing more comes for `quiet` ms, or `most` ms have passed. Gives the new text.
   * A question for a name or a password is seldom the end of something else; a sign that a shell would show often is.
   */
  async settle(most: number, quiet = 150): Promise<string> {
    const end = Date.now() + most;
    let shown = '';
    while (Date.now() < end && !this.closed && this.left > 0) {
      const prompt = promptOf(shown);
      const prompted = prompt !== 'none';
      const rest = prompt === 'shell' ? quiet : Math.min(quiet, ASKED);
      const bytes = await this.#reader.burst(prompted ? rest : Math.max(1, end - Date.now()), 20, 16_384);
      if (bytes.length === 0 && prompted) break;
      shown += this.#take(bytes);
      if (shown.length > SCREEN) break;
    }
    this.#screen = (this.#screen + shown).slice(-SCREEN);
    return shown;
  }

  #take(bytes: Uint8Array): string {
    let text = '';
    for (const byte of bytes) {
      if (this.#state === 'data') {
        if (byte === IAC) this.#state = 'iac';
        else text += String.fromCharCode(byte);
      } else if (this.#state === 'iac') {
        if (byte === IAC) text += '\xff';
        this.#state = this.#command(byte);
      } else if (this.#state === 'option') {
        this.#answer(this.#verb, byte);
        this.#state = 'data';
      } else if (this.#state === 'sub') {
        if (byte === IAC) this.#state = 'sub-iac';
      } else {
        this.#state = byte === SE ? 'data' : 'sub';
      }
    }
    return text;
  }

  #command(byte: number): State {
    if (byte === SB) return 'sub';
    if (byte < WILL || byte > DONT) return 'data';
    this.#verb = byte;
    return 'option';
  }

  /** Each request is answered once, so that no peer can keep two machines negotiating for ever. */
  #answer(verb: number, option: number): void {
    this.negotiates = true;
    if (ENCRYPTION.includes(option)) this.#encryption = true;
    const key = verb * 256 + option;
    if (this.#answered.has(key) || this.#stream.destroyed) return;
    this.#answered.add(key);
    if (verb === WILL) this.#stream.write(Buffer.of(IAC, WELCOME.includes(option) ? DO : DONT, option));
    if (verb === DO) this.#stream.write(Buffer.of(IAC, option === 3 ? WILL : WONT, option));
  }
}

const doubled = (bytes: Buffer): Buffer =>
  Buffer.from([...bytes].flatMap((byte) => (byte === IAC ? [IAC, IAC] : [byte])));

/** Prompts in the languages that devices are sold in, a full-width colon among what ends them. */
const PASSWORD =
  /(password|passcode|passwd|passphrase|passwort|kennwort|pin|mot de passe|contraseña|contrasena|senha|palavra-passe|parola|wachtwoord|lösenord|adgangskode|salasana|hasło|haslo|heslo|jelszó|пароль|şifre|密码|密碼|口令|パスワード|암호|비밀번호|mật khẩu)\s*[:>：]?$/;
const LOGIN =
  /(login|username|user name|user|account|benutzer|benutzername|utilisateur|identifiant|usuario|usuário|utente|gebruiker|användarnamn|brugernavn|użytkownik|uživatel|логин|пользователь|имя пользователя|用户名|用戶名|帐号|账号|ユーザー名|사용자)( name)?\s*[:>：]$/;

/** The screen holds bytes; most devices mean UTF-8 by them. */
function readable(line: string): string {
  const bytes = Buffer.from(line, 'latin1');
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? line : text;
}

/** What the last line of a screen asks for. */
export function promptOf(screen: string): TelnetPrompt {
  const line = lastLine(screen);
  if (line.length === 0 || line.length > 120) return 'none';
  const lower = readable(line).toLowerCase();
  if (PASSWORD.test(lower)) return 'password';
  if (LOGIN.test(lower)) return 'login';
  return /[#$%>]$/.test(line) ? 'shell' : 'none';
}

/** The text after an escape sequence's letter; the first piece has none before it. */
const uncoloured = (piece: string, index: number): string =>
  index === 0 ? piece : piece.replace(/^[0-9;?]*[A-Za-z]/, '');

/** The last line of a screen without colours and trailing blanks. */
export function lastLine(screen: string): string {
  const tail = screen.slice(-400);
  const line = tail.slice(Math.max(tail.lastIndexOf('\n'), tail.lastIndexOf('\r')) + 1);
  return line.split('\u001b[').map(uncoloured).join('').trim();
}
