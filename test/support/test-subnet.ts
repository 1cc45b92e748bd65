/** A subnet for one test on an engine that others use at the same time: of 8,192, so that two hardly ever meet. */
import { randomInt } from 'node:crypto';

/** `10.170.31.0/24` */
export function testSubnet(): string {
  return `10.${160 + randomInt(32)}.${randomInt(256)}.0/24`;
}
