/** The Telnet server of the demo device: negotiates, asks for a login, and takes root/root. */
import { createServer, type Server, type Socket } from 'node:net';

const IAC_WILL_ECHO = Buffer.from([255, 251, 1]);
const IAC_WILL_SUPPRESS = Buffer.from([255, 251, 3]);
const IAC_DO_WINDOW = Buffer.from([255, 253, 31]);

type State = { step: 'user' | 'password' | 'shell'; user: string; line: string };

/** Telnet on its usual terms: three options offered, a login prompt, a shell that knows `id` and `exit`. */
export function telnet(accounts: { readonly [user: string]: string }): Server {
  return createServer((socket) => {
    const state: State = { step: 'user', user: '', line: '' };
    socket.on('error', () => socket.destroy());
    socket.write(Buffer.concat([IAC_WILL_ECHO, IAC_WILL_SUPPRESS, IAC_DO_WINDOW]));
    socket.write('\r\nDemoCam 1.0.3\r\n\r\ndemocam login: ');
    socket.on('data', (bytes: Buffer) => {
      for (const character of withoutCommands(bytes)) read(socket, state, character, accounts);
    });
  });
}

/** Leaves out IAC commands (RFC 854). */
function* withoutCommands(bytes: Buffer): Generator<string> {
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (byte === 255) at += commandLength(bytes, at);
    else {
      yield String.fromCharCode(byte);
      at += 1;
    }
  }
}

/** Two bytes, three for WILL WONT DO DONT, to IAC SE for SB. */
function commandLength(bytes: Buffer, at: number): number {
  const command = bytes[at + 1] ?? 0;
  if (command === 250) {
    const end = bytes.indexOf(Buffer.from([255, 240]), at);
    return end < 0 ? bytes.length - at : end + 2 - at;
  }
  return command >= 251 && command <= 254 ? 3 : 2;
}

function read(socket: Socket, state: State, character: string, accounts: { readonly [user: string]: string }): void {
  if (character === '\0' || (character === '\n' && state.line === '')) return;
  if (character !== '\r' && character !== '\n') {
    if (state.line.length < 256) state.line += character;
    return;
  }
  const line = state.line;
  state.line = '';
  if (state.step === 'user') {
    state.user = line;
    state.step = 'password';
    socket.write('\r\nPassword: ');
  } else if (state.step === 'password') login(socket, state, accounts[state.user] === line);
  else command(socket, line);
}

function login(socket: Socket, state: State, taken: boolean): void {
  state.step = taken ? 'shell' : 'user';
  socket.write(taken ? '\r\n# ' : '\r\nLogin incorrect\r\ndemocam login: ');
}

function command(socket: Socket, line: string): void {
  if (line.trim() === 'exit') socket.end();
  else
    socket.write(
      line.trim() === 'id'
        ? '\r\nuid=0(root) gid=0(root)\r\n# '
        : `\r\n${line.trim() === '' ? '' : `sh: ${line.trim()}: not found\r\n`}# `,
    );
}
