/** Hosts whose address has a zone: it is for this machine alone, and in no URL and no header (RFC 6874). */
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { hostInUrl } from '../../../../src/core/model/target.ts';
import { exchange } from '../../../../src/core/network/http.ts';
import { pathWithin } from '../../../../src/plugins/probes/credentials/http-shared.ts';
import { pathOn, targetOf } from '../../../../src/plugins/probes/http/pages.ts';
import { endpoint } from '../../../support/probe.ts';

const at = endpoint(8080, 'tcp', 'fe80::1%eth0');

test('links on such a host are followed, and those to another are not', () => {
  expect(pathOn('/login.htm', at, false)).toBe('/login.htm');
  expect(pathOn('http://[fe80::1]:8080/a', at, false)).toBe('/a');
  expect(pathOn('http://[fe80::2]:8080/a', at, false)).toBeUndefined();
  expect(targetOf('https://[fe80::1]/', at, false)?.hostname).toBe(hostInUrl(at.host));
  expect(pathWithin('in.cgi', '/web/login.htm', at)).toBe('/web/in.cgi');
});

test('the Host header names the address alone', async () => {
  let sent = '';
  const stream = new Duplex({
    read() {
      // Pushed once the request is there.
    },
    write(chunk: Buffer, _encoding, done) {
      sent += chunk.toString();
      this.push('HTTP/1.1 204 No Content\r\n\r\n');
      this.push(null);
      done();
    },
  });
  await exchange(stream, { host: at.host, port: at.port, tls: false });
  expect(sent).toContain('Host: [fe80::1]:8080\r\n');
});
