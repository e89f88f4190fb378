/** Finds the login form of an HTML page and fills it in; tells where a script does that in the page's stead. */
import type { CheerioAPI } from 'cheerio';

export interface LoginForm {
  readonly action: string;
  readonly method: 'GET' | 'POST';
  readonly userField?: string;
  readonly passwordField: string;
  /** Hidden and preset fields, sent back as they came (anti-forgery tokens among them). */
  readonly others: readonly (readonly [name: string, value: string])[];
  /** What shows that a script sends the form, or changes what is sent: what a plain answer to it is refused for is unknown. */
  readonly scripted?: string;
}

const MOST_FIELDS = 100;
const MOST_SCRIPTS = 20;

/** The first form with exactly one password field; two or more are a change of password, not a login. */
export async function findLoginForm(html: string): Promise<LoginForm | undefined> {
  const $ = (await import('cheerio')).load(html.slice(0, 1_048_576));
  for (const element of $('form').toArray().slice(0, 20)) {
    const form = $(element);
    const passwords = form.find('input[type=password i]');
    if (passwords.length === 1) return formOf($, form, passwords.attr('name') ?? '');
  }
  return undefined;
}

/** Whether a page shows a password field at all, inside a form or not. */
export async function asksPassword(html: string): Promise<boolean> {
  const $ = (await import('cheerio')).load(html.slice(0, 1_048_576));
  return $('input[type=password i]').length > 0;
}

/** Whether a page wants a new password chosen: two password fields or more. */
export async function asksNewPassword(html: string): Promise<boolean> {
  const $ = (await import('cheerio')).load(html.slice(0, 1_048_576));
  return $('input[type=password i]').length > 1;
}

export interface Scripts {
  readonly inline: string;
  /** As they stand in the page. */
  readonly sources: readonly string[];
}

/** The scripts of a page. */
export async function scriptsOf(html: string): Promise<Scripts> {
  const $ = (await import('cheerio')).load(html.slice(0, 1_048_576));
  return scriptsIn($);
}

function scriptsIn($: CheerioAPI): Scripts {
  const scripts = $('script').toArray().slice(0, MOST_SCRIPTS);
  return {
    inline: scripts.map((element) => $(element).text()).join('\n'),
    sources: scripts.flatMap((element) => $(element).attr('src') ?? []),
  };
}

/** Frames first, which stand for the page itself, then links. */
export async function linksOf(html: string): Promise<readonly string[]> {
  const $ = (await import('cheerio')).load(html.slice(0, 1_048_576));
  const values = (selector: string, name: string): readonly string[] =>
    $(selector)
      .toArray()
      .flatMap((element) => $(element).attr(name) ?? []);
  return [...new Set([...values('frame, iframe', 'src'), ...values('a', 'href')])].slice(0, 100);
}

/** Libraries that know how to send anything: what they hold says nothing of the page. */
export const isLibrary = (source: string): boolean =>
  /(jquery|bootstrap|modernizr|html5shiv|respond|polyfill|lodash|underscore)[^/]{0,40}$/i.test(source);

/** Words of a script that sends a form by itself, or turns a password into something else first. */
export function sendsByItself(script: string): string | undefined {
  const text = script.slice(0, 1_048_576);
  return /onsubmit|["']submit["']|\.submit\s{0,4}\(|\bfetch\s{0,4}\(|XMLHttpRequest|\$\.(?:ajax|post|getJSON)|axios|md5|sha-?(?:1|256|512)\b|CryptoJS|encrypt|\bbtoa\b|base64/i.exec(
    text,
  )?.[0];
}

/** Words of a script that makes a field for a password, or sends one. */
export const speaksOfPasswords = (script: string): boolean =>
  /passw(?:or)?d|passwort|passphrase|["']pwd["']/i.test(script.slice(0, 1_048_576));

type Selection = ReturnType<CheerioAPI>;

function scriptedBy($: CheerioAPI, form: Selection): string | undefined {
  if (form.attr('onsubmit') !== undefined) return 'the form has a handler of its own';
  if (/^\s*(?:javascript:|#)/i.test(form.attr('action') ?? '')) return 'the form leads to a script';
  const buttons = form.find('input[type=submit i], input[type=image i], button:not([type]), button[type=submit i]');
  if (buttons.is('[onclick]')) return 'its button has a handler of its own';
  if (buttons.length === 0 && form.find('[onclick], button, input[type=button i]').length > 0)
    return 'it has no button that sends it';
  const word = sendsByItself(scriptsIn($).inline);
  return word === undefined ? undefined : `a script of its page speaks of "${word}"`;
}

function formOf($: CheerioAPI, form: Selection, passwordField: string): LoginForm | undefined {
  if (passwordField === '') return undefined;
  const others: [string, string][] = [];
  let userField: string | undefined;
  for (const element of form.find('input, select, button').toArray().slice(0, MOST_FIELDS)) {
    const field = $(element);
    const name = field.attr('name') ?? '';
    const type = (field.attr('type') ?? 'text').toLowerCase();
    if (name === '' || name === passwordField || type === 'button' || type === 'reset') continue;
    const typed = field.is('input') && ['text', 'email', 'tel'].includes(type);
    if (typed && userField === undefined) userField = name;
    else if (type !== 'checkbox' && type !== 'radio') others.push([name, String(field.val() ?? '')]);
  }
  const scripted = scriptedBy($, form);
  return {
    action: form.attr('action') ?? '',
    ...(scripted === undefined ? {} : { scripted }),
    method: (form.attr('method') ?? 'get').toUpperCase() === 'POST' ? 'POST' : 'GET',
    ...(userField === undefined ? {} : { userField }),
    passwordField,
    others,
  };
}

/** The form's fields with a login, URL-encoded. */
export function fillLoginForm(form: LoginForm, user: string, password: string): string {
  const body = new URLSearchParams();
  for (const [name, value] of form.others) body.append(name, value);
  if (form.userField !== undefined) body.set(form.userField, user);
  body.set(form.passwordField, password);
  return body.toString();
}
