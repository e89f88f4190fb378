/** Known weaknesses of RSA keys that their public half shows. */

/** Primes of the ROCA fingerprint (Nemec et al., 2017, §2.4): moduli of the flawed library lie in the group that 65537 makes. */
const ROCA_PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/** Whether the modulus carries the fingerprint of CVE-2017-15361; by chance once in 2^27 or less. */
export const hasRocaPrint = (modulus: bigint): boolean =>
  ROCA_PRIMES.every((prime) => {
    const wanted = Number(modulus % BigInt(prime));
    for (let power = 1, step = 0; step < prime; step += 1) {
      if (power === wanted) return true;
      power = (power * 65_537) % prime;
    }
    return false;
  });

/** Whether Fermat's method splits it within `steps`: its primes lie too close together. */
export function hasClosePrimes(modulus: bigint, steps = 200): boolean {
  let a = squareRoot(modulus);
  if (a * a < modulus) a += 1n;
  for (let step = 0; step < steps; step += 1, a += 1n) {
    const rest = a * a - modulus;
    const b = squareRoot(rest);
    if (b * b === rest) return true;
  }
  return false;
}

function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let x = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const next = (x + value / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

/** Whether a prime under 2,000 divides it. */
export function hasSmallFactor(modulus: bigint): boolean {
  for (let prime = 2; prime < 2000; prime += 1) if (modulus % BigInt(prime) === 0n) return true;
  return false;
}

/** Moduli that share a prime with another, different one: pairwise, so give it no more than a few hundred. */
export function sharingPrimes(moduli: readonly bigint[]): ReadonlySet<bigint> {
  const distinct = [...new Set(moduli)].slice(0, 300);
  const sharing = new Set<bigint>();
  for (const [index, one] of distinct.entries()) {
    for (const other of distinct.slice(index + 1)) {
      if (divisor(one, other) === 1n) continue;
      sharing.add(one);
      sharing.add(other);
    }
  }
  return sharing;
}

function divisor(left: bigint, right: bigint): bigint {
  let [a, b] = [left, right];
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}
