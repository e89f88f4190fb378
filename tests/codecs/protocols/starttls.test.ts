/** TLS in the middle of a session: each protocol's request, its refusal, and a stream on which nothing of TLS was taken away. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startTls, UPGRADABLE } from '../../../src/codecs/protocols/starttls.ts';
import { listen } from '../../support/peers.ts';

/** What a server says first, and what it answers in turn. */
interface Script {
  readonly greeting: string;
  readonly asks: readonly string[];
  readonly answers: readonly string[];
}

/** Talks to such a server; `after` is what comes on the stream once TLS was granted. */
async function talk(protocol: string, script: Script): Promise<{ readonly heard: readonly string[]; after: string }> {
  const heard: string[] = [];
  const peer = await listen((socket: Socket) => {
    if (script.greeting !== '') socket.write(script.greeting);
    socket.on('data', (bytes) => {
      heard.push(bytes.toString('latin1'));
      const answer = script.answers[heard.length - 1];
      if (answer === undefined) socket.write('server hello');
      else socket.write(Buffer.from(answer, 'latin1'));
    });
  });
  const stream = connect(peer.port, '127.0.0.1');
  try {
    await startTls(stream, protocol);
    stream.write('client hello');
    stream.resume();
    const [after] = (await once(stream, 'data')) as [Buffer];
    return { heard, after: after.toString('latin1') };
  } finally {
    stream.destroy();
    await peer.stop();
  }
}

const SCRIPTS: { readonly [protocol: string]: { readonly granted: Script; readonly refused: Script } } = {
  ftp: {
    granted: { greeting: '220 hello\r\n', asks: ['AUTH TLS\r\n'], answers: ['234 go on\r\n'] },
    refused: { greeting: '220 hello\r\n', asks: ['AUTH TLS\r\n'], answers: ['500 what?\r\n'] },
  },
  smtp: {
    granted: {
      greeting: '220-mail\r\n220 ready\r\n',
      asks: ['EHLO assay.invalid\r\n', 'STARTTLS\r\n'],
      answers: ['250-mail\r\n250-STARTTLS\r\n250 HELP\r\n', '220 go on\r\n'],
    },
    refused: { greeting: '220 mail\r\n', asks: ['EHLO assay.invalid\r\n'], answers: ['250-mail\r\n250 HELP\r\n'] },
  },
  imap: {
    granted: { greeting: '* OK hello\r\n', asks: ['assay STARTTLS\r\n'], answers: ['* x\r\nassay OK begin\r\n'] },
    refused: { greeting: '* OK hello\r\n', asks: ['assay STARTTLS\r\n'], answers: ['assay BAD what?\r\n'] },
  },
  pop3: {
    granted: { greeting: '+OK hello\r\n', asks: ['STLS\r\n'], answers: ['+OK begin\r\n'] },
    refused: { greeting: '+OK hello\r\n', asks: ['STLS\r\n'], answers: ['-ERR what?\r\n'] },
  },
  ldap: {
    granted: {
      greeting: '',
      asks: [expect.stringContaining('1.3.6.1.4.1.1466.20037')],
      answers: ['0\x0c\x02\x01\x01x\x07\n\x01\0\x04\0\x04\0'],
    },
    refused: {
      greeting: '',
      asks: [expect.stringContaining('1.3.6.1.4.1.1466.20037')],
      answers: ['0\x0c\x02\x01\x01x\x07\n\x01\x02\x04\0\x04\0'],
    },
  },
  postgresql: {
    granted: { greeting: '', asks: ['\0\0\0\x08\x04\xd2\x16\x2f'], answers: ['S'] },
    refused: { greeting: '', asks: ['\0\0\0\x08\x04\xd2\x16\x2f'], answers: ['N'] },
  },
};

test('every protocol that may be upgraded is told here', () => {
  expect(Object.keys(SCRIPTS)).toEqual(UPGRADABLE);
});

describe.each(Object.entries(SCRIPTS))('%s', (protocol, { granted, refused }) => {
  test('TLS is asked for, and what comes after it is left on the stream', async () => {
    const { heard, after } = await talk(protocol, granted);
    expect(heard).toEqual([...granted.asks, 'client hello']);
    expect(after).toBe('server hello');
  });
  test('a refusal is no TLS, for good', async () => {
    await expect(talk(protocol, refused)).rejects.toMatchObject({ fault: { kind: 'unsupported' } });
  });
  test('noise and silence end in a fault', async () => {
    const noise = { greeting: 'x'.repeat(9000), asks: [], answers: ['y'.repeat(9000), 'z'] };
    await expect(talk(protocol, noise)).rejects.toHaveProperty('fault');
  }, 30_000);
});

test('a mail server that is busy is not one without TLS', async () => {
  const busy = { greeting: '421 too many\r\n', asks: [], answers: [] };
  await expect(talk('smtp', busy)).rejects.toMatchObject({ fault: { kind: 'refused' } });
});

describe('an answer that is neither yes nor no was no refusal', () => {
  test.each<[string, string, Script]>([
    ['smtp', 'refused', { greeting: '554 go away\r\n', asks: [], answers: ['503 what?\r\n'] }],
    ['smtp', 'refused', { greeting: '220 mail\r\n', asks: [], answers: ['550 no such name\r\n'] }],
    ['smtp', 'malformed', { greeting: '220 mail\r\n', asks: [], answers: ['250 STARTTLS\r\n', '250 hm\r\n'] }],
    ['imap', 'malformed', { greeting: '* OK hello\r\n', asks: [], answers: ['assay hm\r\n'] }],
    ['pop3', 'malformed', { greeting: '+OK hello\r\n', asks: [], answers: ['hm\r\n'] }],
    ['postgresql', 'malformed', { greeting: '', asks: [], answers: ['EFATAL'] }],
    ['ldap', 'malformed', { greeting: '', asks: [], answers: ['hm'] }],
    ['ldap', 'refused', { greeting: '', asks: [], answers: ['0\x0c\x02\x01\x01x\x07\n\x01\x34\x04\0\x04\0'] }],
    ['ldap', 'malformed', { greeting: '', asks: [], answers: ['0\x0c\x02\x01\x01x'] }],
  ])('%s: %s', async (protocol, kind, script) => {
    await expect(talk(protocol, script)).rejects.toMatchObject({ fault: { kind } });
  });
  test('a directory that says nothing', async () => {
    const silent = { greeting: '', asks: [], answers: [''] };
    await expect(talk('ldap', silent)).rejects.toMatchObject({ fault: { kind: 'timeout' } });
  }, 20_000);
  test('a directory that writes lengths in four bytes (Active Directory) refuses', async () => {
    const refused = '0\x84\0\0\0\x10\x02\x01\x01x\x84\0\0\0\x07\n\x01\x02\x04\0\x04\0';
    const script = { greeting: '', asks: [], answers: [refused] };
    await expect(talk('ldap', script)).rejects.toMatchObject({ fault: { kind: 'unsupported' } });
  });
});

test('what a server says at length stands in the fault on one short line', async () => {
  const long = `${'421-\x1b[31mno\r\n'.repeat(90)}421 no\r\n`;
  await expect(talk('smtp', { greeting: long, asks: [], answers: [] })).rejects.toSatisfy(
    ({ message }: Error) => message.length < 150 && !message.includes('\x1b'),
  );
});
