/** The real dialer for tests on loopback. */

import type { Dialer } from '../../src/core/model/network.ts';
import { createDialer } from '../../src/core/network/dialer.ts';

export const loopback = (): Dialer => createDialer({ hosts: ['127.0.0.1', '::1'], pace: 'fast', authorized: false });
