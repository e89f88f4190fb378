/** Tells whether the Home Network Administration Protocol answers without a login. */
import type { Probe } from '../../../core/model/gatherer.ts';
import { httpHnap, httpService, netService } from '../../../facts/index.ts';
import { ask, httpEndpoints, textOf } from './pages.ts';
import { redirectsOnly } from './redirecting.ts';

export const httpHnapProbe: Probe = {
  id: 'http/hnap',
  title: 'HNAP without login',
  method: 'TEST',
  intrusion: 'safe',
  consumes: [netService, httpService],
  produces: [httpHnap],
  subjects: httpEndpoints,
  async observe(subject, context) {
    if (subject.kind !== 'endpoint' || redirectsOnly(context.facts, subject)) return;
    const reply = await ask(subject, context, '/HNAP1/');
    const xml = textOf(reply).slice(0, 65_536);
    const answers = reply.status === 200 && /<GetDeviceSettingsResponse|purenetworks\.com\/HNAP1/i.test(xml);
    const model = /<ModelName>([^<]{1,100})/i.exec(xml)?.[1];
    const actions = [...xml.matchAll(/HNAP1\/(\w{1,60})</gi)].slice(0, 100).map(([, action]) => action ?? '');
    const grounds = {
      where: `GET /HNAP1/ ${reply.status}`,
      ...(answers ? { evidence: [context.keep(reply.body, 'text/xml')] } : {}),
    };
    context.emit(
      httpHnap,
      { answers, actions: answers ? actions : [], ...(answers && model !== undefined ? { model } : {}) },
      grounds,
    );
  },
};
