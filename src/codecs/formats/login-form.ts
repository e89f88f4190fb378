/** Finds the login form of an HTML page and fills it in. */
import type { CheerioAPI } from 'cheerio';

export interface LoginForm {
  readonly action: string;
  readonly method: 'GET' | 'POST';
  readonly userField?: string;
  readonly passwordField: string;
  /** Hidden and preset fields, sent back as they came (anti-forgery tokens among them). */
  readonly others: readonly (readonly [name: string, value: string])[];
}

const MOST_FIELDS = 100;

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

type Selection = ReturnType<CheerioAPI>;

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
  return {
    action: form.attr('action') ?? '',
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
