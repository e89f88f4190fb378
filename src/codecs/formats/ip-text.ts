/** Whether a text is an IP address, without the network modules of Node. */

const FOUR = /^(25[0-5]|2[0-4]\d|1?\d{1,2})(\.(25[0-5]|2[0-4]\d|1?\d{1,2})){3}$/;

/** IPv4 in dotted form, or anything with a colon that holds hexadecimal groups only (a host name has no colon). */
export const isIP = (text: string): boolean => FOUR.test(text) || /^[0-9a-f:.]*:[0-9a-f:.]*(%\w{1,16})?$/i.test(text);
