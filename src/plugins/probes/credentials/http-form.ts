/** Tries known default logins on HTML login forms; success is two-sided: the login page shows no form to the session, and did to a random login. */
import {
  asksNewPassword,
  asksPassword,
  fillLoginForm,
  findLoginForm,
  isLibrary,
  type LoginForm,
  scriptsOf,
  sendsByItself,
} from '../../../codecs/formats/login-form.ts';
import type { ProbeContext } from '../../../core/model/gatherer.ts';
import type { HttpReply } from '../../../core/model/network.ts';
import type { SubjectOf } from '../../../core/model/target.ts';
import { FaultError } from '../../../lib/fault.ts';
import { credentialProbe, type Judgement, oneByOne, speaksOfLockOut } from './doors.ts';
import { askPage, type HttpSurface, pathWithin } from './http-shared.ts';

export const credentialsHttpForm = credentialProbe({
  id: 'credentials/http-form',
  title: 'Default logins on HTML forms',
  protocol: 'http-form',
  nameless: async (endpoint, surface, context) => {
    const form = await new FormVisit(endpoint, surface, context).form();
    return form !== undefined && form.userField === undefined;
  },
  open: (endpoint, surface, context) => {
    const visit = new FormVisit(endpoint, surface, context);
    return {
      protocol: 'http-form',
      width: 4,
      doubt: () => visit.doubt(),
      knock: (account, passwords) => oneByOne(passwords, (password) => visit.login(account, password)),
    };
  },
});

/** Scripts of a login page that are read. */
const MOST_SCRIPTS = 6;

const textOf = (reply: HttpReply): string => Buffer.from(reply.body).toString('utf8');

const refusalOf = (reply: HttpReply): Judgement =>
  speaksOfLockOut(textOf(reply))
    ? { outcome: 'locked', signal: 'lock-out' }
    : { outcome: 'refused', milliseconds: reply.milliseconds };

class FormVisit {
  readonly #endpoint: SubjectOf<'endpoint'>;
  readonly #surface: HttpSurface;
  readonly #context: ProbeContext;
  constructor(endpoint: SubjectOf<'endpoint'>, surface: HttpSurface, context: ProbeContext) {
    this.#endpoint = endpoint;
    this.#surface = surface;
    this.#context = context;
  }

  async form(): Promise<LoginForm | undefined> {
    return findLoginForm(textOf(await this.#get(this.#surface.path, new Map())));
  }

  /** What shows that the page itself would send something else than its fields as they stand. */
  async doubt(): Promise<string | undefined> {
    const html = textOf(await this.#get(this.#surface.path, new Map()));
    const form = await findLoginForm(html);
    if (form?.scripted !== undefined) return form.scripted;
    const { sources } = await scriptsOf(html);
    for (const source of sources.filter((one) => !isLibrary(one)).slice(0, MOST_SCRIPTS)) {
      const word = await this.#wordIn(source);
      if (word !== undefined) return `${source.slice(0, 80)} ${word}`;
    }
    return undefined;
  }

  async #wordIn(source: string): Promise<string | undefined> {
    try {
      const script = await this.#get(pathWithin(source, this.#surface.path, this.#endpoint), new Map());
      const word = script.status === 200 ? sendsByItself(textOf(script)) : undefined;
      return word === undefined ? undefined : `speaks of "${word}"`;
    } catch (thrown) {
      if (!(thrown instanceof FaultError) || thrown.fault.kind === 'stopped') throw thrown;
      return 'was not seen';
    }
  }

  async login(account: string, password: string): Promise<Judgement> {
    const cookies = new Map<string, string>();
    const page = await this.#get(this.#surface.path, cookies);
    if (page.status === 429) return { outcome: 'locked', signal: 'status-429' };
    const form = await findLoginForm(textOf(page));
    if (form === undefined) {
      if (speaksOfLockOut(textOf(page))) return { outcome: 'locked', signal: 'lock-out' };
      throw new FaultError('unsupported', `no login form that can be filled in at ${this.#surface.path}`);
    }
    const reply = await this.#follow(await this.#submit(form, account, password, cookies), cookies);
    if (reply.status === 429 || reply.status === 423) return { outcome: 'locked', signal: 'status-429' };
    return this.#judge(reply, cookies);
  }

  /** Inside is who gets a page, and for whom the login page no longer asks for a password. */
  async #judge(reply: HttpReply, cookies: Map<string, string>): Promise<Judgement> {
    if (await asksNewPassword(textOf(reply)))
      return { outcome: 'accepted', proof: 'a form to choose a new password', forcedChange: 'seen' };
    if (reply.status >= 400 || (await asksPassword(textOf(reply)))) return refusalOf(reply);
    const again = await this.#follow(await this.#get(this.#surface.path, cookies), cookies);
    if (again.status >= 400 || (await asksPassword(textOf(again))))
      return { outcome: 'refused', milliseconds: reply.milliseconds };
    return {
      outcome: 'accepted',
      proof: `${this.#surface.path} shows no login form any more`,
      forcedChange: 'not-seen',
    };
  }

  #submit(form: LoginForm, account: string, password: string, cookies: Map<string, string>): Promise<HttpReply> {
    const path = pathWithin(form.action, this.#surface.path, this.#endpoint);
    const fields = fillLoginForm(form, account, password);
    if (form.method === 'GET') return this.#get(`${path.split('?')[0] ?? path}?${fields}`, cookies);
    return this.#ask(path, cookies, { method: 'POST', body: fields, type: 'application/x-www-form-urlencoded' });
  }

  /** Redirects on the same endpoint, at most three. */
  async #follow(first: HttpReply, cookies: Map<string, string>): Promise<HttpReply> {
    let reply = first;
    for (let hops = 0; hops < 3 && reply.status >= 300 && reply.status < 400; hops += 1) {
      const location = reply.headers['location']?.[0];
      if (location === undefined) break;
      reply = await this.#get(pathWithin(location, this.#surface.path, this.#endpoint), cookies);
    }
    return reply;
  }

  #get(path: string, cookies: Map<string, string>): Promise<HttpReply> {
    return this.#ask(path, cookies, {});
  }

  async #ask(
    path: string,
    cookies: Map<string, string>,
    sent: { readonly method?: string; readonly body?: string; readonly type?: string },
  ): Promise<HttpReply> {
    const jar = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await askPage(this.#endpoint, { ...this.#surface, path }, this.#context, {
      ...(sent.method === undefined ? {} : { method: sent.method }),
      ...(sent.body === undefined ? {} : { body: sent.body }),
      headers: {
        ...(jar === '' ? {} : { cookie: jar }),
        ...(sent.type === undefined ? {} : { 'content-type': sent.type }),
      },
    });
    for (const line of (reply.headers['set-cookie'] ?? []).slice(0, 50)) {
      const pair = line.split(';')[0] ?? '';
      const equals = pair.indexOf('=');
      if (equals > 0) cookies.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
    }
    return reply;
  }
}
